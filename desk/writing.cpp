// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/writing.hpp"

#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;  // NOLINT(readability-redundant-declaration): not declared everywhere

namespace amana::desk {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view folder_prefix = "writing.";
// More than any letter; what is longer gets an answer that says how much longer only up to here.
constexpr std::size_t max_read = 64 * 1024;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

Error too_long(std::size_t bytes, std::size_t max)
{
    return Error{fmt::format("the text has {}{} bytes; it may have {}", bytes > max_read ? "more than " : "", std::min(bytes, max_read), max),
                 "A letter of Arabic or Cyrillic has two bytes. Shorten it, or send the rest as a file (--attach)."};
}

void overwrite(const fs::path& path)
{
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat about {};
    if (!fd || ::fstat(fd.get(), &about) != 0 || !S_ISREG(about.st_mode)) return;
    const ByteArray<4096> zeros{};
    for (auto left = about.st_size; left > 0; left -= static_cast<off_t>(zeros.size()))
        if (const auto written = write_full(fd.get(), zeros); !written) return;
    (void)::fdatasync(fd.get());
}

// The folder an editor works in, held by a lock while it does.
class WritingFolder {
public:
    static Result<WritingFolder> create(const DeskPaths& paths)
    {
        remove_leftovers(paths);
        auto name = (paths.directory / (std::string(folder_prefix) + "XXXXXX")).string();
        if (::mkdtemp(name.data()) == nullptr) return system_error("can't create a folder to write in", errno);
        WritingFolder folder(name);
        folder.lock_ = UniqueFd(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!folder.lock_ || ::flock(folder.lock_.get(), LOCK_EX | LOCK_NB) != 0) return system_error("can't lock " + name, errno);
        return folder;
    }

    WritingFolder(WritingFolder&& other) noexcept : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}
    WritingFolder& operator=(WritingFolder&&) = delete;
    ~WritingFolder()
    {
        if (!path_.empty()) wipe_folder(path_);
    }
    [[nodiscard]] const fs::path& path() const { return path_; }

private:
    explicit WritingFolder(fs::path path) : path_(std::move(path)) {}
    // Of those who crashed: nobody holds them.
    static void remove_leftovers(const DeskPaths& paths)
    {
        std::error_code failed;
        std::vector<fs::path> left;
        for (const auto& entry : fs::directory_iterator(paths.directory, failed))
            if (entry.path().filename().string().starts_with(folder_prefix) && entry.is_directory(failed)) left.push_back(entry.path());
        for (const auto& path : left) {
            const UniqueFd lock(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
            if (lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) wipe_folder(path);
        }
    }

    fs::path path_;
    UniqueFd lock_;
};

std::string editor()
{
    for (const auto* name : {"VISUAL", "EDITOR"})
        if (const auto* value = std::getenv(name); value != nullptr && *value != '\0') return value;
    return "vi";
}

// Ours, but for where things are kept.
std::vector<std::string> environment(const fs::path& home)
{
    constexpr std::array kept_elsewhere{"HOME=", "TMPDIR=", "TMP=", "TEMP=", "XDG_CACHE_HOME=", "XDG_CONFIG_HOME=", "XDG_DATA_HOME=", "XDG_STATE_HOME="};
    std::vector<std::string> variables;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string_view text(*variable);
        if (std::ranges::none_of(kept_elsewhere, [&](const char* name) { return text.starts_with(name); })) variables.emplace_back(text);
    }
    for (const auto* name : kept_elsewhere)
        if (!std::string_view(name).starts_with("XDG")) variables.push_back(name + home.string());
    return variables;
}

// The editor ends by itself: what is typed on the terminal meanwhile, Control-C too, is its business. Nor does a window that is closed end
// this process before what was written is wiped.
class SignalsLeft {
public:
    SignalsLeft()
    {
        for (std::size_t i = 0; i < signals.size(); ++i) before_.at(i) = std::signal(signals.at(i), SIG_IGN);
    }
    ~SignalsLeft()
    {
        for (std::size_t i = 0; i < signals.size(); ++i) (void)std::signal(signals.at(i), before_.at(i));
    }
    SignalsLeft(const SignalsLeft&) = delete;
    SignalsLeft& operator=(const SignalsLeft&) = delete;

private:
    static constexpr std::array signals{SIGINT, SIGQUIT, SIGHUP, SIGTERM};
    std::array<void (*)(int), signals.size()> before_{};
};

Result<void> run_editor(const fs::path& folder, const fs::path& file)
{
    const auto command = editor();
    auto script = command + " \"$1\"";
    std::string shell = "sh";
    std::string option = "-c";
    auto name = file.string();
    std::array<char*, 6> arguments{shell.data(), option.data(), script.data(), shell.data(), name.data(), nullptr};
    auto variables = environment(folder);
    std::vector<char*> pointers;
    for (auto& variable : variables) pointers.push_back(variable.data());
    pointers.push_back(nullptr);

    const SignalsLeft left;
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t defaults;
    ::sigemptyset(&defaults);
    for (const int signal : {SIGINT, SIGQUIT, SIGPIPE}) ::sigaddset(&defaults, signal);
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    pid_t child = 0;
    const int failed = ::posix_spawn(&child, "/bin/sh", nullptr, &attributes, arguments.data(), pointers.data());
    ::posix_spawnattr_destroy(&attributes);
    if (failed != 0) return system_error("can't start the editor", failed);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return system_error("can't wait for the editor", errno);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    return Error{"the editor \"" + command + "\" failed, and nothing was kept",
                 "Name another one in the variable EDITOR, or write the text into a file: --text-file FILE"};
}

}  // namespace

void wipe_folder(const fs::path& folder)
{
    std::error_code failed;
    for (const auto& entry : fs::recursive_directory_iterator(folder, failed))
        if (entry.is_regular_file(failed) && !entry.is_symlink(failed)) overwrite(entry.path());
    fs::remove_all(folder, failed);
}

Result<SecretText> read_writing(const fs::path& path)
{
    SecretText text(max_read + 1);
    UniqueFd file;
    if (path != "-") {
        file = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!file) return system_error("can't open " + path.string(), errno);
    }
    SecretBuffer all(max_read + 1);
    const auto count = read_full(file ? file.get() : STDIN_FILENO, all.span());
    if (!count) return count.error();
    (void)text.append(all.view().first(*count));
    return text;
}

Result<SecretText> write_in_editor(const DeskPaths& paths, std::string_view beginning)
{
    const auto folder = WritingFolder::create(paths);
    if (!folder) return folder.error();
    const auto file = folder->path() / "answer.txt";
    if (const auto begun = write_durable(file, as_bytes(beginning), private_file, DurableFile::Existing::refuse); !begun) return begun.error();
    if (const auto edited = run_editor(folder->path(), file); !edited) return edited.error();
    return read_writing(file);
}

Result<SecretText> checked_writing(std::string_view text, std::size_t max)
{
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    const auto end = text.find_last_not_of(" \t\r\n");
    text = text.substr(0, end == std::string_view::npos ? 0 : end + 1);
    SecretText checked(max);
    std::size_t line = 1;
    while (!text.empty()) {
        const auto before = text;
        const auto point = next_code_point(text);
        if (!point) return Error{fmt::format("the text is not UTF-8, in line {}", line), "Save it as UTF-8."};
        if (*point == U'\r' && text.starts_with('\n')) continue;
        if (*point == U'\n') ++line;
        else if ((*point < 0x20 && *point != U'\t') || (*point >= 0x7F && *point < 0xA0))
            return Error{fmt::format("the text has a control character in line {} (U+{:04X})", line, static_cast<std::uint32_t>(*point)),
                         "Remove it. A text has letters, tabs and ends of lines."};
        if (!checked.append(before.substr(0, before.size() - text.size()))) return too_long(checked.size() + before.size(), max);
    }
    return checked;
}

}  // namespace amana::desk

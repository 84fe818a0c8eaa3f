// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/update.hpp"

#include "crypto/site_manifest.hpp"
#include "desk/package_files.hpp"
#include "desk/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include <sys/stat.h>

namespace amana::desk {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_release_key_bytes = 256;
constexpr const char* copy_again = "Copy the whole folder again from where it was made, and wait for 'sync' before the stick is pulled.";
constexpr const char* keep_the_stick = "Copy the folder again. If it comes again, somebody has changed it: keep the stick, and tell whoever makes the updates.";

// An error of a file of the medium, with what to do where it says nothing itself.
Error on_the_medium(const Error& error, const char* hint)
{
    return {error.message, error.hint.empty() ? hint : error.hint};
}

Result<Bytes> read_list(const UniqueFd& folder, const fs::path& path)
{
    const auto file = open_in(folder, update_list_name);
    if (!file)
        return Error{path.string() + ": " + file.error().message, file.error().hint.empty() ? std::string("It is written last, so without it the folder was not copied whole, or it is another folder. ") + copy_again
                                                                                          : file.error().hint};
    if (file->size > crypto::max_update_manifest_bytes) return Error{std::string(update_list_name) + " is longer than a list may be", keep_the_stick};
    Bytes bytes(static_cast<std::size_t>(file->size));
    const auto count = read_full(file->fd.get(), bytes);
    if (!count) return count.error();
    bytes.resize(*count);
    return bytes;
}

bool names_key(const crypto::Note& note, const crypto::NoteVerifier& key)
{
    return std::any_of(note.signatures.begin(), note.signatures.end(), [&](const auto& signature) { return signature.name == key.name && signature.id == key.id(); });
}

// The list, once its signature is good; nothing of it is read before.
Result<crypto::UpdateManifest> opened(const crypto::Note& note, const crypto::NoteVerifier& key)
{
    const std::string list = update_list_name;
    if (!names_key(note, key))
        return Error{list + " is not signed by the release key that this desk trusts",
                     "Another key signed it, or none. If the key was replaced on purpose: the same command with --release-key KEY --replace, with the key as it stands on paper. Else keep the "
                     "stick, and tell whoever makes the updates."};
    if (!note.verified_by(key)) return Error{list + " was changed after it was signed, or is damaged", keep_the_stick};
    const auto manifest = crypto::UpdateManifest::parse(note.text);
    if (!manifest) return Error{list + ": " + manifest.error().message, "The release key signed something else, such as a release: bring the folder that 'amana-desk make-update' wrote."};
    return manifest;
}

Result<void> is_newer(const DeskPaths& paths, const crypto::UpdateManifest& update, const crypto::NoteVerifier& key)
{
    const auto last = last_update(paths, key);
    if (!last) return last.error();
    if (!*last || update.serial > (*last)->serial) return {};
    if (update.serial < (*last)->serial)
        return Error{fmt::format("this update is an older one: serial {}, and this desk has taken serial {}", update.serial, (*last)->serial), "Bring the latest. If this is the latest, it was made with a wrong clock: have it made again with a higher --serial."};
    if (update != **last) return Error{fmt::format("this is another update of the serial that this desk has taken, {}", update.serial), "Keep the stick, and tell whoever makes the updates: a serial is signed once."};
    // Cut off before its copies were in their place, or they are gone since.
    const bool is_there = std::all_of(update.files.begin(), update.files.end(), [&](const auto& listed) {
        std::error_code failed;
        return fs::file_size(update_path(paths) / listed.name, failed) == listed.size && !failed;
    });
    if (!is_there) return {};
    return Error{fmt::format("this update, serial {}, was taken already", update.serial), "If it is not installed yet, as root: " + install_command(paths)};
}

Result<void> has_no_others(const UniqueFd& folder, const crypto::UpdateManifest& update)
{
    return for_each_name(folder, [&](const std::string& name) -> Result<void> {
        if (name == update_list_name || update.find(name) != nullptr) return {};
        return Error{neutralised(name) + " is in the folder, and not on its list", "Nothing else belongs there. If another machine left it, remove it; else keep the stick, and tell whoever makes the updates."};
    });
}

Result<void> copy_files(const UniqueFd& folder, const crypto::UpdateManifest& update, const fs::path& to, const Progress& progress)
{
    std::uint64_t done = 0;
    const auto total = update.bytes();
    for (const auto& listed : update.files) {
        const auto file = open_in(folder, listed.name);
        if (!file) return on_the_medium(file.error(), copy_again);
        if (file->size != listed.size) return Error{fmt::format("{} has {} bytes, and its list says {}", listed.name, file->size, listed.size), file->size < listed.size ? copy_again : keep_the_stick};
        const auto hash = copy_hashed(*file, listed.name, to / listed.name, private_file, [&](std::uint64_t bytes) { progress(done += bytes, total); });
        if (!hash) return on_the_medium(hash.error(), copy_again);
        if (*hash != listed.hash) return Error{listed.name + " is not the file that was signed", keep_the_stick};
    }
    return {};
}

// The folder the copies are gathered in; removed unless they became the update.
class Gathering {
public:
    static Result<Gathering> begin(const DeskPaths& paths)
    {
        const auto folder = paths.directory / "update.partial";
        std::error_code failed;
        fs::remove_all(folder, failed);  // of one that was cut off
        if (::mkdir(folder.c_str(), private_directory) != 0) return system_error("can't create " + folder.string(), errno);
        return Gathering(folder);
    }
    explicit Gathering(fs::path folder) : folder_(std::move(folder)) {}
    Gathering(Gathering&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}
    Gathering& operator=(Gathering&&) = delete;
    ~Gathering()
    {
        std::error_code ignored;
        if (!folder_.empty()) fs::remove_all(folder_, ignored);
    }

    [[nodiscard]] const fs::path& folder() const { return folder_; }
    Result<void> become(const fs::path& target)
    {
        std::error_code failed;
        fs::remove_all(target, failed);
        if (failed) return Error{"can't remove " + target.string() + ": " + failed.message(), ""};
        if (::rename(folder_.c_str(), target.c_str()) != 0) return system_error("can't create " + target.string(), errno);
        folder_.clear();
        return sync_directory(target.parent_path());
    }

private:
    fs::path folder_;
};

// As a shell reads it, whatever the desk's folder is called.
std::string quoted(const std::string& path)
{
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("/-._+%").find(c) != std::string_view::npos; };
    if (std::all_of(path.begin(), path.end(), plain)) return path;
    std::string out = "'";
    for (const char c : path) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

}  // namespace

Result<std::optional<crypto::NoteVerifier>> read_release_key(const DeskPaths& paths)
{
    std::error_code failed;
    if (!fs::exists(release_key_path(paths), failed)) return std::optional<crypto::NoteVerifier>{};
    const auto file = read_file(release_key_path(paths), max_release_key_bytes);
    if (!file) return file.error();
    auto text = as_text(*file);
    if (text.ends_with('\n')) text.remove_suffix(1);
    auto key = crypto::NoteVerifier::parse(text);
    if (!key || key->name != crypto::release_signer)
        return Error{release_key_path(paths).string() + " is damaged", "Remove it, and tell the desk the key again: amana-desk update DIR FOLDER --release-key KEY, as it stands on paper."};
    return std::optional(*std::move(key));
}

Result<void> write_release_key(const DeskPaths& paths, const crypto::NoteVerifier& key)
{
    return write_durable(release_key_path(paths), as_bytes(key.text() + "\n"), private_file, DurableFile::Existing::replace);
}

Result<std::optional<crypto::UpdateManifest>> last_update(const DeskPaths& paths, const crypto::NoteVerifier& key)
{
    std::error_code failed;
    if (!fs::exists(update_note_path(paths), failed)) return std::optional<crypto::UpdateManifest>{};
    const auto bytes = read_file(update_note_path(paths), crypto::max_update_manifest_bytes);
    if (!bytes) return bytes.error();
    const Error damaged{update_note_path(paths).string() + " is damaged", "It says which update was taken last. Put it back from a backup of the desk."};
    const auto note = crypto::Note::parse(*bytes, crypto::max_update_manifest_bytes);
    if (!note) return damaged;
    // A key that took another's place counts its serials anew.
    if (!names_key(*note, key)) return std::optional<crypto::UpdateManifest>{};
    auto manifest = note->verified_by(key) ? crypto::UpdateManifest::parse(note->text) : Result<crypto::UpdateManifest>(damaged);
    if (!manifest) return damaged;
    return std::optional(*std::move(manifest));
}

Result<crypto::UpdateManifest> take_update(const DeskPaths& paths, const fs::path& folder, const crypto::NoteVerifier& key, const Progress& progress)
{
    const auto medium = open_folder(folder);
    if (!medium) return medium.error();
    const auto list = read_list(*medium, folder);
    if (!list) return list.error();
    const auto note = crypto::Note::parse(*list, crypto::max_update_manifest_bytes);
    if (!note) return Error{std::string(update_list_name) + " is not signed, or not whole: " + note.error().message, copy_again};
    auto update = opened(*note, key);
    if (!update) return update.error();
    if (const auto newer = is_newer(paths, *update, key); !newer) return newer.error();
    if (const auto alone = has_no_others(*medium, *update); !alone) return alone.error();
    auto gathering = Gathering::begin(paths);
    if (!gathering) return gathering.error();
    if (const auto copied = copy_files(*medium, *update, gathering->folder(), progress); !copied) return copied.error();
    // The serial is remembered first, so that no older one is taken whatever happens; the same can be, until its copies are in their place.
    if (const auto kept = write_durable(update_note_path(paths), *list, private_file, DurableFile::Existing::replace); !kept) return kept.error();
    if (const auto became = gathering->become(update_path(paths)); !became) return became.error();
    return update;
}

std::string install_command(const DeskPaths& paths)
{
    // Not --no-download: apt 2.6 then takes no file that it is given.
    return "apt-get install " + quoted(update_path(paths).string()) + "/*.deb";
}

}  // namespace amana::desk

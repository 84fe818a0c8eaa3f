// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/attachments.hpp"

#include "base/utf8.hpp"
#include "desk/save.hpp"
#include "desk/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>

namespace amana::desk {

namespace {

namespace fs = std::filesystem;

constexpr auto max_file_bytes = crypto::answer_file_classes.back();

fs::path path_of(const DeskPaths& paths, const StoredFile& file)
{
    return paths.answers() / to_hex(file.id);
}

Result<UniqueFd> open_source(const fs::path& path, std::uint64_t& size)
{
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) return system_error("can't open " + path.string(), errno);
    struct stat about {};
    if (::fstat(fd.get(), &about) != 0) return system_error("can't read " + path.string(), errno);
    if (!S_ISREG(about.st_mode)) return Error{path.string() + " is not a file", "Name the file itself."};
    size = static_cast<std::uint64_t>(about.st_size);
    if (size > max_file_bytes)
        return Error{fmt::format("{} has {} bytes; a file with an answer may have {} (16 MiB)", path.string(), size, max_file_bytes),
                     "Make it smaller, or cut it into several."};
    return fd;
}

// From `from` to `to`, chunk by chunk, padded with zeros.
Result<void> seal_file(int from, DurableFile& to, StoredFile& file)
{
    const auto chunks = *crypto::answer_file_class(file.size) / crypto::chunk_bytes;
    SecretBuffer chunk(crypto::sealed_chunk_bytes);
    const auto plain = chunk.span().first(crypto::chunk_bytes);
    crypto::Sha256 hash;
    std::uint64_t read = 0;
    for (std::uint64_t i = 0; i < chunks; ++i) {
        const auto count = read_full(from, plain);
        if (!count) return count.error();
        hash.update(plain.first(*count));
        read += *count;
        std::fill(plain.begin() + static_cast<std::ptrdiff_t>(*count), plain.end(), 0);
        crypto::seal_answer_chunk(file.key, i, i + 1 == chunks, plain, chunk.span());
        if (const auto written = to.write(chunk.view()); !written) return written.error();
    }
    if (read != file.size) return Error{"the file " + file.name + " changed while it was read", "Try again."};
    file.sha256 = hash.finish();
    return {};
}

}  // namespace

Result<StoredFile> take_attachment(const DeskPaths& paths, const fs::path& path)
{
    StoredFile file;
    file.name = path.filename().string();
    if (file.name.size() > crypto::max_attachment_name_bytes || !utf8_length(file.name) || neutralised(file.name) != file.name)
        return Error{"the name of " + path.string() + " is too long, or has signs in it that can't be seen",
                     "Give the file another name: its reader sees it."};
    const auto from = open_source(path, file.size);
    if (!from) return from.error();
    file.type = declared_type(file.name);
    file.key.resize(crypto::key_bytes);
    crypto::random_bytes(file.key);
    crypto::random_bytes(file.id);
    if (::mkdir(paths.answers().c_str(), private_directory) != 0 && errno != EEXIST)
        return system_error("can't create " + paths.answers().string(), errno);
    auto to = DurableFile::create(path_of(paths, file), private_file, DurableFile::Existing::refuse);
    if (!to) return to.error();
    if (const auto sealed = seal_file(from->get(), *to, file); !sealed) return sealed.error();
    if (const auto kept = to->commit(); !kept) return kept.error();
    return file;
}

void remove_attachments(const DeskPaths& paths, const std::vector<StoredFile>& files)
{
    std::error_code ignored;
    for (const auto& file : files) fs::remove(path_of(paths, file), ignored);
}

Result<void> sweep_attachments(const DeskPaths& paths, Messages& messages)
{
    std::error_code failed;
    if (!fs::exists(paths.answers(), failed)) return {};
    std::set<std::string> known;
    const auto looked = messages.for_each([&](const StoredMessage& message) -> Result<void> {
        for (const auto& file : message.files) known.insert(to_hex(file.id));
        return {};
    });
    if (!looked) return looked.error();
    for (const auto& entry : fs::directory_iterator(paths.answers(), failed))
        if (!known.contains(entry.path().filename().string())) fs::remove(entry.path(), failed);
    return {};
}

Result<AttachmentReader> AttachmentReader::open(const DeskPaths& paths, const StoredFile& file)
{
    const auto size_class = crypto::answer_file_class(file.size);
    const auto path = path_of(paths, file);
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat about {};
    if (!fd || ::fstat(fd.get(), &about) != 0)
        return Error{"a file that goes with an answer is missing: " + path.string(), "Put it back from your backup, or take the answer back: amana-desk unsend"};
    if (!size_class || static_cast<std::uint64_t>(about.st_size) != crypto::answer_file_bytes(*size_class))
        return Error{path.string() + " is not as it was written", "Put it back from your backup, or take the answer back: amana-desk unsend"};
    return AttachmentReader(std::move(fd), file, *size_class / crypto::chunk_bytes);
}

Result<void> AttachmentReader::next(MutableBytes chunk)
{
    sealed_.resize(crypto::sealed_chunk_bytes);
    const auto count = read_full(fd_.get(), sealed_);
    if (!count) return count.error();
    const auto counter = at_++;
    if (*count != sealed_.size() || !crypto::open_answer_chunk(file_->key, counter, at_ == chunks_, sealed_, chunk))
        return Error{"a file that goes with an answer is damaged: " + to_hex(file_->id), "Put it back from your backup, or take the answer back: amana-desk unsend"};
    return {};
}

}  // namespace amana::desk

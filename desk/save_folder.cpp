// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/save_folder.hpp"

#include "crypto/primitives.hpp"
#include "desk/directory.hpp"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace amana::desk {

Result<SaveFolder> SaveFolder::open(const std::filesystem::path& path)
{
    const bool made = ::mkdir(path.c_str(), private_directory) == 0;
    if (!made && errno != EEXIST) return system_error("can't create " + path.string(), errno);
    UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory) return system_error("can't save to " + path.string(), errno);
    std::error_code failed;
    if (!made && (!std::filesystem::is_empty(path, failed) || failed))
        return Error{path.string() + " is not empty", "Name a folder that does not exist yet, or an empty one."};
    return SaveFolder(path, std::move(directory), made);
}

SaveFolder::SaveFolder(SaveFolder&& other) noexcept
    : path_(std::move(other.path_)),
      directory_(std::move(other.directory_)),
      current_(std::move(other.current_)),
      files_(std::move(other.files_)),
      made_(other.made_),
      complete_(std::exchange(other.complete_, true))
{
}

SaveFolder::~SaveFolder()
{
    if (complete_) return;
    for (const auto& file : files_)
        ::unlinkat(directory_.get(), file.named ? file.name.c_str() : file.temporary.c_str(), 0);
    if (made_) ::rmdir(path_.c_str());
}

Error SaveFolder::failure(const std::string& name, int error_number) const
{
    auto error = system_error("can't write " + (path_ / name).string(), error_number);
    error.hint = "Nothing was saved.";
    return error;
}

Result<void> SaveFolder::begin(std::string name)
{
    if (const auto ended = end(); !ended) return ended.error();
    ByteArray<8> random;
    crypto::random_bytes(random);
    const auto temporary = "." + to_hex(random) + ".partial";
    current_ = UniqueFd(::openat(directory_.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                 private_file));
    if (!current_) return failure(name, errno);
    files_.push_back({temporary, std::move(name)});
    return {};
}

Result<void> SaveFolder::end()
{
    if (!current_) return {};
    if (::fsync(current_.get()) != 0) return failure(files_.back().name, errno);
    current_.reset();
    return {};
}

Result<void> SaveFolder::complete()
{
    if (const auto ended = end(); !ended) return ended.error();
    for (auto& file : files_) {
        // Not over anything that somebody put there meanwhile.
        if (::renameat2(directory_.get(), file.temporary.c_str(), directory_.get(), file.name.c_str(), RENAME_NOREPLACE) != 0)
            return failure(file.name, errno);
        file.named = true;
    }
    if (::fsync(directory_.get()) != 0) return failure("", errno);
    complete_ = true;
    return {};
}

}  // namespace amana::desk

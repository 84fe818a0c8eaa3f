// SPDX-License-Identifier: AGPL-3.0-or-later
// A folder that is filled completely or not at all: every file is written under a temporary name and gets its own when all
// are on disk. Dropped before that, it removes what it made.
#pragma once

#include "base/file.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace amana::desk {

class SaveFolder {
public:
    // `path` must not exist or be empty.
    [[nodiscard]] static Result<SaveFolder> open(const std::filesystem::path& path);
    SaveFolder(SaveFolder&& other) noexcept;
    SaveFolder& operator=(SaveFolder&&) = delete;
    ~SaveFolder();

    // Ends the file before it, and begins the one that will be called `name`.
    [[nodiscard]] Result<void> begin(std::string name);
    [[nodiscard]] Result<void> write(ByteView bytes) { return write_full(current_.get(), bytes); }
    [[nodiscard]] int fd() const { return current_.get(); }
    // Everything is there: makes it durable and gives the files their names.
    [[nodiscard]] Result<void> complete();

private:
    struct File {
        std::string temporary;
        std::string name;
        bool named = false;
    };

    SaveFolder(std::filesystem::path path, UniqueFd directory, bool made)
        : path_(std::move(path)), directory_(std::move(directory)), made_(made)
    {
    }
    [[nodiscard]] Result<void> end();
    [[nodiscard]] Error failure(const std::string& name, int error_number) const;

    std::filesystem::path path_;
    UniqueFd directory_;
    UniqueFd current_;
    std::vector<File> files_;
    bool made_ = false;
    bool complete_ = false;
};

}  // namespace amana::desk

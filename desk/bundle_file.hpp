// SPDX-License-Identifier: AGPL-3.0-or-later
// A bundle's file, read from the front in constant memory and as often as wished: the descriptor stays the same, whatever
// happens to the name. Checks framing only; what the entries are is the caller's question (desk/intake.hpp).
#pragma once

#include "base/file.hpp"
#include "crypto/bundle.hpp"

#include <functional>

namespace amana::desk {

// What is done with each entry as it passes.
class EntryVisitor {
public:
    virtual ~EntryVisitor() = default;
    [[nodiscard]] virtual Result<void> begin(std::uint64_t position, std::uint64_t bytes) = 0;
    [[nodiscard]] virtual Result<void> piece(ByteView bytes) = 0;
    [[nodiscard]] virtual Result<void> end(std::uint64_t position, const crypto::Hash& leaf) = 0;
};

// Bytes done, bytes in all.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

class BundleFile {
public:
    [[nodiscard]] static Result<BundleFile> open(const std::filesystem::path& path);

    struct Head {
        Bytes note;
        std::uint64_t first = 0;
    };
    // Goes to the beginning and reads what stands before the first entry.
    [[nodiscard]] Result<Head> read_head();
    // Reads `count` entries and the end of the file, appends their leaves to `tree` and shows each to `visitor`.
    [[nodiscard]] Result<void> read_entries(std::uint64_t count, crypto::Frontier& tree, EntryVisitor& visitor,
                                            const Progress& progress);

private:
    BundleFile(UniqueFd fd, std::uint64_t size) : fd_(std::move(fd)), size_(size) {}
    [[nodiscard]] Result<void> read_exactly(MutableBytes out);
    [[nodiscard]] Error cut_off() const;

    UniqueFd fd_;
    std::uint64_t size_;
    std::uint64_t at_ = 0;
};

}  // namespace amana::desk

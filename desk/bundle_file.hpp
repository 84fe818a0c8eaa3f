// SPDX-License-Identifier: AGPL-3.0-or-later
// One file of a bundle, read in constant memory and as often as wished: the descriptor stays the same, whatever happens to
// the name. Checks framing only; what the entries are is the caller's question (desk/intake.hpp).
#pragma once

#include "base/file.hpp"
#include "crypto/bundle.hpp"

#include <functional>
#include <optional>

namespace amana::desk {

// What is done with each entry as it passes.
class EntryVisitor {
public:
    virtual ~EntryVisitor() = default;
    // Where the content was erased, end() follows at once.
    [[nodiscard]] virtual Result<void> begin(std::uint64_t position, const crypto::BundleEntryHead& head) = 0;
    [[nodiscard]] virtual Result<void> piece(ByteView bytes) = 0;
    // `listed`: the leaf that the bundle lists for it. `found`: the one its bytes give; nothing when they were erased.
    [[nodiscard]] virtual Result<void> end(std::uint64_t position, const crypto::Hash& listed,
                                           const std::optional<crypto::Hash>& found) = 0;
};

// Bytes done, bytes in all.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;
using LeafVisitor = std::function<Result<void>(std::uint64_t position, const crypto::Hash& leaf)>;

class BundleFile {
public:
    // Reads what stands before the leaves.
    [[nodiscard]] static Result<BundleFile> open(const std::filesystem::path& path);

    [[nodiscard]] const crypto::BundleHead& head() const { return head_; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::uint64_t size() const { return size_; }

    // Whether this is the whole file that was written: its last 32 bytes are the hash of all before.
    [[nodiscard]] Result<void> check_copy(const Progress& progress) const;
    // The head again, should the file have changed.
    [[nodiscard]] Result<crypto::BundleHead> read_head() const;
    [[nodiscard]] Result<void> for_each_leaf(const LeafVisitor& visit) const;
    // Every entry, and that nothing but the hash follows.
    [[nodiscard]] Result<void> read_entries(EntryVisitor& visitor, const Progress& progress) const;

private:
    BundleFile(UniqueFd fd, std::filesystem::path path, std::uint64_t size)
        : fd_(std::move(fd)), path_(std::move(path)), size_(size)
    {
    }
    [[nodiscard]] Result<void> read_at(std::uint64_t at, MutableBytes out) const;
    [[nodiscard]] Error cut_off(std::uint64_t at) const;
    [[nodiscard]] std::uint64_t leaves_at() const { return crypto::bundle_head_bytes(head_.note.size()); }
    [[nodiscard]] std::uint64_t entries_at() const;
    [[nodiscard]] Result<crypto::Hash> leaf(std::uint64_t position) const;

    UniqueFd fd_;
    std::filesystem::path path_;
    std::uint64_t size_;
    crypto::BundleHead head_;
};

}  // namespace amana::desk

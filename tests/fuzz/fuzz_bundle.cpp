// SPDX-License-Identifier: AGPL-3.0-or-later
// Bundles: any bytes, through the reader that the desk has. Input: a file.
#include "base/require.hpp"
#include "crypto/envelope.hpp"
#include "desk/bundle_file.hpp"

#include <algorithm>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

using namespace amana;  // NOLINT(google-build-using-namespace): one function, one file

namespace {

// What an entry may be, and that entries come as they are announced.
class Passing final : public desk::EntryVisitor {
public:
    explicit Passing(std::uint64_t begin) : next_(begin) {}

    Result<void> begin(std::uint64_t position, const crypto::BundleEntryHead& head) override
    {
        const auto bytes = head.bytes;
        require(head.lane <= (bytes == 0 ? 0 : crypto::max_lane), "an entry's lane");
        require(position == next_, "entries come in order");
        require(bytes == 0 || (bytes >= crypto::envelope_bytes(1, crypto::text_class) && bytes <= crypto::max_envelope_bytes),
                "an entry's bounds");
        left_ = bytes;
        erased_ = bytes == 0;
        return {};
    }
    Result<void> piece(ByteView bytes) override
    {
        require(!bytes.empty() && bytes.size() <= left_, "a piece's bounds");
        left_ -= bytes.size();
        return {};
    }
    Result<void> end(std::uint64_t position, const crypto::Hash&, const std::optional<crypto::Hash>& found) override
    {
        require(position == next_++ && left_ == 0 && found.has_value() != erased_, "an entry's end");
        return {};
    }

private:
    std::uint64_t next_;
    std::uint64_t left_ = 0;
    bool erased_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const UniqueFd fd(::memfd_create("bundle", MFD_CLOEXEC));
    require(::ftruncate(fd.get(), 0) == 0 && ::pwrite(fd.get(), data, size, 0) == static_cast<ssize_t>(size), "the input's file");
    const auto file = desk::BundleFile::open("/proc/self/fd/" + std::to_string(fd.get()));
    if (!file) return 0;
    const auto& head = file->head();
    // The head is the only way to write what was read.
    const auto again = crypto::encode(head);
    require(again.size() <= size && std::equal(again.begin(), again.end(), data), "one head, one text");
    require(head.first <= head.begin && head.begin <= head.end && head.part >= 1 && head.part <= head.parts, "a head's bounds");
    std::uint64_t leaves = 0;
    const auto read = file->for_each_leaf([&](std::uint64_t position, const crypto::Hash&) -> Result<void> {
        require(position == head.begin + leaves++, "leaves come in order");
        return {};
    });
    require(read.has_value() && leaves == head.end - head.begin, "a head never promises more leaves than there are");
    const auto progress = [](std::uint64_t, std::uint64_t) {};
    (void)file->check_copy(progress);
    Passing passing(head.begin);
    (void)file->read_entries(passing, progress);
    return 0;
}

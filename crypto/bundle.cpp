// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/bundle.hpp"

#include "base/reader.hpp"
#include "crypto/envelope.hpp"

namespace amana::crypto {

Bytes encode(const BundleHead& head)
{
    return Writer()
        .bytes(as_bytes(bundle_magic))
        .integer(bundle_version)
        .counted(head.note)
        .integer(head.first)
        .integer(head.begin)
        .integer(head.end)
        .integer(head.part)
        .integer(head.parts)
        .take();
}

Bytes encode(const BundleEntryHead& head)
{
    return Writer().integer(head.bytes).integer(static_cast<Byte>(head.lane)).take();
}

Result<std::size_t> parse_bundle_preamble(ByteView preamble)
{
    Reader reader(preamble);
    if (as_text(reader.bytes(bundle_magic.size())) != bundle_magic) return Error{"not a bundle", ""};
    const auto found = reader.integer<std::uint16_t>();
    const auto length = reader.integer<std::uint32_t>();
    if (!reader.done()) return Error{"a bundle that is cut off", ""};
    if (found != bundle_version)
        return Error{"a bundle of version " + std::to_string(found) + "; this program reads version " +
                         std::to_string(bundle_version),
                     found > bundle_version ? "The server is newer than this program: install the version that came with it."
                                            : "The server is older than this program: let it be updated, and export again."};
    if (length > max_checkpoint_bytes) return Error{"a bundle whose checkpoint is longer than one can be", ""};
    return static_cast<std::size_t>(length);
}

Result<BundleHead> parse_bundle_bounds(Bytes note, ByteView bounds)
{
    Reader reader(bounds);
    BundleHead head;
    head.note = std::move(note);
    head.first = reader.integer<std::uint64_t>();
    head.begin = reader.integer<std::uint64_t>();
    head.end = reader.integer<std::uint64_t>();
    head.part = reader.integer<std::uint16_t>();
    head.parts = reader.integer<std::uint16_t>();
    if (!reader.done()) return Error{"a bundle that is cut off", ""};
    const bool ordered = head.first <= head.begin && head.begin <= head.end && head.end >> 63 == 0;
    const bool numbered = head.part >= 1 && head.part <= head.parts && head.parts <= max_bundle_parts;
    const bool joined = head.part != 1 || head.begin == head.first;
    if (!ordered || !numbered || !joined) return Error{"a bundle whose numbers can't be of one export", ""};
    return head;
}

Result<BundleEntryHead> parse_bundle_entry_head(ByteView bytes)
{
    Reader reader(bytes);
    const BundleEntryHead head{reader.integer<std::uint64_t>(), reader.integer<Byte>()};
    if (!reader.done()) return Error{"a bundle that is cut off", ""};
    if (head.bytes != 0 && (head.bytes < envelope_bytes(1, text_class) || head.bytes > max_envelope_bytes))
        return Error{"a bundle with an entry of a size no envelope has", ""};
    if (head.lane > (head.bytes == 0 ? 0 : max_lane)) return Error{"a bundle with an entry of a lane that there is not", ""};
    return head;
}

}  // namespace amana::crypto

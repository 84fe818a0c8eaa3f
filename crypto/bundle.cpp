// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/bundle.hpp"

#include "base/reader.hpp"
#include "crypto/envelope.hpp"

namespace amana::crypto {

Bytes encode_bundle_head(std::string_view checkpoint_note, std::uint64_t first)
{
    return Writer()
        .bytes(as_bytes(bundle_magic))
        .integer(bundle_version)
        .counted(as_bytes(checkpoint_note))
        .integer(first)
        .take();
}

Bytes encode_bundle_entry_head(std::uint64_t envelope_size)
{
    return Writer().integer(envelope_size).take();
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
                     "Install the version of this program that came with the server's."};
    if (length > max_checkpoint_bytes) return Error{"a bundle whose checkpoint is longer than one can be", ""};
    return static_cast<std::size_t>(length);
}

Result<std::uint64_t> parse_bundle_entry_head(ByteView head)
{
    Reader reader(head);
    const auto size = reader.integer<std::uint64_t>();
    if (!reader.done()) return Error{"a bundle that is cut off", ""};
    if (size < envelope_bytes(1, text_class) || size > max_envelope_bytes)
        return Error{"a bundle with an entry of a size no envelope has", ""};
    return size;
}

}  // namespace amana::crypto

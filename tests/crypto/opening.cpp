// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/crypto/opening.hpp"

#include "base/reader.hpp"

namespace amana::crypto::testing {

namespace {

PayloadReader::Sink collect(std::vector<Bytes>& into)
{
    return [&into](std::size_t index, ByteView bytes) -> Result<void> {
        if (into.size() <= index) into.resize(index + 1);
        append(into[index], bytes);
        return {};
    };
}

// Empty files have no data record, so the sink never hears of them.
Result<Opened, OpenFailure> finish(PayloadReader& reader, std::vector<Bytes> attachments)
{
    auto manifest = reader.finish();
    if (!manifest) return manifest.error();
    attachments.resize(manifest->attachments().size());
    return Opened{std::move(*manifest), std::move(attachments)};
}

}  // namespace

Recipient::Recipient(ByteView seed) : secret(SecretBuffer::copy_of(seed)), public_key(xwing_public_key(seed)) {}

Result<Opened, OpenFailure> open_envelope(ByteView envelope, std::span<const RecipientSecret> secrets)
{
    const auto header = Header::parse(envelope);
    if (!header) return header.error();
    const auto file_key = unwrap_file_key(*header, secrets);
    if (!file_key) return file_key.error();
    auto opener = Opener::create(*header, *file_key, envelope.size());
    if (!opener) return opener.error();

    std::vector<Bytes> attachments;
    PayloadReader reader(collect(attachments));
    // A payload's bytes are only believed when the last chunk has verified: a later bad chunk outranks bad framing.
    Result<void, OpenFailure> framing;
    auto rest = envelope.subspan(header->size());
    while (!opener->done()) {
        const auto size = opener->next_chunk();
        const auto chunk = opener->open(rest.first(size));
        if (!chunk) return chunk.error();
        rest = rest.subspan(size);
        if (framing) framing = reader.feed(*chunk);
    }
    if (!framing) return framing.error();
    return finish(reader, std::move(attachments));
}

Result<Opened, OpenFailure> read_payload(ByteView padded)
{
    std::vector<Bytes> attachments;
    PayloadReader reader(collect(attachments));
    if (const auto fed = reader.feed(padded); !fed) return fed.error();
    return finish(reader, std::move(attachments));
}

Bytes seal_all(Sealer sealer, ByteView payload, std::uint64_t padded)
{
    Bytes out(sealer.header().begin(), sealer.header().end());
    while (!payload.empty()) {
        const auto taken = sealer.take(payload);
        if (taken == 0) append(out, sealer.seal());
        payload = payload.subspan(taken);
    }
    sealer.pad_to(padded);
    while (!sealer.done()) append(out, sealer.seal());
    return out;
}

Bytes seeded_bytes(std::string_view label, std::size_t count)
{
    Bytes out;
    out.reserve(count + hash_bytes);
    for (std::uint64_t i = 0; out.size() < count; ++i)
        append(out, Sha256().update(as_bytes(label)).update(Writer().integer(i).take()).finish());
    out.resize(count);
    return out;
}

}  // namespace amana::crypto::testing

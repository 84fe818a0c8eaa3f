// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/vectors/vector.hpp"

#include "base/reader.hpp"
#include "base/require.hpp"

namespace amana::vectors {

namespace c = crypto;

void Collection::add(Vector vector, Bytes envelope)
{
    if (vector.file.empty()) vector.file = vector.name + ".envelope";
    const auto [at, fresh] = files.emplace(vector.file, std::move(envelope));
    require(fresh, "a file of two vectors");
    add(std::move(vector));
}

void Collection::add(Vector vector)
{
    require(files.contains(vector.file), "a vector whose envelope is not there");
    vectors.push_back(std::move(vector));
}

Bytes secret_of(std::string_view name)
{
    return seeded_bytes("amana vectors: secret key " + std::string(name), c::xwing_secret_bytes);
}

crypto::XWingPublicKey public_of(std::string_view name)
{
    return c::xwing_public_key(secret_of(name));
}

std::string attachment_text(const File& file)
{
    return R"({"name":")" + file.name + R"(","sha256":")" + to_hex(c::sha256(file.data)) + R"(","size":)" +
           std::to_string(file.data.size()) + R"(,"type":")" + file.type + R"("})";
}

std::string manifest_text(const ManifestText& text, const std::vector<File>& files)
{
    std::string list;
    for (const auto& file : files) list += (list.empty() ? "" : ",") + attachment_text(file);
    return R"({"answers":)" + text.answers + R"(,"attachments":[)" + list +
           R"(],"form":{"id":")" + text.form + R"(","version":1},"id":")" + text.id + "\"" +
           (text.inbox.empty() ? "" : ",\"inbox\":" + text.inbox) + R"(,"kind":")" + text.kind + R"(","v":1})";
}

c::Hash vectors_root()
{
    return c::sha256(as_bytes("amana vectors: root"));
}

c::Receipt::Keys receipt_keys()
{
    const auto receipt = c::Receipt::read(receipt_code);
    require(receipt.has_value(), "a code without a slip");
    return receipt->keys(vectors_root());
}

std::string inbox_text()
{
    const auto keys = receipt_keys();
    return R"({"erasure":")" + to_hex(c::signing_public_key(keys.erasure.view())) + R"(","id":")" + to_hex(keys.inbox) + R"(","reply":")" +
           to_hex(c::xwing_public_key(keys.reply.view())) + R"("})";
}

Bytes record(Byte kind, ByteView data)
{
    return Writer().integer(kind).counted(data).take();
}

Bytes attachment_records(const File& file, std::size_t piece)
{
    Bytes out;
    for (ByteView rest = file.data; !rest.empty(); rest = rest.subspan(std::min(piece, rest.size())))
        append(out, record(1, rest.first(std::min(piece, rest.size()))));
    out.push_back(2);
    return out;
}

Bytes manifest_record(std::string_view manifest)
{
    return record(3, as_bytes(manifest));
}

Bytes frame(const std::vector<File>& files, std::string_view manifest)
{
    Bytes out;
    for (const auto& file : files) append(out, attachment_records(file));
    append(out, manifest_record(manifest));
    return out;
}

Bytes padded_to(Bytes payload, std::size_t size)
{
    require(payload.size() <= size, "a payload of this class");
    payload.resize(size);
    return payload;
}

Bytes randomness_for(std::string_view label, std::size_t recipients)
{
    return seeded_bytes("amana vectors: randomness " + std::string(label), 32 + 32 + 64 * recipients);
}

namespace {

c::Sealer sealer_for(const std::vector<std::string>& recipients, ByteView randomness)
{
    std::vector<c::XWingPublicKey> keys;
    keys.reserve(recipients.size());
    for (const auto& name : recipients) keys.push_back(public_of(name));
    return c::Sealer::create_deterministic(keys, randomness).value();
}

// HKDF over the file key with everything of the header that stands before the commitment.
Bytes derive(std::string_view label, ByteView header, ByteView file_key)
{
    const auto nonce = header.last(64).first(32);
    const auto hash = c::sha256(header.first(header.size() - 32));
    Bytes out(32);
    c::hkdf(file_key, nonce, {as_bytes(label), hash}, out);
    return out;
}

}  // namespace

Bytes header_for(const std::vector<std::string>& recipients, ByteView randomness)
{
    const auto sealer = sealer_for(recipients, randomness);
    return {sealer.header().begin(), sealer.header().end()};
}

Bytes seal(const Sealing& sealing)
{
    return c::testing::seal_all(sealer_for(sealing.recipients, sealing.randomness), sealing.payload, sealing.padded);
}

Bytes commitment_of(ByteView header, ByteView file_key)
{
    return derive("amana/1 commitment", header, file_key);
}

Bytes seal_chunks(ByteView header, ByteView file_key, ByteView padded, Chunking chunking)
{
    const auto key = derive("amana/1 payload", header, file_key);
    Bytes out;
    for (auto counter = chunking.first_counter; !padded.empty(); ++counter) {
        const auto piece = padded.first(std::min<std::size_t>(65536, padded.size()));
        padded = padded.subspan(piece.size());
        const auto tail = Writer().integer(counter).integer(Byte{padded.empty() && chunking.mark_last}).take();
        c::AeadNonce nonce{};
        std::copy(tail.begin(), tail.end(), nonce.end() - 9);
        Bytes sealed(piece.size() + 16);
        c::aead_seal(key, nonce, {}, piece, sealed);
        append(out, sealed);
    }
    return out;
}

}  // namespace amana::vectors

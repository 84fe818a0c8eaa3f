// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/inbox.hpp"

#include "base/reader.hpp"
#include "base/require.hpp"

#include <algorithm>
#include <bit>

namespace amana::crypto {

namespace {

// What the citizen's key signs, up to the items.
Bytes erase_text(const Hash& root, std::uint64_t serial, std::uint32_t bucket, ByteView items)
{
    return Writer().bytes(as_bytes("amana/1 erase")).bytes(root).integer(serial).integer(bucket).bytes(items).take();
}

Bytes forget_text(const Hash& root, const InboxId& id, ByteView submission)
{
    return Writer().bytes(as_bytes("amana/1 forget")).bytes(root).bytes(id).bytes(submission).take();
}

}  // namespace

InboxAddress InboxAddress::of(const Receipt::Keys& keys)
{
    return {keys.inbox, xwing_public_key(keys.reply.view()), signing_public_key(keys.erasure.view())};
}

std::uint32_t bucket_of(const InboxId& id, std::uint32_t buckets)
{
    require(std::has_single_bit(buckets) && buckets <= max_buckets, "buckets that are no power of two");
    const std::uint32_t first = Reader(id).integer<std::uint32_t>();
    return buckets == 1 ? 0 : first >> (32 - std::countr_zero(buckets));
}

Item slot_tag(const InboxId& id, std::uint64_t serial, unsigned part)
{
    Item tag;
    hkdf(id, {}, {as_bytes("amana/1 slot tag"), Writer().integer(serial).integer(static_cast<Byte>(part)).take()}, tag);
    return tag;
}

Verifier verifier(const SigningPublicKey& erasure, const Item& item)
{
    return Sha256().update(as_bytes("amana/1 erasable")).update(erasure).update(item).finish();
}

Bytes Erase::sign(ByteView erasure_seed, const Hash& root, std::uint64_t serial, std::uint32_t bucket, std::span<const Item> items)
{
    require(items.size() <= max_erase_items, "more to erase than fits into one request");
    Bytes listed;
    for (const auto& item : items) append(listed, item);
    Writer request;
    request.bytes(signing_public_key(erasure_seed)).bytes(crypto::sign(erasure_seed, erase_text(root, serial, bucket, listed)));
    request.integer(serial).integer(bucket).integer(static_cast<Byte>(items.size())).bytes(listed);
    return request.take();
}

Result<Erase> Erase::parse(ByteView bytes, const Hash& root)
{
    Reader reader(bytes);
    Erase erase;
    const auto key = reader.bytes(ed25519_public_bytes);
    const auto signature = reader.bytes(ed25519_signature_bytes);
    erase.serial = reader.integer<std::uint64_t>();
    erase.bucket = reader.integer<std::uint32_t>();
    const std::size_t count = reader.integer<Byte>();
    const auto listed = reader.bytes(count * item_bytes);
    if (!reader.done()) return Error{"a request to erase that is not whole", ""};
    std::copy(key.begin(), key.end(), erase.erasure.begin());
    if (!verify(erase.erasure, erase_text(root, erase.serial, erase.bucket, listed), signature))
        return Error{"a request to erase that is not signed", ""};
    erase.items.resize(count);
    for (std::size_t i = 0; i < count; ++i) std::copy_n(listed.begin() + static_cast<std::ptrdiff_t>(i * item_bytes), item_bytes, erase.items[i].begin());
    return erase;
}

Signature sign_forget(ByteView erasure_seed, const Hash& root, const InboxId& id, ByteView submission)
{
    return sign(erasure_seed, forget_text(root, id, submission));
}

bool verify_forget(const InboxAddress& inbox, const Hash& root, ByteView submission, std::string_view signature_hex)
{
    Signature signature;
    return from_hex(signature_hex, signature) && verify(inbox.erasure, forget_text(root, inbox.id, submission), signature);
}

}  // namespace amana::crypto

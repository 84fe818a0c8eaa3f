// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/envelope.hpp"

#include "base/require.hpp"

#include <sodium.h>

#include <algorithm>
#include <numeric>

namespace amana::crypto {

namespace {

constexpr std::string_view slot_label = "amana/1 slot";
constexpr std::string_view payload_label = "amana/1 payload";
constexpr std::string_view commitment_label = "amana/1 commitment";

// A slot key wraps one file key, once, so a fixed nonce never repeats under it.
constexpr AeadNonce wrap_nonce{};

void derive_slot_key(ByteView shared, ByteView ciphertext, ByteView public_key, MutableBytes out)
{
    hkdf(shared, {}, {as_bytes(slot_label), ciphertext, public_key}, out);
}

void derive_payload_key(ByteView file_key, ByteView nonce, const Hash& header_hash, MutableBytes out)
{
    hkdf(file_key, nonce, {as_bytes(payload_label), header_hash}, out);
}

void derive_commitment(ByteView file_key, ByteView nonce, const Hash& header_hash, MutableBytes out)
{
    hkdf(file_key, nonce, {as_bytes(commitment_label), header_hash}, out);
}

// STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015): 12 zeros, an 11-byte big-endian counter, 1 for the last chunk.
AeadNonce chunk_nonce(std::uint64_t counter, bool last)
{
    AeadNonce nonce{};
    for (std::size_t i = 0; i < 8; ++i) nonce[22 - i] = static_cast<Byte>(counter >> (8 * i));
    nonce[23] = last ? 1 : 0;
    return nonce;
}

// One chunk's buffer, with room for its tag, and behind it the payload key: a single piece of locked memory.
constexpr std::size_t work_bytes = sealed_chunk_bytes + key_bytes;

// Appends the slot for one recipient. `seed` is empty, or the encapsulation's randomness for a vector.
bool append_slot(Bytes& header, const XWingPublicKey& to, ByteView file_key, ByteView seed)
{
    XWingCiphertext ciphertext;
    SecretArray<xwing_shared_bytes> shared;
    if (seed.empty() ? !xwing_encapsulate(to, ciphertext, shared.span())
                     : crypto_kem_xwing_enc_deterministic(ciphertext.data(), shared.data(), to.data(), seed.data()) != 0)
        return false;
    SecretArray<key_bytes> slot_key;
    derive_slot_key(shared.view(), ciphertext, to, slot_key.span());
    ByteArray<wrapped_key_bytes> wrapped;
    aead_seal(slot_key.view(), wrap_nonce, {}, file_key, wrapped);
    append(header, ciphertext);
    append(header, wrapped);
    return true;
}

}  // namespace

const char* name(OpenFailure failure)
{
    switch (failure) {
    case OpenFailure::truncated: return "truncated";
    case OpenFailure::unknown_suite: return "unknown_suite";
    case OpenFailure::bad_slot_count: return "bad_slot_count";
    case OpenFailure::bad_size: return "bad_size";
    case OpenFailure::no_slot: return "no_slot";
    case OpenFailure::bad_commitment: return "bad_commitment";
    case OpenFailure::bad_chunk: return "bad_chunk";
    case OpenFailure::bad_payload: return "bad_payload";
    case OpenFailure::bad_manifest: return "bad_manifest";
    case OpenFailure::bad_attachment: return "bad_attachment";
    }
    return "unknown";
}

// --- Sealer ------------------------------------------------------------------------------------------------------------

Result<Sealer> Sealer::create(std::span<const XWingPublicKey> recipients)
{
    std::vector<XWingPublicKey> shuffled(recipients.begin(), recipients.end());
    for (std::size_t i = shuffled.size(); i > 1; --i)
        std::swap(shuffled[i - 1], shuffled[random_below(static_cast<std::uint32_t>(i))]);
    SecretArray<key_bytes + payload_nonce_bytes> fresh;
    random_bytes(fresh.span());
    return create_deterministic(shuffled, fresh.view());
}

Result<Sealer> Sealer::create_deterministic(std::span<const XWingPublicKey> recipients, ByteView randomness)
{
    require(!recipients.empty() && recipients.size() <= max_slots, "one to four recipients");
    const auto file_key = randomness.first(key_bytes);
    const auto nonce = randomness.subspan(key_bytes, payload_nonce_bytes);
    auto seeds = randomness.subspan(key_bytes + payload_nonce_bytes);
    require(seeds.empty() || seeds.size() == recipients.size() * crypto_kem_xwing_SEEDBYTES * 2, "randomness of a vector");

    Bytes header{suite_1, static_cast<Byte>(recipients.size())};
    header.reserve(header_bytes(recipients.size()));
    for (const auto& recipient : recipients) {
        const auto seed = seeds.first(std::min<std::size_t>(seeds.size(), crypto_kem_xwing_SEEDBYTES * 2));
        if (!append_slot(header, recipient, file_key, seed)) return Error{"a recipient's public key is not an X-Wing key", ""};
        seeds = seeds.subspan(seed.size());
    }
    append(header, nonce);
    const auto header_hash = sha256(header);
    ByteArray<commitment_bytes> commitment;
    derive_commitment(file_key, nonce, header_hash, commitment);
    append(header, commitment);

    SecretBuffer work(work_bytes);
    derive_payload_key(file_key, nonce, header_hash, work.span().subspan(sealed_chunk_bytes));
    return Sealer(std::move(header), std::move(work));
}

std::size_t Sealer::take(ByteView plaintext)
{
    require(!padding_, "plaintext after the padding began");
    const auto count = std::min(plaintext.size(), chunk_bytes - filled_);
    std::copy_n(plaintext.begin(), count, work_.data() + filled_);
    filled_ += count;
    taken_ += count;
    return count;
}

void Sealer::pad_to(std::uint64_t size)
{
    // What is sealed already was not marked as last, and a last chunk is never empty.
    require(!padding_ && size >= taken_ && size > sealed_, "padding to less than was taken");
    padding_ = true;
    padded_ = size;
}

ByteView Sealer::seal()
{
    require(!done_ && (padding_ || filled_ == chunk_bytes), "sealing a chunk that is not full");
    std::size_t size = chunk_bytes;
    bool last = false;
    if (padding_) {
        const auto left = padded_ - sealed_;
        last = left <= chunk_bytes;
        size = last ? static_cast<std::size_t>(left) : chunk_bytes;
        wipe(work_.span().subspan(filled_, size - filled_));
    }
    const auto key = work_.view().subspan(sealed_chunk_bytes);
    const auto out = work_.span().first(size + aead_tag_bytes);
    aead_seal(key, chunk_nonce(counter_, last), {}, work_.view().first(size), out);
    ++counter_;
    sealed_ += size;
    filled_ = 0;
    done_ = last;
    if (done_) wipe(work_.span().subspan(sealed_chunk_bytes));
    return out;
}

// --- Header ------------------------------------------------------------------------------------------------------------

Result<Header, OpenFailure> Header::parse(ByteView bytes)
{
    if (bytes.size() < 2) return OpenFailure::truncated;
    if (bytes[0] != suite_1) return OpenFailure::unknown_suite;
    const std::size_t slots = bytes[1];
    if (slots == 0 || slots > max_slots) return OpenFailure::bad_slot_count;
    const auto size = header_bytes(slots);
    if (bytes.size() < size) return OpenFailure::truncated;
    return Header(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)), slots);
}

ByteView Header::slot(std::size_t index) const
{
    require(index < slots_, "a slot that is not there");
    return ByteView(bytes_).subspan(2 + index * slot_bytes, slot_bytes);
}

ByteView Header::payload_nonce() const
{
    return ByteView(bytes_).subspan(2 + slots_ * slot_bytes, payload_nonce_bytes);
}

ByteView Header::commitment() const
{
    return ByteView(bytes_).last(commitment_bytes);
}

Hash Header::hash() const
{
    return sha256(ByteView(bytes_).first(bytes_.size() - commitment_bytes));
}

Result<std::uint64_t, OpenFailure> padded_payload(const Header& header, std::uint64_t total)
{
    for (const auto padded : size_classes)
        if (envelope_bytes(header.slots(), padded) == total) return padded;
    return total < envelope_bytes(header.slots(), size_classes.front()) ? OpenFailure::truncated : OpenFailure::bad_size;
}

// --- Opening -----------------------------------------------------------------------------------------------------------

namespace {

bool commits(const Header& header, ByteView file_key)
{
    ByteArray<commitment_bytes> expected;
    derive_commitment(file_key, header.payload_nonce(), header.hash(), expected);
    return equal_constant_time(expected, header.commitment());
}

bool open_slot(ByteView slot, const RecipientSecret& recipient, MutableBytes file_key)
{
    const auto ciphertext = slot.first(xwing_ciphertext_bytes);
    SecretArray<xwing_shared_bytes> shared;
    if (!xwing_decapsulate(ciphertext, recipient.secret->view(), shared.span())) return false;
    SecretArray<key_bytes> slot_key;
    derive_slot_key(shared.view(), ciphertext, recipient.public_key, slot_key.span());
    return aead_open(slot_key.view(), wrap_nonce, {}, slot.subspan(xwing_ciphertext_bytes), file_key);
}

}  // namespace

Result<SecretBuffer, OpenFailure> unwrap_file_key(const Header& header, std::span<const RecipientSecret> secrets)
{
    SecretBuffer file_key(key_bytes);
    for (const auto& recipient : secrets) {
        for (std::size_t i = 0; i < header.slots(); ++i) {
            if (!open_slot(header.slot(i), recipient, file_key.span())) continue;
            if (!commits(header, file_key.view())) return OpenFailure::bad_commitment;
            return file_key;
        }
    }
    return OpenFailure::no_slot;
}

Result<Opener, OpenFailure> Opener::create(const Header& header, const SecretBuffer& file_key, std::uint64_t total)
{
    require(file_key.size() == key_bytes, "size of a file key");
    const auto padded = padded_payload(header, total);
    if (!padded) return padded.error();
    if (!commits(header, file_key.view())) return OpenFailure::bad_commitment;
    SecretBuffer work(chunk_bytes + key_bytes);
    derive_payload_key(file_key.view(), header.payload_nonce(), header.hash(), work.span().subspan(chunk_bytes));
    return Opener(std::move(work), *padded);
}

std::size_t Opener::next_chunk() const
{
    return left_ == 0 ? 0 : static_cast<std::size_t>(std::min<std::uint64_t>(left_, chunk_bytes)) + aead_tag_bytes;
}

Result<ByteView, OpenFailure> Opener::open(ByteView sealed)
{
    require(left_ > 0, "a chunk after the last");
    if (sealed.size() != next_chunk()) return OpenFailure::bad_chunk;
    const auto size = sealed.size() - aead_tag_bytes;
    const bool last = left_ == size;
    const auto out = work_.span().first(size);
    if (!aead_open(work_.view().subspan(chunk_bytes), chunk_nonce(counter_, last), {}, sealed, out))
        return OpenFailure::bad_chunk;
    ++counter_;
    left_ -= size;
    return ByteView(out);
}

}  // namespace amana::crypto

// SPDX-License-Identifier: AGPL-3.0-or-later
// Vectors that fail at the seal: header, slots, commitment, size, chunks.
#include "tests/vectors/vector.hpp"

#include "base/require.hpp"

namespace amana::vectors {

namespace {

Vector failing(std::string name, std::string result, std::string comment, std::vector<std::string> secrets = {"desk"})
{
    return {std::move(name), std::move(comment), "", std::move(secrets), std::move(result), "", {}, {}};
}

Bytes first_of(const Bytes& bytes, std::size_t count)
{
    return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count)};
}

Bytes joined(Bytes a, ByteView b)
{
    append(a, b);
    return a;
}

constexpr std::size_t one_slot_header = 66 + 1168;
constexpr std::size_t sealed_chunk = 65536 + 16;

void add_header_failures(Collection& into, const Bytes& good)
{
    into.add(failing("truncated-empty", "truncated", "No byte at all."), {});
    into.add(failing("truncated-one-byte", "truncated", "A suite byte and nothing more."), {1});
    into.add(failing("truncated-header", "truncated", "The header lacks its last byte."), first_of(good, one_slot_header - 1));
    into.add(failing("truncated-payload", "truncated",
                     "A good header, then 1000 bytes: shorter than the smallest class. The slot opens and the commitment holds."),
             first_of(good, one_slot_header + 1000));
    auto changed = first_of(good, one_slot_header);
    changed[0] = 2;
    into.add(failing("suite-2", "unknown_suite", "Suite byte 02, and a header alone: the suite is judged first."), changed);
    changed[0] = 0;
    into.add(failing("suite-0", "unknown_suite", "Suite byte 00."), changed);
    changed[0] = 1;
    changed[1] = 0;
    into.add(failing("no-slots", "bad_slot_count", "n is 0."), changed);
    changed[1] = 5;
    into.add(failing("five-slots", "bad_slot_count", "n is 5; that the header is too short for it is not asked any more."),
             changed);
}

void add_slot_failures(Collection& into, const Bytes& good)
{
    auto vector = failing("no-slot-stranger", "no_slot", "The opener's secrets are nobody's here.", {"stranger 1", "stranger 2"});
    vector.file = "text.envelope";
    into.add(vector);
    vector = failing("no-slot-no-secrets", "no_slot", "The opener has no secret.", {});
    vector.file = "text.envelope";
    into.add(vector);
    auto changed = good;
    changed[2 + 1120 + 47] ^= 0x80;
    into.add(failing("no-slot-damaged", "no_slot", "The wrapped file key's tag is damaged; header alone."),
             first_of(changed, one_slot_header));
    changed = good;
    changed[2 + 1120 - 1] ^= 1;
    into.add(failing("no-slot-ciphertext", "no_slot", "The last byte of the X-Wing ciphertext (its X25519 part) is damaged."),
             first_of(changed, one_slot_header));

    changed = first_of(good, one_slot_header);
    changed.back() ^= 1;
    into.add(failing("commitment-damaged", "bad_commitment", "A bit of the commitment; header alone, so it is judged before the size."),
             changed);
    changed = first_of(good, one_slot_header);
    changed[2 + 1168] ^= 1;
    into.add(failing("nonce-damaged", "bad_commitment", "A bit of the payload nonce, which the commitment covers."), changed);
}

// A slot whose X25519 part is a point of low order, which libraries refuse to multiply: it opens for nobody, and does not
// keep an opener from the next slot.
void add_low_order(Collection& into)
{
    const auto randomness = randomness_for("low-order", 2);
    auto header = header_for({"partner a", "desk"}, randomness);
    std::fill_n(header.begin() + 2 + 1120 - 32, 32, Byte{0});
    const auto commitment = commitment_of(header, ByteView(randomness).first(32));
    std::copy(commitment.begin(), commitment.end(), header.end() - 32);
    into.add(failing("slot-low-order-first", "truncated",
                     "The X25519 part of the first slot is zero; the second slot opens, the commitment holds, and the header is all there is."),
             header);
    auto other = failing("slot-low-order-only", "no_slot", "The same envelope, for the recipient of the first slot.", {"partner a"});
    other.file = "slot-low-order-first.envelope";
    into.add(other);
}

// Two recipients whose slots wrap different file keys, with the chunks sealed under the first: the envelope must not open
// differently for the second.
void add_two_file_keys(Collection& into)
{
    const std::vector<std::string> both{"desk", "partner a"};
    const auto randomness = randomness_for("two-file-keys", 2);
    const auto file_key = ByteView(randomness).first(32);
    auto header = header_for(both, randomness);
    const auto other = header_for({"partner a"}, randomness_for("two-file-keys, other", 1));
    std::copy(other.begin() + 2, other.begin() + 2 + 1168, header.begin() + 2 + 1168);
    const auto commitment = commitment_of(header, file_key);
    std::copy(commitment.begin(), commitment.end(), header.end() - 32);

    const auto manifest = manifest_text({});
    auto opens = failing("two-file-keys-first", "open", "Two slots that wrap different file keys. The first recipient's is the one that is committed to.");
    opens.file = "two-file-keys.envelope";
    opens.manifest = manifest;
    into.add(opens, joined(header, seal_chunks(header, file_key, padded_to(frame({}, manifest), 32768))));
    auto refuses = failing("two-file-keys-second", "bad_commitment", "The same envelope: the second recipient's slot opens to a key that the header does not commit to.",
                           {"partner a"});
    refuses.file = opens.file;
    into.add(refuses);
}

void add_chunk_failures(Collection& into, const Bytes& good, const Bytes& four_chunks)
{
    auto longer = good;
    longer.push_back(0);
    into.add(failing("size-one-more", "bad_size", "One byte behind the last chunk."), longer);

    auto flipped = good;
    flipped[one_slot_header + 20000] ^= 0x10;
    into.add(failing("chunk-bit", "bad_chunk", "A bit of the ciphertext, far inside the padding."), flipped);

    into.add(failing("chunk-cut-to-class", "bad_chunk",
                     "The first chunk of four: cut off to just the length of the 64 KiB class, but not marked as the last."),
             first_of(four_chunks, one_slot_header + sealed_chunk));
    auto swapped = four_chunks;
    const auto at = swapped.begin() + static_cast<std::ptrdiff_t>(one_slot_header + sealed_chunk);
    std::swap_ranges(at, at + sealed_chunk, at + sealed_chunk);
    into.add(failing("chunks-swapped", "bad_chunk", "The second and the third of four chunks, swapped."), swapped);

    const auto randomness = randomness_for("chunk-marks", 1);
    const auto file_key = ByteView(randomness).first(32);
    const auto header = header_for({"desk"}, randomness);
    const auto padded = padded_to(frame({}, manifest_text({})), 32768);
    into.add(failing("chunk-not-last", "bad_chunk", "The only chunk was sealed as one that is not the last."),
             joined(header, seal_chunks(header, file_key, padded, {.mark_last = false})));
    into.add(failing("chunk-counter", "bad_chunk", "The only chunk was sealed with counter 1."),
             joined(header, seal_chunks(header, file_key, padded, {.first_counter = 1})));
}

}  // namespace

void add_bad_seal(Collection& into)
{
    const auto good = into.files.at("text.envelope");
    add_header_failures(into, good);
    add_slot_failures(into, good);
    add_low_order(into);
    add_two_file_keys(into);
    add_chunk_failures(into, good, into.files.at("four-chunks.envelope"));
}

}  // namespace amana::vectors

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/crypto/population.hpp"

namespace amana::crypto::testing {

namespace {

// The recipient whose key opens a slot, found as docs/ENVELOPE.md says.
std::size_t owner_of(ByteView slot, std::span<const Recipient> all)
{
    for (std::size_t i = 0; i < all.size(); ++i) {
        Hash shared;
        if (!xwing_decapsulate(slot.first(xwing_ciphertext_bytes), all[i].secret.view(), shared)) continue;
        ByteArray<key_bytes> key;
        hkdf(shared, {}, {as_bytes("amana/1 slot"), slot.first(xwing_ciphertext_bytes), all[i].public_key}, key);
        ByteArray<key_bytes> file_key;
        if (aead_open(key, AeadNonce{}, {}, slot.subspan(xwing_ciphertext_bytes), file_key)) return i;
    }
    require(false, "a slot of nobody");
    return 0;
}

}  // namespace

Bytes seal_honestly(std::span<const XWingPublicKey> keys, ByteView payload, std::size_t)
{
    return seal_all(Sealer::create(keys).value(), payload, text_class);
}

Population populate(const Setting& setting, std::size_t count, const Seal& seal)
{
    std::vector<Recipient> all;
    std::vector<XWingPublicKey> keys;
    for (std::size_t i = 0; i < recipients; ++i) {
        all.emplace_back(seeded_bytes(setting.keys + std::to_string(i), xwing_secret_bytes));
        keys.push_back(all.back().public_key);
    }
    SecretText manifest(max_manifest_bytes);
    const Answer story{"story", setting.story};
    require(write_manifest(manifest, {setting.kind, "recruitment", 1, {}}, {&story, 1}, {}), "a manifest of a test");
    Bytes payload;
    const auto head = record_head(record_manifest, manifest.size());
    append(payload, head);
    append(payload, manifest.view());

    Population population{setting.name, {}, {}};
    for (std::size_t i = 0; i < count; ++i) {
        const auto envelope = seal(keys, payload, i);
        require(envelope.size() == envelope_bytes(recipients, text_class), "an envelope of another size");
        Bytes sample(envelope.begin(), envelope.begin() + static_cast<std::ptrdiff_t>(header_size + payload_sample));
        append(sample, ByteView(envelope).last(payload_sample));
        auto& owners = population.owners.emplace_back();
        for (std::size_t slot = 0; slot < recipients; ++slot)
            owners[slot] = owner_of(ByteView(envelope).subspan(2 + slot * slot_bytes, slot_bytes), all);
        population.samples.push_back(std::move(sample));
    }
    return population;
}

}  // namespace amana::crypto::testing

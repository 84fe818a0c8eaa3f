// SPDX-License-Identifier: AGPL-3.0-or-later
// Size classes, and the lengths of envelopes that follow from them.
#include "crypto/size_class.hpp"
#include "tests/crypto/opening.hpp"
#include "tests/support/catch.hpp"

#include <limits>

namespace amana::crypto::testing {

TEST_CASE("size classes: the smallest that holds a payload, at each border")
{
    CHECK(size_class_for(0, false) == text_class);
    CHECK(size_class_for(text_class, false) == text_class);
    CHECK_FALSE(size_class_for(text_class + 1, false));
    CHECK(size_class_for(0, true) == size_classes[1]);
    for (std::size_t i = 1; i < size_classes.size(); ++i) {
        CHECK(size_class_for(size_classes[i] - 1, true) == size_classes[i]);
        CHECK(size_class_for(size_classes[i], true) == size_classes[i]);
        if (i + 1 < size_classes.size()) CHECK(size_class_for(size_classes[i] + 1, true) == size_classes[i + 1]);
    }
    CHECK_FALSE(size_class_for(largest_class + 1, true));
    CHECK_FALSE(size_class_for(std::numeric_limits<std::uint64_t>::max(), true));
    for (const auto size : size_classes) {
        CHECK(is_size_class(size));
        CHECK_FALSE(is_size_class(size - 1));
        CHECK_FALSE(is_size_class(size + 1));
    }
    CHECK_FALSE(is_size_class(0));
}

TEST_CASE("an envelope's length gives its class and nothing near it does")
{
    for (std::size_t slots = 1; slots <= max_slots; ++slots) {
        const std::vector<XWingPublicKey> keys(slots, xwing_public_key(seeded_bytes("a", xwing_secret_bytes)));
        const auto sealer = Sealer::create(keys).value();
        const auto header = must(Header::parse(sealer.header()));
        CHECK(header.slots() == slots);
        CHECK(header.size() == header_bytes(slots));
        CHECK(header_bytes(slots) == 66 + 1168 * slots);
        for (const auto padded : size_classes) {
            const auto total = envelope_bytes(slots, padded);
            CHECK(total == 66 + 1168 * slots + padded + 16 * ((padded + 65535) / 65536));
            CHECK(must(padded_payload(header, total)) == padded);
            const auto below = padded == text_class ? OpenFailure::truncated : OpenFailure::bad_size;
            CHECK(padded_payload(header, total - 1).error() == below);
            CHECK(padded_payload(header, total + 1).error() == OpenFailure::bad_size);
        }
        CHECK(padded_payload(header, 0).error() == OpenFailure::truncated);
        CHECK(padded_payload(header, std::numeric_limits<std::uint64_t>::max()).error() == OpenFailure::bad_size);
    }
    CHECK(max_envelope_bytes == envelope_bytes(4, 128 * mebibyte));
}

}  // namespace amana::crypto::testing

// SPDX-License-Identifier: AGPL-3.0-or-later
// Every primitive against vectors that somebody else published.
#include "crypto/primitives.hpp"
#include "tests/crypto/hex.hpp"
#include "tests/crypto/xwing_vectors.hpp"
#include "tests/support/catch.hpp"

#include <sodium.h>

namespace amana::crypto::testing {

using amana::testing::hex;
using amana::testing::hex_array;

TEST_CASE("the self-test passes")
{
    CHECK(self_test().has_value());
}

TEST_CASE("X-Wing gives what draft-connolly-cfrg-xwing-kem-08, appendix C, publishes")
{
    for (const auto& vector : xwing_vectors) {
        INFO(vector.seed);
        const auto seed = hex(vector.seed);
        const auto public_key = xwing_public_key(seed);
        XWingCiphertext ciphertext;
        Hash sent;
        REQUIRE(crypto_kem_xwing_enc_deterministic(ciphertext.data(), sent.data(), public_key.data(),
                                                   hex(vector.encapsulation_seed).data()) == 0);
        CHECK(to_hex(ciphertext) == vector.ciphertext);
        CHECK(to_hex(sent) == vector.shared);
        Hash received;
        REQUIRE(xwing_decapsulate(hex(vector.ciphertext), seed, received));
        CHECK(to_hex(received) == vector.shared);
    }
}

TEST_CASE("X-Wing: fresh encapsulations, and keys that are none")
{
    const auto seed = hex(xwing_vectors[0].seed);
    auto public_key = xwing_public_key(seed);
    XWingCiphertext first;
    XWingCiphertext second;
    Hash sent;
    Hash received;
    REQUIRE(xwing_encapsulate(public_key, first, sent));
    REQUIRE(xwing_decapsulate(first, seed, received));
    CHECK(sent == received);
    REQUIRE(xwing_encapsulate(public_key, second, sent));
    CHECK(first != second);

    // FIPS 203, 7.2: a coefficient of 4095 is not below q = 3329.
    auto bad = public_key;
    bad[0] = 0xff;
    bad[1] |= 0x0f;
    CHECK_FALSE(xwing_encapsulate(bad, first, sent));
    // An X25519 part of low order is refused at both ends.
    bad = public_key;
    std::fill(bad.end() - 32, bad.end(), Byte{0});
    CHECK_FALSE(xwing_encapsulate(bad, first, sent));
    auto low = second;
    std::fill(low.end() - 32, low.end(), Byte{0});
    CHECK_FALSE(xwing_decapsulate(low, seed, received));
    REQUIRE(xwing_encapsulate(public_key, second, sent));
    // Another's ciphertext opens to something else, and is no error.
    const auto other = hex(xwing_vectors[1].seed);
    REQUIRE(xwing_decapsulate(second, other, received));
    CHECK(sent != received);
}

TEST_CASE("XChaCha20-Poly1305: draft-irtf-cfrg-xchacha-03, A.3.1")
{
    const std::string_view text = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
                                  "sunscreen would be it.";
    const auto key = hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    const auto nonce = hex_array<aead_nonce_bytes>("404142434445464748494a4b4c4d4e4f5051525354555657");
    const auto additional = hex("50515253c0c1c2c3c4c5c6c7");
    const std::string_view expected =
        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96"
        "b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52e"
        "c0875924c1c7987947deafd8780acf49";
    Bytes sealed(text.size() + aead_tag_bytes);
    aead_seal(key, nonce, additional, as_bytes(text), sealed);
    CHECK(to_hex(sealed) == expected);

    Bytes opened(text.size());
    REQUIRE(aead_open(key, nonce, additional, sealed, opened));
    CHECK(as_text(opened) == text);
    // In place, as the sealer does it.
    Bytes memory(text.begin(), text.end());
    memory.resize(sealed.size());
    aead_seal(key, nonce, additional, ByteView(memory).first(text.size()), memory);
    CHECK(memory == sealed);

    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto damaged = sealed;
        damaged[i] ^= 1;
        CHECK_FALSE(aead_open(key, nonce, additional, damaged, opened));
    }
    CHECK_FALSE(aead_open(key, nonce, {}, sealed, opened));
    CHECK_FALSE(aead_open(key, nonce, additional, ByteView(sealed).first(15), {}));
}

TEST_CASE("HKDF-SHA-256: RFC 5869, A.1 to A.3")
{
    const auto derive = [](std::string_view key, std::string_view salt, std::string_view info, std::size_t length) {
        Bytes out(length);
        const auto context = hex(info);
        // In two parts, which must count as one.
        const auto half = context.size() / 2;
        hkdf(hex(key), hex(salt), {ByteView(context).first(half), ByteView(context).subspan(half)}, out);
        return to_hex(out);
    };
    CHECK(derive("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9", 42) ==
          "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    CHECK(derive("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738"
                 "393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
                 "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798"
                 "999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
                 "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8"
                 "e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
                 82) ==
          "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9"
          "aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
    CHECK(derive("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "", 42) ==
          "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("SHA-256: FIPS 180-4's examples, and a million letters")
{
    CHECK(to_hex(sha256({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(to_hex(sha256(as_bytes("abc"))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(to_hex(sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))) ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    Sha256 streamed;
    const std::string piece(1000, 'a');
    for (int i = 0; i < 1000; ++i) streamed.update(as_bytes(piece));
    CHECK(to_hex(streamed.finish()) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("Ed25519: RFC 8032, 7.1, tests 1 to 3")
{
    struct Vector {
        std::string_view seed, key, message, signature;
    };
    const Vector vectors[]{
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a"
         "100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb"
         "0c00"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1e"
         "c40a"},
    };
    for (const auto& vector : vectors) {
        const auto key = signing_public_key(hex(vector.seed));
        CHECK(to_hex(key) == vector.key);
        const auto message = hex(vector.message);
        const auto signature = sign(hex(vector.seed), message);
        CHECK(to_hex(signature) == vector.signature);
        CHECK(verify(key, message, signature));
        for (std::size_t i = 0; i < signature.size(); ++i) {
            auto damaged = signature;
            damaged[i] ^= 1;
            CHECK_FALSE(verify(key, message, damaged));
        }
        CHECK_FALSE(verify(key, hex("00"), signature));
        CHECK_FALSE(verify(key, message, ByteView(signature).first(63)));
        CHECK_FALSE(verify(key, message, {}));
    }
}

// RFC 9106's own vector has a secret and associated data, which libsodium takes none of; these are libsodium's
// (test/default/pwhash_argon2id.c and .exp, the first, fifth and seventh), whose salts are cut to the 16 bytes it uses.
TEST_CASE("Argon2id gives what libsodium publishes")
{
    struct Vector {
        std::string_view passphrase, salt;
        Argon2Limits limits;
        std::size_t length;
        std::string_view beginning;
    };
    const Vector vectors[]{
        {"a347ae92bce9f80f6f595a4480fc9c2fe7e7d7148d371e9487d75f5c23008ffae065577a928febd9b1973a5a95073acdbeb6a030cfc0d79caa2dc5cd"
         "011cef02c08da232d76d52dfbca38ca8dcbd665b17d1665f7cf5fe59772ec909733b24de97d6f58d220b20c60d7c07ec1fd93c52c31020300c6c1f"
         "acd77937a597c7a6",
         "5541fbc995d5c197ba290346d2c559de", {5, 7256678}, 155,
         "18acec5d6507739f203d1f5d9f1d862f7c2cdac4f19d2bdff64487e60d969e3ced615337b9eec6ac4461c6ca07f0939741e57c24d0005c7ea171"},
        {"4a857e2ee8aa9b6056f2424e84d24a72473378906ee04a46cb05311502d5250b82ad86b83c8f20a23dbb74f6da60b0b6ecffd67134d45946ac8ebfb3"
         "064294bc097d43ced68642bfb8bbbdd0f50b30118f5e",
         "39d82eef32010b8b79cc5ba88ed539fb", {3, 1432947}, 190,
         "08d8cd330c57e1b4643241d05bb468ba4ee4e932cd0858816be9ef15360b27bbd06a87130ee92222be267a29b81f5ae8fe8613324cfc4832dc49"},
        {"b540beb016a5366524d4605156493f9874514a5aa58818cd0c6dfffaa9e90205f17b", "44071f6d181561670bda728d43fb79b4", {1, 1631659},
         231, "7fb72409b0987f8190c3729710e98c3f80c5a8727d425fdcde7f3644d467fe973f5b5fee683bd3fce812cb9ae5e9921a2d06c2f1905e4e8396"},
    };
    for (const auto& vector : vectors) {
        Bytes out(vector.length);
        REQUIRE(argon2id(hex(vector.passphrase), hex(vector.salt), vector.limits, out));
        CHECK(to_hex(out).substr(0, vector.beginning.size()) == vector.beginning);
    }
}

TEST_CASE("random numbers below a bound reach every value")
{
    std::array<int, 5> seen{};
    for (int i = 0; i < 1000; ++i) ++seen.at(random_below(5));
    for (const auto count : seen) CHECK(count > 100);
}

}  // namespace amana::crypto::testing

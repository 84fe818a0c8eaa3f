// SPDX-License-Identifier: AGPL-3.0-or-later
// Secrets at rest: the right passphrase and an untouched file, or nothing.
#include "base/reader.hpp"
#include "crypto/secret_file.hpp"
#include "tests/crypto/opening.hpp"
#include "tests/support/catch.hpp"

#include <chrono>

namespace amana::crypto::testing {

namespace {

// The least that a file may ask for: these tests try many.
constexpr Argon2Limits cheap{1, 8192};
constexpr std::string_view passphrase = "correct horse battery";

Bytes example(ByteView secret)
{
    return protect_secret(SecretKind::root, secret, as_bytes(passphrase), cheap).value();
}

Result<SecretBuffer> open(ByteView file, std::string_view with = passphrase)
{
    return open_secret(SecretKind::root, file, as_bytes(with));
}

}  // namespace

TEST_CASE("a secret comes back under its passphrase, as its kind")
{
    const auto secret = seeded_bytes("secret", 32);
    const auto file = example(secret);
    CHECK(is_secret_file(file));
    CHECK(file.size() == 15 + 1 + 4 + 8 + 16 + 24 + 32 + 16);
    const auto opened = open(file);
    REQUIRE(opened.has_value());
    CHECK(to_hex(opened->view()) == to_hex(secret));
    CHECK_FALSE(open(file, "correct horse batterz").has_value());
    CHECK_FALSE(open(file, "").has_value());
    CHECK_FALSE(open_secret(SecretKind::desk, file, as_bytes(passphrase)).has_value());
    CHECK(example(secret) != file);
}

TEST_CASE("any byte changed, missing or more, and it does not open")
{
    const auto file = example(seeded_bytes("secret", 32));
    for (std::size_t i = 0; i < file.size(); ++i)
        for (const Byte bit : {Byte{0x01}, Byte{0x80}}) {
            // Operations and memory may grow into what takes long or more than there is: they are tried below.
            if (i >= 16 && i < 28) continue;
            auto damaged = file;
            damaged[i] ^= bit;
            INFO(i);
            CHECK_FALSE(open(damaged).has_value());
        }
    for (std::size_t size = 0; size < file.size(); ++size) CHECK_FALSE(open(ByteView(file).first(size)).has_value());
    auto longer = file;
    longer.push_back(0);
    CHECK_FALSE(open(longer).has_value());
    // Limits that are acceptable, but not the file's.
    for (const auto at : {19U, 26U}) {
        auto other = file;
        other[at] = static_cast<Byte>(other[at] + 1);
        CHECK_FALSE(open(other).has_value());
    }
}

TEST_CASE("absurd limits are refused before anything is allocated or computed")
{
    const auto file = example(seeded_bytes("secret", 32));
    const auto with_limits = [&](std::uint32_t operations, std::uint64_t memory) {
        auto changed = file;
        const auto limits = Writer().integer(operations).integer(memory).take();
        std::copy(limits.begin(), limits.end(), changed.begin() + 16);
        return changed;
    };
    const auto started = std::chrono::steady_clock::now();
    const std::uint64_t most = std::uint64_t{4} << 30;
    for (const auto& [operations, memory] : std::initializer_list<std::pair<std::uint32_t, std::uint64_t>>{
             {0, 8192}, {17, 8192}, {UINT32_MAX, 8192}, {1, 0}, {1, 8191}, {1, most + 1}, {1, UINT64_MAX}, {17, most}}) {
        const auto opened = open(with_limits(operations, memory));
        REQUIRE_FALSE(opened.has_value());
        CHECK(opened.error().message == "a damaged secret key file");
    }
    CHECK(std::chrono::steady_clock::now() - started < std::chrono::seconds(1));
}

TEST_CASE("passphrases that are too short or too long protect nothing")
{
    const auto try_length = [](std::size_t length) {
        return protect_secret(SecretKind::desk, Bytes(32), as_bytes(std::string(length, 'p')), cheap).has_value();
    };
    CHECK_FALSE(try_length(0));
    CHECK_FALSE(try_length(11));
    CHECK(try_length(12));
    CHECK(try_length(1024));
    CHECK_FALSE(try_length(1025));
}

TEST_CASE("files that are something else")
{
    CHECK_FALSE(is_secret_file({}));
    CHECK_FALSE(is_secret_file(as_bytes("AMANA-SECRET-1")));
    CHECK_FALSE(open(Bytes(max_secret_file_bytes + 1, 'A')).has_value());
    // A good one in all but its size.
    const auto around = max_secret_file_bytes - example(Bytes(1)).size() + 1;
    CHECK(open(example(Bytes(around))).has_value());
    CHECK_FALSE(open(example(Bytes(around + 1))).has_value());
}

TEST_CASE("the limits that the desk writes are libsodium's sensitive ones")
{
    CHECK(sensitive_limits().operations == 4);
    CHECK(sensitive_limits().memory_bytes == std::uint64_t{1} << 30);
}

TEST_CASE("records under the master key, each bound to its label")
{
    const auto master = SecretBuffer::copy_of(seeded_bytes("master", 32));
    const auto record = seal_record(master, "label", as_bytes("text"));
    const auto opened = open_record(master, "label", record);
    REQUIRE(opened.has_value());
    CHECK(as_text(opened->view()) == "text");
    CHECK_FALSE(open_record(master, "other", record).has_value());
    CHECK_FALSE(open_record(SecretBuffer::copy_of(seeded_bytes("other", 32)), "label", record).has_value());
    for (std::size_t i = 0; i < record.size(); ++i) {
        auto damaged = record;
        damaged[i] ^= 1;
        CHECK_FALSE(open_record(master, "label", damaged).has_value());
        CHECK_FALSE(open_record(master, "label", ByteView(record).first(i)).has_value());
    }
    CHECK(seal_record(master, "label", as_bytes("text")) != record);
    // A record of nothing is a record.
    CHECK(open_record(master, "label", seal_record(master, "label", {})).has_value());
}

}  // namespace amana::crypto::testing

// SPDX-License-Identifier: AGPL-3.0-or-later
// crypto's answers, held to tests/vectors/letter.json, which another implementation made (letter.mjs says what stands in an entry).
#include "base/file.hpp"
#include "crypto/letter.hpp"
#include "crypto/outbox.hpp"
#include "tests/crypto/hex.hpp"
#include "tests/support/catch.hpp"

#include <boost/json.hpp>

#include <cstdlib>
#include <iostream>
#include <map>

namespace amana::crypto {

namespace {

using testing::hex;
using testing::hex_array;
using boost::json::value;

std::string_view text_of(const value& entry, const char* name) { return entry.at(name).as_string(); }
std::uint64_t number_of(const value& entry, const char* name) { return entry.at(name).to_number<std::uint64_t>(); }
std::uint64_t big_of(const value& entry, const char* name) { return std::stoull(std::string(text_of(entry, name))); }
bool has(const value& entry, const char* name) { return entry.as_object().contains(name); }

Receipt::Keys keys_of(const value& entry)
{
    const auto& keys = entry.at("keys");
    auto derived = Receipt::read(text_of(keys, "digits"))->keys(hex_array<hash_bytes>(text_of(keys, "root")));
    CHECK(to_hex(derived.inbox) == text_of(keys, "inbox"));
    return derived;
}

std::vector<Item> items_of(const value& entry, const char* name)
{
    std::vector<Item> items;
    for (const auto& item : entry.at(name).as_array()) items.push_back(hex_array<item_bytes>(item.as_string()));
    return items;
}

std::string written(const Letter& letter)
{
    SecretText text(max_letter_text_bytes * 2);
    REQUIRE(write_letter(text, letter.messages(), letter.notice()));
    return std::string(text.text());
}

void check_address(const value& entry)
{
    const auto address = InboxAddress::of(keys_of(entry));
    const auto manifest = boost::json::parse(text_of(entry, "manifest"));
    CHECK(to_hex(address.id) == text_of(manifest, "id"));
    CHECK(to_hex(address.reply) == text_of(manifest, "reply"));
    CHECK(to_hex(address.erasure) == text_of(manifest, "erasure"));
}

void check_bucket(const value& entry)
{
    CHECK(bucket_of(hex_array<key_bytes>(text_of(entry, "inbox")), static_cast<std::uint32_t>(number_of(entry, "buckets"))) == number_of(entry, "bucket"));
}

void check_text(const value& entry)
{
    const auto letter = Letter::parse(as_bytes(text_of(entry, "text")));
    REQUIRE(letter.has_value() == !has(entry, "fault"));
    // Of what is longer than a letter may be, only the reading is asked.
    if (letter && text_of(entry, "text").size() <= max_letter_text_bytes) CHECK(written(*letter) == text_of(entry, "text"));
}

// Among slots of nobody's, in the order of the vector.
void check_letter(const value& entry)
{
    Bytes bucket;
    for (const auto& slot : entry.at("slots").as_array()) append(bucket, hex(slot.as_string()));
    static const auto nobody = nobodys_key();
    while (bucket.size() < bucket_bytes) append(bucket, decoy_slot(nobody));
    const auto keys = keys_of(entry);
    const auto root = hex_array<hash_bytes>(text_of(entry.at("keys"), "root"));
    const auto opened = open_letter(bucket, keys, root, big_of(entry, "serial"), hex_array<ed25519_public_bytes>(text_of(entry, "courier")));
    REQUIRE(opened.has_value() == !has(entry, "fault"));
    if (!opened) return;
    REQUIRE(opened->has_value() == has(entry, "text"));
    if (!*opened) return;
    CHECK(written(**opened) == text_of(entry, "text"));
    CHECK(letter_tags(bucket, keys.inbox, big_of(entry, "serial")) == items_of(entry, "tags"));
}

void check_notice(const value& entry)
{
    const auto notice = open_notice(hex(text_of(entry, "notice")), hex(text_of(entry, "key")), hex_array<hash_bytes>(text_of(entry, "root")),
                                    big_of(entry, "serial"), hex_array<ed25519_public_bytes>(text_of(entry, "courier")));
    REQUIRE(notice.has_value() == !has(entry, "fault"));
    if (!notice) return;
    CHECK(notice->day == number_of(entry, "day"));
    CHECK(as_text(notice->text.view()) == text_of(entry, "text"));
}

void check_file(const value& entry)
{
    const auto unit = text_of(entry, "content");
    const auto size = number_of(entry, "size"), size_class = number_of(entry, "class");
    Bytes content(size_class);
    for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<Byte>(unit[i % unit.size()]);
    CHECK(to_hex(sha256(ByteView(content).first(size))) == text_of(entry, "sha256"));
    CHECK(answer_file_class(size).value() <= size_class);
    const auto key = hex(text_of(entry, "key"));
    Bytes sealed(answer_file_bytes(static_cast<std::uint32_t>(size_class)));
    Bytes opened(size_class);
    for (std::size_t i = 0; i < size_class / chunk_bytes; ++i) {
        const bool last = (i + 1) * chunk_bytes == size_class;
        const auto out = MutableBytes(sealed).subspan(i * (chunk_bytes + aead_tag_bytes), chunk_bytes + aead_tag_bytes);
        seal_answer_chunk(key, i, last, ByteView(content).subspan(i * chunk_bytes, chunk_bytes), out);
        CHECK(open_answer_chunk(key, i, last, out, MutableBytes(opened).subspan(i * chunk_bytes, chunk_bytes)));
    }
    CHECK(to_hex(sha256(sealed)) == text_of(entry, "sealed"));
    CHECK(opened == content);
}

void check_verifier(const value& entry)
{
    const auto found = verifier(hex_array<ed25519_public_bytes>(text_of(entry, "erasure")), hex_array<item_bytes>(text_of(entry, "item")));
    CHECK(to_hex(found) == text_of(entry, "verifier"));
}

void check_erase(const value& entry)
{
    const auto read = Erase::parse(hex(text_of(entry, "request")), hex_array<hash_bytes>(text_of(entry, "root")));
    REQUIRE(read.has_value() == !has(entry, "fault"));
    if (!read) return;
    CHECK(to_hex(read->erasure) == text_of(entry, "erasure"));
    CHECK(read->serial == big_of(entry, "serial"));
    CHECK(read->bucket == number_of(entry, "bucket"));
    CHECK(read->items == items_of(entry, "items"));
}

void check_forget(const value& entry)
{
    const auto keys = keys_of(entry);
    const auto root = hex_array<hash_bytes>(text_of(entry.at("keys"), "root"));
    const auto submission = hex(text_of(entry, "submission"));
    CHECK(to_hex(sign_forget(keys.erasure.view(), root, keys.inbox, submission)) == text_of(entry, "signature"));
    CHECK(verify_forget(InboxAddress::of(keys), root, submission, text_of(entry, "signature")));
}

void check_note(const value& entry)
{
    const auto read = OutboxNote::parse(as_bytes(text_of(entry, "note")), text_of(entry, "deployment"), hex_array<ed25519_public_bytes>(text_of(entry, "courier")));
    REQUIRE(read.has_value() == !has(entry, "fault"));
    if (!read) return;
    CHECK(read->serial == big_of(entry, "serial"));
    CHECK(read->seen == big_of(entry, "seen"));
    CHECK(static_cast<std::uint64_t>(read->expires) == big_of(entry, "expires"));
    CHECK(read->buckets == number_of(entry, "buckets"));
    CHECK(to_hex(read->body) == text_of(entry, "hash"));
    const auto& files = entry.at("files").as_array();
    REQUIRE(read->files.size() == files.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
        CHECK(read->files[i].size_class == files[i].as_array().at(0).to_number<std::uint32_t>());
        CHECK(read->files[i].count == files[i].as_array().at(1).to_number<std::uint32_t>());
    }
}

}  // namespace

TEST_CASE("answers are read and written as the vectors say")
{
    const auto* source = std::getenv("AMANA_SOURCE");
    REQUIRE(source != nullptr);
    const auto file = read_file(std::string(source) + "/tests/vectors/letter.json", 4 << 20).value();
    const std::map<std::string_view, void (*)(const value&)> checks{
        {"address", check_address}, {"bucket", check_bucket}, {"text", check_text}, {"letter", check_letter}, {"notice", check_notice}, {"file", check_file},
        {"verifier", check_verifier}, {"erase", check_erase}, {"forget", check_forget}, {"note", check_note}};
    std::map<std::string_view, std::size_t> checked;
    const auto vectors = boost::json::parse(as_text(file));
    for (const auto& entry : vectors.as_array()) {
        INFO(text_of(entry, "what") << ": " << text_of(entry, "comment"));
        checks.at(text_of(entry, "what"))(entry);
        ++checked[text_of(entry, "what")];
    }
    CHECK(checked.size() == checks.size());
    std::cout << vectors.as_array().size() << " vectors of answers\n";
}

}  // namespace amana::crypto

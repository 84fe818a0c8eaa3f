// SPDX-License-Identifier: AGPL-3.0-or-later
// Letters: what is sealed is read by the receipt that it is for, and by nothing else; whatever is changed is said to be damaged.
#include "crypto/letter.hpp"
#include "tests/crypto/opening.hpp"
#include "tests/support/catch.hpp"

#include <string>

namespace amana::crypto::testing {

namespace {

const Hash root = sha256(as_bytes("root"));
constexpr std::uint64_t serial = 2078600;

struct Courier {
    Bytes seed = seeded_bytes("courier", ed25519_seed_bytes);
    SigningPublicKey key = signing_public_key(seed);
};
const Courier courier;

// A bucket of decoys with these slots in it, the last first.
Bytes bucket_with(const std::vector<AnswerSlot>& slots)
{
    static const auto nobody = nobodys_key();
    Bytes bucket;
    for (std::size_t i = slots.size(); i < bucket_slots; ++i) append(bucket, decoy_slot(nobody));
    for (auto slot = slots.rbegin(); slot != slots.rend(); ++slot) append(bucket, *slot);
    return bucket;
}

struct Written {
    SecretText text{max_letter_text_bytes};
    explicit Written(const std::vector<Message>& messages, const NoticeKey& notice = std::nullopt)
    {
        REQUIRE(write_letter(text, messages, notice));
    }
};

std::vector<AnswerSlot> sealed(const Receipt::Keys& keys, ByteView text)
{
    return seal_letter(InboxAddress::of(keys), root, serial, courier.seed, text).value();
}

auto opened(ByteView bucket, const Receipt::Keys& keys, std::uint64_t of = serial, const Hash& at = root)
{
    return open_letter(bucket, keys, at, of, courier.key);
}

AnswerFile a_file()
{
    AnswerFile file{"map.png", "image/png", 123, 65536, {}, {}, {}};
    random_bytes(file.id);
    random_bytes(file.key);
    random_bytes(file.sha256);
    return file;
}

}  // namespace

TEST_CASE("a letter is read by the receipt that it is for")
{
    const auto keys = Receipt::make().keys(root);
    const auto file = a_file();
    ByteArray<key_bytes> key{};
    random_bytes(key);
    const Written letter({{20786, "هل تعرف اسم الوكالة؟\n\"x\"", {file}}, {20790, "", {}}}, key);
    const auto slots = sealed(keys, letter.text.view());
    CHECK(slots.size() == 1);
    const auto bucket = bucket_with(slots);
    const auto read = opened(bucket, keys);
    REQUIRE(read.has_value());
    REQUIRE(read->has_value());
    const auto& messages = (*read)->messages();
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].day == 20786);
    CHECK(messages[0].text == "هل تعرف اسم الوكالة؟\n\"x\"");
    REQUIRE(messages[0].files.size() == 1);
    CHECK(messages[0].files[0].name == "map.png");
    CHECK(messages[0].files[0].key == file.key);
    CHECK(messages[0].files[0].id == file.id);
    CHECK(messages[0].files[0].sha256 == file.sha256);
    CHECK(messages[1].text.empty());
    CHECK((*read)->notice() == key);
    CHECK(letter_tags(bucket, keys.inbox, serial).size() == 1);
}

TEST_CASE("where nothing is there is no letter, and no other receipt, outbox or deployment finds one")
{
    const auto keys = Receipt::make().keys(root);
    const auto bucket = bucket_with(sealed(keys, Written({{1, "x", {}}}).text.view()));
    const auto other = Receipt::make();
    for (const auto& none : {opened(bucket_with({}), keys), opened(bucket, other.keys(root)), opened(bucket, keys, serial + 1)}) {
        REQUIRE(none.has_value());
        CHECK(!none->has_value());
    }
    // The tag is found, and the signature is another deployment's.
    CHECK(!opened(bucket, keys, serial, sha256(as_bytes("another"))));
    CHECK(!open_letter(bucket, keys, root, serial, signing_public_key(seeded_bytes("thief", 32))));
    CHECK(letter_tags(bucket, other.keys(root).inbox, serial).empty());
}

TEST_CASE("a letter takes as many slots as it needs, to the last byte of each")
{
    const auto keys = Receipt::make().keys(root);
    const auto around = Written({{1, "", {}}}).text.size();
    for (std::size_t parts = 1; parts <= max_letter_parts; ++parts) {
        const auto fits = parts * letter_part_bytes - letter_head_bytes - around;
        const auto text_of = [](std::size_t bytes) { return std::string(std::min(bytes, max_message_bytes), 'a'); };
        // Beyond one message's length a second one takes the rest.
        std::vector<Message> messages;
        const auto whole = text_of(fits);
        messages.push_back({1, whole, {}});
        const auto second = Written({{1, "", {}}, {1, "", {}}}).text.size() - around;
        const std::string rest(fits > whole.size() ? fits - whole.size() - second : 0, 'b');
        if (fits > whole.size()) messages.push_back({1, rest, {}});
        const Written letter(messages);
        const auto slots = sealed(keys, letter.text.view());
        CHECK(slots.size() == parts);
        const auto bucket = bucket_with(slots);
        const auto read = opened(bucket, keys);
        REQUIRE(read.has_value());
        CHECK((*read)->messages().front().text == whole);
        CHECK(letter_tags(bucket, keys.inbox, serial).size() == parts);
        // A part that is not there.
        if (parts > 1) CHECK(!opened(bucket_with({slots.begin(), slots.end() - 1}), keys));
    }
    const std::string most(max_message_bytes, 'a');
    SecretText out(max_letter_text_bytes);
    const std::vector<Message> two{{1, most, {}}, {1, most, {}}};
    CHECK(!write_letter(out, two, std::nullopt));
}

TEST_CASE("any byte of its slots changed: damaged, or not found where it is the tag")
{
    const auto keys = Receipt::make().keys(root);
    auto slots = sealed(keys, Written({{1, std::string(4000, 'x'), {}}}).text.view());
    REQUIRE(slots.size() == 2);
    for (std::size_t slot = 0; slot < 2; ++slot)
        for (std::size_t at = 0; at < answer_slot_bytes; at += 7) {
            auto changed = slots;
            changed[slot][at] ^= 0x10;
            const auto read = opened(bucket_with(changed), keys);
            CHECK((slot == 0 && at < item_bytes ? read && !read->has_value() : !read.has_value()));
        }
    // Parts in each other's place: the tags go with them and are found all the same; contents exchanged are not.
    auto exchanged = slots;
    std::swap_ranges(exchanged[0].begin() + item_bytes, exchanged[0].end(), exchanged[1].begin() + item_bytes);
    CHECK(!opened(bucket_with(exchanged), keys));
}

TEST_CASE("a text that is not as it must be is no letter")
{
    const auto whole = R"({"messages":[{"day":1,"files":[],"text":"x"}],"notice":"","v":1})";
    CHECK(Letter::parse(as_bytes(whole)).has_value());
    for (const auto* wrong : {R"({"messages":[],"notice":"","v":1})", R"({"messages":[{"day":1,"files":[],"text":"x"}],"notice":"","v":2})",
                              R"({"messages":[{"day":1,"files":[],"text":"x"}],"notice":"00","v":1})",
                              R"({"messages":[{"day":1,"files":[],"text":"x","z":""}],"notice":"","v":1})",
                              R"({"messages":[{"day":-1,"files":[],"text":"x"}],"notice":"","v":1})",
                              R"({"messages":[{"day":1,"files":[{}],"text":"x"}],"notice":"","v":1})",
                              R"({"messages":[{"day":1,"files":[],"text":"x"}],"notice":"","v":1} )", R"([])", ""})
        CHECK(!Letter::parse(as_bytes(wrong)));
}

TEST_CASE("decoys and letters have nothing alike, and no two of them")
{
    const auto keys = Receipt::make().keys(root);
    const auto text = Written({{1, "x", {}}});
    const auto nobody = nobodys_key();
    const auto one = sealed(keys, text.text.view()).front(), again = sealed(keys, text.text.view()).front();
    CHECK(std::equal(one.begin(), one.begin() + item_bytes, again.begin()));  // of one outbox: it is the same answer
    CHECK(!std::equal(one.begin() + item_bytes, one.end(), again.begin() + item_bytes));
    CHECK(decoy_slot(nobody) != decoy_slot(nobody));
}

TEST_CASE("a notice is read with its key, by who trusts its courier")
{
    ByteArray<key_bytes> key{};
    random_bytes(key);
    const auto slot = seal_notice(key, root, serial, courier.seed, 20786, "إلى الجميع").value();
    const auto read = open_notice(slot, key, root, serial, courier.key);
    REQUIRE(read.has_value());
    CHECK(read->day == 20786);
    CHECK(as_text(read->text.view()) == "إلى الجميع");
    CHECK(!open_notice(slot, key, root, serial + 1, courier.key));
    CHECK(!open_notice(slot, key, sha256(as_bytes("another")), serial, courier.key));
    CHECK(!open_notice(slot, key, root, serial, signing_public_key(seeded_bytes("thief", 32))));
    auto wrong = key;
    wrong[0] ^= 1;
    CHECK(!open_notice(slot, wrong, root, serial, courier.key));
    CHECK(seal_notice(key, root, serial, courier.seed, 1, std::string(2900, 'x')).has_value());
    CHECK(!seal_notice(key, root, serial, courier.seed, 1, std::string(max_notice_text_bytes, 'x')));
}

TEST_CASE("chunks of a file hold their place, and the last is the last")
{
    ByteArray<key_bytes> key{};
    random_bytes(key);
    Bytes plain(chunk_bytes, 7), sealed_chunk(sealed_chunk_bytes), out(chunk_bytes);
    seal_answer_chunk(key, 3, false, plain, sealed_chunk);
    CHECK(open_answer_chunk(key, 3, false, sealed_chunk, out));
    CHECK(out == plain);
    CHECK(!open_answer_chunk(key, 3, true, sealed_chunk, out));
    CHECK(!open_answer_chunk(key, 4, false, sealed_chunk, out));
    CHECK(answer_file_class(0) == 65536);
    CHECK(answer_file_class(65537) == 262144);
    CHECK(!answer_file_class(16777217));
    CHECK(answer_file_bytes(262144) == 262144 + 64);
}

}  // namespace amana::crypto::testing

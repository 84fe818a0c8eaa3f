// SPDX-License-Identifier: AGPL-3.0-or-later
// Key sets: each line, each border of time, and whose signature counts.
#include "crypto/keyset.hpp"
#include "tests/crypto/opening.hpp"
#include "tests/support/catch.hpp"

#include <limits>

namespace amana::crypto::testing {

namespace {

constexpr UnixTime monday = 1'767'571'200;  // 2026-01-05T00:00:00Z

SigningPublicKey signing_key(std::string_view name)
{
    return signing_public_key(seeded_bytes(name, ed25519_seed_bytes));
}

EpochKey epoch(const std::string& recipient, UnixTime from, UnixTime to)
{
    return {recipient, {from, to}, xwing_public_key(seeded_bytes(recipient + std::to_string(from), xwing_secret_bytes))};
}

const Bytes& root_seed()
{
    static const auto seed = seeded_bytes("root", ed25519_seed_bytes);
    return seed;
}

KeySet example()
{
    KeySet keys;
    keys.deployment = "ministry.example";
    keys.serial = 3;
    keys.root = signing_public_key(root_seed());
    keys.courier = {{monday, monday + 52 * one_week}, signing_key("courier")};
    keys.witness = {{monday, monday + 52 * one_week}, signing_key("witness")};
    for (int week = 0; week < 3; ++week)
        for (const auto* recipient : {"desk", "partner"})
            keys.epochs.push_back(epoch(recipient, monday + week * one_week, monday + (week + 2) * one_week));
    return keys;
}

std::string fingerprint()
{
    return root_fingerprint(signing_public_key(root_seed()));
}

Result<KeySet> parse(std::string_view text)
{
    return KeySet::parse(as_bytes(text), fingerprint());
}

// The key set's text, signed again after `change` has had its way with it: only the parser can refuse it.
template <typename Change>
Result<KeySet> parse_changed(Change change)
{
    auto note = Note::parse(as_bytes(example().encode(root_seed())), max_keyset_bytes).value();
    change(note.text);
    note.signatures.clear();
    note.sign("amana-root", root_seed());
    return parse(note.encode());
}

Result<KeySet> parse_replaced(std::string_view from, std::string_view to)
{
    return parse_changed([&](std::string& text) {
        const auto at = text.find(from);
        REQUIRE(at != std::string::npos);
        text.replace(at, from.size(), to);
    });
}

}  // namespace

TEST_CASE("a key set is read as it was written")
{
    const auto written = example();
    const auto read = parse(written.encode(root_seed()));
    REQUIRE(read.has_value());
    CHECK(read->deployment == written.deployment);
    CHECK(read->serial == 3);
    CHECK(read->root == written.root);
    CHECK(read->courier.key == written.courier.key);
    CHECK(read->witness.key == written.witness.key);
    CHECK(read->witness.validity.not_after == written.witness.validity.not_after);
    REQUIRE(read->epochs.size() == 6);
    for (std::size_t i = 0; i < 6; ++i) {
        CHECK(read->epochs[i].recipient == written.epochs[i].recipient);
        CHECK(read->epochs[i].key == written.epochs[i].key);
        CHECK(read->epochs[i].validity.not_before == written.epochs[i].validity.not_before);
    }
    CHECK(read->recipients() == std::vector<std::string>{"desk", "partner"});
    CHECK(read->encode(root_seed()) == written.encode(root_seed()));
}

TEST_CASE("each line that is not what belongs there is named by its number")
{
    const auto refused_at = [](int line, std::string_view from, std::string_view to) {
        INFO(from << " -> " << to);
        const auto read = parse_replaced(from, to);
        REQUIRE_FALSE(read.has_value());
        CHECK(read.error().message == "line " + std::to_string(line) + " of the key set is not what belongs there");
    };
    refused_at(1, "amana keys v1", "amana keys v2");
    refused_at(1, "amana keys v1", "amana  keys v1");
    refused_at(1, "amana keys v1\n", "");
    refused_at(2, "deployment ministry.example", "deployment");
    refused_at(2, "deployment ministry.example", "deployment mini stry");
    refused_at(2, "deployment ministry.example", "deployment mini+stry");
    refused_at(2, "ministry.example", std::string(129, 'm'));
    for (const auto* serial : {"0", "-1", "03", "3.0", "x", "", "18446744073709551616", " 3"})
        refused_at(3, "serial 3", std::string("serial ") + serial);
    refused_at(4, "root ", "Root ");
    refused_at(4, "root ", "root A");
    const auto from = std::to_string(monday);
    const auto to = std::to_string(monday + 52 * one_week);
    refused_at(5, "courier " + from + " " + to, "courier " + to + " " + from);
    refused_at(5, "courier " + from + " " + to, "courier " + from + " " + from);
    refused_at(5, "courier " + from, "courier 0" + from);
    refused_at(5, "courier " + from, "courier -1");
    refused_at(5, "courier " + from + " " + to, "courier " + from + " 253402300800");
    refused_at(6, "witness ", "courier ");
    refused_at(6, "witness ", "witness x ");
    refused_at(7, "epoch desk ", "epoch ");
    refused_at(7, "epoch desk ", "epoch de+sk ");
    refused_at(7, "epoch desk ", "epoch desk  ");
    refused_at(7, "\nepoch desk ", "\n\nepoch desk ");
    refused_at(6, "\nepoch desk ", " \nepoch desk ");
}

TEST_CASE("bounds of a key set")
{
    CHECK(parse_replaced(std::to_string(monday + 52 * one_week), "253402300799").has_value());
    CHECK(parse_replaced("serial 3", "serial 18446744073709551615").has_value());
    // No epoch at all.
    CHECK_FALSE(parse_changed([](std::string& text) { text.erase(text.find("epoch")); }).has_value());
    auto keys = example();
    for (const auto* more : {"third", "fourth"}) keys.epochs.push_back(epoch(more, monday, monday + one_week));
    CHECK(parse(keys.encode(root_seed())).has_value());
    keys.epochs.push_back(epoch("fifth", monday, monday + one_week));
    const auto five = parse(keys.encode(root_seed()));
    REQUIRE_FALSE(five.has_value());
    CHECK(five.error().message.find("more than four recipients") != std::string::npos);

    keys = example();
    keys.epochs.resize(max_epochs, keys.epochs.front());
    CHECK(parse(keys.encode(root_seed())).has_value());
    keys.epochs.push_back(keys.epochs.front());
    CHECK_FALSE(parse(keys.encode(root_seed())).has_value());
    CHECK_FALSE(parse(std::string(max_keyset_bytes + 1, '\n')).has_value());
    CHECK_FALSE(parse(std::string(max_keyset_bytes, '\n')).has_value());
    CHECK_FALSE(parse(std::string(max_keyset_bytes, ' ')).has_value());
    CHECK_FALSE(parse("").has_value());
}

TEST_CASE("only this root's signature counts")
{
    const auto text = example().encode(root_seed());
    const auto other = KeySet::parse(as_bytes(text), root_fingerprint(signing_key("other root")));
    REQUIRE_FALSE(other.has_value());
    CHECK(other.error().message.find(fingerprint()) != std::string::npos);

    // Signed by somebody else under the root's name, and by the root under another name.
    auto note = Note::parse(as_bytes(text), max_keyset_bytes).value();
    note.signatures.clear();
    note.sign("amana-root", seeded_bytes("other root", ed25519_seed_bytes));
    CHECK_FALSE(parse(note.encode()).has_value());
    note.signatures.clear();
    note.sign("amana-desk", root_seed());
    CHECK_FALSE(parse(note.encode()).has_value());
    // Beside others' signatures the root's still counts.
    note.sign("amana-root", root_seed());
    CHECK(parse(note.encode()).has_value());

    for (std::size_t i = 0; i < text.size(); i += 7) {
        auto damaged = text;
        damaged[i] = static_cast<char>(damaged[i] ^ 1);
        CHECK_FALSE(parse(damaged).has_value());
    }
    for (std::size_t size = 0; size < text.size(); size += 11) CHECK_FALSE(parse(text.substr(0, size)).has_value());
}

TEST_CASE("a sealer uses the latest valid key of each recipient, to the second")
{
    const auto keys = example();
    const auto key_of = [&](int week, const char* recipient) {
        return epoch(recipient, monday + week * one_week, 0).key;
    };
    CHECK_FALSE(keys.sealing_keys(monday - 1));
    for (int week = 0; week < 3; ++week)
        for (const auto time : {monday + week * one_week, monday + (week + 1) * one_week - 1})
            CHECK(keys.sealing_keys(time) == std::vector{key_of(week, "desk"), key_of(week, "partner")});
    // The last epoch's second week.
    CHECK(keys.sealing_keys(monday + 4 * one_week - 1) == std::vector{key_of(2, "desk"), key_of(2, "partner")});
    CHECK_FALSE(keys.sealing_keys(monday + 4 * one_week));
    CHECK_FALSE(keys.sealing_keys(std::numeric_limits<UnixTime>::max()));
    CHECK_FALSE(keys.sealing_keys(std::numeric_limits<UnixTime>::min()));

    CHECK(keys.sealing_ends(monday) == monday + 4 * one_week);
    CHECK(keys.sealing_ends(monday + 4 * one_week - 1) == monday + 4 * one_week);
    CHECK(keys.sealing_ends(monday + 4 * one_week) == monday + 4 * one_week);
    CHECK(keys.sealing_ends(monday - 1) == monday - 1);
}

TEST_CASE("one recipient without a key, and nothing is sealed")
{
    auto keys = example();
    // The partner's second epoch is missing: its first lasts into that week, its third begins after it.
    keys.epochs.erase(keys.epochs.begin() + 3);
    CHECK(keys.sealing_ends(monday) == monday + 4 * one_week);
    keys.epochs.erase(keys.epochs.begin() + 4);
    CHECK(keys.sealing_ends(monday) == monday + 2 * one_week);
    CHECK(keys.sealing_keys(monday + 2 * one_week - 1));
    CHECK_FALSE(keys.sealing_keys(monday + 2 * one_week));
    keys.epochs.push_back(epoch("partner", monday + 3 * one_week, 253402300799));
    CHECK(keys.sealing_ends(monday) == monday + 2 * one_week);
    // To the end of time as these sets know it.
    keys.epochs = {epoch("desk", monday, 253402300799)};
    CHECK(keys.sealing_ends(monday) == 253402300799);
}

TEST_CASE("epochs begin on Mondays")
{
    CHECK(epoch_start(monday) == monday);
    CHECK(epoch_start(monday + one_week - 1) == monday);
    CHECK(epoch_start(monday - 1) == monday - one_week);
    CHECK(epoch_start(0) == -3 * one_day);
    CHECK(epoch_start(4 * one_day) == 4 * one_day);
    CHECK(epoch_start(-3 * one_day - 1) == -3 * one_day - one_week);
}

}  // namespace amana::crypto::testing

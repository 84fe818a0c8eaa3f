// SPDX-License-Identifier: AGPL-3.0-or-later
// What becomes of the envelopes of a good bundle.
#include "desk/opening.hpp"
#include "desk/show.hpp"
#include "tests/desk/fixture.hpp"

using namespace amana;
using namespace amana::desk;
using namespace amana::desk::testing;
namespace fs = std::filesystem;

namespace {

std::string id_of(const Bytes& envelope)
{
    return to_hex(leaf_of(envelope));
}

std::string list(Desk& desk, Format format = Format::text)
{
    return printed([&](int fd) {
        Output out(fd);
        CHECK(list_reports(desk.records(), desk.forms(), format, out).has_value());
    });
}

}  // namespace

TEST_CASE("last week's, this week's and the coming epoch all open", "[import]")
{
    Log log;
    // Made a week ago with keys for two weeks more: at `now` its weeks are last, this and the coming one.
    Desk desk(log, now - one_week, 2);
    const auto this_week = desk.recipients(now);
    const auto last_week = desk.recipients(now - one_week);
    const auto coming_week = desk.recipients(now + one_week);
    REQUIRE(this_week != last_week);
    REQUIRE(this_week != coming_week);
    for (const auto& keys : {last_week, this_week, coming_week}) log.entries.push_back(seal({}, keys));
    const auto summary = desk.import(log.bundle());
    REQUIRE(summary.has_value());
    CHECK(summary->reports == 3);
    CHECK(summary->unopened.empty());
}

TEST_CASE("a desk opens an envelope whichever of four slots is its own", "[import]")
{
    Log log;
    Desk desk(log);
    const Desk partner1(log);
    const Desk partner2(log);
    const Desk partner3(log);
    auto keys = desk.recipients();
    for (const auto* partner : {&partner1, &partner2, &partner3}) keys.push_back(partner->recipients().front());
    for (int i = 0; i < 6; ++i) log.entries.push_back(seal({}, keys));
    CHECK(desk.import(log.bundle()).value().reports == 6);
}

TEST_CASE("an envelope that does not open is counted, kept and not fatal", "[import]")
{
    Log log;
    Desk desk(log);
    const Desk stranger(log);
    const auto keys = desk.recipients();
    log.entries.push_back(seal({}, keys));
    log.entries.push_back(seal({}, stranger.recipients()));  // no_slot
    auto damaged = seal({}, keys);
    damaged.back() ^= 1;
    log.entries.push_back(damaged);  // bad_chunk
    auto uncommitted = seal({}, keys);
    uncommitted[crypto::header_bytes(1) - 1] ^= 1;
    log.entries.push_back(uncommitted);                                           // bad_commitment
    log.entries.push_back(Bytes(crypto::envelope_bytes(1, crypto::text_class)));  // unknown_suite
    log.entries.push_back(seal_payload(Bytes{crypto::record_manifest, 0, 0, 0, 2, '{', '}'}, keys));  // bad_manifest
    log.entries.push_back(seal_payload(Bytes{9}, keys));                                              // bad_payload
    log.entries.push_back(random_content(crypto::envelope_bytes(1, crypto::text_class) + 1));
    log.entries.back()[0] = 1;
    log.entries.back()[1] = 1;  // no_slot, and of no size either
    log.entries.push_back(seal({}, keys));

    const auto summary = desk.import(log.bundle());
    REQUIRE(summary.has_value());
    CHECK(summary->reports == 2);
    CHECK(summary->unopened == std::map<std::string, std::uint64_t>{{"bad_chunk", 1},
                                                                    {"bad_commitment", 1},
                                                                    {"bad_manifest", 1},
                                                                    {"bad_payload", 1},
                                                                    {"no_slot", 2},
                                                                    {"unknown_suite", 1}});
    CHECK(desk.state() == Desk::State{9, 9, 9, 0});
    CHECK(read_text(desk.paths().envelopes() / (id_of(damaged) + ".env")) == as_text(damaged));
    CHECK_THAT(list(desk), Catch::Contains("2 envelopes did not open (no_slot)"));
    CHECK_THAT(list(desk, Format::json), Catch::Contains("\"bad_chunk\":1"));
    const auto found = desk.find(id_of(damaged).substr(0, 12));
    REQUIRE_FALSE(found.has_value());
    CHECK_THAT(found.error().text(), Catch::Contains("did not open (bad_chunk)"));
}

TEST_CASE("an attachment that is not what the manifest says does not open", "[import]")
{
    Log log;
    Desk desk(log);
    // One byte of data, and a manifest that says nothing of it.
    Bytes payload{crypto::record_data, 0, 0, 0, 1, 'x', crypto::record_attachment_end};
    SecretText manifest(crypto::max_manifest_bytes);
    const crypto::Answer story{"story", "no files at all"};
    REQUIRE(crypto::write_manifest(manifest, {crypto::Kind::report, "recruitment", 1, {}}, {&story, 1}, {}));
    append(payload, crypto::record_head(crypto::record_manifest, manifest.size()));
    append(payload, manifest.view());
    log.entries.push_back(seal_payload(payload, desk.recipients()));
    CHECK(desk.import(log.bundle()).value().unopened.at("bad_attachment") == 1);
}

TEST_CASE("decoys are kept like reports, and not shown", "[import]")
{
    Log log;
    Desk desk(log);
    const auto keys = desk.recipients();
    log.entries.push_back(seal({.story = "A real story."}, keys));
    log.entries.push_back(seal({.story = "decoy words", .kind = crypto::Kind::decoy}, keys));
    log.entries.push_back(seal({.story = "A test.", .kind = crypto::Kind::canary}, keys));
    const auto summary = desk.import(log.bundle()).value();
    CHECK(summary.reports == 1);
    CHECK(summary.decoys == 1);
    CHECK(summary.canaries == 1);
    CHECK(desk.state() == Desk::State{3, 3, 3, 0});
    const auto shown = list(desk);
    CHECK_THAT(shown, Catch::Contains("A real story.") && Catch::Contains("[canary] A test."));
    CHECK_THAT(shown, !Catch::Contains("decoy"));
    CHECK_FALSE(desk.find(id_of(log.entries[1])).has_value());
    // Nor can the casebook tell them apart without the passphrase: their rows are of one size.
    std::vector<std::size_t> sizes;
    for (const auto& entry : log.entries) sizes.push_back(desk.casebook().find(id_of(entry), 1).value().front().record.size());
    CHECK(sizes == std::vector<std::size_t>(3, sizes.front()));
}

TEST_CASE("the same sending twice is kept twice and marked", "[import]")
{
    Log log;
    Desk desk(log);
    const auto keys = desk.recipients();
    crypto::SubmissionId submission{1, 2, 3};
    log.entries.push_back(seal({.story = "first", .submission = submission}, keys));
    log.entries.push_back(seal({.story = "another"}, keys));
    log.entries.push_back(seal({.story = "second", .submission = submission}, keys));
    CHECK(desk.import(log.bundle()).value().reports == 3);
    CHECK_THAT(list(desk), Catch::Contains("[same sending as " + id_of(log.entries[0]).substr(0, 8) + "] second"));
    CHECK_THAT(list(desk), !Catch::Contains("] first") && !Catch::Contains("] another"));
    CHECK_THAT(list(desk, Format::json),
               Catch::Contains("\"same_sending_as\":\"" + id_of(log.entries[0]).substr(0, 8) + "\""));
    const auto first = desk.find(id_of(log.entries[0])).value();
    const auto shown = printed([&](int fd) {
        Output out(fd);
        CHECK(show_report(desk.records(), desk.forms(), first, Format::text, out).has_value());
    });
    CHECK_THAT(shown, Catch::Contains("sent again  as " + id_of(log.entries[2]).substr(0, 8)));
}

TEST_CASE("one envelope logged twice is one report", "[import]")
{
    Log log;
    Desk desk(log);
    const auto envelope = seal({}, desk.recipients());
    log.entries = {envelope, seal({}, desk.recipients()), envelope};
    const auto summary = desk.import(log.bundle()).value();
    CHECK(summary.entries == 3);
    CHECK(summary.reports == 2);
    CHECK(summary.repeated == 1);
    CHECK(desk.state() == Desk::State{3, 2, 2, 0});
    CHECK(desk.import(log.bundle()).value().entries == 0);
}

TEST_CASE("what a crash left behind is settled by the next import", "[import]")
{
    Log log;
    Desk desk(log);
    for (int i = 0; i < 3; ++i) log.entries.push_back(seal({}, desk.recipients()));
    REQUIRE(desk.import(log.bundle(0, 2)).has_value());
    // As after a crash between the commit and the moving, before the commit, and in the middle of a copy.
    const auto known = id_of(log.entries[0]) + ".env";
    fs::rename(desk.paths().envelopes() / known, desk.paths().incoming() / known);
    for (const auto& name : {id_of(log.entries[2]) + ".env", std::string("0123456789abcdef.partial"), std::string("x.env")})
        REQUIRE(write_durable(desk.paths().incoming() / name, as_bytes("half"), 0600, DurableFile::Existing::refuse).has_value());
    // Found meanwhile all the same.
    CHECK(desk.store().envelope(leaf_of(log.entries[0])).has_value());
    REQUIRE(desk.import(log.bundle(0, 3)).has_value());
    CHECK(desk.state() == Desk::State{3, 3, 3, 0});
    for (const auto& entry : log.entries)
        CHECK(read_text(desk.paths().envelopes() / (id_of(entry) + ".env")) == as_text(entry));
}

TEST_CASE("a record is bound to its envelope and its desk", "[import]")
{
    Log log;
    Desk desk(log);
    for (int i = 0; i < 2; ++i) log.entries.push_back(seal({}, desk.recipients()));
    REQUIRE(desk.import(log.bundle()).has_value());
    auto row = desk.casebook().find(id_of(log.entries[0]), 1).value().front();
    CHECK(open_report(desk.vault().master(), row).has_value());
    auto moved = row;
    moved.leaf = leaf_of(log.entries[1]);
    CHECK_FALSE(open_report(desk.vault().master(), moved).has_value());
    const Desk other(log);
    CHECK_FALSE(open_report(other.vault().master(), row).has_value());
    row.record.back() ^= 1;
    CHECK_FALSE(open_report(desk.vault().master(), row).has_value());
}

TEST_CASE("reports are found by the beginning of their identifier", "[import]")
{
    Log log;
    Desk desk(log);
    for (int i = 0; i < 3; ++i) log.entries.push_back(seal({}, desk.recipients()));
    REQUIRE(desk.import(log.bundle()).has_value());
    for (const auto& entry : log.entries) {
        const auto id = desk.casebook().short_id(leaf_of(entry)).value();
        CHECK(id.size() >= 8);
        CHECK(desk.find(id).value().leaf == leaf_of(entry));
        CHECK(desk.find(id_of(entry)).value().leaf == leaf_of(entry));
    }
    for (const auto* id : {"", "123", "ABCDEF01", "../../etc", "0123456789abcdef"}) CHECK_FALSE(desk.find(id).has_value());
}

TEST_CASE("a short identifier is as long as it must be", "[import]")
{
    const TemporaryFolder folder;
    REQUIRE(Casebook::create(folder.path() / "db").has_value());
    auto casebook = Casebook::open(folder.path() / "db").value();
    crypto::Hash a{0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc};
    crypto::Hash b{0x12, 0x34, 0x56, 0x78, 0x9a, 0xbd};
    crypto::Hash c{0xff};
    for (const auto& leaf : {a, b, c}) REQUIRE(casebook.add_envelope({leaf, 1, 1, 0, "no_slot", {}}).has_value());
    CHECK(casebook.short_id(a).value() == "123456789abc");
    CHECK(casebook.short_id(b).value() == "123456789abd");
    CHECK(casebook.short_id(c).value() == "ff000000");
    CHECK(casebook.find("123456789ab", 9).value().size() == 2);
}

TEST_CASE("a newer casebook is not touched", "[import]")
{
    const TemporaryFolder folder;
    const auto path = folder.path() / "db";
    REQUIRE(Casebook::create(path).has_value());
    REQUIRE(Database::open(path, Database::Mode::read_write_create).value()->execute("PRAGMA user_version = 5").has_value());
    const auto opened = Casebook::open(path);
    REQUIRE_FALSE(opened.has_value());
    CHECK_THAT(opened.error().text(), Catch::Contains("newer amana-desk"));
    CHECK_FALSE(Casebook::open(folder.path() / "missing").has_value());
    CHECK_FALSE(Casebook::create(path).has_value());
}

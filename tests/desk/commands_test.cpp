// SPDX-License-Identifier: AGPL-3.0-or-later
// The commands as staff run them, one after the other, and what they say.
#include "tests/desk/session.hpp"

#include <fmt/format.h>

#include <array>

using namespace amana;
using namespace amana::desk;
using namespace amana::desk::testing;
namespace fs = std::filesystem;

TEST_CASE("the whole way, as staff walk it", "[commands]")
{
    Session session;
    auto& line = session.line;
    REQUIRE(session.run(run_init).has_value());
    CHECK_THAT(session.said, Catch::Contains("Root fingerprint:") && Catch::Contains("What to do next:"));
    const DeskPaths paths{line.directory};
    const auto fingerprint = read_text(paths.fingerprint()).substr(0, 64);
    CHECK_THAT(session.said, Catch::Contains(grouped(fingerprint).substr(0, 39)) && Catch::Contains(grouped(fingerprint).substr(40)));

    REQUIRE(session.run(run_public).has_value());
    const auto keys = crypto::KeySet::parse(as_bytes(session.said), fingerprint).value();
    line.out = session.path("keys.note");
    REQUIRE(session.run(run_public).has_value());
    CHECK(crypto::KeySet::parse(as_bytes(read_text(line.out)), fingerprint).has_value());

    Log log;
    log.entries.push_back(seal({.story = "The story of a cook.", .files = {{"a.png", "image/png", Bytes{1, 2}}}},
                               keys.sealing_keys(now).value()));
    log.entries.push_back(seal({}, keys.sealing_keys(now).value()));
    session.put_bundle(log.bundle(0, 1));
    const auto early = session.run(run_import);
    REQUIRE_FALSE(early.has_value());
    CHECK_THAT(early.error().hint, Catch::Contains("amana-desk trust"));

    line.verifier = log.verifier().text();
    REQUIRE(session.run(run_trust).has_value());
    REQUIRE(session.run(run_import).has_value());
    CHECK_THAT(session.said, Catch::Contains("Imported 1 new entry: 1 report."));
    REQUIRE(session.run(run_list).has_value());
    CHECK_THAT(session.said, Catch::Contains("The story of a cook."));
    line.language = "xx";
    CHECK_FALSE(session.run(run_list).has_value());
    line.language = "ar";

    line.id = to_hex(leaf_of(log.entries[0])).substr(0, 8);
    REQUIRE(session.run(run_show).has_value());
    CHECK_THAT(session.said, Catch::Contains("\nماذا حدث؟\n  | The story of a cook.\n") && Catch::Contains("attachment-1.png"));
    line.json = true;
    REQUIRE(session.run(run_show).has_value());
    CHECK(session.said.front() == '{');
    line.json = false;
    line.out = session.path("out");
    REQUIRE(session.run(run_save).has_value());
    CHECK(read_text(line.out / "story.txt") == "The story of a cook.");
    CHECK(read_text(line.out / "answers.txt") == "\nماذا حدث؟\n  | The story of a cook.\n");

    line.weeks = 3;
    REQUIRE(session.run(run_extend).has_value());
    CHECK_THAT(session.said, Catch::Contains("key set 2, 6 weeks"));
}

TEST_CASE("import says when there is nothing new, what an older bundle may mean, and keeps what speaks against the log", "[commands]")
{
    Session session;
    REQUIRE(session.run(run_init).has_value());
    const auto keys = read_public_keys({session.line.directory}).value().keys.sealing_keys(now).value();
    Log log;
    for (int i = 0; i < 2; ++i) log.entries.push_back(seal({}, keys));
    session.line.verifier = log.verifier().text();
    REQUIRE(session.run(run_trust).has_value());
    session.put_bundle(log.bundle());
    REQUIRE(session.run(run_import).has_value());

    session.line.passphrase_file = session.path("missing");  // not needed for any of these
    REQUIRE(session.run(run_import).has_value());
    CHECK_THAT(session.said, Catch::StartsWith("Nothing new."));
    const DeskPaths paths{session.line.directory};
    CHECK(list_evidence(paths).value().empty());
    session.put_bundle(log.bundle(0, 1));
    const auto older = session.run(run_import);
    REQUIRE_FALSE(older.has_value());
    CHECK_THAT(older.error().text(), Catch::Contains("THE LOG IS NOT WHAT WAS SIGNED: rolled-back") &&
                                         Catch::Contains("has seen 2 entries") && Catch::Contains("an old medium"));
    CHECK_FALSE(session.run(run_import).has_value());
    REQUIRE(list_evidence(paths).value().size() == 1);  // the same thing twice
    log.entries[0] = seal({}, keys);
    session.put_bundle(log.bundle());
    const auto forked = session.run(run_import);
    REQUIRE_FALSE(forked.has_value());
    CHECK_THAT(forked.error().text(), Catch::Contains("THE LOG IS NOT WHAT WAS SIGNED") && Catch::Contains("swapped at 0") &&
                                          Catch::Contains("evidence"));
    const auto kept = list_evidence(paths).value();
    REQUIRE(kept.size() == 2);
    for (const auto& piece : kept) CHECK_THAT(read_text(paths.evidence() / piece.id / "theirs.note"), Catch::StartsWith("amana.example/log\n"));
}

TEST_CASE("parts of an export come in any order, alone or together", "[commands]")
{
    Session session;
    REQUIRE(session.run(run_init).has_value());
    const DeskPaths paths{session.line.directory};
    const auto keys = read_public_keys(paths).value().keys.sealing_keys(now).value();
    Log log;
    for (int i = 0; i < 4; ++i) log.entries.push_back(seal({}, keys));
    session.line.verifier = log.verifier().text();
    REQUIRE(session.run(run_trust).has_value());

    const auto whole = log.plan(0, 4);
    const auto part = [&](std::uint16_t number, std::size_t begin, std::size_t end) {
        BundlePlan plan{whole.head, {whole.leaves.begin() + static_cast<std::ptrdiff_t>(begin), whole.leaves.begin() + static_cast<std::ptrdiff_t>(end)},
                        {whole.entries.begin() + static_cast<std::ptrdiff_t>(begin), whole.entries.begin() + static_cast<std::ptrdiff_t>(end)}};
        plan.head.begin = begin;
        plan.head.end = end;
        plan.head.part = number;
        plan.head.parts = 3;
        return written(plan);
    };
    const std::array parts{part(1, 0, 1), part(2, 1, 3), part(3, 3, 4)};
    const auto put = [&](std::initializer_list<std::size_t> numbers) {
        session.line.bundles.clear();
        for (const auto number : numbers) {
            session.line.bundles.push_back(session.path(("part" + std::to_string(number)).c_str()));
            REQUIRE(write_durable(session.line.bundles.back(), parts[number - 1], 0600, DurableFile::Existing::replace).has_value());
        }
    };
    const auto waits_for = [&](const std::string& missing) {
        REQUIRE(session.run(run_import).has_value());
        CHECK_THAT(session.said, Catch::Contains("Missing: " + missing + "."));
        CHECK(Casebook::open(paths.database()).value().seen().value().size() == 0);
    };
    const auto completes = [&] {
        REQUIRE(session.run(run_import).has_value());
        CHECK_THAT(session.said, Catch::Contains("Imported 4 new entries: 4 reports."));
        CHECK((!fs::exists(paths.parts()) || files_below(paths.parts()).empty()));
    };
    SECTION("one by one, in each order")
    {
        std::array<std::size_t, 3> order{1, 2, 3};
        SECTION("1 2 3") {}
        SECTION("1 3 2") { order = {1, 3, 2}; }
        SECTION("2 1 3") { order = {2, 1, 3}; }
        SECTION("2 3 1") { order = {2, 3, 1}; }
        SECTION("3 1 2") { order = {3, 1, 2}; }
        SECTION("3 2 1") { order = {3, 2, 1}; }
        put({order[0]});
        waits_for(fmt::format("{}, {}", std::min(order[1], order[2]), std::max(order[1], order[2])));
        put({order[1]});
        waits_for(std::to_string(order[2]));
        waits_for(std::to_string(order[2]));  // the same again
        put({order[2]});
        completes();
    }
    SECTION("all at once, whatever their order")
    {
        put({3, 1, 2});
        completes();
    }
    SECTION("two, then the third with one that came already")
    {
        put({3, 2});
        waits_for("1");
        put({2, 1});
        completes();
    }
    SECTION("one that was kept and is damaged since is missing again, and accuses nobody")
    {
        put({1, 2});
        waits_for("3");
        for (const auto& kept : files_below(paths.parts()))
            if (kept.extension() == ".2") std::filesystem::resize_file(kept, 20'000);
        put({3});
        waits_for("2");
        CHECK(list_evidence(paths).value().empty());
        put({2});
        completes();
    }
    SECTION("parts of two exports are not mixed")
    {
        put({1});
        session.line.bundles.push_back(session.path("other"));
        REQUIRE(write_durable(session.line.bundles.back(), log.bundle(0, 3), 0600, DurableFile::Existing::refuse).has_value());
        const auto mixed = session.run(run_import);
        REQUIRE_FALSE(mixed.has_value());
        CHECK_THAT(mixed.error().text(), Catch::Contains("not parts of one export"));
    }
}

TEST_CASE("a second log key is refused unless it replaces the first on purpose", "[commands]")
{
    Session session;
    REQUIRE(session.run(run_init).has_value());
    const auto keys = read_public_keys({session.line.directory}).value().keys.sealing_keys(now).value();
    Log first;
    first.entries.push_back(seal({}, keys));
    Log second;
    second.entries = {seal({}, keys), first.entries[0]};
    session.line.verifier = first.verifier().text();
    REQUIRE(session.run(run_trust).has_value());
    REQUIRE(session.run(run_trust).has_value());  // the same again
    CHECK_THAT(session.said, Catch::StartsWith("Already trusted"));
    session.put_bundle(first.bundle());
    REQUIRE(session.run(run_import).has_value());

    session.line.verifier = second.verifier().text();
    const auto refused = session.run(run_trust);
    REQUIRE_FALSE(refused.has_value());
    CHECK_THAT(refused.error().text(), Catch::Contains(first.verifier().text()) && Catch::Contains("--replace"));
    // Replaced, the new key must still continue the log that was seen.
    session.line.replace = true;
    REQUIRE(session.run(run_trust).has_value());
    session.put_bundle(second.bundle());
    const auto inserted = session.run(run_import);
    REQUIRE_FALSE(inserted.has_value());
    CHECK_THAT(inserted.error().text(), Catch::Contains("forked"));
    session.line.new_log = true;
    REQUIRE(session.run(run_trust).has_value());
    REQUIRE(session.run(run_import).has_value());
    CHECK_THAT(session.said, Catch::Contains("Imported 2 new entries: 1 report, 1 this desk already had."));
    session.line.verifier = "nonsense";
    CHECK_FALSE(session.run(run_trust).has_value());
}

TEST_CASE("nothing is shown without the passphrase", "[commands]")
{
    Session session;
    REQUIRE(session.run(run_init).has_value());
    session.line.passphrase_file = session.path("wrong");
    REQUIRE(write_durable(session.line.passphrase_file, as_bytes("wrong horse battery staple"), 0600,
                          DurableFile::Existing::refuse)
                .has_value());
    const auto listed = session.run(run_list);
    REQUIRE_FALSE(listed.has_value());
    CHECK_THAT(listed.error().message, Catch::Contains("the desk stays closed"));
    CHECK(session.said.empty());
}

// SPDX-License-Identifier: AGPL-3.0-or-later
// The desk as a witness of the log: co-signatures, canaries, the audit, and proofs that citizens saved.
#include "crypto/promise.hpp"
#include "desk/canaries.hpp"
#include "desk/evidence.hpp"
#include "tests/desk/session.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <fstream>
#include <set>

using namespace amana;
using namespace amana::desk;
using namespace amana::desk::testing;
namespace fs = std::filesystem;

namespace {

// A desk whose log has three reports, imported.
struct Witness : Session {
    Log log;
    std::vector<crypto::XWingPublicKey> keys;

    Witness()
    {
        REQUIRE(run(run_init).has_value());
        keys = read_public_keys({line.directory}).value().keys.sealing_keys(now).value();
        for (int i = 0; i < 3; ++i) log.entries.push_back(seal({}, keys));
        line.verifier = log.verifier().text();
        REQUIRE(run(run_trust).has_value());
        import();
    }
    void import()
    {
        put_bundle(log.bundle());
        REQUIRE(run(run_import).has_value());
    }
    [[nodiscard]] DeskPaths paths() const { return {line.directory}; }
    // Whether all is well.
    [[nodiscard]] bool audit(unsigned grace = 14)
    {
        line.grace_days = grace;
        const auto well = run(run_audit);
        REQUIRE(well.has_value());
        return *well;
    }
    [[nodiscard]] boost::json::object audit_json(unsigned grace = 14)
    {
        line.json = true;
        const auto well = audit(grace);
        line.json = false;
        auto value = boost::json::parse(said).as_object();
        CHECK(value.at("well").as_bool() == well);
        return value;
    }
    void change_the_past()
    {
        log.entries[1] = seal({}, keys);
        put_bundle(log.bundle());
        REQUIRE_FALSE(run(run_import).has_value());
    }
};

}  // namespace

TEST_CASE("a co-signature is the desk's word, of a day, for what it has imported", "[witness]")
{
    Witness desk;
    desk.line.out = desk.path("cosigned");
    REQUIRE(desk.run(run_cosign).has_value());
    const auto text = read_text(desk.line.out);
    const auto checkpoint = crypto::Checkpoint::parse(as_bytes(text), desk.log.verifier());
    REQUIRE(checkpoint.has_value());
    CHECK(checkpoint->size == 3);
    const auto note = crypto::Note::parse(as_bytes(text), crypto::max_checkpoint_bytes).value();
    const auto keys = read_public_keys(desk.paths()).value().keys;
    CHECK(note.cosigned_by({keys.deployment + "/witness", keys.witness.key}));
    CHECK_FALSE(note.cosigned_by({keys.deployment + "/witness", keys.courier.key}));
    REQUIRE(note.signatures.size() == 2);
    Byte seconds[8];
    std::copy_n(note.signatures[1].signature.begin(), 8, seconds);
    std::uint64_t time = 0;
    for (const auto byte : seconds) time = time << 8 | byte;
    CHECK(time == static_cast<std::uint64_t>(now / one_day * one_day));
    CHECK(desk.audit_json().at("cosigned").to_number<int>() == 3);
    REQUIRE(desk.run(run_cosign).has_value());  // again, over the file

    SECTION("nothing is co-signed while something speaks against the log")
    {
        desk.change_the_past();
        const auto refused = desk.run(run_cosign);
        REQUIRE_FALSE(refused.has_value());
        CHECK_THAT(refused.error().text(), Catch::Contains("evidence against this log"));
        CHECK_FALSE(desk.audit());
        CHECK_THAT(desk.said, Catch::Contains("EVIDENCE AGAINST THE LOG") && Catch::Contains("swapped at 1") && Catch::Contains("NOT WELL"));
        const auto evidence = list_evidence(desk.paths()).value();
        REQUIRE(evidence.size() == 1);
        CHECK(desk.audit_json().at("evidence").as_array().size() == 1);
        desk.line.settle = evidence.front().id;
        CHECK(desk.audit());
        CHECK_THAT(desk.said, Catch::Contains("Settled evidence"));
        desk.line.settle.clear();
        CHECK(desk.run(run_cosign).has_value());
    }
}

TEST_CASE("canaries are known again by their words, and by nothing else", "[witness]")
{
    Witness desk;
    desk.line.out = desk.path("canaries");
    desk.line.count = 10;
    REQUIRE(desk.run(run_canary).has_value());
    CHECK_THAT(desk.said, Catch::Contains("10 canaries are in "));
    auto audit = desk.audit_json();
    CHECK(audit.at("canary").at("waiting").as_array().size() == 10);
    CHECK(audit.at("canary").at("suppression_at_most").to_number<double>() == 1.0);
    // Nine arrive, as a browser sends them: lines end in CR LF.
    for (int i = 1; i <= 9; ++i) {
        auto story = read_text(desk.line.out / (std::to_string(i) + ".txt"));
        story.replace(story.size() - 1, 1, "\r\n");
        desk.log.entries.push_back(seal({.story = story}, desk.keys));
    }
    desk.log.entries.push_back(seal({.story = "Not a canary."}, desk.keys));
    desk.put_bundle(desk.log.bundle());
    REQUIRE(desk.run(run_import).has_value());
    CHECK_THAT(desk.said, Catch::Contains("1 report, 9 canaries"));
    REQUIRE(desk.run(run_list).has_value());
    CHECK_THAT(desk.said, Catch::Contains("[canary] ") && Catch::Contains("  Not a canary."));

    CHECK(desk.audit());
    CHECK_THAT(desk.said, Catch::Contains("Canaries: 9 of 10 arrived, 1 may still come."));
    CHECK_THAT(desk.said, Catch::Contains("28.3 %"));  // 1 - 0.05^(1/9)
    // An import within the grace says nothing of the tenth; one after it does.
    desk.time = now + 13 * one_day;
    desk.log.entries.push_back(seal({}, desk.keys));
    desk.import();
    CHECK(desk.audit());
    desk.time = now + 14 * one_day;
    CHECK(desk.audit());  // no import since
    desk.log.entries.push_back(seal({}, desk.keys));
    desk.import();
    CHECK_FALSE(desk.audit());
    CHECK_THAT(desk.said, Catch::Contains("MISSING 14 days after they were made: canaries 10.") && Catch::Contains("39.4 %"));
    audit = desk.audit_json();
    CHECK(audit.at("canary").at("missing").as_array() == boost::json::array{10});
    CHECK(audit.at("canaries").to_number<int>() == 9);
    CHECK(audit.at("reports").to_number<int>() == 6);
    CHECK(desk.audit(100));
}

TEST_CASE("canaries of one's own words", "[witness]")
{
    Witness desk;
    desk.line.out = desk.path("canaries");
    desk.line.texts = desk.path("texts");
    desk.line.count = 2;
    std::ofstream(desk.line.texts) << "\nThe first one, on\ntwo lines.\n---\n\n---\nThe second one.\n---\n";
    REQUIRE(desk.run(run_canary).has_value());
    CHECK(read_text(desk.line.out / "1.txt") == "\nThe first one, on\ntwo lines.\n");
    CHECK(read_text(desk.line.out / "2.txt") == "The second one.\n");
    desk.line.out = desk.path("more");
    const auto used = desk.run(run_canary);
    REQUIRE_FALSE(used.has_value());
    CHECK_THAT(used.error().text(), Catch::Contains("words were a canary's already"));
    desk.line.out = desk.path("even-more");
    desk.line.count = 3;
    const auto few = desk.run(run_canary);
    REQUIRE_FALSE(few.has_value());
    CHECK_THAT(few.error().text(), Catch::Contains("holds 2 texts, and 3 are asked for"));
    CHECK_FALSE(fs::exists(desk.line.out));
}

TEST_CASE("invented stories differ", "[witness]")
{
    std::set<std::string> stories;
    for (int i = 0; i < 200; ++i) stories.insert(invented_story());
    CHECK(stories.size() > 195);
    CHECK(words_fingerprint("a b\r\nc") == words_fingerprint("abc\n"));
    CHECK(words_fingerprint("abc") != words_fingerprint("acb"));
}

TEST_CASE("what canaries rule out is what the textbook says", "[witness]")
{
    // One-sided Clopper-Pearson: 1 - 0.05^(1/n) when none is missing; tables of the binomial otherwise.
    const auto close = [](double value, double expected) { return std::abs(value - expected) < 0.0005; };
    CHECK(suppression_bound(0, 0) == 1);
    CHECK(suppression_bound(1, 1) == 1);
    CHECK(close(suppression_bound(1, 0), 0.95));
    CHECK(close(suppression_bound(10, 0), 0.2589));
    CHECK(close(suppression_bound(59, 0), 0.0495));
    CHECK(close(suppression_bound(299, 0), 0.0100));
    CHECK(close(suppression_bound(10, 1), 0.3942));
    CHECK(close(suppression_bound(20, 2), 0.2826));
    CHECK(close(suppression_bound(100, 5), 0.1022));
}

TEST_CASE("a saved proof is kept, too early to tell, or evidence", "[witness]")
{
    Witness desk;
    desk.line.proof = desk.path("proof.txt");
    const auto put = [&](const crypto::Promise& promise, const Log& by) {
        std::ofstream(desk.line.proof, std::ios::trunc | std::ios::binary) << by.promise(promise);
    };
    const auto name = desk.log.verifier().name;
    const auto check = [&] {
        const auto kept = desk.run(run_proof);
        REQUIRE(kept.has_value());
        return *kept;
    };
    put({name, 0, 4096, leaf_of(desk.log.entries[1])}, desk.log);
    CHECK(check());
    CHECK_THAT(desk.said, Catch::StartsWith("KEPT"));
    put({name, 1, 3, leaf_of(desk.log.entries[1])}, desk.log);
    CHECK(check());
    // Not from where it was promised on, and too early.
    put({name, 2, 4096, leaf_of(desk.log.entries[1])}, desk.log);
    CHECK(check());
    CHECK_THAT(desk.said, Catch::StartsWith("TOO EARLY"));
    put({name, 0, 4, leaf_of(seal({}, desk.keys))}, desk.log);
    CHECK(check());
    CHECK_THAT(desk.said, Catch::StartsWith("TOO EARLY"));
    CHECK(list_evidence(desk.paths()).value().empty());

    put({name, 0, 3, leaf_of(seal({}, desk.keys))}, desk.log);
    CHECK_FALSE(check());
    CHECK_THAT(desk.said, Catch::StartsWith("BROKEN"));
    const auto evidence = list_evidence(desk.paths()).value();
    REQUIRE(evidence.size() == 1);
    CHECK(evidence.front().found == std::vector<Finding>{{Misdeed::broken_promise, {}}});
    CHECK_FALSE(desk.audit());

    const Log other;
    put({name, 0, 3, leaf_of(desk.log.entries[1])}, other);
    CHECK_FALSE(desk.run(run_proof).has_value());
    std::ofstream(desk.line.proof, std::ios::trunc) << desk.log.checkpoint(3);
    CHECK_FALSE(desk.run(run_proof).has_value());
    std::ofstream(desk.line.proof, std::ios::trunc) << std::string(5000, 'x');
    CHECK_FALSE(desk.run(run_proof).has_value());
    fs::remove(desk.line.proof);
    CHECK_FALSE(desk.run(run_proof).has_value());
}

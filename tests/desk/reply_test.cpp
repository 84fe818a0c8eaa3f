// SPDX-License-Identifier: AGPL-3.0-or-later
// Who may be answered, what may be said, and what belongs to whom.
#include "base/utf8.hpp"
#include "desk/writing.hpp"
#include "tests/desk/answering.hpp"

#include <boost/json.hpp>

#include <cstdlib>
#include <fstream>

#include <sys/stat.h>

using namespace amana;
using namespace amana::desk;
using namespace amana::desk::testing;
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

using Texts = std::vector<std::string>;

void refused(const Result<void>& result, const std::string& reason)
{
    REQUIRE_FALSE(result.has_value());
    CHECK_THAT(result.error().text(), Catch::Contains(reason));
}

}  // namespace

TEST_CASE("an answer is kept, listed, shown and carried, and taken back", "[answers]")
{
    Answering desk;
    const auto citizen = desk.citizen();
    const auto other = desk.citizen();
    const auto id = desk.send("They promised him a job.", citizen);
    desk.send("Another report.", other);
    CHECK_THAT(desk.import(), Catch::Contains("2 reports."));
    CHECK_THAT(desk.shown(id), Catch::Contains("code        taken: it can be answered") && Catch::Contains("To answer: amana-desk reply DIR " + id.substr(0, 8)));

    REQUIRE(desk.reply(id.substr(0, 8), "Thank you.\r\nWe look into it.\n\n").has_value());
    CHECK_THAT(desk.session.said, Catch::Contains("is kept, sealed, and waits for the next outbox"));
    CHECK_THAT(desk.shown(id), Catch::Contains("waiting for the next outbox\n    | Thank you.\n    | We look into it.\n"));
    CHECK_THAT(desk.listed(), Catch::Contains("[answer: waiting for the next outbox] They promised"));

    const auto outbox = desk.outbox().value();
    CHECK(desk.letter(outbox, citizen) == Texts{"Thank you.\nWe look into it."});
    CHECK(desk.letter(outbox, other).empty());
    CHECK(outbox.note.serial == static_cast<std::uint64_t>(now / one_day) * 100);
    CHECK(outbox.note.seen == 2);
    CHECK(outbox.note.expires == crypto::epoch_start(now) + 13 * one_week);
    CHECK_THAT(desk.listed(), Catch::Contains("[answer: in outbox " + std::to_string(outbox.note.serial) + "]"));

    desk.line.message = 0;
    for (std::int64_t number = 1; number <= 16; ++number) {
        desk.line.message = number;
        if (desk.run(run_unsend).has_value()) break;
    }
    CHECK_THAT(desk.session.said, Catch::Contains("is not in the next outbox. Until that one is on the server"));
    refused(desk.run(run_unsend), "taken back already");
    CHECK_THAT(desk.shown(id), Catch::Contains("taken back, still in outbox"));
    CHECK(desk.letter(desk.outbox().value(), citizen).empty());

    REQUIRE(desk.reply(id, "A second thought.").has_value());
    const auto before = desk.shown(id);
    desk.line.message = std::stoll(before.substr(before.rfind("answer ") + 7));
    REQUIRE(desk.run(run_unsend).has_value());
    CHECK_THAT(desk.session.said, Catch::Contains("was in no outbox, and is erased"));
    CHECK_THAT(desk.shown(id), !Catch::Contains("A second thought."));
    desk.line.message = 99;
    refused(desk.run(run_unsend), "has no message 99");
}

TEST_CASE("both codes of one sending have the answer, the one that came later, too", "[answers]")
{
    Answering desk;
    const auto first = desk.citizen();
    const auto second = desk.citizen();
    const auto third = desk.citizen();
    const crypto::SubmissionId submission{7};
    const auto id = desk.send("Sent twice.", first, submission);
    desk.send("Sent twice.", second, submission);
    desk.import();
    CHECK_THAT(desk.shown(id), Catch::Contains("2 were taken: an answer goes to each"));
    REQUIRE(desk.reply(id, "Heard.").has_value());
    CHECK_THAT(desk.session.said, Catch::Contains("It goes to 2 codes"));
    desk.send("Sent twice.", third, submission);
    desk.import();
    const auto outbox = desk.outbox().value();
    for (const auto* citizen : {&first, &second, &third}) CHECK(desk.letter(outbox, *citizen) == Texts{"Heard."});
}

TEST_CASE("a follow-up belongs to the report whose inbox is equal in all three keys, else to nobody", "[answers]")
{
    Answering desk;
    const auto citizen = desk.citizen();
    const auto id = desk.send("The report.", citizen);
    const auto more = desk.follow_up("I remember his name.", citizen.address, {{"a.jpg", "image/jpeg", Bytes{1}}});
    auto forged = citizen.address;
    const auto forger = desk.citizen();
    forged.reply = forger.address.reply;
    const auto orphan = desk.follow_up("All of it was a lie.", forged);
    const auto stranger = desk.citizen();
    const auto nobodys = desk.follow_up("My report did not come.", stranger.address);
    CHECK_THAT(desk.import(), Catch::Contains("1 report, 3 follow-ups."));

    const auto report = desk.shown(id);
    CHECK_THAT(report, Catch::Contains("conversation:\n  follow-up " + more.substr(0, 8) + "\n    | I remember his name.\n    1 file: amana-desk save DIR"));
    CHECK_THAT(report, !Catch::Contains("All of it was a lie."));
    CHECK_THAT(desk.shown(more), Catch::Contains("Follow-up " + more.substr(0, 8)) && Catch::Contains("  report " + id.substr(0, 8) + "\n    | The report."));
    CHECK_THAT(desk.shown(orphan), Catch::Contains("FORGED, it has the id of another's") && !Catch::Contains("The report."));
    CHECK_THAT(desk.shown(nobodys), Catch::Contains("of no report that is here; it can be answered") && !Catch::Contains("The report."));
    CHECK_THAT(desk.listed(), Catch::Contains("[1 follow-up] The report.") && Catch::Contains("[follow-up of " + id.substr(0, 8) + "] I remember") &&
                                  Catch::Contains("[follow-up of no report here] All of it"));

    REQUIRE(desk.reply(more, "To the follow-up.").has_value());
    // A letter to it would be found by the id of the report's code, and not open there.
    refused(desk.reply(orphan, "To the forger."), "has the id of another's");
    REQUIRE(desk.reply(nobodys, "To the orphan.").has_value());
    const auto outbox = desk.outbox().value();
    CHECK(desk.letter(outbox, citizen) == Texts{"To the follow-up."});
    CHECK(desk.letter(outbox, stranger) == Texts{"To the orphan."});
    CHECK_THAT(desk.shown(id), Catch::Contains("To the follow-up.") && !Catch::Contains("To the orphan."));

    const auto bad = desk.forget(forged, forger.keys.erasure.view());
    const auto unsigned_one = desk.forget(citizen.address, forger.keys.erasure.view());
    CHECK_THAT(desk.import(), Catch::Contains("0 reports, 2 requests to be forgotten."));
    CHECK_THAT(desk.shown(id), Catch::Contains("NOT SIGNED") && !Catch::Contains("no answer goes there"));
    CHECK_THAT(desk.listed(), Catch::Contains("[asks to be forgotten, not signed by its code, of " + id.substr(0, 8)));
    REQUIRE(desk.reply(id, "Still here.").has_value());
    CHECK(bad != unsigned_one);

    desk.forget(citizen.address, citizen.keys.erasure.view());
    desk.import();
    CHECK_THAT(desk.shown(id), Catch::Contains("no answer goes there any more"));
    CHECK_THAT(desk.listed(), Catch::Contains("[its sender asked to be forgotten] The report."));
    refused(desk.reply(id, "One more."), "its sender asked to be forgotten");
    refused(desk.reply(more, "One more."), "its sender asked to be forgotten");
    CHECK(desk.letter(desk.outbox().value(), citizen).empty());
}

TEST_CASE("who forgets one of two codes is answered at the other", "[answers]")
{
    Answering desk;
    const auto first = desk.citizen();
    const auto second = desk.citizen();
    const auto id = desk.send("Twice.", first, {9});
    desk.send("Twice.", second, {9});
    desk.forget(first.address, first.keys.erasure.view());
    desk.import();
    REQUIRE(desk.reply(id, "Heard.").has_value());
    const auto outbox = desk.outbox().value();
    CHECK(desk.letter(outbox, first).empty());
    CHECK(desk.letter(outbox, second) == Texts{"Heard."});
}

TEST_CASE("what can't be answered is refused, with the reason", "[answers]")
{
    Answering desk;
    const auto decoy = desk.send({.kind = crypto::Kind::decoy});
    const auto mute = desk.send({.story = "No code."});
    const auto citizen = desk.citizen();
    const auto id = desk.send("With a code.", citizen);
    desk.line.out = desk.session.path("canaries");
    desk.line.count = 1;
    REQUIRE(desk.run(run_canary).has_value());
    std::string words;
    for (const auto& file : files_below(desk.line.out)) words = read_text(file);
    const auto canary = desk.send(words, desk.citizen());
    desk.import();

    refused(desk.reply(decoy, "Hello."), "is a decoy");
    refused(desk.reply(canary, "Hello."), "is a canary");
    refused(desk.reply(mute, "Hello."), "its sender took no code");
    refused(desk.reply("0000", "Hello."), "no report of this desk");
    refused(desk.reply(id, " \n\t\n"), "the answer is empty");
    refused(desk.reply(id, "a\nb\x1b[2J"), "control character in line 2 (U+001B)");
    refused(desk.reply(id, "\xff"), "not UTF-8, in line 1");
    refused(desk.reply(id, std::string(16 * 1024 + 1, 'a')), "may have 16384");
    refused(desk.reply(id, std::string(80'000, 'a')), "may have 16384");
    REQUIRE(desk.reply(id, std::string(16 * 1024, 'a')).has_value());
    refused(desk.reply(id, std::string(8 * 1024, 'b')), "does not fit into a letter any more");
    CHECK_FALSE(fs::exists(DeskPaths{desk.line.directory}.answers()));

    desk.line.attachments = {desk.session.path("big")};
    { const auto made = std::ofstream(desk.line.attachments.front()); }
    fs::resize_file(desk.line.attachments.front(), 16 * 1024 * 1024 + 1);
    refused(desk.reply(id, "x"), "may have 16777216 (16 MiB)");
    desk.line.attachments.assign(17, desk.session.path("pass"));
    refused(desk.reply(id, "x"), "17 files; an answer has 16 at most");
    desk.line.attachments = {desk.session.path("pass"), desk.session.path("missing")};
    refused(desk.reply(id, "x"), "can't open");
    desk.line.attachments = {desk.session.path("a\u202egpj.exe")};
    refused(desk.reply(id, "x"), "signs in it that can't be seen");
    CHECK(files_below(DeskPaths{desk.line.directory}.answers()).empty());
}

TEST_CASE("an answer written in an editor leaves nothing behind", "[answers]")
{
    Answering desk;
    const auto citizen = desk.citizen();
    const auto id = desk.send("A report.", citizen);
    desk.import();
    desk.line.id = id;
    desk.line.yes = true;
    desk.line.reply_template = "question";
    const DeskPaths paths{desk.line.directory};
    const auto copy = desk.session.path("copy");
    // As an editor does: it looks at the file, leaves one beside it and in HOME, and writes.
    const auto editor = [&](const std::string& then) {
        const auto script = "f() { cp \"$1\" " + copy.string() + "; ls -ld \"$(dirname \"$1\")\" >>" + copy.string() + "; cp \"$1\" \"$1~\"; cp \"$1\" \"$HOME/.history\"; " + then + "; }; f";
        REQUIRE(::setenv("VISUAL", script.c_str(), 1) == 0);
    };
    editor("true");
    refused(desk.run(run_reply), "still has [[");
    CHECK_THAT(read_text(copy), Catch::Contains("[[WHAT WE NEED TO KNOW]]") && Catch::Contains("drwx------"));
    editor("printf 'Was it in May?\\n' >\"$1\"");
    REQUIRE(desk.run(run_reply).has_value());
    CHECK_THAT(desk.shown(id), Catch::Contains("| Was it in May?"));
    editor("false");
    refused(desk.run(run_reply), "failed, and nothing was kept");
    for (const auto& entry : fs::directory_iterator(paths.directory)) CHECK_THAT(entry.path().filename().string(), !Catch::StartsWith("writing."));

    // What a crash left goes when somebody writes next.
    const auto left = paths.directory / "writing.abcdef";
    fs::create_directory(left);
    REQUIRE(write_durable(left / "answer.txt", as_bytes("left"), 0600, DurableFile::Existing::refuse).has_value());
    editor("printf 'Again.\\n' >\"$1\"");
    REQUIRE(desk.run(run_reply).has_value());
    CHECK_FALSE(fs::exists(left));
    REQUIRE(::unsetenv("VISUAL") == 0);
}

TEST_CASE("templates are there in every language of the form, and all but thanks ask to be filled in", "[answers]")
{
    Answering desk;
    desk.line.list_templates = true;
    REQUIRE(desk.run(run_reply).has_value());
    for (const auto* language : {"am", "ar", "bn", "en", "es", "fr", "hi", "ne", "ru", "sw", "uk", "ur"})
        for (const auto* name : {"danger", "question", "thanks"}) {
            CHECK_THAT(desk.session.said, Catch::Contains(std::string(language) + "  " + name + "\n"));
            const auto text = read_text(shipped_data() / "replies" / language / (std::string(name) + ".txt"));
            CHECK(checked_writing(text, crypto::max_message_bytes).has_value());
            CHECK((text.find("[[") == std::string::npos) == (std::string(name) == "thanks"));
        }
    desk.line.list_templates = false;
    desk.line.reply_template = "../../forms/x";
    refused(desk.run(run_reply), "There are: danger, question, thanks.");
    desk.line.language = "..";
    refused(desk.run(run_reply), "no templates in the language");
}

TEST_CASE("a conversation as JSON, and as it is saved, is harmless", "[answers]")
{
    Answering desk;
    const auto citizen = desk.citizen();
    const auto id = desk.send("The report.", citizen);
    const auto hostile = std::string("\x1b[2J\n  answer 1, written\u202e \"},{\"id\":\"x");
    desk.follow_up(hostile, citizen.address);
    desk.import();
    REQUIRE(desk.reply(id, "An answer.").has_value());
    const auto text = desk.shown(id);
    for (auto rest = std::string_view(text); !rest.empty();) {
        const auto point = next_code_point(rest).value();
        if (point < 0x20) REQUIRE(point == U'\n');
        REQUIRE(point != 0x202e);
    }
    CHECK_THAT(desk.session.said, !Catch::Contains("\n  answer 1, written⟨"));
    desk.line.json = true;
    const auto value = json::parse(desk.shown(id));
    const auto& conversation = value.at("conversation").as_array();
    REQUIRE(conversation.size() == 2);
    CHECK(conversation[0].at("kind").as_string() == "follow_up");
    CHECK(std::string(conversation[0].at("text").as_string()) == hostile);
    CHECK(conversation[1].at("text").as_string() == "An answer.");
    CHECK(conversation[1].at("state").as_string() == "waiting for the next outbox");
    const auto list = json::parse(desk.listed());
    CHECK(list.at("reports").at(0).at("follow_ups").as_int64() == 1);
    CHECK(list.at("reports").at(0).at("answerable").as_bool());
    CHECK(list.at("reports").at(0).at("newest_reply").as_string() == "waiting for the next outbox");
    CHECK(list.at("reports").at(1).at("report").as_string() == list.at("reports").at(0).at("id").as_string());
    desk.line.json = false;
    desk.line.out = desk.session.path("saved");
    desk.line.id = id;
    REQUIRE(desk.run(run_save).has_value());
    CHECK_THAT(read_text(desk.line.out / "conversation.txt"), Catch::Contains("| An answer.") && Catch::Contains("| ⟨U+001B⟩[2J"));
}

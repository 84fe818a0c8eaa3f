// SPDX-License-Identifier: AGPL-3.0-or-later
// Reports that can't be taken: the right problem, the story given back wherever it can be, and nothing left at the keeper.
#include "tests/server/front/reporting.hpp"
#include "tests/support/catch.hpp"
#include "web/pages.hpp"

namespace amana::front::test {

namespace {

using web::Problem;

const std::string story = "أخي سافر مع رجل لا نعرفه";

// The problem of a story alone, which is given back as it is.
std::optional<Problem> problem_of(std::string_view typed, bool given_back = true)
{
    Reporting reporting;
    const auto outcome = reporting.send(FormBody().story(typed).end());
    if (outcome.problem) CHECK(outcome.story == (given_back ? typed : ""));
    return outcome.problem;
}

std::string emoji(std::size_t count)
{
    std::string all;
    while (count-- > 0) all += "😀";
    return all;
}

// Nothing of any report is at the keeper but what it knows to be aborted.
bool nothing_kept(const Reporting& reporting)
{
    for (const auto& [id, envelope] : reporting.channel.keeper.envelopes)
        if (id != 0 && !envelope.aborted) return false;
    return true;
}

}  // namespace

TEST_CASE("How long a story may be: ten characters at the least, and at the most 12000 bytes as they are sealed")
{
    CHECK(problem_of("") == Problem::empty_story);
    CHECK(problem_of("x") == Problem::short_story);
    CHECK(problem_of("123456789") == Problem::short_story);
    CHECK(problem_of("1234567890") == std::nullopt);
    CHECK(problem_of(emoji(9)) == Problem::short_story);
    CHECK(problem_of(emoji(10)) == std::nullopt);
    CHECK(problem_of(emoji(3000)) == std::nullopt);
    CHECK(problem_of(emoji(3000) + "x") == Problem::long_story);
    CHECK(problem_of(std::string(12000, 'x')) == std::nullopt);
    CHECK(problem_of(std::string(12001, 'x')) == Problem::long_story);
    CHECK(problem_of(std::string(6000, '"')) == std::nullopt);
    CHECK(problem_of(std::string(6001, '"')) == Problem::long_story);
    CHECK(problem_of(std::string(60'000, 'x')) == Problem::long_story);

    // A line's end is one character, and is given back as one.
    Reporting reporting;
    std::string lines;
    for (int i = 0; i < 4000; ++i) lines += "x\r\n";
    CHECK(reporting.send(FormBody().story(lines).end()).problem == std::nullopt);
    const auto outcome = reporting.send(FormBody().story(lines + "x").end());
    CHECK(outcome.problem == Problem::long_story);
    CHECK(outcome.story.size() == 8001);
    CHECK(reporting.send(FormBody().story("12345678\r\n").end()).problem == Problem::short_story);
}

TEST_CASE("A story of nothing")
{
    Reporting reporting;
    CHECK(problem_of(std::string(20, ' ')) == Problem::empty_story);
    CHECK(problem_of(" \t\n \t\n \t\n \t\n") == Problem::empty_story);
    CHECK(reporting.send(FormBody().story("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n").end()).problem == Problem::empty_story);
    CHECK(reporting.send(FormBody().end()).problem == Problem::empty_story);
    CHECK(reporting.send(FormBody().file("f", "x").end()).problem == Problem::empty_story);
    // A file is no story.
    CHECK(reporting.send(FormBody().part("Content-Disposition: form-data; name=\"story\"; filename=\"story\"", story).end()).problem ==
          Problem::empty_story);
    CHECK(nothing_kept(reporting));
}

TEST_CASE("What is not UTF-8 can't be given back")
{
    for (const std::string_view wrong : {"caf\xe9 in Latin-1", "\xc0\xaf overlong", "\xed\xa0\x80 a surrogate", "\xf4\x90\x80\x80 beyond Unicode",
                                         "cut off: \xd8", "\xff\xfe""0\0""1\0", "\x80 alone, and more"}) {
        INFO(wrong);
        CHECK(problem_of(wrong, false) == Problem::wrong_encoding);
    }
}

TEST_CASE("More text than is held")
{
    CHECK(problem_of(std::string(max_text_bytes + 1, 'x'), false) == Problem::long_story);
    CHECK(problem_of(std::string(10 * max_text_bytes, 'x'), false) == Problem::long_story);
    CHECK(problem_of(std::string(max_text_bytes, 'x')) == Problem::long_story);
    // File names share the room with the story, and are at fault when they take it.
    FormBody form;
    form.story(story);
    for (int i = 0; i < 300; ++i) form.file(std::string(255, 'n'), "");
    Reporting reporting;
    const auto outcome = reporting.send(form.end());
    CHECK(outcome.problem == Problem::too_many_parts);
    CHECK(outcome.story == story);
}

TEST_CASE("A problem names its question, whatever it is")
{
    Reporting reporting(1, 1000);
    const auto told = [&](const FormBody& form) {
        const auto outcome = reporting.send(form.end());
        return outcome.problem ? std::string(web::problem_name(*outcome.problem)) + " " + outcome.field : "";
    };
    CHECK(told(FormBody()) == "empty_story story");
    CHECK(told(FormBody().story("short")) == "short_story story");
    CHECK(told(FormBody().story(std::string(12'001, 'x'))) == "long_story story");
    CHECK(told(FormBody().story(story).answer("period", std::string(301, 'x'))) == "long_answer period");
    CHECK(told(FormBody().story(story).answer("period", "\xff")) == "wrong_encoding period");
    CHECK(told(FormBody().story(story).answer("identifiers.3.value", std::string(451, 'x'))) == "long_answer identifiers");
    CHECK(told(FormBody().story(story).answer("stage", "nowhere")) == "bad_request stage");
    CHECK(told(FormBody().story(story).answer("stage", "front").answer("stage", "front")) == "bad_request ");
    CHECK(told(FormBody().story(story).file("f", std::string(1001, 'x'))) == "too_large files");
    // What belongs elsewhere than in a file is no answer.
    CHECK(told(FormBody().story(story).part("Content-Disposition: form-data; name=\"period\"; filename=\"a\"", std::string(301, 'x'))).empty());
    CHECK(nothing_kept(reporting) == false);  // the last one
}

TEST_CASE("Whether all could be kept is known, so that a page does not say so when it wasn't")
{
    Reporting reporting;
    CHECK(reporting.send(FormBody().story(std::string(max_text_bytes, 'x')).end()).kept_all);
    CHECK_FALSE(reporting.send(FormBody().story(std::string(max_text_bytes + 1, 'x')).end()).kept_all);
    const auto outcome = reporting.send(FormBody().story(story).answer("pasted", std::string(max_text_bytes, 'x')).end());
    CHECK(outcome.problem == Problem::long_answer);
    CHECK(outcome.field == "pasted");
    CHECK(outcome.story == story);
    CHECK_FALSE(outcome.kept_all);
    // What stands behind the place where reading ended can't be known.
    for (const auto& body : {FormBody().story(story).so_far(), std::string("nothing like a form"), FormBody().story(story).story(story).end(),
                             FormBody().story(story).part("no head", "").answer("period", "March").end()})
        CHECK_FALSE(reporting.send(body).kept_all);
    CHECK(reporting.send(FormBody().story("short").end()).kept_all);
    CHECK(reporting.send(FormBody().story(story).file("f", std::string(2U << 20U, 'x')).end()).kept_all);
}

TEST_CASE("What is typed behind many files has its room")
{
    Reporting reporting;
    FormBody form;
    for (std::size_t i = 0; i < crypto::max_attachments - 1; ++i) form.file(std::string(max_names_bytes / crypto::max_attachments - 20, 'n'), "");
    const auto whole = reporting.send(FormBody(form).story(story + std::string(11'000, 'x')).end());
    REQUIRE(whole.report);
    CHECK(whole.report->files.size() == crypto::max_attachments - 1);
    FormBody named;
    for (std::size_t i = 0; i < max_names_bytes / 255 + 1; ++i) named.file(std::string(255, 'n'), "");
    const auto outcome = reporting.send(named.story(story + std::string(11'000, 'x')).end());
    CHECK(outcome.problem == Problem::too_many_parts);
    CHECK(outcome.field == "files");
    CHECK(outcome.story == story + std::string(11'000, 'x'));
    CHECK(outcome.kept_all);
}

TEST_CASE("How much the files may be")
{
    Reporting reporting(1, 100'000);
    const auto problem = [&](const FormBody& form) {
        const auto outcome = reporting.send(form.end());
        CHECK((!outcome.problem || outcome.story == story));
        return outcome.problem;
    };
    CHECK(problem(FormBody().story(story).file("f", std::string(100'000, 'x'))) == std::nullopt);
    reporting.channel.keeper.envelopes.clear();
    CHECK(problem(FormBody().story(story).file("f", std::string(100'001, 'x'))) == Problem::too_large);
    CHECK(problem(FormBody().file("f", std::string(300'000, 'x')).story(story)) == Problem::too_large);
    CHECK(problem(FormBody().file("f", std::string(50'000, 'x')).file("g", std::string(50'001, 'x')).story(story)) == Problem::too_large);
    CHECK(nothing_kept(reporting));
}

TEST_CASE("Where there is room for text alone no file is taken, not even an empty one, and the text comes back")
{
    Reporting reporting;
    reporting.files = {0, false};
    for (const auto* content : {"x", ""}) {
        const auto outcome = reporting.send(FormBody().file("f", content).story(story).end());
        CHECK(outcome.problem == Problem::too_large);
        CHECK(outcome.field == "files");
        CHECK(outcome.story == story);
    }
    CHECK(nothing_kept(reporting));
    // What a browser sends where none was chosen.
    CHECK(reporting.send(FormBody().file("", "").story(story).end()).problem == std::nullopt);
}

TEST_CASE("What can't be taken any more is forgotten at once, not when all of it has come")
{
    Reporting reporting(1, 100'000);
    auto& channel = reporting.channel;
    channel.spawn(channel.keeper.collect());
    Intake intake(std::move(*reporting.limits.report(source())), *channel.link, reporting.public_keys, std::move(*FormReader::create(form_type)), questionnaire(), FilesTaken{100'000}, Intake::Page{});
    const auto body = FormBody().file("f", std::string(100'000, 'x')).so_far() + "--Boundary\r\nContent-Disposition: form-data; name=\"files\"; filename=\"g\"\r\n\r\n";
    run(channel.context, intake.take(as_bytes(body)));
    channel.settle();
    CHECK(!channel.keeper.envelopes.at(1).chunks.empty());
    CHECK(!channel.keeper.envelopes.at(1).aborted);
    run(channel.context, intake.take(as_bytes("x")));
    channel.settle();
    CHECK(channel.keeper.envelopes.at(1).aborted);
    CHECK(run(channel.context, intake.finish()) == Problem::too_large);
}

TEST_CASE("How many files there may be")
{
    Reporting reporting;
    FormBody form;
    for (std::size_t i = 0; i < crypto::max_attachments; ++i) form.file("f", "x");
    const auto whole = reporting.send(FormBody(form).story(story).end());
    REQUIRE(whole.report);
    CHECK(whole.report->files.size() == crypto::max_attachments);
    reporting.channel.keeper.envelopes.clear();
    const auto outcome = reporting.send(form.file("one more", "").story(story).end());
    CHECK(outcome.problem == Problem::too_many_parts);
    CHECK(outcome.story == story);
    FormBody parts;
    parts.story(story);
    for (std::size_t i = 0; i < max_parts; ++i) parts.part("Content-Disposition: form-data; name=\"x\"", "");
    const auto many = reporting.send(parts.end());
    CHECK(many.problem == Problem::too_many_parts);
    CHECK(many.story == story);
    CHECK(nothing_kept(reporting));
}

TEST_CASE("A form that is broken off or broken")
{
    Reporting reporting;
    const auto outcome = [&](const std::string& body) { return reporting.send(body); };
    CHECK(outcome("").problem == Problem::bad_request);
    CHECK(outcome("nothing like a form").problem == Problem::bad_request);
    auto broken = outcome(FormBody().story(story).so_far());
    CHECK(broken.problem == Problem::bad_request);
    CHECK(broken.story == story);
    broken = outcome(FormBody().story(story).file("f", std::string(200'000, 'x')).so_far());
    CHECK(broken.problem == Problem::bad_request);
    CHECK(broken.story == story);
    broken = outcome(FormBody().story(story).part("no head", "").end());
    CHECK(broken.problem == Problem::bad_request);
    CHECK(broken.story == story);
    broken = outcome(FormBody().story(story).story("another one, 123").end());
    CHECK(broken.problem == Problem::bad_request);
    CHECK(broken.story == story);
    CHECK(nothing_kept(reporting));
}

TEST_CASE("The first problem is the one that is told")
{
    Reporting reporting(1, 1000);
    CHECK(reporting.send(FormBody().file("f", std::string(2000, 'x')).story("short").end()).problem == Problem::too_large);
    CHECK(reporting.send(FormBody().story("short").file("f", std::string(2000, 'x')).end()).problem == Problem::too_large);
    CHECK(reporting.send(FormBody().story("short").file("f", std::string(1000, 'x')).end()).problem == Problem::short_story);
}

TEST_CASE("What the keeper can't keep")
{
    const auto [refusal, problem] =
        GENERATE(std::pair(wire::Refusal::full, Problem::storage_full), std::pair(wire::Refusal::invalid, Problem::internal),
                 std::pair(wire::Refusal::failed, Problem::internal));
    Reporting reporting;
    reporting.channel.keeper.refuse_at_finish = refusal;
    auto outcome = reporting.send(FormBody().story(story).end());
    CHECK(outcome.problem == problem);
    CHECK(outcome.story == story);
    // With the disk free again the next is taken.
    reporting.channel.keeper.refuse_at_finish.reset();
    CHECK(reporting.send(FormBody().story(story).end()).problem == std::nullopt);
}

TEST_CASE("Refused while it is still being sent")
{
    Reporting reporting;
    auto& channel = reporting.channel;
    const auto script = [&]() -> asio::awaitable<void> {
        co_await channel.keeper.hello();
        for (;;) {
            const auto frame = co_await channel.keeper.next();
            if (!frame) co_return;
            if (frame->kind == wire::Kind::begin) co_await channel.keeper.refused(frame->upload, wire::Refusal::full);
        }
    };
    reporting.collecting = true;
    channel.spawn(script());
    const auto outcome = reporting.send(FormBody().file("f", std::string(900'000, 'x')).story(story).end());
    CHECK(outcome.problem == Problem::storage_full);
    CHECK(outcome.story == story);
}

TEST_CASE("A keeper that goes while a report comes in")
{
    Reporting reporting;
    auto& channel = reporting.channel;
    const auto script = [&]() -> asio::awaitable<void> {
        co_await channel.keeper.hello();
        for (int frames = 0; frames < 5; ++frames) (void)co_await channel.keeper.next();
        channel.keeper.go();
    };
    reporting.collecting = true;
    channel.spawn(script());
    auto outcome = reporting.send(FormBody().file("f", std::string(900'000, 'x')).story(story).end());
    CHECK(outcome.problem == Problem::internal);
    CHECK(outcome.story == story);
    CHECK(channel.lost == 1);
    outcome = reporting.send(FormBody().story(story).end());
    CHECK(outcome.problem == Problem::internal);
    CHECK(outcome.story == story);
}

TEST_CASE("Without a key that is one nothing can be sealed")
{
    Reporting reporting;
    reporting.public_keys[0].fill(0xff);
    const auto outcome = reporting.send(FormBody().story(story).end());
    CHECK(outcome.problem == Problem::closed);
    CHECK(outcome.story == story);
}

TEST_CASE("What is refused from the beginning is read for its story alone")
{
    Reporting reporting;
    auto& channel = reporting.channel;
    channel.spawn(channel.keeper.collect());
    Intake intake(std::move(*reporting.limits.report(source())), *channel.link, {}, std::move(*FormReader::create(form_type)), questionnaire(), FilesTaken{100'000}, Intake::Page{});
    intake.refuse(Problem::closed);
    const auto body = FormBody().file("f", std::string(90'000, 'x')).story(story).end();
    run(channel.context, intake.take(as_bytes(body)));
    CHECK(run(channel.context, intake.finish()) == Problem::closed);
    CHECK(story_in(intake) == story);
    channel.settle();
    CHECK(!channel.keeper.envelopes.contains(1));
}

TEST_CASE("A report's place is given back, whatever became of it")
{
    wire::Limits config;
    config.max_uploads = 1;
    Reporting reporting;
    Limits one(config, {true, SIZE_MAX});
    {
        auto admitted = one.report(source());
        REQUIRE(admitted);
        CHECK(!one.report(source()));
        const Intake intake(std::move(*admitted), *reporting.channel.link, reporting.public_keys, std::move(*FormReader::create(form_type)), questionnaire(), FilesTaken{1}, Intake::Page{});
        CHECK(!one.report(source()));
    }
    CHECK(one.report(source()));
}

}  // namespace amana::front::test

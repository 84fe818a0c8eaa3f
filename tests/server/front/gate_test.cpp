// SPDX-License-Identifier: AGPL-3.0-or-later
// A whole front under pressure: a page that seals pays, waits and sends; a form waits in its frame and sends; what is not good
// gets the right answer, and the text back.
#include "tests/server/front/asking.hpp"
#include "tests/server/front/sealing_client.hpp"

#include <sodium/utils.h>

namespace amana::front::test {

namespace {

using namespace std::chrono_literals;

Front::Options pressed_soon()
{
    auto given = options();
    given.limits.pace = 3;
    given.gate.pressure = {600s, 600s, 1s, false};  // one step up, and no way down
    given.gate.line.wait_scale = 0.01;
    return given;
}

std::string form(const std::string& token, const std::string& text = story)
{
    return post_form(FormBody().story(text).end(), "", "/en/report" + (token.empty() ? token : "?" + token));
}

void press(Front& front)
{
    for (int i = 0; i < 200 && front.site().common.gate.step() == 0; ++i) (void)front.ask(form(""));
    REQUIRE(front.site().common.gate.step() == 1);
}

std::string token_in(const std::string& page)
{
    const std::string before = "action=\"/en/report?";
    const auto at = page.find(before);
    REQUIRE(at != std::string::npos);
    return page.substr(at + before.size(), token_text_bytes);
}

// In its frame.
bool says(Front& front, const std::string& token, const std::string& what)
{
    return front.ask(get("/en/line?" + token)).body.find(what) != std::string::npos;
}

void wait_for_turn(Front& front, const std::string& token)
{
    bool turn = false;
    for (int i = 0; i < 400 && !turn; ++i) {
        std::this_thread::sleep_for(50ms);
        turn = says(front, token, "content=\"30;");
    }
    REQUIRE(turn);
}

boost::json::object answer(Front& front, const std::string& body) { return boost::json::parse(front.ask(post(body)).body).as_object(); }

std::string state(const boost::json::object& told) { return std::string(told.at("state").as_string()); }

std::string head_alone(const Sealed& report) { return report.body().substr(0, sealed_head_bytes); }

// Pays what it is told, and waits.
void pay(Front& front, Sealed& report)
{
    const auto price = answer(front, head_alone(report));
    REQUIRE(state(price) == "price");
    const auto text = std::string(price.at("token").as_string());
    std::size_t size = 0;
    REQUIRE(sodium_base642bin(report.head.token.data(), report.head.token.size(), text.data(), text.size(), nullptr, &size, nullptr,
                              sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0);
    report.head.solution = crypto::work(report.head.token, price.at("bits").to_number<unsigned>());
    std::string now;
    for (int i = 0; i < 400 && now != "turn"; ++i) {
        now = state(answer(front, head_alone(report)));
        REQUIRE((now == "wait" || now == "turn"));
        std::this_thread::sleep_for(50ms);
    }
    REQUIRE(now == "turn");
}

}  // namespace

TEST_CASE("A page that seals pays, waits for its turn and sends; a cover body alike; a puzzle is good for one report")
{
    Front front(pressed_soon());
    press(front);
    const auto before = front.stored();
    for (const Byte kind : {Byte{1}, Byte{0}}) {
        Sealed report(crypto::text_class, kind);
        CHECK(state(answer(front, report.body())) == "price");
        pay(front, report);
        {
            // A line that breaks does not cost the turn.
            const auto client = front.connect();
            client->write(post(report.body()).substr(0, 3000));
            std::this_thread::sleep_for(100ms);
            CHECK(state(answer(front, report.body())) == "stored");
        }
        Sealed second(crypto::text_class, kind);
        second.head.token = report.head.token;
        second.head.solution = report.head.solution;
        CHECK(state(answer(front, second.body())) == "price");
        second.head.solution.at(3) ^= 1;
        CHECK(state(answer(front, second.body())) == "price");
    }
    CHECK(front.stored() == before + 1);
}

TEST_CASE("A form waits in its frame and sends; sent before its turn, or with a token of nowhere, it comes back with its text and a place")
{
    Front front(pressed_soon());
    const auto calm = token_in(front.ask(get("/en/")).body);
    CHECK(says(front, calm, "content=\"30;"));
    press(front);
    const auto before = front.stored();
    Front other(pressed_soon());
    const auto elsewhere = token_in(other.ask(get("/en/")).body);
    for (const auto& token : {std::string(), calm, elsewhere, std::string(token_text_bytes, 'A'), std::string("x")}) {
        INFO(token);
        const auto back = front.ask(form(token));
        CHECK(status(back) == 503);
        CHECK(gives_back(back));
        const auto fresh = token_in(back.body);
        CHECK((fresh == token) == (token == calm));  // a good one has its place now
        CHECK(back.body.find("src=\"/en/line?" + fresh + "\"") != std::string::npos);
        if (token.size() == token_text_bytes && token != calm) CHECK(says(front, token, "begun anew"));
    }
    CHECK(front.stored() == before);

    const auto token = token_in(front.ask(get("/en/")).body);
    CHECK(says(front, token, "content=\"10;"));
    wait_for_turn(front, token);
    // What must be mended has its turn still; and what is sent twice is had once.
    const auto mended = front.ask(form(token, "I"));
    CHECK(status(mended) == 422);
    CHECK(token_in(mended.body) == token);
    CHECK(status(front.ask(form(token))) == 200);
    CHECK(front.stored() == before + 1);
    CHECK(status(front.ask(form(token))) == 503);
    CHECK(front.stored() == before + 1);
}

TEST_CASE("One turn is one report under way: a second with it goes back, and takes no report's place")
{
    Front front(pressed_soon());
    press(front);
    const auto token = token_in(front.ask(get("/en/")).body);
    (void)says(front, token, "");
    wait_for_turn(front, token);
    const auto whole = form(token);
    const auto first = front.connect();
    first->write(whole.substr(0, whole.size() - 10));
    std::this_thread::sleep_for(200ms);
    CHECK(front.site().common.limits.report_load().taken == 1);
    CHECK(status(front.ask(whole)) == 503);
    CHECK(front.site().common.limits.report_load().taken == 1);
    first->write(whole.substr(whole.size() - 10));
    CHECK(status(first->read_answer()) == 200);
}

}  // namespace amana::front::test

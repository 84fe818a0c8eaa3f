// SPDX-License-Identifier: AGPL-3.0-or-later
// Envelopes from browsers that are not taken, or not yet: every state of docs/SEALING.md, section 4, but more and stored.
#include "tests/server/front/sealing_client.hpp"

namespace amana::front::test {

using namespace std::chrono_literals;

TEST_CASE("Too many at once: who gets no place in time is told so, and may come again")
{
    auto given = options();
    given.limits.max_uploads = 1;
    given.gate.pressure.fall = 1s;
    Front front(given);
    const Sealed first(crypto::mebibyte);
    CHECK(first.send(*front.connect(), 0).state == "more");  // under way, between two requests: it keeps its place
    const Sealed second(crypto::text_class);
    CHECK(second.send(*front.connect()).state == "busy");
    // What is under way needs no further place.
    CHECK(first.send(*front.connect(), 1).state == "more");
    CHECK(first.send(*front.connect(), 2).state == "stored");
    // Somebody waited, so there is pressure (gate_test.cpp); when that is over all is as it was.
    for (int i = 0; i < 400 && front.site().common.gate.step() > 0; ++i) std::this_thread::sleep_for(50ms);
    CHECK(second.send(*front.connect()).state == "stored");
    CHECK(front.stored() == 2);
}

TEST_CASE("What is not known, or not any more, must be sealed anew")
{
    auto given = options();
    given.timing.forget = 300ms;
    given.timing.remember = 300ms;
    given.timing.answer = 10ms;
    Front front(given);
    const Sealed report(crypto::mebibyte);
    CHECK(report.send(*front.connect(), 1).state == "again");
    CHECK(report.send(*front.connect(), 0).state == "more");
    std::this_thread::sleep_for(600ms);
    CHECK(front.aborted() == 1);
    CHECK(report.send(*front.connect(), 1).state == "again");
    for (std::size_t i = 0; i < report.pieces(); ++i) (void)report.send(*front.connect(), i);
    CHECK(front.stored() == 1);
    CHECK(report.send(*front.connect(), 2).state == "stored");
    std::this_thread::sleep_for(400ms);
    CHECK(report.send(*front.connect(), 2).state == "again");
}

TEST_CASE("Keys: of today, of a week ago while they are valid, and no others")
{
    const auto key = [](const char* of) { return crypto::testing::Recipient(crypto::testing::seeded_bytes(of, crypto::xwing_secret_bytes)).public_key; };
    crypto::KeySet keys;
    for (const auto* of : {"desk 0", "desk 1", "desk 2"}) {
        const auto week = of[5] - '0';
        keys.epochs.push_back({"desk", {week * one_week, (week + 2) * one_week}, key(of)});
    }
    const auto told = [&](UnixTime time, const char* of) {
        auto given = options();
        given.keys = keys;
        given.time = time;
        Front front(given);
        Sealed report(crypto::text_class);
        report.head.keys = crypto::sha256(key(of));
        const auto state = report.send(*front.connect()).state;
        CHECK(front.stored() == (state == "stored" ? 1 : 0));
        return state;
    };
    CHECK(told(one_week + 1, "desk 1") == "stored");
    CHECK(told(one_week + 1, "desk 0") == "stored");
    CHECK(told(2 * one_week - 1, "desk 0") == "stored");
    CHECK(told(2 * one_week, "desk 0") == "keys");
    CHECK(told(one_week + 1, "desk 2") == "keys");
    CHECK(told(one_week + 1, "somebody") == "keys");
    CHECK(told(3 * one_week + 1, "desk 2") == "stored");
    // Valid still, but neither of today nor of a week ago.
    CHECK(told(3 * one_week + 1, "desk 1") == "keys");
    CHECK(told(4 * one_week, "desk 2") == "closed");
}

TEST_CASE("What the keeper refuses is told, and is not remembered as stored")
{
    for (const auto& [refusal, state] : {std::pair{wire::Refusal::full, "full"}, {wire::Refusal::failed, "failed"}, {wire::Refusal::invalid, "bad"}}) {
        INFO(state);
        auto given = options();
        given.refusal = refusal;
        Front front(given);
        const Sealed report(crypto::text_class);
        CHECK(report.send(*front.connect()).state == state);
        CHECK(report.send(*front.connect()).state == state);
        CHECK(front.begun() == 2);
    }
}

TEST_CASE("As room runs out, what an envelope's length tells is refused before any of it is taken")
{
    struct Step {
        std::uint64_t mebibytes;
        std::string_view takes;
        bool large;
        bool small;
        bool text;
    };
    for (const auto& step : {Step{512, "all", true, true, true}, Step{256, "small_files", false, true, true}, Step{1, "text", false, false, true},
                             Step{0, "nothing", false, false, false}}) {
        INFO(step.takes);
        auto given = options();
        given.limits.max_files_bytes = 64 * crypto::mebibyte;
        given.room = step.mebibytes * crypto::mebibyte;
        given.gate.pressure.count = 600s;  // with so little room a few reports are pressure
        Front front(given);
        for (int i = 0; i < 200 && front.site().common.room.bytes() == UINT64_MAX; ++i) std::this_thread::sleep_for(10ms);
        const auto state = [&](const Sealed& report) {
            const auto reply = report.send(*front.connect());
            CHECK((reply.state != "full" || reply.takes == step.takes));
            return reply.state;
        };
        CHECK(state(Sealed(32 * crypto::mebibyte)) == (step.large ? "more" : "full"));
        CHECK(state(Sealed(16 * crypto::mebibyte)) == (step.small ? "more" : "full"));
        CHECK(state(Sealed(crypto::text_class)) == (step.text ? "stored" : "full"));
        CHECK(state(Sealed(crypto::text_class, 0)) == (step.text ? "stored" : "full"));  // a cover body, alike
    }
}

TEST_CASE("A keeper that goes takes what is under way with it")
{
    Front front(options());
    const Sealed report(crypto::mebibyte);
    CHECK(report.send(*front.connect(), 0).state == "more");
    const auto waiting = front.connect();
    const auto request = post(report.body(1));
    waiting->write(request.substr(0, 1000));
    std::this_thread::sleep_for(100ms);
    front.lose_keeper();
    for (int i = 0; i < 100 && front.lost == 0; ++i) std::this_thread::sleep_for(50ms);
    waiting->write(request.substr(1000));
    CHECK(told(waiting->read_answer()).state == "failed");
}

TEST_CASE("What section 3 does not say is bad, read as far as it may go, and the connection goes on")
{
    Front front(options());
    const auto client = front.connect();
    const Sealed report(crypto::text_class);
    const auto bad = [&](const std::string& body) {
        client->write(post(body));
        CHECK(told(client->read_answer()).state == "bad");
    };
    bad("");
    bad(std::string(95, '\1'));
    bad(report.body() + "x");
    bad(report.body().substr(0, report.body().size() - 1));
    const auto with = [&](auto change) {
        auto other = report;
        change(other);
        bad(other.body());
    };
    with([](Sealed& other) { other.head.version = 1; });
    with([](Sealed& other) { other.head.version = 3; });
    with([](Sealed& other) { other.head.kind = 2; });
    with([](Sealed& other) { other.head.promise = 2; });
    with([](Sealed& other) { other.head.zero = 1; });
    with([](Sealed& other) { other.head.zeros[35] = 1; });
    with([](Sealed& other) { other.envelope[0] = 2; });
    with([](Sealed& other) { other.envelope[1] = 2; });
    with([](Sealed& other) { other.envelope.push_back(0); });
    with([](Sealed& other) { other.envelope.pop_back(); });
    // Of two recipients, where this site has one.
    bad(Sealed(crypto::text_class, 1, 2).body());
    // Larger than any report may be here.
    bad(Sealed(8 * crypto::mebibyte).body());
    // No length is given.
    client->write("POST /en/report HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
    CHECK(told(client->read_answer()).state == "bad");
    CHECK(front.begun() == 0);
    CHECK(report.send(*client).state == "stored");
}

TEST_CASE("Outcomes are remembered up to a number, the newest of them")
{
    wire::Limits config;
    Limits limits(config, {true, SIZE_MAX});
    SealedUploads uploads;
    const auto piece_of = [](std::uint32_t number) {
        SealedHead head;
        for (std::size_t i = 0; i < 4; ++i) head.upload[i] = static_cast<Byte>(number >> (8 * i));
        head.total = 100;
        return SealedPiece::parse(head.bytes(), sealed_head_bytes + 100).value();
    };
    const std::uint32_t more = 10;
    for (std::uint32_t i = 0; i < max_outcomes + more; ++i) {
        auto found = uploads.begin(piece_of(i), limits.report(source()).value(), Line::Ticket());
        REQUIRE(found.how == SealedUploads::Found::How::under_way);
        uploads.settle(found.upload, Upload::Outcome::stored, "note");
    }
    for (std::uint32_t i = 0; i < max_outcomes + more; ++i) {
        const bool known = uploads.find(piece_of(i)).how == SealedUploads::Found::How::stored;
        CHECK(known == (i >= more));
    }
}

}  // namespace amana::front::test

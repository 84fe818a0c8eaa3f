// SPDX-License-Identifier: AGPL-3.0-or-later
// A serving keeper with an outbox, and what a front asks of it.
#pragma once

#include "base/reader.hpp"
#include "tests/server/keeper/outbox_support.hpp"
#include "tests/server/keeper/serving.hpp"
#include "tests/support/catch.hpp"

namespace amana::keeper::test {

// A serving keeper, and imports beside it by a connection of their own.
struct Inbox {
    explicit Inbox(std::chrono::milliseconds tick = std::chrono::hours{1})
        : serving(1, tick, 365, [](const Directory& storage, Clock clock) { return OutboxSettings{storage, test_courier(), test_root(), std::move(clock)}; })
    {
        slice.directory = serving.scratch.path().string();
        slice.origin = "test.example/log";
        give_keys(slice);
    }
    FakeFront& start()
    {
        serving.start();
        (void)serving.front().hear();
        return serving.front();
    }
    void import(const MadeOutbox& made)
    {
        Storage storage{SqliteStore::open(slice.directory).value(), test_sequencer()};
        if (!import_outbox(storage, slice, {made.write(serving.scratch.path() / "brought"), system_clock(), {}}).value().taken)
            throw std::runtime_error("an outbox that was not taken");
    }
    [[nodiscard]] Directory path() const { return outbox_path(slice.directory); }

    Serving serving;
    wire::KeeperSlice slice;
};

inline std::optional<wire::Frame> answer_to(FakeFront& front, const Bytes& frame)
{
    front.say_raw(frame);
    return front.hear();
}

inline Bytes ask(FakeFront& front, const wire::Ask& question)
{
    Bytes frame;
    wire::append_ask(frame, front.next_id++, question);
    const auto heard = answer_to(front, frame);
    if (!heard || heard->kind != wire::Kind::answer) throw std::runtime_error("no answer");
    return Bytes(heard->body.begin(), heard->body.end());
}

// All pieces of it; nothing when the first is empty.
inline Bytes fetch(FakeFront& front, wire::Ask question)
{
    Bytes whole;
    for (std::uint64_t expected = 1; whole.size() < expected; ++question.index) {
        const auto piece = ask(front, question);
        if (piece.empty()) return {};
        Reader reader(piece);
        expected = reader.integer<std::uint64_t>();
        append(whole, reader.rest());
    }
    CHECK(ask(front, question).empty());
    return whole;
}

inline wire::Ask bucket(std::uint64_t serial, std::uint32_t number, std::uint64_t index = 0)
{
    return {wire::Asked::bucket, 0, index, serial, number, {}};
}

inline wire::Ask file(std::uint64_t serial, const crypto::Item& id)
{
    return {wire::Asked::file, 0, 0, serial, 0, id};
}

// "done", "elsewhere" or the refusal.
inline std::string erase(FakeFront& front, const Bytes& request)
{
    Bytes frame;
    wire::append_erase(frame, front.next_id++, request);
    const auto heard = answer_to(front, frame);
    if (heard && heard->kind == wire::Kind::answer) return heard->body.empty() ? "elsewhere" : heard->body.size() == 1 ? "done" : "?";
    switch (wire::parse_refused(heard.value()).value()) {
    case wire::Refusal::full: return "full";
    case wire::Refusal::invalid: return "invalid";
    case wire::Refusal::failed: return "failed";
    }
    return "?";
}

inline std::string note_in(FakeFront& front)
{
    const auto note = ask(front, {wire::Asked::outbox});
    return std::string(as_text(note));
}

}  // namespace amana::keeper::test

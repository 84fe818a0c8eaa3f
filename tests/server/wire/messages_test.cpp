// SPDX-License-Identifier: AGPL-3.0-or-later
// Frames between front and keeper: what is written is read, however the stream is cut; what can't be is refused.
#include "server/wire/messages.hpp"

#include "base/reader.hpp"
#include "server/wire/room.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>

namespace amana::wire {

namespace {

struct Kept {
    Kind kind;
    UploadId upload;
    Bytes body;
    bool operator==(const Kept&) const = default;
};

std::mt19937_64 generator()
{
    const char* given = std::getenv("AMANA_SEED");
    const auto seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::cout << "AMANA_SEED=" << seed << "\n";
    return std::mt19937_64(seed);
}

std::size_t below(std::mt19937_64& random, std::size_t bound)
{
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
}

Kept random_frame(std::mt19937_64& random)
{
    const auto kind = static_cast<Kind>(1 + below(random, 13));
    std::size_t size = 0;
    switch (kind) {
    case Kind::hello: size = 2; break;
    case Kind::chunk: size = below(random, 3) == 0 ? max_body_bytes : 1 + below(random, 2000); break;
    case Kind::credit: size = 4; break;
    case Kind::refused: size = 1; break;
    case Kind::finish: size = 1; break;
    case Kind::stored: size = below(random, 2) * below(random, max_promise_bytes + 1); break;
    case Kind::ask: size = 38; break;
    case Kind::answer: size = below(random, max_answer_bytes + 1); break;
    case Kind::room: size = 8; break;
    case Kind::pressure: size = 1; break;
    case Kind::erase: size = crypto::min_erase_bytes + below(random, crypto::max_erase_items + 1) * crypto::item_bytes; break;
    case Kind::begin:
    case Kind::abort: break;
    }
    Bytes body(size);
    for (auto& byte : body) byte = static_cast<Byte>(random());
    return {kind, static_cast<UploadId>(random()), body};
}

// Feeds the stream in the given cuts; the frames, and whether it ended with an error.
struct Outcome {
    std::vector<Kept> frames;
    bool failed = false;
};
template <typename Cut>
Outcome read_all(ByteView stream, Cut cut)
{
    FrameReader reader;
    Outcome outcome;
    while (!stream.empty()) {
        const auto room = reader.room();
        const auto count = std::min({room.size(), stream.size(), cut()});
        std::copy_n(stream.begin(), count, room.begin());
        reader.filled(count);
        stream = stream.subspan(count);
        for (;;) {
            const auto frame = reader.next();
            if (!frame) {
                outcome.failed = true;
                return outcome;
            }
            if (!*frame) break;
            outcome.frames.push_back({(*frame)->kind, (*frame)->upload, Bytes((*frame)->body.begin(), (*frame)->body.end())});
        }
    }
    return outcome;
}

Bytes raw_frame(std::uint32_t length, Byte kind, std::size_t body)
{
    return Writer().integer(length).integer(kind).integer(UploadId{7}).bytes(Bytes(body, 1)).take();
}

bool refused_as_frame(ByteView stream)
{
    return read_all(stream, [] { return SIZE_MAX; }).failed;
}

}  // namespace

TEST_CASE("What is written is read, however the stream is cut")
{
    auto random = generator();
    for (int round = 0; round < 50; ++round) {
        std::vector<Kept> written;
        Bytes stream;
        for (int i = 0; i < 40; ++i) {
            written.push_back(random_frame(random));
            append_frame(stream, written.back().kind, written.back().upload, written.back().body);
        }
        const auto largest_cut = std::size_t{1} << below(random, 18);
        const auto read = read_all(stream, [&] { return 1 + below(random, largest_cut); });
        CHECK(!read.failed);
        CHECK(read.frames == written);
    }
}

TEST_CASE("A stream of one byte at a time")
{
    Bytes stream;
    append_hello(stream);
    append_credit(stream, 3, 2);
    append_refused(stream, 4, Refusal::invalid);
    const auto read = read_all(stream, [] { return std::size_t{1}; });
    REQUIRE(read.frames.size() == 3);
    CHECK(read.frames[0].kind == Kind::hello);
    CHECK(read.frames[1].upload == 3);
    CHECK(read.frames[2].body == Bytes{2});
}

TEST_CASE("A frame that can't be is refused as soon as its head shows it")
{
    CHECK(refused_as_frame(raw_frame(0, 3, 0)));
    CHECK(refused_as_frame(raw_frame(4, 3, 0)));
    CHECK(refused_as_frame(raw_frame(5 + max_body_bytes + 1, 3, 0)));
    CHECK(refused_as_frame(raw_frame(0xffffffff, 3, 0)));
    CHECK(refused_as_frame(raw_frame(5, 0, 0)));
    CHECK(refused_as_frame(raw_frame(5, 14, 0)));
    CHECK(refused_as_frame(raw_frame(5, 255, 0)));
    CHECK(refused_as_frame(raw_frame(5 + 3, 1, 3)));   // hello
    CHECK(refused_as_frame(raw_frame(5 + 1, 2, 1)));   // begin
    CHECK(refused_as_frame(raw_frame(5, 3, 0)));       // an empty chunk
    CHECK(refused_as_frame(raw_frame(5 + 3, 6, 3)));   // credit
    CHECK(refused_as_frame(raw_frame(5, 8, 0)));       // refused
    CHECK(refused_as_frame(raw_frame(5, 4, 0)));       // finish
    CHECK(refused_as_frame(raw_frame(5 + max_promise_bytes + 1, 7, max_promise_bytes + 1)));
    CHECK(refused_as_frame(raw_frame(5 + 37, 9, 37))); // ask
    CHECK(refused_as_frame(raw_frame(5 + max_answer_bytes + 1, 10, max_answer_bytes + 1)));
    CHECK(refused_as_frame(raw_frame(5 + 7, 11, 7)));  // room
    CHECK(refused_as_frame(raw_frame(5 + 9, 11, 9)));
    CHECK(refused_as_frame(raw_frame(5, 12, 0)));      // pressure
    CHECK(refused_as_frame(raw_frame(5 + 2, 12, 2)));
    CHECK(refused_as_frame(raw_frame(5 + crypto::min_erase_bytes - 1, 13, crypto::min_erase_bytes - 1)));
    CHECK(refused_as_frame(raw_frame(5 + crypto::max_erase_bytes + 1, 13, crypto::max_erase_bytes + 1)));
    CHECK(!refused_as_frame(raw_frame(5 + max_body_bytes, 3, max_body_bytes)));
}

TEST_CASE("Garbage ends in an error or in frames, and never beyond the buffer")
{
    auto random = generator();
    for (int round = 0; round < 3000; ++round) {
        Bytes stream;
        for (int i = 0; i < 5; ++i) {
            const auto frame = random_frame(random);
            append_frame(stream, frame.kind, frame.upload, frame.body);
        }
        const auto flips = 1 + below(random, 8);
        for (std::size_t i = 0; i < flips; ++i) stream[below(random, std::min<std::size_t>(stream.size(), 64))] = static_cast<Byte>(random());
        stream.resize(1 + below(random, stream.size()));
        (void)read_all(stream, [&] { return 1 + below(random, 70'000); });
    }
}

TEST_CASE("A hello of another version names both versions")
{
    const auto body = Writer().integer(std::uint16_t{9}).take();
    const auto checked = check_hello({Kind::hello, 0, body});
    REQUIRE(checked.has_error());
    CHECK(checked.error().message.find("version 9") != std::string::npos);
    CHECK(check_hello({Kind::begin, 0, {}}).has_error());
    const auto ours = Writer().integer(version).take();
    CHECK(check_hello({Kind::hello, 0, ours}).has_value());
    CHECK(check_hello({Kind::hello, 1, ours}).has_error());
}

TEST_CASE("Bodies of credits and refusals are held to their meaning")
{
    const auto credit = [](std::uint32_t chunks) {
        const auto body = Writer().integer(chunks).take();
        return parse_credit({Kind::credit, 1, body}).has_value();
    };
    CHECK(credit(1));
    CHECK(credit(upload_window));
    CHECK(!credit(0));
    CHECK(!credit(upload_window + 1));
    const auto refusal = [](Byte why) {
        const Bytes body{why};
        return parse_refused({Kind::refused, 1, body}).has_value();
    };
    CHECK(refusal(1));
    CHECK(refusal(3));
    CHECK(!refusal(0));
    CHECK(!refusal(4));
}

TEST_CASE("Whether a promise is wanted is said in one way")
{
    const auto finish = [](Byte flag) {
        const Bytes body{flag};
        return parse_finish({Kind::finish, 1, body});
    };
    CHECK(!finish(0).value());
    CHECK(finish(1).value());
    CHECK(finish(2).has_error());
    Bytes out;
    append_finish(out, 7, true);
    CHECK(out == Bytes{0, 0, 0, 6, 4, 0, 0, 0, 7, 1});
}

TEST_CASE("Questions are held to what can be asked")
{
    const auto read = [](const Ask& ask) -> std::optional<Ask> {
        Bytes out;
        append_ask(out, 9, ask);
        const auto parsed = parse_ask({Kind::ask, 9, ByteView(out).subspan(frame_head_bytes)});
        return parsed ? std::optional(*parsed) : std::nullopt;
    };
    for (const auto& ask : {Ask{Asked::checkpoint}, Ask{Asked::witnessed}, Ask{Asked::verifier}, Ask{Asked::tile, 0, 0},
                          Ask{Asked::tile, tile_levels - 1, max_tile_index - 1}, Ask{Asked::outbox},
                          Ask{Asked::bucket, 0, 16, 7, crypto::max_buckets - 1}, Ask{Asked::file, 0, 2048, 7, 0, crypto::Item{1, 2}}})
        CHECK(read(ask) == ask);
    for (const auto& ask : {Ask{Asked{0}}, Ask{Asked{8}}, Ask{Asked::checkpoint, 1, 0}, Ask{Asked::checkpoint, 0, 1},
                          Ask{Asked::tile, tile_levels, 0}, Ask{Asked::tile, 0, max_tile_index}, Ask{Asked::tile, 0, 0, 7}, Ask{Asked::outbox, 0, 0, 7},
                          Ask{Asked::bucket, 1, 0, 7, 0}, Ask{Asked::bucket, 0, 0, 7, crypto::max_buckets}, Ask{Asked::bucket, 0, 0, 7, 0, crypto::Item{1}},
                          Ask{Asked::bucket, 0, 2056, 7, 0}, Ask{Asked::file, 0, 2056, 7}, Ask{Asked::file, 0, 0, 7, 1}})
        CHECK(!read(ask));
}

TEST_CASE("Room is told coarsely, and in one way")
{
    using crypto::mebibyte;
    CHECK(told_room(0) == 0);
    CHECK(told_room(mebibyte - 1) == 0);
    CHECK(told_room(64 * mebibyte - 1) == 63 * mebibyte);
    CHECK(told_room(64 * mebibyte) == 64 * mebibyte);
    CHECK(told_room(80 * mebibyte - 1) == 64 * mebibyte);
    CHECK(told_room(UINT64_MAX) == UINT64_MAX / (16 * mebibyte) * (16 * mebibyte));
    const auto read = [](std::uint64_t bytes, UploadId upload = 0) {
        const auto body = Writer().integer(bytes).take();
        return parse_room({Kind::room, upload, body});
    };
    CHECK(read(63 * mebibyte).value() == 63 * mebibyte);
    CHECK(read(0).value() == 0);
    CHECK(read(mebibyte + 1).has_error());
    CHECK(read(65 * mebibyte).has_error());
    CHECK(read(mebibyte, 1).has_error());
    Bytes out;
    append_room(out, 70 * mebibyte);
    CHECK(out == Bytes{0, 0, 0, 13, 11, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0});
}

TEST_CASE("Of pressure there are five steps, said in one way")
{
    const auto read = [](Byte step, UploadId upload = 0, Kind kind = Kind::pressure) {
        const Bytes body{step};
        return parse_pressure({kind, upload, body});
    };
    for (Byte step = 0; step <= 4; ++step) CHECK(read(step).value() == step);
    CHECK(read(5).has_error());
    CHECK(read(255).has_error());
    CHECK(read(1, 1).has_error());
    CHECK(read(1, 0, Kind::refused).has_error());
    Bytes out;
    append_pressure(out, 3);
    CHECK(out == Bytes{0, 0, 0, 6, 12, 0, 0, 0, 0, 3});
}

TEST_CASE("With less room the largest classes go first, and a text last")
{
    using crypto::mebibyte;
    CHECK(largest_class_taken(UINT64_MAX) == crypto::largest_class);
    CHECK(largest_class_taken(512 * mebibyte) == crypto::largest_class);
    CHECK(largest_class_taken(512 * mebibyte - 1) == 16 * mebibyte);
    CHECK(largest_class_taken(256 * mebibyte) == 16 * mebibyte);
    CHECK(largest_class_taken(256 * mebibyte - 1) == crypto::text_class);
    CHECK(largest_class_taken(0) == crypto::text_class);
    // What beside the files is in a report of 8 MiB of them has its place.
    CHECK(crypto::size_class_for(8 * mebibyte + 64 * 1024, true) == small_files_class);
}

TEST_CASE("What was given can be overwritten")
{
    Bytes stream;
    append_frame(stream, Kind::stored, 1, as_bytes("a promise"));
    FrameReader reader;
    auto room = reader.room();
    std::copy(stream.begin(), stream.end(), room.begin());
    reader.filled(stream.size());
    const auto frame = reader.next();
    REQUIRE(frame.value());
    const auto body = (*frame)->body;
    CHECK(as_text(body) == "a promise");
    reader.wipe_given();
    CHECK(std::all_of(body.begin(), body.end(), [](Byte byte) { return byte == 0; }));
}

}  // namespace amana::wire

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/wire/messages.hpp"

#include "base/reader.hpp"
#include "base/require.hpp"
#include "base/secret.hpp"
#include "server/wire/room.hpp"

#include <algorithm>

namespace amana::wire {

namespace {

constexpr std::size_t length_bytes = 4;
constexpr std::size_t fixed_bytes = frame_head_bytes - length_bytes;  // what the length counts besides the body

constexpr std::size_t ask_bytes = 1 + 1 + 8 + 8 + 4 + crypto::item_bytes;
// Above every piece of a file of the largest class.
constexpr std::uint64_t max_pieces = crypto::answer_file_bytes(crypto::answer_file_classes.back()) / outbox_piece_bytes + 1;

// The sizes a body may have; nothing for a kind that is none.
struct BodySize {
    std::size_t least;
    std::size_t most;
};

std::optional<BodySize> body_size(Byte kind)
{
    switch (static_cast<Kind>(kind)) {
    case Kind::hello: return BodySize{2, 2};
    case Kind::begin: return BodySize{0, 0};
    case Kind::chunk: return BodySize{1, max_body_bytes};
    case Kind::finish: return BodySize{1, 1};
    case Kind::abort: return BodySize{0, 0};
    case Kind::credit: return BodySize{4, 4};
    case Kind::stored: return BodySize{0, max_promise_bytes};
    case Kind::refused: return BodySize{1, 1};
    case Kind::ask: return BodySize{ask_bytes, ask_bytes};
    case Kind::answer: return BodySize{0, max_answer_bytes};
    case Kind::room: return BodySize{8, 8};
    case Kind::pressure: return BodySize{1, 1};
    case Kind::erase: return BodySize{crypto::min_erase_bytes, crypto::max_erase_bytes};
    }
    return std::nullopt;
}

}  // namespace

void append_frame(Bytes& out, Kind kind, UploadId upload, ByteView body)
{
    const auto size = body_size(static_cast<Byte>(kind));
    require(size && size->least <= body.size() && body.size() <= size->most, "a frame's body of a wrong size");
    Writer head;
    head.integer(static_cast<std::uint32_t>(fixed_bytes + body.size())).integer(static_cast<Byte>(kind)).integer(upload);
    append(out, head.take());
    append(out, body);
}

void append_hello(Bytes& out)
{
    append_frame(out, Kind::hello, 0, Writer().integer(version).take());
}

void append_credit(Bytes& out, UploadId upload, std::uint32_t chunks)
{
    append_frame(out, Kind::credit, upload, Writer().integer(chunks).take());
}

void append_refused(Bytes& out, UploadId upload, Refusal why)
{
    append_frame(out, Kind::refused, upload, Writer().integer(static_cast<Byte>(why)).take());
}

void append_finish(Bytes& out, UploadId upload, bool wants_promise)
{
    append_frame(out, Kind::finish, upload, Writer().integer(static_cast<Byte>(wants_promise ? 1 : 0)).take());
}

void append_ask(Bytes& out, UploadId number, const Ask& ask)
{
    const auto what = static_cast<Byte>(ask.what);
    const auto level = static_cast<Byte>(ask.level);
    Writer body;
    body.integer(what).integer(level).integer(ask.index).integer(ask.serial).integer(ask.bucket).bytes(ask.file);
    append_frame(out, Kind::ask, number, body.take());
}

void append_erase(Bytes& out, UploadId number, ByteView erase)
{
    append_frame(out, Kind::erase, number, erase);
}

void append_room(Bytes& out, std::uint64_t bytes)
{
    append_frame(out, Kind::room, 0, Writer().integer(told_room(bytes)).take());
}

void append_pressure(Bytes& out, unsigned step)
{
    append_frame(out, Kind::pressure, 0, Writer().integer(static_cast<Byte>(step)).take());
}

MutableBytes FrameReader::room()
{
    if (buffer_.empty()) buffer_.resize(frame_head_bytes + max_body_bytes);
    if (begin_ > 0) {
        std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), buffer_.begin() + static_cast<std::ptrdiff_t>(end_),
                  buffer_.begin());
        end_ -= begin_;
        wipe(MutableBytes(buffer_).subspan(end_, begin_));  // no second copy of what was moved
        begin_ = 0;
    }
    require(end_ < buffer_.size(), "room asked for while a whole frame waits");
    return MutableBytes(buffer_).subspan(end_);
}

void FrameReader::filled(std::size_t count)
{
    require(count <= buffer_.size() - end_, "more filled than there was room");
    end_ += count;
}

Result<std::optional<Frame>> FrameReader::next()
{
    const auto waiting = ByteView(buffer_).subspan(begin_, end_ - begin_);
    if (waiting.size() < length_bytes) return std::optional<Frame>{};
    Reader reader(waiting);
    const auto length = reader.integer<std::uint32_t>();
    if (length < fixed_bytes || length > fixed_bytes + max_body_bytes)
        return Error{"a frame has a length that no frame has", ""};
    if (waiting.size() < frame_head_bytes) return std::optional<Frame>{};
    const auto kind = reader.integer<Byte>();
    const auto upload = reader.integer<std::uint32_t>();
    const auto size = body_size(kind);
    const std::size_t body = length - fixed_bytes;
    if (!size) return Error{"a frame is of an unknown kind", ""};
    if (body < size->least || body > size->most) return Error{"a frame has a length that its kind does not have", ""};
    if (waiting.size() < frame_head_bytes + body) return std::optional<Frame>{};
    begin_ += frame_head_bytes + body;
    return std::optional(Frame{static_cast<Kind>(kind), upload, reader.bytes(body)});
}

void FrameReader::wipe_given()
{
    wipe(MutableBytes(buffer_).first(begin_));
}

Result<void> check_hello(const Frame& frame)
{
    if (frame.kind != Kind::hello || frame.upload != 0) return Error{"the first frame is no hello", ""};
    Reader reader(frame.body);
    const auto theirs = reader.integer<std::uint16_t>();
    if (!reader.done() || theirs != version)
        return Error{"the other side speaks version " + std::to_string(theirs) + " of the wire, this program version " +
                         std::to_string(version),
                     "amana-front and amana-keeper must come from the same package; restart after an upgrade."};
    return {};
}

Result<std::uint32_t> parse_credit(const Frame& frame)
{
    Reader reader(frame.body);
    const auto chunks = reader.integer<std::uint32_t>();
    if (frame.kind != Kind::credit || !reader.done() || chunks == 0 || chunks > upload_window)
        return Error{"a credit that can't be", ""};
    return chunks;
}

Result<Refusal> parse_refused(const Frame& frame)
{
    Reader reader(frame.body);
    const auto why = static_cast<Refusal>(reader.integer<Byte>());
    if (frame.kind == Kind::refused && reader.done()) {
        switch (why) {
        case Refusal::full:
        case Refusal::invalid:
        case Refusal::failed: return why;
        }
    }
    return Error{"a refusal that can't be", ""};
}

Result<bool> parse_finish(const Frame& frame)
{
    Reader reader(frame.body);
    const auto flag = reader.integer<Byte>();
    if (frame.kind != Kind::finish || !reader.done() || flag > 1) return Error{"an end that can't be", ""};
    return flag == 1;
}

Result<Ask> parse_ask(const Frame& frame)
{
    Reader reader(frame.body);
    Ask ask{static_cast<Asked>(reader.integer<Byte>()), reader.integer<Byte>(), reader.integer<std::uint64_t>(),
            reader.integer<std::uint64_t>(), reader.integer<std::uint32_t>(), {}};
    const auto file = reader.bytes(crypto::item_bytes);
    std::copy(file.begin(), file.end(), ask.file.begin());
    if (frame.kind == Kind::ask && reader.done()) {
        // What belongs to the question; all else is 0.
        Ask said{ask.what};
        bool possible = false;
        switch (ask.what) {
        case Asked::checkpoint:
        case Asked::witnessed:
        case Asked::verifier:
        case Asked::outbox: possible = true; break;
        case Asked::tile:
            said.level = ask.level;
            said.index = ask.index;
            possible = ask.level < tile_levels && ask.index < max_tile_index;
            break;
        case Asked::bucket:
            said.index = ask.index;
            said.serial = ask.serial;
            said.bucket = ask.bucket;
            possible = ask.index < max_pieces && ask.bucket < crypto::max_buckets;
            break;
        case Asked::file:
            said.index = ask.index;
            said.serial = ask.serial;
            said.file = ask.file;
            possible = ask.index < max_pieces;
            break;
        }
        if (possible && said == ask) return ask;
    }
    return Error{"a question that can't be", ""};
}

Result<std::uint64_t> parse_room(const Frame& frame)
{
    Reader reader(frame.body);
    const auto bytes = reader.integer<std::uint64_t>();
    if (frame.kind != Kind::room || frame.upload != 0 || !reader.done() || told_room(bytes) != bytes) return Error{"a room that can't be", ""};
    return bytes;
}

Result<unsigned> parse_pressure(const Frame& frame)
{
    Reader reader(frame.body);
    const unsigned step = reader.integer<Byte>();
    if (frame.kind != Kind::pressure || frame.upload != 0 || !reader.done() || step > crypto::max_lane)
        return Error{"a pressure that can't be", ""};
    return step;
}

}  // namespace amana::wire

// SPDX-License-Identifier: AGPL-3.0-or-later
// What front and keeper say to one another over a stream socketpair. One channel for each front thread.
//
//   frame = length (4, of what follows) ‖ kind (1) ‖ upload (4) ‖ body
//
// Both sides send hello first, whose body is the version (2); other versions end the channel. Then, for an upload whose
// number the front chose and does not use again on this channel:
//
//   front:   begin, chunk, chunk, ..., finish      or abort at any moment (after finish it may be too late)
//   keeper:  credit for chunks it has consumed; at last stored, or at any moment refused
//
// The first chunk is the envelope's whole header, each further one a sealed chunk. The front may have upload_window chunks
// under way that no credit has come for: that is the backpressure, and bounds what either side holds. After refused the
// keeper ignores what is still under way for that upload. stored is sent only when the envelope is on disk; when finish
// asked for it, it carries the log's promise (docs/LOG.md, section 4.1).
//
// Between uploads the front may ask what is published of the log and what stands in the outbox, under a number that it likewise uses once:
//
//   front:   ask                                   at most max_asks of a channel wait for their answer
//   keeper:  answer, empty when there is no such thing; or refused, when it could not be read
//
// or, in the same way, have something erased of an inbox (docs/INBOX.md, section 5):
//
//   front:   erase
//   keeper:  answer of one byte once it is on disk, empty when its outbox is not the present one; or refused
//
// And at most once a second, whenever it has changed, the keeper says on the first channel alone, so that one thread hears it:
//
//   keeper:  room                                  how much there is for new uploads (server/wire/room.hpp)
//
// On the same channel, at start and whenever it has changed, the front says what it asks of senders:
//
//   front:   pressure                              its step (docs/ADMISSION.md): it marks what is stored, and decides nothing
#pragma once

#include "base/bytes.hpp"
#include "crypto/bundle.hpp"
#include "crypto/envelope.hpp"
#include "crypto/letter.hpp"

#include <optional>

namespace amana::wire {

inline constexpr std::uint16_t version = 5;
inline constexpr std::uint32_t upload_window = 4;
inline constexpr std::size_t frame_head_bytes = 4 + 1 + 4;
inline constexpr std::size_t max_body_bytes = crypto::sealed_chunk_bytes;
inline constexpr std::size_t max_asks = 128;
inline constexpr std::size_t outbox_piece_bytes = 8 * 1024;
// A checkpoint, a tile's 256 hashes, or a length (8) and a piece of the outbox.
inline constexpr std::size_t max_answer_bytes = 8 + outbox_piece_bytes;
inline constexpr std::size_t max_promise_bytes = 1024;
inline constexpr unsigned tile_levels = 8;
inline constexpr std::uint64_t max_tile_index = std::uint64_t{1} << 55;  // above every tile of a tree below 2^63

enum class Kind : Byte {
    hello = 1,    // both ways; body: version (2); upload 0
    begin = 2,    // front: an envelope is coming
    chunk = 3,    // front: its next bytes
    finish = 4,   // front: that was all; body: 1 when a promise is wanted, else 0 (1)
    abort = 5,    // front: forget it
    credit = 6,   // keeper; body: how many more chunks may come (4)
    stored = 7,   // keeper: durable; body: the promise when it was wanted and could be made, else nothing
    refused = 8,  // keeper; body: Refusal (1)
    ask = 9,      // front; body: Ask: what (1), level (1), index (8), serial (8), bucket (4), file (16)
    answer = 10,  // keeper; body: the note, the hashes of the tile that there are so far, or a piece; empty: there is none
    room = 11,    // keeper; body: bytes, as told_room() has them (8); upload 0
    pressure = 12,  // front; body: the step, 0 to crypto::max_lane (1); upload 0
    erase = 13,  // front; body: what crypto::Erase::parse() reads
};

enum class Refusal : Byte {
    full = 1,     // no space
    invalid = 2,  // not the shape of an envelope
    failed = 3,   // storage failed in another way; the admin's log says how
};

enum class Asked : Byte {
    checkpoint = 1,
    witnessed = 2,
    tile = 3,
    verifier = 4,  // the log's verifier key, in its text form
    outbox = 5,    // its signed note
    bucket = 6,    // of the outbox of that serial: the whole's length, crypto::bucket_reply_bytes (8), and piece `index` of it
    file = 7,      // of that outbox: its length as it is sealed (8), and piece `index` of it
};

// What is not said of the thing that is asked for is 0: level and index are a tile's, index also a piece's, of outbox_piece_bytes.
struct Ask {
    Asked what;
    unsigned level = 0;
    std::uint64_t index = 0;
    std::uint64_t serial = 0;
    std::uint32_t bucket = 0;
    crypto::Item file{};
    bool operator==(const Ask&) const = default;
};

using UploadId = std::uint32_t;

struct Frame {
    Kind kind;
    UploadId upload;
    ByteView body;
};

// Appends one frame to `out`.
void append_frame(Bytes& out, Kind kind, UploadId upload, ByteView body = {});
void append_hello(Bytes& out);
void append_credit(Bytes& out, UploadId upload, std::uint32_t chunks);
void append_refused(Bytes& out, UploadId upload, Refusal why);
void append_finish(Bytes& out, UploadId upload, bool wants_promise);
void append_ask(Bytes& out, UploadId number, const Ask& ask);
void append_erase(Bytes& out, UploadId number, ByteView erase);
void append_room(Bytes& out, std::uint64_t bytes);
void append_pressure(Bytes& out, unsigned step);

// Cuts a stream into frames. Holds at most one frame more than was asked for.
class FrameReader {
public:
    // Room for the next bytes from the socket; tell how many came with filled().
    [[nodiscard]] MutableBytes room();
    void filled(std::size_t count);
    // The next whole frame, whose body is valid until room() is called again; nothing when more bytes are needed; an
    // error for a frame that can't be.
    [[nodiscard]] Result<std::optional<Frame>> next();
    // Overwrites what next() has given: a promise names a leaf, and is not to lie about.
    void wipe_given();

private:
    Bytes buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

// An error when the hello is of another version.
[[nodiscard]] Result<void> check_hello(const Frame& frame);
[[nodiscard]] Result<std::uint32_t> parse_credit(const Frame& frame);
[[nodiscard]] Result<Refusal> parse_refused(const Frame& frame);
// Whether a promise is wanted.
[[nodiscard]] Result<bool> parse_finish(const Frame& frame);
[[nodiscard]] Result<Ask> parse_ask(const Frame& frame);
[[nodiscard]] Result<std::uint64_t> parse_room(const Frame& frame);
[[nodiscard]] Result<unsigned> parse_pressure(const Frame& frame);

}  // namespace amana::wire

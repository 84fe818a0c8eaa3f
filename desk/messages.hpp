// SPDX-License-Identifier: AGPL-3.0-or-later
// What the desk has written: answers, and notices to all. Each is a sealed record in the casebook, and so is what the last
// outbox held. docs/INBOX.md.
//
//   record = state (1) ‖ sequence (8) ‖ day written (8) ‖ entries seen (8) ‖ day of the first outbox or 0 (8) ‖ leaf (32) ‖
//            text length (4) ‖ text ‖ number of files (1) ‖ file … ‖ zeros to a power of two, at least 4096
//   file   = id (16) ‖ key (32) ‖ size (8) ‖ SHA-256 (32) ‖ name length (4) ‖ name ‖ type length (4) ‖ type
//
// There are always more rows than messages: 16, then doubled, the free ones sealed like the others, and a message takes one of
// them at random. So whoever has the laptop but not the passphrase learns half of how many were answered, at best: a bound.
#pragma once

#include "crypto/letter.hpp"
#include "desk/report.hpp"

#include <string_view>
#include <vector>

namespace amana::desk {

// A file that goes with an answer: where it lies (desk/attachments.hpp) and what is said of it.
struct StoredFile {
    crypto::Item id{};
    WipedVector<Byte> key;
    std::uint64_t size = 0;
    crypto::Hash sha256{};
    std::string name;  // UTF-8
    std::string type;
};

enum class MessageState : Byte { free = 0, answer = 1, answer_withdrawn = 2, notice = 3, notice_withdrawn = 4 };

struct StoredMessage {
    std::int64_t number = 0;
    MessageState state = MessageState::free;
    std::uint64_t sequence = 0;   // orders messages as they were written
    std::uint64_t day = 0;        // since 1970, UTC
    std::uint64_t seen = 0;       // entries of the log the desk had seen
    std::uint64_t first_day = 0;  // when it was first in an outbox; 0: in none yet
    crypto::Hash leaf{};          // of what it answers; zeros for a notice
    SecretText text{crypto::max_message_bytes};
    std::vector<StoredFile> files;

    [[nodiscard]] bool open() const { return state == MessageState::answer || state == MessageState::notice; }
    [[nodiscard]] bool is_answer() const { return state == MessageState::answer || state == MessageState::answer_withdrawn; }
};

// The last outbox. Its serial is burnt before its file is begun, and what was in it stands here before the file has its
// name; `finished` says that it got it.
struct LastOutbox {
    std::uint64_t serial = 0;  // 0: none yet
    std::uint32_t buckets = 1;
    std::uint64_t held = 0;    // the serial of the one whose messages these are
    bool finished = true;      // whether that one's file was given its name
    Bytes numbers;             // a bit for each message that was in it

    [[nodiscard]] bool holds(std::int64_t number) const;
    void add(std::int64_t number);
};

class Messages {
public:
    explicit Messages(const Records& records) : casebook_(records.casebook), master_(records.master) {}

    // Makes the first rows, if there are none, in a transaction of the caller's.
    [[nodiscard]] Result<void> prepare();

    // Gives it a number and its place in the order; in a transaction of the caller's.
    [[nodiscard]] Result<std::int64_t> add(StoredMessage& message);
    [[nodiscard]] Result<void> put(const StoredMessage& message);
    // Nothing of it is left but its number.
    [[nodiscard]] Result<void> erase(std::int64_t number);
    // An error when there is no message of this number.
    [[nodiscard]] Result<StoredMessage> open(std::int64_t number);
    // Those there are, in the order of their numbers. A message lives as long as the call.
    [[nodiscard]] Result<void> for_each(const std::function<Result<void>(const StoredMessage&)>& visit);

    [[nodiscard]] Result<LastOutbox> last_outbox();
    [[nodiscard]] Result<void> set_last_outbox(const LastOutbox& outbox);

private:
    [[nodiscard]] Result<void> put_free(std::int64_t number);
    [[nodiscard]] Result<StoredMessage> read(std::int64_t number, ByteView record);

    Casebook& casebook_;
    const SecretBuffer& master_;
};

// "waiting for the next outbox", "in outbox 2078600".
[[nodiscard]] std::string state_text(const StoredMessage& message, const LastOutbox& outbox);

}  // namespace amana::desk

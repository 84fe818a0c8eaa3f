// SPDX-License-Identifier: AGPL-3.0-or-later
// What goes into an outbox, and where (docs/INBOX.md, section 1): decided before a byte of it is written. Every message is
// opened once, one conversation at a time; what stays in memory is about 150 bytes a letter and 150 a file.
#pragma once

#include "crypto/outbox.hpp"
#include "desk/conversations.hpp"
#include "desk/messages.hpp"

namespace amana::desk {

inline constexpr unsigned default_keep_days = 90;

struct PlannedFile {
    crypto::Item id{};
    ByteArray<crypto::key_bytes> key{};
    crypto::Verifier verifier{};
    std::uint32_t size_class = 0;
    std::int64_t message = 0;
    std::uint32_t index = 0;  // among the message's files
};

struct PlannedLetter {
    crypto::InboxId id{};
    Conversations::Number inbox = 0;
    std::uint32_t messages = 0;  // where they begin in OutboxPlan::messages
    std::uint32_t count = 0;
    std::uint32_t files = 0;  // where they begin in OutboxPlan::files
    std::uint32_t file_count = 0;
    std::uint32_t parts = 0;
};

// Not everything fits: whoever makes many inboxes with one beginning gets no further than this.
enum class LeftOutWhy {
    bucket,     // too many inboxes share a prefix
    files,      // too many files of one class
    reply_key,  // what it says of its reply key is none
    letter,     // the oldest messages of a conversation that has too many
};
struct LeftOut {
    crypto::Hash leaf{};  // a report, or what was written from an inbox
    LeftOutWhy why{};
};

struct OutboxPlan {
    std::uint32_t buckets = 1;
    WipedVector<PlannedLetter> letters;    // by id, and so by bucket
    WipedVector<std::int64_t> messages;    // those of a conversation side by side, oldest first
    WipedVector<PlannedFile> files;        // those of a letter side by side
    std::optional<std::int64_t> notice;
    std::vector<LeftOut> left_out;
};

struct PlanLimits {
    std::uint64_t today = 0;  // days since 1970
    unsigned keep_days = default_keep_days;
    std::uint32_t buckets = 1;  // not fewer than these
};

[[nodiscard]] Result<OutboxPlan> plan_outbox(const Records& records, const Conversations& conversations, const PlanLimits& limits);

// Whether a message goes into an outbox of today, for its age.
[[nodiscard]] bool is_due(const StoredMessage& message, std::uint64_t today, unsigned keep_days);

// The smallest number of buckets, not below `least`, that lets none overflow; or the largest there may be. `slots`: how many
// are wanted by the inboxes of each prefix of 16 bits.
[[nodiscard]] std::uint32_t choose_buckets(std::span<const std::uint32_t> slots, std::uint32_t least);

// The text of the letter that these messages make, oldest first, whose files have these ids and keys, one after the other; none:
// zeros, to see whether it fits. False when it does not.
[[nodiscard]] bool write_text(SecretText& out, std::span<const StoredMessage> messages, std::span<const PlannedFile> files,
                              const crypto::NoticeKey& notice);

}  // namespace amana::desk

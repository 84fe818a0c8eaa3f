// SPDX-License-Identifier: AGPL-3.0-or-later
// Conversations and what the desk has said in them, for `list`, `show`, `save` and `reply`.
#pragma once

#include "desk/conversations.hpp"
#include "desk/messages.hpp"
#include "desk/terminal.hpp"

namespace amana::desk {

class Correspondence {
public:
    struct Said {
        Conversations::Number conversation = 0;
        std::uint64_t sequence = 0;
        std::uint64_t seen = 0;
        std::int64_t number = 0;
    };

    [[nodiscard]] static Result<Correspondence> load(const Records& records);

    [[nodiscard]] const Canaries& canaries() const { return canaries_; }
    [[nodiscard]] const Conversations& conversations() const { return conversations_; }
    [[nodiscard]] const LastOutbox& outbox() const { return outbox_; }
    // Oldest first.
    [[nodiscard]] std::span<const Said> said_to(Conversations::Number conversation) const;
    // The first report of the conversation; nullptr: this is an orphan's.
    [[nodiscard]] const Conversations::Member* report_of(Conversations::Number conversation) const;
    // How many members are of this kind.
    [[nodiscard]] std::size_t count(Conversations::Number conversation, crypto::Kind kind) const;
    // Whether somebody of it has asked to be forgotten.
    [[nodiscard]] bool forgotten(Conversations::Number conversation) const;

private:
    Correspondence(Canaries canaries, Conversations conversations) : canaries_(std::move(canaries)), conversations_(std::move(conversations)) {}

    Canaries canaries_;
    Conversations conversations_;
    LastOutbox outbox_;
    WipedVector<Said> said_;
};

// "[2 follow-ups] [answered: in outbox 2078600] ", and whose it is: what `list` says beside an envelope.
[[nodiscard]] Result<std::string> list_marks(const Records& records, const Correspondence& all, const Conversations::Member& member);
// The same as members of an object (desk/show.hpp), from a comma on.
[[nodiscard]] Result<std::string> list_marks_json(const Records& records, const Correspondence& all, const Conversations::Member& member);

// All that was said in the conversation of `member`, but its own envelope.
[[nodiscard]] Result<void> write_conversation(const Records& records, const Correspondence& all,
                                              const Conversations::Member& member, Output& out);
// The same as the inside of an array (desk/show.hpp).
[[nodiscard]] Result<void> write_conversation_json(const Records& records, const Correspondence& all,
                                                   const Conversations::Member& member, Output& out);

// What is to be read first: the story of a report, the text of what was written on.
[[nodiscard]] std::string_view words_of(const crypto::Manifest& manifest);

}  // namespace amana::desk

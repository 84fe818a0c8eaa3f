// SPDX-License-Identifier: AGPL-3.0-or-later
// Who wrote what to whom: reports, what was written on from their inboxes, and requests to be forgotten, put together.
//
// Reports of one submission id are one sending. A follow-up or a request to be forgotten belongs to the reports whose inbox
// is equal to its own, in all three keys: only citizen and desk know them, so nobody else writes into a conversation, or
// ends it. An inbox that no report has is a conversation of its own.
//
// All is found by one pass over the casebook and lies in ordinary memory, wiped when it goes: about 200 bytes an envelope,
// and nothing that anybody wrote.
#pragma once

#include "desk/canaries.hpp"
#include "desk/report.hpp"

#include <optional>
#include <span>

namespace amana::desk {

// The answer that holds the signature of a request to be forgotten.
inline constexpr std::string_view signature_field = "signature";

// What `list` and `show` call an envelope: a report with a canary's words is a canary.
[[nodiscard]] crypto::Kind kind_of(const Report& report, const Canaries& canaries);

class Conversations {
public:
    using Number = std::uint32_t;

    struct Member {
        crypto::Hash leaf{};
        crypto::Kind kind{};
        bool believed = true;  // false: a request to be forgotten whose signature is not that inbox's
        Number conversation = 0;
        std::optional<Number> inbox;
    };
    struct Inbox {
        crypto::InboxId id{};
        Number member = 0;  // one that holds the whole address
        Number conversation = 0;
        bool forgotten = false;  // its citizen asked for it
        bool reported = false;   // a report has it
        // Another inbox has its id, and came with a report, or before it: what is found by that id is the other's.
        bool shadowed = false;
    };

    [[nodiscard]] static Result<Conversations> load(const Records& records, const Canaries& canaries);

    // In the order of their import; decoys are none.
    [[nodiscard]] const WipedVector<Member>& members() const { return members_; }
    [[nodiscard]] const WipedVector<Inbox>& inboxes() const { return inboxes_; }
    // Nullptr: a decoy, or what did not open.
    [[nodiscard]] const Member* find(const crypto::Hash& leaf) const;
    [[nodiscard]] Number count() const { return static_cast<Number>(members_of_.size() - 1); }
    // Numbers of members, in the order of their import; of inboxes.
    [[nodiscard]] std::span<const Number> members_of(Number conversation) const { return part(members_of_, by_conversation_, conversation); }
    [[nodiscard]] std::span<const Number> inboxes_of(Number conversation) const { return part(inboxes_of_, inboxes_by_conversation_, conversation); }
    // The inboxes that an answer goes to: those neither forgotten nor shadowed, the first max_answered of them.
    [[nodiscard]] WipedVector<Number> answered(Number conversation) const;

    // A sending that comes again has another code; more of them than this are somebody's game.
    static constexpr std::size_t max_answered = 3;

private:
    friend class ConversationReader;
    [[nodiscard]] static std::span<const Number> part(const WipedVector<Number>& begins, const WipedVector<Number>& all, Number conversation)
    {
        return std::span(all).subspan(begins[conversation], begins[conversation + 1] - begins[conversation]);
    }

    WipedVector<Member> members_;
    WipedVector<Inbox> inboxes_;
    WipedVector<Number> by_leaf_;  // members, in the order of their leaves
    // Where each conversation begins in the list beside it; one more at the end.
    WipedVector<Number> members_of_;
    WipedVector<Number> by_conversation_;
    WipedVector<Number> inboxes_of_;
    WipedVector<Number> inboxes_by_conversation_;
};

// The address that the member of an inbox holds.
[[nodiscard]] Result<crypto::InboxAddress> address_of(const Records& records, const Conversations& conversations, const Conversations::Inbox& inbox);

}  // namespace amana::desk

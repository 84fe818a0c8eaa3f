// SPDX-License-Identifier: AGPL-3.0-or-later
// Answers what the front asks of the log (checkpoints, tiles, the verifier key: docs/LOG.md, section 3) and of the outbox, and
// what it wants erased there (docs/INBOX.md). The rules:
//
//   - only what is published is ever read: no question leads to an entry or to what is pending;
//   - questions wait while reports are taken, and few are answered in a round, so that readers never delay a report; what is
//     erased in a round goes to disk at once;
//   - each channel may have wire::max_asks waiting; more break the protocol.
#pragma once

#include "server/keeper/channel.hpp"
#include "server/keeper/outbox.hpp"

#include <deque>
#include <string>
#include <variant>

namespace amana::keeper {

class Publisher {
public:
    // `store` and `outbox` must outlive it. `verifier`: the log's verifier key, in its text form.
    Publisher(Store& store, Outbox& outbox, std::string verifier) : store_(store), outbox_(outbox), verifier_(std::move(verifier)) {}

    // Of kind ask or erase. An error ends the channel: the front broke the protocol.
    [[nodiscard]] Result<void> handle(Channel& channel, const wire::Frame& frame);
    // Answers some of what waits, oldest first. Outside a group: what is published is what was committed.
    void answer_some();
    // The channel is at its end: nobody hears the answers.
    void drop(const Channel& channel);

    [[nodiscard]] bool has_questions() const { return !waiting_.empty(); }

private:
    struct Question {
        Channel* channel;
        wire::UploadId number;
        std::variant<wire::Ask, Bytes> what;  // bytes: a request to erase
    };
    void answer(const Question& question, const Stored<Bytes>& found);
    void erase(const std::vector<Question>& questions);
    [[nodiscard]] Stored<Bytes> find(const wire::Ask& ask);

    Store& store_;
    Outbox& outbox_;
    std::string verifier_;
    std::deque<Question> waiting_;
};

}  // namespace amana::keeper

// SPDX-License-Identifier: AGPL-3.0-or-later
// Answers what the front asks of the log: checkpoints, tiles, the verifier key (docs/LOG.md, section 3). The rules:
//
//   - only what is published is ever read: no question leads to an entry or to what is pending;
//   - questions wait while reports are taken, and few are answered in a round, so that readers never delay a report;
//   - each channel may have wire::max_asks waiting; more break the protocol.
#pragma once

#include "server/keeper/channel.hpp"

#include <deque>
#include <string>

namespace amana::keeper {

class Publisher {
public:
    // `store` must outlive it. `verifier`: the log's verifier key, in its text form.
    Publisher(Store& store, std::string verifier) : store_(store), verifier_(std::move(verifier)) {}

    // An error ends the channel: the front broke the protocol.
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
        wire::Ask ask;
    };
    [[nodiscard]] Stored<Bytes> find(const wire::Ask& ask);

    Store& store_;
    std::string verifier_;
    std::deque<Question> waiting_;
};

}  // namespace amana::keeper

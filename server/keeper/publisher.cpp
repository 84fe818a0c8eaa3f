// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/publisher.hpp"

#include <algorithm>

namespace amana::keeper {

namespace {

// Each costs one read of at most 8 KiB; a round with reports costs an fsync, which is more than all of these.
constexpr std::size_t answers_per_round = 8;

}  // namespace

Result<void> Publisher::handle(Channel& channel, const wire::Frame& frame)
{
    const auto ask = wire::parse_ask(frame);
    if (!ask) return ask.error();
    const auto asked = std::count_if(waiting_.begin(), waiting_.end(),
                                     [&](const Question& question) { return question.channel == &channel; });
    if (static_cast<std::size_t>(asked) >= wire::max_asks) return Error{"the front broke the protocol: too many questions", ""};
    waiting_.push_back({&channel, frame.upload, *ask});
    return {};
}

void Publisher::answer_some()
{
    for (std::size_t i = 0; i < answers_per_round && !waiting_.empty(); ++i) {
        const auto question = waiting_.front();
        waiting_.pop_front();
        const auto found = find(question.ask);
        if (found && found->size() <= wire::max_answer_bytes)
            wire::append_frame(question.channel->out, wire::Kind::answer, question.number, *found);
        else wire::append_refused(question.channel->out, question.number, wire::Refusal::failed);
    }
}

void Publisher::drop(const Channel& channel)
{
    std::erase_if(waiting_, [&](const Question& question) { return question.channel == &channel; });
}

Stored<Bytes> Publisher::find(const wire::Ask& ask)
{
    switch (ask.what) {
    case wire::Asked::tile: return store_.tile(ask.level, ask.index);
    case wire::Asked::verifier: return Bytes(verifier_.begin(), verifier_.end());
    case wire::Asked::checkpoint:
    case wire::Asked::witnessed: break;
    }
    const auto tree = store_.tree();
    if (!tree) return tree.error();
    return ask.what == wire::Asked::checkpoint ? tree->checkpoint : tree->witnessed;
}

}  // namespace amana::keeper

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
    Question question{&channel, frame.upload, Bytes{}};
    if (frame.kind == wire::Kind::erase) {
        question.what = Bytes(frame.body.begin(), frame.body.end());
    } else {
        const auto ask = wire::parse_ask(frame);
        if (!ask) return ask.error();
        question.what = *ask;
    }
    const auto asked = std::count_if(waiting_.begin(), waiting_.end(), [&](const Question& other) { return other.channel == &channel; });
    if (static_cast<std::size_t>(asked) >= wire::max_asks) return Error{"the front broke the protocol: too many questions", ""};
    waiting_.push_back(std::move(question));
    return {};
}

void Publisher::answer_some()
{
    std::vector<Question> erasing;
    for (std::size_t i = 0; i < answers_per_round && !waiting_.empty(); ++i) {
        auto question = std::move(waiting_.front());
        waiting_.pop_front();
        if (const auto* ask = std::get_if<wire::Ask>(&question.what)) answer(question, find(*ask));
        else erasing.push_back(std::move(question));
    }
    if (!erasing.empty()) erase(erasing);
}

void Publisher::answer(const Question& question, const Stored<Bytes>& found)
{
    auto& out = question.channel->out;
    if (found && found->size() <= wire::max_answer_bytes) wire::append_frame(out, wire::Kind::answer, question.number, *found);
    else wire::append_refused(out, question.number, wire::Refusal::failed);
}

void Publisher::erase(const std::vector<Question>& questions)
{
    std::vector<Bytes> requests;
    for (const auto& question : questions) requests.push_back(std::get<Bytes>(question.what));
    const auto outcomes = outbox_.erase(requests);
    for (std::size_t i = 0; i < questions.size(); ++i) {
        const auto& [channel, number, request] = questions[i];
        switch (outcomes[i]) {
        case Erased::done: answer(questions[i], Bytes{1}); break;
        case Erased::elsewhere: answer(questions[i], Bytes{}); break;
        case Erased::invalid: wire::append_refused(channel->out, number, wire::Refusal::invalid); break;
        case Erased::full: wire::append_refused(channel->out, number, wire::Refusal::full); break;
        case Erased::failed: wire::append_refused(channel->out, number, wire::Refusal::failed); break;
        }
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
    case wire::Asked::outbox:
    case wire::Asked::bucket:
    case wire::Asked::file: return outbox_.find(ask);
    case wire::Asked::checkpoint:
    case wire::Asked::witnessed: break;
    }
    const auto tree = store_.tree();
    if (!tree) return tree.error();
    return ask.what == wire::Asked::checkpoint ? tree->checkpoint : tree->witnessed;
}

}  // namespace amana::keeper

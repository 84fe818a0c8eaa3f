// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/correspondence.hpp"

#include <algorithm>

namespace amana::desk {

Result<Correspondence> Correspondence::load(const Records& records)
{
    auto canaries = Canaries::load(records.casebook, records.master);
    if (!canaries) return canaries.error();
    auto conversations = Conversations::load(records, *canaries);
    if (!conversations) return conversations.error();
    Correspondence all(std::move(*canaries), std::move(*conversations));
    Messages messages(records);
    auto outbox = messages.last_outbox();
    if (!outbox) return outbox.error();
    all.outbox_ = std::move(*outbox);
    const auto read = messages.for_each([&](const StoredMessage& message) -> Result<void> {
        const auto* member = message.is_answer() ? all.conversations_.find(message.leaf) : nullptr;
        if (member != nullptr) all.said_.push_back({member->conversation, message.sequence, message.seen, message.number});
        return {};
    });
    if (!read) return read.error();
    std::ranges::sort(all.said_, {}, [](const Said& said) { return std::pair(said.conversation, said.sequence); });
    return all;
}

std::span<const Correspondence::Said> Correspondence::said_to(Conversations::Number conversation) const
{
    const auto found = std::ranges::equal_range(said_, conversation, {}, &Said::conversation);
    return {found.begin(), found.end()};
}

const Conversations::Member* Correspondence::report_of(Conversations::Number conversation) const
{
    for (const auto number : conversations_.members_of(conversation)) {
        const auto& member = conversations_.members()[number];
        if (member.kind == crypto::Kind::report || member.kind == crypto::Kind::canary) return &member;
    }
    return nullptr;
}

std::size_t Correspondence::count(Conversations::Number conversation, crypto::Kind kind) const
{
    return static_cast<std::size_t>(
        std::ranges::count(conversations_.members_of(conversation), kind, [&](auto number) { return conversations_.members()[number].kind; }));
}

bool Correspondence::forgotten(Conversations::Number conversation) const
{
    return std::ranges::any_of(conversations_.inboxes_of(conversation), [&](auto number) { return conversations_.inboxes()[number].forgotten; });
}

std::string_view words_of(const crypto::Manifest& manifest)
{
    if (manifest.kind() == crypto::Kind::follow_up) return answer_text(manifest, text_field).value_or("");
    return answer_text(manifest, story_field).value_or("");
}

}  // namespace amana::desk

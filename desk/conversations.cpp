// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/conversations.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

namespace amana::desk {

namespace {

using Number = Conversations::Number;

// Of all three keys.
crypto::Hash mark_of(const crypto::InboxAddress& inbox)
{
    return crypto::Sha256().update(inbox.id).update(inbox.reply).update(inbox.erasure).finish();
}

template <typename Key>
using WipedMap = std::map<Key, Number, std::less<>, WipingAllocator<std::pair<const Key, Number>>>;

// Which members are one conversation, as it becomes known (disjoint sets).
class Sets {
public:
    Number add()
    {
        parents_.push_back(static_cast<Number>(parents_.size()));
        return parents_.back();
    }
    // The first of its set.
    Number first(Number member)
    {
        while (parents_[member] != member) member = parents_[member] = parents_[parents_[member]];
        return member;
    }
    void join(Number a, Number b)
    {
        a = first(a);
        b = first(b);
        parents_[std::max(a, b)] = std::min(a, b);
    }

private:
    WipedVector<Number> parents_;
};

// Lists of numbers by conversation: begins and all, as Conversations keeps them.
template <typename Items>
void group(const Items& items, Number conversations, WipedVector<Number>& begins, WipedVector<Number>& all)
{
    begins.assign(conversations + 1, 0);
    for (const auto& item : items) ++begins[item.conversation + 1];
    std::partial_sum(begins.begin(), begins.end(), begins.begin());
    all.resize(items.size());
    auto next = begins;
    for (Number i = 0; i < items.size(); ++i) all[next[items[i].conversation]++] = i;
}

}  // namespace

class ConversationReader {
public:
    ConversationReader(const Canaries& canaries, const crypto::Hash& root) : canaries_(canaries), root_(root) {}

    void take(const Report& report)
    {
        const auto kind = kind_of(report, canaries_);
        if (kind == crypto::Kind::decoy) return;
        const auto number = sets_.add();
        Conversations::Member member{report.leaf, kind, true, 0, {}};
        const auto& manifest = report.manifest;
        if (kind == crypto::Kind::report || kind == crypto::Kind::canary) {
            const auto [first, fresh] = sendings_.try_emplace(manifest.submission(), number);
            if (!fresh) sets_.join(first->second, number);
        }
        if (manifest.inbox()) {
            member.inbox = join_inbox(*manifest.inbox(), number);
            auto& inbox = found_.inboxes_[*member.inbox];
            inbox.reported = inbox.reported || kind == crypto::Kind::report || kind == crypto::Kind::canary;
        }
        if (kind == crypto::Kind::erasure) {
            member.believed = manifest.inbox() && crypto::verify_forget(*manifest.inbox(), root_, manifest.submission(),
                                                                       answer_text(manifest, signature_field).value_or(""));
            if (member.believed) found_.inboxes_[*member.inbox].forgotten = true;
        }
        found_.members_.push_back(member);
    }

    Conversations finish()
    {
        auto& members = found_.members_;
        WipedVector<Number> numbers(members.size());
        Number count = 0;
        for (Number i = 0; i < members.size(); ++i) {
            // The first of a set is the lowest, so it has its number before any other of it.
            const auto first = sets_.first(i);
            if (first == i) numbers[i] = count++;
            members[i].conversation = numbers[first];
        }
        for (auto& inbox : found_.inboxes_) inbox.conversation = members[inbox.member].conversation;
        shadow_inboxes();
        group(members, count, found_.members_of_, found_.by_conversation_);
        group(found_.inboxes_, count, found_.inboxes_of_, found_.inboxes_by_conversation_);
        found_.by_leaf_.resize(members.size());
        std::iota(found_.by_leaf_.begin(), found_.by_leaf_.end(), 0);
        std::ranges::sort(found_.by_leaf_, {}, [&](Number i) { return members[i].leaf; });
        return std::move(found_);
    }

private:
    Number join_inbox(const crypto::InboxAddress& address, Number member)
    {
        const auto [known, fresh] = marks_.try_emplace(mark_of(address), static_cast<Number>(found_.inboxes_.size()));
        if (fresh) found_.inboxes_.push_back({address.id, member});
        else sets_.join(found_.inboxes_[known->second].member, member);
        return known->second;
    }

    // Whoever knows an inbox's id and not its keys (a server that was asked without JavaScript) can send one that has it.
    void shadow_inboxes()
    {
        auto& inboxes = found_.inboxes_;
        WipedVector<Number> order(inboxes.size());
        std::iota(order.begin(), order.end(), 0);
        std::ranges::sort(order, {}, [&](Number i) { return std::tuple(inboxes[i].id, !inboxes[i].reported, i); });
        for (std::size_t i = 1; i < order.size(); ++i) inboxes[order[i]].shadowed = inboxes[order[i]].id == inboxes[order[i - 1]].id;
    }

    const Canaries& canaries_;
    const crypto::Hash& root_;
    Sets sets_;
    WipedMap<crypto::SubmissionId> sendings_;
    WipedMap<crypto::Hash> marks_;
    Conversations found_;
};

crypto::Kind kind_of(const Report& report, const Canaries& canaries)
{
    return canaries.match(report.manifest) != nullptr ? crypto::Kind::canary : report.manifest.kind();
}

Result<Conversations> Conversations::load(const Records& records, const Canaries& canaries)
{
    ConversationReader reader(canaries, records.root);
    const auto read = records.casebook.for_each_opened([&](const EnvelopeRow& row) -> Result<void> {
        const auto report = open_report(records.master, row);
        if (!report) return report.error();
        reader.take(*report);
        return {};
    });
    if (!read) return read.error();
    return reader.finish();
}

const Conversations::Member* Conversations::find(const crypto::Hash& leaf) const
{
    const auto found = std::ranges::lower_bound(by_leaf_, leaf, {}, [&](Number i) { return members_[i].leaf; });
    return found == by_leaf_.end() || members_[*found].leaf != leaf ? nullptr : &members_[*found];
}

WipedVector<Conversations::Number> Conversations::answered(Number conversation) const
{
    WipedVector<Number> open;
    for (const auto number : inboxes_of(conversation))
        if (!inboxes_[number].forgotten && !inboxes_[number].shadowed && open.size() < max_answered) open.push_back(number);
    return open;
}

Result<crypto::InboxAddress> address_of(const Records& records, const Conversations& conversations, const Conversations::Inbox& inbox)
{
    const auto row = records.casebook.envelope(conversations.members()[inbox.member].leaf);
    if (!row) return row.error();
    const auto report = open_report(records.master, *row);
    if (!report) return report.error();
    if (!report->manifest.inbox()) return Error{"the casebook's record of " + to_hex(row->leaf) + " is another's", "Put the desk back from your backup."};
    return *report->manifest.inbox();
}

}  // namespace amana::desk

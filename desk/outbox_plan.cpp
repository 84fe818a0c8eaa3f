// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/outbox_plan.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <numeric>

namespace amana::desk {

namespace {

using Number = Conversations::Number;

struct Queued {
    Number conversation = 0;
    std::uint64_t sequence = 0;
    std::int64_t message = 0;
};

std::uint32_t parts_of(std::size_t text_bytes)
{
    return static_cast<std::uint32_t>((crypto::letter_head_bytes + text_bytes + crypto::letter_part_bytes - 1) / crypto::letter_part_bytes);
}

std::size_t class_number(std::uint32_t size_class)
{
    return static_cast<std::size_t>(std::ranges::find(crypto::answer_file_classes, size_class) - crypto::answer_file_classes.begin());
}

// How the plan is made, step by step.
class Planner {
public:
    Planner(const Records& records, const Conversations& conversations, const PlanLimits& limits)
        : records_(records), messages_(records), conversations_(conversations), limits_(limits), slots_(crypto::max_buckets)
    {
    }

    Result<OutboxPlan> make()
    {
        if (const auto gathered = gather(); !gathered) return gathered.error();
        std::ranges::sort(queue_, {}, [](const Queued& q) { return std::pair(q.conversation, q.sequence); });
        for (std::size_t from = 0; from < queue_.size();) {
            auto to = from;
            while (to < queue_.size() && queue_[to].conversation == queue_[from].conversation) ++to;
            if (const auto written = write_to(std::span(queue_).subspan(from, to - from)); !written) return written.error();
            from = to;
        }
        plan_.buckets = choose_buckets(slots_, limits_.buckets);
        std::ranges::sort(plan_.letters, {}, &PlannedLetter::id);
        leave_out_overflow();
        if (const auto keyed = key_files(); !keyed) return keyed.error();
        return std::move(plan_);
    }

private:
    // Which messages are due, to which conversation; and the notice.
    Result<void> gather()
    {
        std::uint64_t newest = 0;
        return messages_.for_each([&](const StoredMessage& message) -> Result<void> {
            if (!is_due(message, limits_.today, limits_.keep_days)) return {};
            if (message.state == MessageState::notice) {
                if (message.sequence > newest) plan_.notice = message.number;
                newest = std::max(newest, message.sequence);
            } else if (const auto* member = conversations_.find(message.leaf)) {
                queue_.push_back({member->conversation, message.sequence, message.number});
            }
            return {};
        });
    }

    // A letter to each inbox of a conversation: the newest messages that fit into one.
    Result<void> write_to(std::span<const Queued> queue)
    {
        const auto conversation = queue.front().conversation;
        const auto inboxes = conversations_.answered(conversation);
        if (inboxes.empty()) return {};
        if (queue.size() > crypto::max_messages) {
            queue = queue.last(crypto::max_messages);
            leave_out(conversation, LeftOutWhy::letter);
        }
        std::vector<StoredMessage> messages;
        for (const auto& queued : queue) {
            auto message = messages_.open(queued.message);
            if (!message) return message.error();
            messages.push_back(std::move(*message));
        }
        const auto notice = plan_.notice ? crypto::NoticeKey(std::in_place) : std::nullopt;
        std::size_t bytes = 0;
        auto fitting = std::span<const StoredMessage>(messages);
        while (!fitting.empty()) {
            SecretText text(crypto::max_letter_text_bytes);
            if (write_text(text, fitting, {}, notice)) {
                bytes = text.size();
                break;
            }
            fitting = fitting.subspan(1);
        }
        if (fitting.size() < messages.size()) leave_out(conversation, LeftOutWhy::letter);
        if (fitting.empty()) return {};
        const auto begin = static_cast<std::uint32_t>(plan_.messages.size());
        for (const auto& message : fitting) plan_.messages.push_back(message.number);
        for (const auto number : inboxes) add_letter(number, {begin, static_cast<std::uint32_t>(fitting.size())}, parts_of(bytes), fitting);
        return {};
    }

    struct Range {
        std::uint32_t begin;
        std::uint32_t count;
    };
    void add_letter(Number number, Range messages, std::uint32_t parts, std::span<const StoredMessage> content)
    {
        const auto& inbox = conversations_.inboxes()[number];
        auto counts = file_counts_;
        PlannedLetter letter{inbox.id, number, messages.begin, messages.count, static_cast<std::uint32_t>(plan_.files.size()), 0, parts};
        for (const auto& message : content)
            for (const auto& file : message.files) ++counts[class_number(*crypto::answer_file_class(file.size))];
        if (std::ranges::any_of(counts, [](auto count) { return count > crypto::max_outbox_files; })) {
            leave_out(inbox.conversation, LeftOutWhy::files);
            return;
        }
        file_counts_ = counts;
        for (const auto& message : content)
            for (std::uint32_t index = 0; index < message.files.size(); ++index)
                plan_.files.push_back({{}, {}, {}, *crypto::answer_file_class(message.files[index].size), message.number, index});
        letter.file_count = static_cast<std::uint32_t>(plan_.files.size()) - letter.files;
        slots_[crypto::bucket_of(inbox.id, crypto::max_buckets)] += parts;
        plan_.letters.push_back(letter);
    }

    // Of a bucket with too many, short letters stay before long ones, and those of earlier reports before later ones.
    void leave_out_overflow()
    {
        WipedVector<PlannedLetter> kept;
        auto& letters = plan_.letters;
        for (auto from = letters.begin(); from != letters.end();) {
            const auto bucket = crypto::bucket_of(from->id, plan_.buckets);
            const auto to = std::find_if(from, letters.end(), [&](const auto& letter) { return crypto::bucket_of(letter.id, plan_.buckets) != bucket; });
            std::sort(from, to, [](const auto& a, const auto& b) { return std::pair(a.parts, a.inbox) < std::pair(b.parts, b.inbox); });
            std::uint32_t wanted = 0;
            for (; from != to; ++from) {
                wanted += from->parts;
                if (wanted <= crypto::bucket_slots) kept.push_back(*from);
                else leave_out(conversations_.inboxes()[from->inbox].conversation, LeftOutWhy::bucket);
            }
        }
        letters = std::move(kept);
    }

    // Names and keys of the files of the letters that stay.
    Result<void> key_files()
    {
        WipedVector<PlannedFile> kept;
        for (auto& letter : plan_.letters) {
            if (letter.file_count == 0) continue;
            const auto address = address_of(records_, conversations_, conversations_.inboxes()[letter.inbox]);
            if (!address) return address.error();
            const auto files = std::span(plan_.files).subspan(letter.files, letter.file_count);
            letter.files = static_cast<std::uint32_t>(kept.size());
            for (auto& file : files) {
                crypto::random_bytes(file.id);
                crypto::random_bytes(file.key);
                file.verifier = crypto::verifier(address->erasure, file.id);
                kept.push_back(file);
            }
        }
        plan_.files = std::move(kept);
        return {};
    }

    void leave_out(Number conversation, LeftOutWhy why)
    {
        const auto& first = conversations_.members()[conversations_.members_of(conversation).front()];
        if (plan_.left_out.empty() || plan_.left_out.back().leaf != first.leaf || plan_.left_out.back().why != why)
            plan_.left_out.push_back({first.leaf, why});
    }

    const Records& records_;
    Messages messages_;
    const Conversations& conversations_;
    const PlanLimits& limits_;
    WipedVector<Queued> queue_;
    std::vector<std::uint32_t> slots_;
    std::array<std::uint32_t, crypto::answer_file_classes.size()> file_counts_{};
    OutboxPlan plan_;
};

}  // namespace

Result<OutboxPlan> plan_outbox(const Records& records, const Conversations& conversations, const PlanLimits& limits)
{
    return Planner(records, conversations, limits).make();
}

bool is_due(const StoredMessage& message, std::uint64_t today, unsigned keep_days)
{
    return message.open() && (message.first_day == 0 || today < message.first_day + keep_days);
}

std::uint32_t choose_buckets(std::span<const std::uint32_t> slots, std::uint32_t least)
{
    // What no number of buckets lets in asks for none: inboxes with one beginning were made so.
    const auto wanted = std::accumulate(slots.begin(), slots.end(), std::uint64_t{0},
                                        [](auto sum, auto of_prefix) { return sum + std::min(of_prefix, crypto::bucket_slots); });
    const auto most = std::clamp<std::uint64_t>(std::bit_ceil((wanted + 7) / 8), least, crypto::max_buckets);
    for (auto buckets = least; buckets < most; buckets *= 2) {
        const auto together = slots.size() / buckets;
        bool fits = true;
        for (std::size_t from = 0; fits && from < slots.size(); from += together) {
            const auto part = slots.subspan(from, together);
            fits = std::accumulate(part.begin(), part.end(), std::uint64_t{0}) <= crypto::bucket_slots;
        }
        if (fits) return buckets;
    }
    return static_cast<std::uint32_t>(most);
}

bool write_text(SecretText& out, std::span<const StoredMessage> messages, std::span<const PlannedFile> files, const crypto::NoticeKey& notice)
{
    std::vector<crypto::Message> all;
    for (const auto& stored : messages) {
        auto& message = all.emplace_back(crypto::Message{stored.day, stored.text.text(), {}});
        for (const auto& file : stored.files) {
            crypto::AnswerFile said{file.name, file.type, file.size, *crypto::answer_file_class(file.size), {}, {}, file.sha256};
            if (!files.empty()) {
                said.id = files.front().id;
                said.key = files.front().key;
                files = files.subspan(1);
            }
            message.files.push_back(said);
        }
    }
    return crypto::write_letter(out, all, notice);
}

}  // namespace amana::desk

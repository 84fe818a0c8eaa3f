// SPDX-License-Identifier: AGPL-3.0-or-later
// Conversations on the screen and as JSON.
#include "base/clock.hpp"
#include "desk/answers.hpp"
#include "desk/correspondence.hpp"

#include <fmt/format.h>

#include <limits>

namespace amana::desk {

namespace {

using Member = Conversations::Member;

Result<std::string> made(std::string text)
{
    return {boost::system::in_place_value, std::move(text)};
}

std::string day_text(std::uint64_t day)
{
    return to_rfc3339(static_cast<UnixTime>(day) * one_day).substr(0, 10);
}

// "" when there is nobody to belong to.
Result<std::string> report_id(const Records& records, const Correspondence& all, const Member& member)
{
    const auto* report = all.report_of(member.conversation);
    return report == nullptr ? made({}) : records.casebook.short_id(report->leaf);
}

// Of the newest answer; "" when there is none.
Result<std::string> answer_state(const Records& records, const Correspondence& all, const Member& member)
{
    const auto said = all.said_to(member.conversation);
    if (said.empty()) return made({});
    const auto message = Messages(records).open(said.back().number);
    if (!message) return message.error();
    return made(state_text(*message, all.outbox()));
}

Result<Report> report_of(const Records& records, const Member& member)
{
    const auto row = records.casebook.envelope(member.leaf);
    if (!row) return row.error();
    return open_report(records.master, *row);
}

// Opens members, with their identifiers, and answers, in the order in which the desk had them: an answer after all that was imported
// before it. What is opened lives as long as the call.
using MemberVisit = std::function<void(const Member&, const Report&, const std::string& id)>;
using AnswerVisit = std::function<void(const StoredMessage&)>;
Result<void> in_order(const Records& records, const Correspondence& all, const Member& self, const MemberVisit& member, const AnswerVisit& answer)
{
    Messages messages(records);
    auto said = all.said_to(self.conversation);
    const auto answers_before = [&](std::uint64_t seen) -> Result<void> {
        for (; !said.empty() && said.front().seen <= seen; said = said.subspan(1)) {
            const auto message = messages.open(said.front().number);
            if (!message) return message.error();
            answer(*message);
        }
        return {};
    };
    for (const auto number : all.conversations().members_of(self.conversation)) {
        const auto& other = all.conversations().members()[number];
        const auto position = records.casebook.position(other.leaf);
        if (!position) return position.error();
        if (*position)
            if (const auto told = answers_before(**position); !told) return told.error();
        if (other.leaf == self.leaf) continue;
        const auto report = report_of(records, other);
        if (!report) return report.error();
        const auto id = records.casebook.short_id(other.leaf);
        if (!id) return id.error();
        member(other, *report, *id);
    }
    return answers_before(std::numeric_limits<std::uint64_t>::max());
}

template <typename Files>
void write_files_json(const Files& files, Output& out)
{
    const char* comma = "";
    for (const auto& file : files) {
        out.text(std::exchange(comma, ",")).text("{\"name\":").json_string(file.name).text(",\"type\":").json_string(file.type);
        out.text(fmt::format(",\"size\":{}}}", file.size));
    }
}

const char* heading(const Member& member)
{
    switch (member.kind) {
    case crypto::Kind::report: return "report";
    case crypto::Kind::canary: return "canary (a test, no report)";
    case crypto::Kind::follow_up: return "follow-up";
    case crypto::Kind::erasure:
        return member.believed ? "asks to be forgotten:" : "asks to be forgotten, NOT SIGNED by that code's key, so nothing follows from it:";
    case crypto::Kind::decoy: break;
    }
    return "";
}

void write_answer(const StoredMessage& message, const Correspondence& all, bool nobody, Output& out)
{
    const auto state = message.first_day == 0 && message.open() && nobody ? "goes nowhere: its sender asked to be forgotten" : state_text(message, all.outbox());
    out.text(fmt::format("  answer {}, written {}: {}\n", message.number, day_text(message.day), state));
    if (!message.text.empty()) write_text_block(message.text.text(), "    ", out);
    for (const auto& file : message.files) out.text("    file: ").foreign(file.name).text(fmt::format(", {} bytes\n", file.size));
}

}  // namespace

Result<std::string> list_marks(const Records& records, const Correspondence& all, const Member& member)
{
    std::string marks;
    const auto report = report_id(records, all, member);
    if (!report) return report.error();
    const auto of = report->empty() ? "of no report here" : "of " + *report;
    if (member.kind == crypto::Kind::follow_up) marks += "[follow-up " + of + "] ";
    if (member.kind == crypto::Kind::erasure)
        marks += std::string("[") + (member.believed ? "asks to be forgotten" : "asks to be forgotten, not signed by its code") + ", " + of + "] ";
    if (member.kind == crypto::Kind::report || (report->empty() && member.kind == crypto::Kind::follow_up)) {
        const auto follow_ups = all.count(member.conversation, crypto::Kind::follow_up);
        if (follow_ups > 0 && member.kind == crypto::Kind::report) marks += fmt::format("[{} follow-up{}] ", follow_ups, follow_ups == 1 ? "" : "s");
        const auto state = answer_state(records, all, member);
        if (!state) return state.error();
        if (!state->empty()) marks += "[answer: " + *state + "] ";
        if (all.forgotten(member.conversation)) marks += "[its sender asked to be forgotten] ";
    }
    return made(std::move(marks));
}

Result<std::string> list_marks_json(const Records& records, const Correspondence& all, const Member& member)
{
    const auto report = report_id(records, all, member);
    if (!report) return report.error();
    const auto state = answer_state(records, all, member);
    if (!state) return state.error();
    const auto quoted = [](const std::string& text) { return text.empty() ? "null" : "\"" + text + "\""; };
    return made(fmt::format(R"(,"report":{},"believed":{},"answerable":{},"follow_ups":{},"replies":{},"newest_reply":{},"forgotten":{})", quoted(*report),
                       member.believed, !all.conversations().answered(member.conversation).empty(),
                       all.count(member.conversation, crypto::Kind::follow_up), all.said_to(member.conversation).size(), quoted(*state),
                       all.forgotten(member.conversation)));
}

Result<void> write_conversation(const Records& records, const Correspondence& all, const Member& member, Output& out)
{
    const bool nobody = all.conversations().answered(member.conversation).empty();
    bool begun = false;
    const auto begin = [&] {
        if (!std::exchange(begun, true)) out.text("\nconversation:\n");
    };
    const auto written = in_order(
        records, all, member,
        [&](const Member& other, const Report& report, const std::string& id) {
            begin();
            out.text(fmt::format("  {} {}\n", heading(other), id));
            if (other.kind != crypto::Kind::erasure) write_text_block(words_of(report.manifest), "    ", out);
            if (const auto files = report.manifest.attachments().size(); files > 0)
                out.text(fmt::format("    {} file{}: amana-desk save DIR {} OUTDIR\n", files, files == 1 ? "" : "s", id));
        },
        [&](const StoredMessage& message) {
            begin();
            write_answer(message, all, nobody, out);
        });
    if (!written) return written.error();
    if (all.forgotten(member.conversation)) {
        begin();
        out.text(nobody ? "  its sender asked to be forgotten: no answer goes there any more\n"
                        : "  its sender asked one of its codes to be forgotten: answers go to the others alone\n");
    }
    return {};
}

Result<void> write_conversation_json(const Records& records, const Correspondence& all, const Member& member, Output& out)
{
    const char* comma = "";
    return in_order(
        records, all, member,
        [&](const Member& other, const Report& report, const std::string& id) {
            out.text(std::exchange(comma, ",")).text(fmt::format(R"({{"id":"{}","kind":"{}","believed":{},"text":)", id, crypto::name(other.kind), other.believed));
            out.json_string(words_of(report.manifest)).text(",\"attachments\":[");
            write_files_json(report.manifest.attachments(), out);
            out.text("]}");
        },
        [&](const StoredMessage& message) {
            out.text(std::exchange(comma, ","));
            out.text(fmt::format(R"({{"reply":{},"day":"{}","state":"{}","text":)", message.number, day_text(message.day), state_text(message, all.outbox())));
            out.json_string(message.text.text()).text(",\"files\":[");
            write_files_json(message.files, out);
            out.text("]}");
        });
}

}  // namespace amana::desk

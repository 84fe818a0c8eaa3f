// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/show.hpp"

#include "base/require.hpp"
#include "desk/answers.hpp"
#include "desk/correspondence.hpp"
#include "desk/save.hpp"

#include <fmt/format.h>

namespace amana::desk {

namespace {

struct Shown {
    const Report& report;
    const Correspondence& all;
    const Conversations::Member& member;
    crypto::Kind kind;
    std::string id;
    std::optional<std::uint64_t> position;
    std::vector<std::string> same_sending;
    const Form* form;  // nullptr: not known
    std::string language;  // that was wished for
};

Result<std::vector<std::string>> others_of_sending(const Records& records, const Conversations& conversations, const Conversations::Member& member,
                                                   const Report& report)
{
    std::vector<std::string> ids;
    for (const auto number : conversations.members_of(member.conversation)) {
        const auto& leaf = conversations.members()[number].leaf;
        if (leaf == report.leaf) continue;
        const auto row = records.casebook.envelope(leaf);
        if (!row) return row.error();
        const auto other = open_report(records.master, *row);
        if (!other) return other.error();
        if (other->manifest.submission() != report.manifest.submission()) continue;
        auto id = records.casebook.short_id(leaf);
        if (!id) return id.error();
        ids.push_back(std::move(*id));
    }
    return ids;
}

const char* heading(crypto::Kind kind)
{
    switch (kind) {
    case crypto::Kind::report: return "Report";
    case crypto::Kind::canary: return "Canary (a test, no report)";
    case crypto::Kind::follow_up: return "Follow-up";
    case crypto::Kind::erasure: return "Request to be forgotten";
    case crypto::Kind::decoy: break;
    }
    return "Decoy";
}

// Whether, and through what, an answer can reach its sender.
std::string code_text(const Shown& shown)
{
    const auto inboxes = shown.all.conversations().inboxes_of(shown.member.conversation);
    const auto answered = shown.all.conversations().answered(shown.member.conversation);
    if (shown.kind == crypto::Kind::canary) return "a test: it is not answered";
    if (inboxes.empty()) return "none was taken: it can't be answered";
    if (answered.empty() && !shown.all.forgotten(shown.member.conversation)) return "FORGED, it has the id of another's: it can't be answered";
    if (answered.empty()) return "its sender asked to be forgotten: it can't be answered";
    if (shown.kind == crypto::Kind::follow_up && shown.all.report_of(shown.member.conversation) == nullptr)
        return "of no report that is here; it can be answered";
    return answered.size() == 1 ? "taken: it can be answered" : fmt::format("{} were taken: an answer goes to each", answered.size());
}

void write_show(const Shown& shown, Output& out)
{
    const auto& manifest = shown.report.manifest;
    write_urgent(manifest, shown.form, out);
    out.text(fmt::format("{} {}\n", heading(shown.kind), shown.id));
    out.text(fmt::format("  envelope    {}\n", to_hex(shown.report.leaf)));
    if (shown.position) out.text(fmt::format("  in the log  entry {}\n", *shown.position));
    out.text(fmt::format("  lane        {}\n", lane_text(shown.report.lane)));
    out.text(fmt::format("  size class  {}\n", size_text(shown.report.size_class)));
    out.text("  form        ").foreign(manifest.form_id()).text(fmt::format(", version {}", manifest.form_version()));
    if (shown.form != nullptr && shown.form->language != shown.language)
        out.text(fmt::format(" (not there in {}, shown in {})", shown.language, shown.form->language));
    out.text("\n");
    out.text("  code        ").text(code_text(shown)).text("\n");
    out.text(fmt::format("  sending     {}\n", to_hex(manifest.submission())));
    for (const auto& id : shown.same_sending) out.text(fmt::format("  sent again  as {}\n", id));
    write_answers(manifest, shown.form, out);
    out.text(fmt::format("\nattachments: {}\n", manifest.attachments().size()));
    std::size_t number = 0;
    for (const auto& entry : manifest.attachments()) {
        out.text(fmt::format("  {}  {} bytes, sha256 {}\n", attachment_file_name(++number, entry.type), entry.size,
                             to_hex(entry.sha256)));
        out.text("     said to be ").foreign(entry.type.empty() ? "nothing" : entry.type);
        out.text(" named ").foreign(entry.name).text("\n");
    }
}

void write_show_json(const Shown& shown, Output& out)
{
    const auto& manifest = shown.report.manifest;
    out.text(fmt::format(R"({{"id":"{}","leaf":"{}","position":{},"kind":"{}","urgent":{},"lane":{},"bytes":{},"size_class":{},"form":{{"id":)",
                         shown.id, to_hex(shown.report.leaf), shown.position ? std::to_string(*shown.position) : "null",
                         crypto::name(shown.kind), !urgent_labels(manifest, shown.form).empty(), shown.report.lane, shown.report.bytes,
                         shown.report.size_class));
    out.json_string(manifest.form_id());
    out.text(fmt::format(R"(,"version":{}}},"submission":"{}","same_sending":[)", manifest.form_version(),
                         to_hex(manifest.submission())));
    const char* comma = "";
    for (const auto& id : shown.same_sending) out.text(std::exchange(comma, ",")).text("\"" + id + "\"");
    out.text("],\"answers\":{");
    write_answers_json(manifest, out);
    out.text("},\"attachments\":[");
    std::size_t number = 0;
    for (const auto& entry : manifest.attachments()) {
        ++number;
        out.text(fmt::format(R"({}{{"number":{},"saved_as":"{}","name":)", number == 1 ? "" : ",", number,
                             attachment_file_name(number, entry.type)));
        out.json_string(entry.name).text(",\"type\":").json_string(entry.type);
        out.text(fmt::format(R"(,"size":{},"sha256":"{}"}})", entry.size, to_hex(entry.sha256)));
    }
    out.text("]");
}

}  // namespace

std::string lane_text(unsigned lane)
{
    return lane == 0 ? "calm" : fmt::format("pressure {}", lane);
}

std::string size_text(std::uint64_t bytes)
{
    constexpr auto mebibyte = crypto::mebibyte;
    if (bytes >= mebibyte && bytes % mebibyte == 0) return fmt::format("{} MiB", bytes / mebibyte);
    return fmt::format("{} KiB", bytes / crypto::kibibyte);
}

Result<void> show_report(const Records& records, const Forms& forms, const Report& report, Format format, Output& out)
{
    auto id = records.casebook.short_id(report.leaf);
    if (!id) return id.error();
    const auto position = records.casebook.position(report.leaf);
    if (!position) return position.error();
    const auto all = Correspondence::load(records);
    if (!all) return all.error();
    const auto* member = all->conversations().find(report.leaf);
    require(member != nullptr, "a report in no conversation");
    auto others = others_of_sending(records, all->conversations(), *member, report);
    if (!others) return others.error();
    const Shown shown{report, *all, *member, member->kind, *id, *position, std::move(*others), forms.of(report.manifest), forms.language()};
    if (format == Format::text) {
        write_show(shown, out);
        if (const auto written = write_conversation(records, *all, *member, out); !written) return written.error();
        out.text(fmt::format("\nTo have the files: amana-desk save DIR {} OUTDIR\n", *id));
        if (member->kind != crypto::Kind::canary && !all->conversations().answered(member->conversation).empty())
            out.text(fmt::format("To answer: amana-desk reply DIR {}\n", *id));
        return out.finish();
    }
    write_show_json(shown, out);
    const auto marks = list_marks_json(records, *all, *member);
    if (!marks) return marks.error();
    out.text(*marks).text(",\"conversation\":[");
    if (const auto written = write_conversation_json(records, *all, *member, out); !written) return written.error();
    out.text("]}\n");
    return out.finish();
}

}  // namespace amana::desk

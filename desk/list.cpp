// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/require.hpp"
#include "base/utf8.hpp"
#include "desk/answers.hpp"
#include "desk/correspondence.hpp"
#include "desk/show.hpp"

#include <fmt/format.h>

#include <map>

namespace amana::desk {

namespace {

constexpr std::size_t beginning_code_points = 60;
constexpr std::size_t stage_code_points = 18;

// The first words on one line, and whether there are more.
struct Beginning {
    SecretText text{beginning_code_points * 4};
    bool more = false;
};
Beginning beginning(const crypto::Manifest& manifest)
{
    Beginning out;
    auto rest = words_of(manifest);
    for (std::size_t points = 0; !rest.empty(); ++points) {
        const auto before = rest;
        const auto point = next_code_point(rest);
        if (points == beginning_code_points) {
            out.more = true;
            break;
        }
        const bool white = point == U'\n' || point == U'\r' || point == U'\t';
        if (!out.text.append(white ? " " : before.substr(0, before.size() - rest.size()))) break;
    }
    return out;
}

struct Line {
    std::string id;
    const Report& report;
    crypto::Kind kind;
    std::string same_sending_as;  // empty: the first of its sending
    bool urgent;
    std::string_view stage;  // empty: not known
    std::string marks;
};

// Cut or filled to its width. It stands before the sizes, so that those keep a stage in Arabic apart from a story in Arabic.
void write_stage(std::string_view stage, Output& out)
{
    const bool cut = utf8_length(stage).value_or(0) > stage_code_points;
    auto rest = stage;
    std::size_t points = 0;
    for (; !rest.empty() && points < stage_code_points - (cut ? 1 : 0); ++points) (void)next_code_point(rest);
    out.text(stage.substr(0, stage.size() - rest.size())).text(cut ? "…" : "");
    out.text(std::string(stage_code_points - points - (cut ? 1 : 0), ' '));
}

void write_line(const Line& line, Output& out)
{
    const auto& manifest = line.report.manifest;
    const auto files = manifest.attachments().size();
    out.text(fmt::format("{:<8}  {:<2}  {:<10}  ", line.id, line.urgent ? "!!" : "", lane_text(line.report.lane)));
    write_stage(line.stage, out);
    out.text(fmt::format("  {:>7}  {:>3} file{}  ", size_text(line.report.size_class), files, files == 1 ? " " : "s"));
    if (line.kind == crypto::Kind::canary) out.text("[canary] ");
    if (!line.same_sending_as.empty()) out.text("[same sending as " + line.same_sending_as + "] ");
    out.text(line.marks);
    const auto words = beginning(manifest);
    out.foreign(words.text.text()).text(words.more ? "…\n" : "\n");
}

void write_json(const Line& line, Output& out)
{
    const auto& manifest = line.report.manifest;
    out.text(fmt::format(R"({{"id":"{}","leaf":"{}","kind":"{}","urgent":{},"lane":{},"bytes":{},"size_class":{},"attachments":{},"beginning":)",
                         line.id, to_hex(line.report.leaf), crypto::name(line.kind), line.urgent, line.report.lane, line.report.bytes,
                         line.report.size_class, manifest.attachments().size()));
    out.json_string(beginning(manifest).text.text());
    out.text(R"(,"same_sending_as":)");
    out.text(line.same_sending_as.empty() ? "null" : "\"" + line.same_sending_as + "\"").text(line.marks).text("}");
}

// Opens every report and canary, and what was written from inboxes, one at a time.
Result<void> for_each_report(const Records& records, const std::function<Result<void>(const Report&)>& visit)
{
    return records.casebook.for_each_opened([&](const EnvelopeRow& row) -> Result<void> {
        const auto report = open_report(records.master, row);
        if (!report) return report.error();
        if (report->manifest.kind() == crypto::Kind::decoy) return {};
        return visit(*report);
    });
}

using Unopened = std::vector<std::pair<std::string, std::uint64_t>>;

void write_end(const Unopened& unopened, std::size_t count, Format format, Lane lane, Output& out)
{
    if (format == Format::json) {
        out.text("],\"unopened\":{");
        for (std::size_t i = 0; i < unopened.size(); ++i)
            out.text(fmt::format("{}\"{}\":{}", i == 0 ? "" : ",", unopened[i].first, unopened[i].second));
        out.text("}}\n");
        return;
    }
    if (count == 0) out.text(lane == Lane::all ? "No reports yet.\n" : "No reports in this lane.\n");
    for (const auto& [status, number] : unopened)
        out.text(fmt::format("{} envelope{} did not open ({}); kept in envelopes/.\n", number, number == 1 ? "" : "s", status));
}

}  // namespace

Result<void> list_reports(const Records& records, const Forms& forms, Format format, Output& out, Lane lane)
{
    const auto all = Correspondence::load(records);
    if (!all) return all.error();
    // The first report of each sending. The number says nothing outside the seal.
    std::map<crypto::SubmissionId, std::string> sendings;
    std::size_t count = 0;
    if (format == Format::json) out.text("{\"reports\":[");
    const auto listed = for_each_report(records, [&](const Report& report) -> Result<void> {
        const auto* member = all->conversations().find(report.leaf);
        require(member != nullptr, "a report in no conversation");
        auto id = records.casebook.short_id(report.leaf);
        if (!id) return id.error();
        const auto [first, fresh] = sendings.try_emplace(report.manifest.submission(), *id);
        if (lane != Lane::all && (lane == Lane::calm) != (report.lane == 0)) return {};
        auto marks = format == Format::json ? list_marks_json(records, *all, *member) : list_marks(records, *all, *member);
        if (!marks) return marks.error();
        const auto* form = forms.of(report.manifest);
        const Line line{std::move(*id), report, member->kind, fresh ? "" : first->second,
                        !urgent_labels(report.manifest, form).empty(), stage_label(report.manifest, form), std::move(*marks)};
        if (format == Format::json) {
            if (count > 0) out.text(",\n");
            write_json(line, out);
        } else {
            write_line(line, out);
        }
        ++count;
        return {};
    });
    if (!listed) return listed.error();
    auto counts = records.casebook.count_by_status();
    if (!counts) return counts.error();
    std::erase_if(*counts, [](const auto& pair) { return pair.first == status_opened; });
    write_end(*counts, count, format, lane, out);
    return out.finish();
}

}  // namespace amana::desk

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/show.hpp"

#include "base/utf8.hpp"
#include "desk/answers.hpp"
#include "desk/canaries.hpp"
#include "desk/save.hpp"

#include <fmt/format.h>

#include <algorithm>
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
    auto rest = answer_text(manifest, story_field).value_or("");
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

crypto::Kind kind_of(const Report& report, const Canaries& canaries)
{
    return canaries.match(report.manifest) != nullptr ? crypto::Kind::canary : report.manifest.kind();
}

struct Line {
    std::string id;
    const Report& report;
    crypto::Kind kind;
    std::string same_sending_as;  // empty: the first of its sending
    bool urgent;
    std::string_view stage;  // empty: not known
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
    out.text(line.same_sending_as.empty() ? "null}" : "\"" + line.same_sending_as + "\"}");
}

// Opens every report and canary, one at a time.
Result<void> for_each_report(Casebook& casebook, const SecretBuffer& master,
                             const std::function<Result<void>(const Report&)>& visit)
{
    return casebook.for_each_opened([&](const EnvelopeRow& row) -> Result<void> {
        const auto report = open_report(master, row);
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

// --- show --------------------------------------------------------------------------------------------------------------

struct Shown {
    const Report& report;
    crypto::Kind kind;
    std::string id;
    std::optional<std::uint64_t> position;
    std::vector<std::string> same_sending;
    const Form* form;  // nullptr: not known
    std::string language;  // that was wished for
};

Result<std::vector<std::string>> others_of_sending(Casebook& casebook, const SecretBuffer& master, const Report& report)
{
    std::vector<crypto::Hash> leaves;
    const auto read = for_each_report(casebook, master, [&](const Report& other) -> Result<void> {
        if (other.leaf != report.leaf && other.manifest.submission() == report.manifest.submission())
            leaves.push_back(other.leaf);
        return {};
    });
    if (!read) return read.error();
    std::vector<std::string> ids;
    for (const auto& leaf : leaves) {
        auto id = casebook.short_id(leaf);
        if (!id) return id.error();
        ids.push_back(std::move(*id));
    }
    return ids;
}

void write_show(const Shown& shown, Output& out)
{
    const auto& manifest = shown.report.manifest;
    write_urgent(manifest, shown.form, out);
    out.text(fmt::format("{} {}\n", shown.kind == crypto::Kind::canary ? "Canary (a test, no report)" : "Report", shown.id));
    out.text(fmt::format("  envelope    {}\n", to_hex(shown.report.leaf)));
    if (shown.position) out.text(fmt::format("  in the log  entry {}\n", *shown.position));
    out.text(fmt::format("  lane        {}\n", lane_text(shown.report.lane)));
    out.text(fmt::format("  size class  {}\n", size_text(shown.report.size_class)));
    out.text("  form        ").foreign(manifest.form_id()).text(fmt::format(", version {}", manifest.form_version()));
    if (shown.form != nullptr && shown.form->language != shown.language)
        out.text(fmt::format(" (not there in {}, shown in {})", shown.language, shown.form->language));
    out.text("\n");
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
    out.text(fmt::format("\nTo have the files: amana-desk save DIR {} OUTDIR\n", shown.id));
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
    out.text("]}\n");
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

Result<void> list_reports(Casebook& casebook, const SecretBuffer& master, const Forms& forms, Format format, Output& out, Lane lane)
{
    const auto canaries = Canaries::load(casebook, master);
    if (!canaries) return canaries.error();
    // The first report of each sending. The number says nothing outside the seal.
    std::map<crypto::SubmissionId, std::string> sendings;
    std::size_t count = 0;
    if (format == Format::json) out.text("{\"reports\":[");
    const auto listed = for_each_report(casebook, master, [&](const Report& report) -> Result<void> {
        auto id = casebook.short_id(report.leaf);
        if (!id) return id.error();
        const auto [first, fresh] = sendings.try_emplace(report.manifest.submission(), *id);
        if (lane != Lane::all && (lane == Lane::calm) != (report.lane == 0)) return {};
        const auto* form = forms.of(report.manifest);
        const Line line{std::move(*id), report, kind_of(report, *canaries), fresh ? "" : first->second,
                        !urgent_labels(report.manifest, form).empty(), stage_label(report.manifest, form)};
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
    auto counts = casebook.count_by_status();
    if (!counts) return counts.error();
    std::erase_if(*counts, [](const auto& pair) { return pair.first == status_opened; });
    write_end(*counts, count, format, lane, out);
    return out.finish();
}

Result<void> show_report(Casebook& casebook, const SecretBuffer& master, const Forms& forms, const Report& report, Format format,
                         Output& out)
{
    auto id = casebook.short_id(report.leaf);
    if (!id) return id.error();
    const auto position = casebook.position(report.leaf);
    if (!position) return position.error();
    const auto canaries = Canaries::load(casebook, master);
    if (!canaries) return canaries.error();
    auto others = others_of_sending(casebook, master, report);
    if (!others) return others.error();
    const Shown shown{report, kind_of(report, *canaries), std::move(*id), *position, std::move(*others),
                      forms.of(report.manifest), forms.language()};
    if (format == Format::json) write_show_json(shown, out);
    else write_show(shown, out);
    return out.finish();
}

}  // namespace amana::desk

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/audit.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace amana::desk {

namespace {

// The size that this desk co-signed last; 0 when there is none.
std::uint64_t cosigned_size(const DeskPaths& paths, const std::optional<crypto::NoteVerifier>& log)
{
    const auto note = read_file(paths.cosigned(), crypto::max_checkpoint_bytes);
    if (!note || !log) return 0;
    const auto checkpoint = crypto::Checkpoint::parse(*note, *log);
    return checkpoint ? checkpoint->size : 0;
}

void write_canaries(const Audit& audit, unsigned grace_days, Output& out)
{
    const auto tried = audit.arrived.size() + audit.missing.size();
    if (tried + audit.waiting.size() == 0) {
        out.text("Canaries: none was made, so nothing is known of reports that never reach the log. See: amana-desk canary --help\n");
        return;
    }
    out.text(fmt::format("Canaries: {} of {} arrived", audit.arrived.size(), tried + audit.waiting.size()));
    if (!audit.waiting.empty()) out.text(fmt::format(", {} may still come", audit.waiting.size()));
    out.text(".\n");
    if (!audit.missing.empty())
        out.text(fmt::format("MISSING {} days after they were made: canaries {}. Were they sent?\n", grace_days, fmt::join(audit.missing, ", ")));
    if (tried > 0)
        out.text(fmt::format("That rules out, with 95 % confidence, that more than {:.1f} % of such reports are suppressed.\n",
                             100 * audit.suppression_at_most()));
}

void write_evidence(const Audit& audit, const DeskPaths& paths, Output& out)
{
    if (audit.evidence.empty()) out.text("Evidence against the log: none.\n");
    for (const auto& piece : audit.evidence) {
        out.text(fmt::format("{} {}: {}. This desk had seen {} entries; the log's word was of {}. In ",
                             piece.settled ? "Settled evidence" : "EVIDENCE AGAINST THE LOG", piece.id,
                             piece.found.empty() ? "its file is damaged" : describe(piece.found), piece.seen_size, piece.claimed_size));
        out.foreign((paths.evidence() / piece.id).string()).text("\n");
    }
}

std::string json_list(const std::vector<std::int64_t>& numbers)
{
    return fmt::format("[{}]", fmt::join(numbers, ","));
}

std::string json_findings(const std::vector<Finding>& findings)
{
    std::string text;
    for (const auto& finding : findings)
        text += fmt::format("{}{{\"what\":\"{}\",\"at\":[{}]}}", text.empty() ? "" : ",", name(finding.what), fmt::join(finding.at, ","));
    return "[" + text + "]";
}

void write_json(const Audit& audit, Output& out)
{
    const auto opened = [&](crypto::Kind kind) {
        const auto found = audit.opened.find(kind);
        return found == audit.opened.end() ? std::uint64_t{0} : found->second;
    };
    out.text(fmt::format(R"({{"well":{},"verified":{},"cosigned":{},"reports":{},"canaries":{},"decoys":{},"without_content":{},"unopened":{{)",
                         audit.well(), audit.verified, audit.cosigned, opened(crypto::Kind::report), opened(crypto::Kind::canary),
                         opened(crypto::Kind::decoy), audit.without_content));
    const char* comma = "";
    for (const auto& [failure, count] : audit.unopened) out.text(fmt::format("{}\"{}\":{}", std::exchange(comma, ","), failure, count));
    out.text(fmt::format(R"(}},"canary":{{"made":{},"arrived":{},"missing":{},"waiting":{},"suppression_at_most":{}}},"evidence":[)",
                         audit.arrived.size() + audit.missing.size() + audit.waiting.size(), audit.arrived.size(),
                         json_list(audit.missing), json_list(audit.waiting), audit.suppression_at_most()));
    comma = "";
    for (const auto& piece : audit.evidence) {
        out.text(std::exchange(comma, ",")).text("{\"id\":").json_string(piece.id);
        out.text(fmt::format(R"(,"found":{},"seen":{},"claimed":{},"settled":{}}})", json_findings(piece.found), piece.seen_size,
                             piece.claimed_size, piece.settled));
    }
    out.text("]}\n");
}

}  // namespace

bool Audit::well() const
{
    return missing.empty() && std::all_of(evidence.begin(), evidence.end(), [](const auto& piece) { return piece.settled; });
}

Result<Audit> audit(const DeskPaths& paths, Casebook& casebook, const SecretBuffer& master, unsigned grace_days, const Progress& progress)
{
    Audit result;
    const auto log = casebook.pinned();
    if (!log) return log.error();
    if (*log) result.origin = (*log)->name;
    const auto seen = casebook.seen();
    if (!seen) return seen.error();
    result.verified = seen->size();
    result.cosigned = cosigned_size(paths, *log);
    auto counts = casebook.count_by_status();
    if (!counts) return counts.error();
    std::uint64_t all = 0;
    for (const auto& [status, count] : *counts)
        if (status == status_opened) all = count;
    std::erase_if(*counts, [](const auto& pair) { return pair.first == status_opened; });
    result.unopened = std::move(*counts);
    const auto lacking = casebook.count_without_content();
    if (!lacking) return lacking.error();
    result.without_content = *lacking;

    const auto canaries = Canaries::load(casebook, master);
    if (!canaries) return canaries.error();
    std::set<std::int64_t> there;
    std::uint64_t done = 0;
    const auto opened = casebook.for_each_opened([&](const EnvelopeRow& row) -> Result<void> {
        const auto report = open_report(master, row);
        if (!report) return report.error();
        const auto* canary = canaries->match(report->manifest);
        if (canary != nullptr) there.insert(canary->number);
        ++result.opened[canary != nullptr ? crypto::Kind::canary : report->manifest.kind()];
        progress(++done, all);
        return {};
    });
    if (!opened) return opened.error();
    for (const auto& canary : canaries->all()) {
        const bool had_time = seen->day >= canary.day + grace_days;
        auto& where = there.contains(canary.number) ? result.arrived : had_time ? result.missing : result.waiting;
        where.push_back(canary.number);
    }
    auto evidence = list_evidence(paths);
    if (!evidence) return evidence.error();
    result.evidence = std::move(*evidence);
    return result;
}

Result<void> write_audit(const Audit& audit, const DeskPaths& paths, unsigned grace_days, Format format, Output& out)
{
    if (format == Format::json) {
        write_json(audit, out);
        return out.finish();
    }
    if (audit.origin.empty()) out.text("This desk trusts no log yet: amana-desk trust DIR VERIFIER\n");
    else out.text("The log ").foreign(audit.origin).text(fmt::format(" is verified up to entry {}, co-signed up to {}.\n", audit.verified, audit.cosigned));
    const auto count = [&](crypto::Kind kind) {
        const auto found = audit.opened.find(kind);
        return found == audit.opened.end() ? std::uint64_t{0} : found->second;
    };
    out.text(fmt::format("Opened: {} reports, {} canaries, {} decoys.\n", count(crypto::Kind::report), count(crypto::Kind::canary),
                         count(crypto::Kind::decoy)));
    for (const auto& [failure, number] : audit.unopened) out.text(fmt::format("Did not open: {} ({}).\n", number, failure));
    if (audit.without_content > 0) out.text(fmt::format("Entries whose contents this desk never had: {}.\n", audit.without_content));
    write_canaries(audit, grace_days, out);
    write_evidence(audit, paths, out);
    if (!audit.well()) out.text("\nTHIS IS NOT WELL. Find out why before anything is carried back to the server.\n");
    return out.finish();
}

}  // namespace amana::desk

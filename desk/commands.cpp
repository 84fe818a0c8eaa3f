// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/commands.hpp"

#include "desk/bundle.hpp"
#include "desk/command_parts.hpp"
#include "desk/intake.hpp"
#include "desk/keys.hpp"
#include "desk/passphrase.hpp"
#include "desk/save.hpp"
#include "desk/show.hpp"

#include <fmt/format.h>

#include <unistd.h>

namespace amana::desk {

namespace {

Format format_of(const CommandLine& line)
{
    return line.json ? Format::json : Format::text;
}

void tell_ceremony(const Ceremony& ceremony, Output& out)
{
    const auto& keys = ceremony.keys;
    out.text("Root fingerprint:\n\n" + fingerprint_lines(keys.root) + "\n");
    out.text(fmt::format("Deployment {}, key set {}, {} weeks, sealing until {}.\n\n", keys.deployment, keys.serial,
                         keys.epochs.size(), to_rfc3339(keys.sealing_ends(keys.epochs.front().validity.not_before))));
}

void tell_summary(const ImportSummary& summary, Output& out)
{
    out.text(fmt::format("Imported {}: {}", counted(summary.entries, "new entry", "new entries"),
                         counted(summary.reports, "report", "reports")));
    if (summary.follow_ups > 0) out.text(", " + counted(summary.follow_ups, "follow-up", "follow-ups"));
    if (summary.erasures > 0) out.text(", " + counted(summary.erasures, "request to be forgotten", "requests to be forgotten"));
    if (summary.canaries > 0) out.text(", " + counted(summary.canaries, "canary", "canaries"));
    if (summary.decoys > 0) out.text(", " + counted(summary.decoys, "decoy", "decoys"));
    if (summary.repeated > 0) out.text(fmt::format(", {} this desk already had", summary.repeated));
    if (summary.erased > 0) out.text(fmt::format(", {} whose contents were erased before this desk had them", summary.erased));
    out.text(".\n");
    for (const auto& [failure, count] : summary.unopened)
        out.text(fmt::format("{} did not open ({}) and {} kept aside in envelopes/.\n", count, failure,
                             count == 1 ? "is" : "are"));
}

}  // namespace

Result<void> run_init(const CommandLine& line, const Surroundings& surroundings)
{
    if (const auto checked = check_new_desk(line.directory, line.deployment); !checked) return checked.error();
    const auto passphrase = line.passphrase_file.empty() ? ask_new_passphrase("Passphrase for the new desk: ")
                                                         : passphrase_from_file(line.passphrase_file);
    if (!passphrase) return passphrase.error();
    const auto ceremony = init_desk(line.directory, line.deployment, line.weeks, passphrase->view(), surroundings.limits,
                                    surroundings.clock());
    if (!ceremony) return ceremony.error();
    Output out(STDOUT_FILENO);
    out.text("A new desk is in ").foreign(line.directory.string()).text(".\n\n");
    tell_ceremony(*ceremony, out);
    out.text("What to do next:\n"
             "  1. Write the fingerprint on paper and compare it once, aloud, with a second person.\n"
             "  2. Take root.secret to a medium that is kept under lock; only 'amana-desk extend' needs it.\n"
             "  3. Write the key set for the server: amana-desk public DIR --out keys.public\n"
             "     The server's config names that file and the fingerprint.\n"
             "  4. When the server runs, 'amana-server status' prints its log key: amana-desk trust DIR VERIFIER\n"
             "  5. Keep a backup of this folder: without it, or without the passphrase, no report opens again.\n");
    return out.finish();
}

Result<void> run_extend(const CommandLine& line, const Surroundings& surroundings)
{
    const auto directory = DeskDirectory::open(line.directory, DeskDirectory::Use::write);
    if (!directory) return directory.error();
    const auto passphrase = passphrase_of(line);
    if (!passphrase) return passphrase.error();
    const auto root = line.root_secret.empty() ? directory->paths().root_secret() : line.root_secret;
    const auto ceremony = extend_desk(*directory, root, line.weeks, passphrase->view(), surroundings.clock());
    if (!ceremony) return ceremony.error();
    Output out(STDOUT_FILENO);
    tell_ceremony(*ceremony, out);
    out.text("Now write the key set again and take it to the server: amana-desk public DIR --out keys.public\n");
    return out.finish();
}

Result<void> run_public(const CommandLine& line, const Surroundings&)
{
    const auto directory = DeskDirectory::open(line.directory, DeskDirectory::Use::read);
    if (!directory) return directory.error();
    const auto keys = read_public_keys(directory->paths());
    if (!keys) return keys.error();
    if (line.out.empty()) return write_full(STDOUT_FILENO, keys->file);
    constexpr mode_t public_file = 0644;
    return write_durable(line.out, keys->file, public_file, DurableFile::Existing::replace);
}

Result<void> run_trust(const CommandLine& line, const Surroundings&)
{
    const auto verifier = crypto::NoteVerifier::parse(line.verifier);
    if (!verifier) return verifier.error();
    const auto directory = DeskDirectory::open(line.directory, DeskDirectory::Use::write);
    if (!directory) return directory.error();
    auto casebook = Casebook::open(directory->paths().database());
    if (!casebook) return casebook.error();
    const auto before = casebook->pinned();
    if (!before) return before.error();
    const bool same = *before && (*before)->text() == verifier->text();
    if (*before && !same && !line.replace)
        return Error{"this desk already trusts another log key: " + (*before)->text(),
                     "One server has one log key for good. If it was replaced on purpose, repeat this with --replace."};
    if (line.new_log)
        if (const auto forgotten = casebook->forget_log(); !forgotten) return forgotten.error();
    if (const auto pinned = casebook->pin(*verifier); !pinned) return pinned.error();
    Output out(STDOUT_FILENO);
    out.text(same ? "Already trusted: " : "From now on this desk trusts the log key ").foreign(verifier->text()).text("\n");
    if (line.new_log) out.text("The log seen so far is forgotten; reports already imported stay.\n");
    return out.finish();
}

Result<void> run_import(const CommandLine& line, const Surroundings& surroundings)
{
    const auto directory = DeskDirectory::open(line.directory, DeskDirectory::Use::write);
    if (!directory) return directory.error();
    auto casebook = Casebook::open(directory->paths().database());
    if (!casebook) return casebook.error();
    const auto& paths = directory->paths();
    auto files = Bundle::open(line.bundles, paths, progress_on_stderr("reading the bundle"));
    if (!files) return files.error();
    Output out(STDOUT_FILENO);
    if (const auto missing = files->missing(); !missing.empty()) {
        if (const auto kept = files->keep_parts(paths); !kept) return kept.error();
        out.text(fmt::format("Kept: {} of {} parts of this export are here. Missing: {}.\n", files->parts() - missing.size(),
                             files->parts(), fmt::join(missing, ", ")));
        out.text("Nothing is imported before all are here: import the missing ones as they come.\n");
        return out.finish();
    }
    std::optional<NewEvidence> evidence;
    auto bundle = VerifiedBundle::verify(std::move(*files), *casebook,
                                         line.accept_erased ? Erased::accepted : Erased::named_dropped, evidence,
                                         progress_on_stderr("verifying the bundle"));
    if (!bundle) return evidence ? filed(paths, *evidence, bundle.error()) : bundle.error();

    const auto checkpoint = bundle->checkpoint();
    if (!bundle->holds_news()) {
        out.text(fmt::format("Nothing new. The bundle is good and ends at entry {} of the log.\n", checkpoint.size));
        return out.finish();
    }
    const auto passphrase = passphrase_of(line);
    if (!passphrase) return passphrase.error();
    const auto vault = Vault::open(directory->paths(), passphrase->view());
    if (!vault) return vault.error();
    const auto store = EnvelopeStore::open(directory->paths());
    if (!store) return store.error();
    const auto kept_parts = bundle->bundle().kept_parts(paths);
    const auto summary = import_bundle(std::move(*bundle), *casebook, *store, *vault, surroundings.clock(),
                                       progress_on_stderr("opening the envelopes"));
    if (!summary) return summary.error();
    std::error_code left;
    for (const auto& part : kept_parts) std::filesystem::remove(part, left);
    tell_summary(*summary, out);
    out.text(fmt::format("The log is verified up to entry {}. Next: amana-desk list DIR\n", checkpoint.size));
    return out.finish();
}

Result<void> run_list(const CommandLine& line, const Surroundings&)
{
    const auto forms = load_forms(line);
    if (!forms) return forms.error();
    auto desk = open_desk(line);
    if (!desk) return desk.error();
    Output out(STDOUT_FILENO);
    return list_reports(desk->records(), *forms, format_of(line), out,
                        line.lane.empty() ? Lane::all : line.lane == "calm" ? Lane::calm : Lane::pressure);
}

Result<void> run_show(const CommandLine& line, const Surroundings&)
{
    const auto forms = load_forms(line);
    if (!forms) return forms.error();
    auto desk = open_desk(line);
    if (!desk) return desk.error();
    const auto report = find_report(desk->casebook, desk->vault.master(), line.id);
    if (!report) return report.error();
    Output out(STDOUT_FILENO);
    return show_report(desk->records(), *forms, *report, format_of(line), out);
}

Result<void> run_form(const CommandLine& line, const Surroundings&)
{
    const auto directory = DeskDirectory::open(line.directory, DeskDirectory::Use::write);
    if (!directory) return directory.error();
    const auto file = read_file(line.form, web::max_questionnaire_bytes);
    if (!file) return file.error();
    const auto questionnaire = parse_form(line.form, *file);
    if (!questionnaire) return questionnaire.error();
    const auto& paths = directory->paths();
    const auto forms = load_forms(line);
    if (!forms) return forms.error();
    const auto added = add_form(*forms, paths, *questionnaire, *file);
    if (!added) return added.error();
    const auto now_known = load_forms(line);
    if (!now_known) return now_known.error();
    Output out(STDOUT_FILENO);
    out.text(fmt::format("{} {}, version {}.\n", *added ? "From now on this desk knows the questionnaire" : "This desk has it already:",
                         questionnaire->id(), questionnaire->version()));
    const auto* form = now_known->find(questionnaire->id(), questionnaire->version());
    if (form != nullptr && !form->worded)
        out.text("It has no sentences in its file, nor have the catalogues: names will stand in their place.\n");
    return out.finish();
}

Result<void> run_save(const CommandLine& line, const Surroundings&)
{
    const auto forms = load_forms(line);
    if (!forms) return forms.error();
    auto desk = open_desk(line);
    if (!desk) return desk.error();
    const auto report = find_report(desk->casebook, desk->vault.master(), line.id);
    if (!report) return report.error();
    const auto store = EnvelopeStore::open(desk->directory.paths());
    if (!store) return store.error();
    if (const auto saved = save_report(desk->records(), *report, forms->of(report->manifest), *store, line.out); !saved) return saved.error();
    Output out(STDOUT_FILENO);
    out.text("Saved the report and " + counted(report->manifest.attachments().size(), "attachment", "attachments") + " to ");
    out.foreign(line.out.string()).text(".\nThese files are not sealed: remove them when they are no longer needed.\n");
    return out.finish();
}

}  // namespace amana::desk

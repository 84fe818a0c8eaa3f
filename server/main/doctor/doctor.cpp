// SPDX-License-Identifier: AGPL-3.0-or-later
// `amana-server doctor`: all that `check` finds, and what only shows on the machine and from outside.
#include "server/main/commands.hpp"

#include "server/main/doctor/checks.hpp"
#include "server/main/doctor/gather.hpp"
#include "server/main/machine.hpp"

#include <fmt/format.h>

#include <iostream>

namespace amana::server {

namespace {

void take_over(const Findings& findings, const Path& file, doctor::Diagnosis& diagnosis)
{
    for (const auto& finding : findings.all()) {
        const auto place = finding.place.line == 0 ? std::string() : file.string() + ":" + std::to_string(finding.place.line) + ": ";
        diagnosis.found("check", finding.severity, place + finding.what, finding.remedy);
    }
}

bool pages_can_be_made(const Config& config, const Material& material)
{
    Material for_pages;
    for_pages.keyset_note = material.keyset_note;
    for_pages.questionnaire = material.questionnaire;
    for_pages.logo = material.logo;
    return front_can_begin(config, std::move(for_pages));
}

}  // namespace

int run_doctor(const Path& file, const MemoryProtection& memory, const DoctorOptions& options)
{
    if (options.list) {
        std::cout << doctor::catalogue_as_markdown();
        return 0;
    }
    doctor::Diagnosis diagnosis;
    if (!diagnosis.ignore(options.ignored)) {
        std::cerr << "amana-server: --ignore names a finding that there is not\n  'amana-server doctor --list' says which there are.\n";
        return 1;
    }
    Findings findings;
    const auto config = load_config(file, findings);
    if (!config) {
        (void)report(findings, file);
        return 1;
    }
    auto material = load_material(*config, system_clock()(), Moment::start, findings);
    check_machine(*config, memory, findings);
    diagnosis.begin("check");
    take_over(findings, file, diagnosis);
    if (material && findings.errors() == 0 && !pages_can_be_made(*config, *material))
        diagnosis.found("check", Severity::error, "the form's pages can't be made", "The lines above say why.");
    doctor::examine(doctor::gather(*config, std::move(material), options), diagnosis);
    std::cout << (options.json ? diagnosis.json(file.string()) : diagnosis.text(file.string())) << std::flush;
    return diagnosis.exit_code();
}

std::string doctor_manual()
{
    std::string text = "It looks, and changes nothing, at:\n";
    for (const auto& check : doctor::checks()) text += fmt::format("  {:<13}{}\n", check.at, check.looks_at);
    text += "and says everything that 'check' says. Run it as root: others may not read the logs and settings it looks for; what it could not\n"
            "look at it says. From outside it looks at every listener, with the name in 'address' of [site], and at that address itself. It\n"
            "prints no line of a log and no visitor's address.\n\n"
            "Exit codes: 0 nothing found; 3 warnings; 4 errors; 1 it could not look; 2 wrong use of the command line.\n"
            "Each finding has a name that stays; docs/RUNBOOK.md lists them. 'amana-server doctor --json' is for programs:\n"
            "  {of, errors, warnings, findings: [{name, severity, what, remedy}], looked: [{at, findings, not-looked-at}], ignored, facts}";
    return text;
}

}  // namespace amana::server

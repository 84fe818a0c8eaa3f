// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/doctor/diagnosis.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace amana::server::doctor {

namespace {

std::string_view word(Severity severity)
{
    return severity == Severity::error ? "error" : "warning";
}

std::string counted(std::size_t number, std::string_view what)
{
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

}  // namespace

void Diagnosis::found(std::string_view name, Severity severity, std::string what, std::string remedy)
{
    const auto& known = ailment(name);
    // Two ways to one place are one finding.
    if (std::any_of(found_.begin(), found_.end(), [&](const auto& each) { return each.name == name && each.what == what; })) return;
    if (ignored_.contains(name)) {
        left_out_.push_back(fmt::format("{}: {}", name, what));
        return;
    }
    if (!looked_.empty()) ++looked_.back().findings;
    found_.push_back({std::string(name), severity, std::move(what), remedy.empty() ? std::string(known.remedy) : std::move(remedy)});
}

bool Diagnosis::ignore(const std::vector<std::string>& names)
{
    ignored_ = {names.begin(), names.end()};
    const auto known = catalogue();
    return std::all_of(names.begin(), names.end(), [&](const auto& name) {
        return std::any_of(known.begin(), known.end(), [&](const auto& each) { return each.name == name; });
    });
}

bool Diagnosis::has(std::string_view name) const
{
    return std::any_of(found_.begin(), found_.end(), [&](const auto& each) { return each.name == name; });
}

std::size_t Diagnosis::count(Severity severity) const
{
    return static_cast<std::size_t>(std::count_if(found_.begin(), found_.end(), [&](const auto& each) { return each.severity == severity; }));
}

int Diagnosis::exit_code() const
{
    if (count(Severity::error) != 0) return errors_exit;
    return count(Severity::warning) != 0 ? warnings_exit : 0;
}

std::string Diagnosis::text(const std::string& of) const
{
    auto ordered = found_;
    std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.severity == Severity::error && b.severity != Severity::error; });
    auto text = fmt::format("{}: {}, {}\n", of, counted(count(Severity::error), "error"), counted(count(Severity::warning), "warning"));
    for (const auto& each : ordered) text += fmt::format("\n{}: {}: {}\n  {}\n", word(each.severity), each.name, each.what, each.remedy);
    text += "\n";
    for (const auto& each : looked_) {
        text += fmt::format("  {:<13}{}\n", each.at, each.findings != 0 ? counted(each.findings, "finding") : each.unknown.empty() ? "nothing found" : "nothing found, but");
        for (const auto& why : each.unknown) text += fmt::format("  {:<13}not looked at: {}\n", "", why);
    }
    for (const auto& line : left_out_) text += fmt::format("  {:<13}{}\n", "ignored", line);
    for (const auto& [name, value] : facts_) text += fmt::format("  {:<13}{}\n", name, value);
    return text;
}

std::string Diagnosis::json(const std::string& of) const
{
    boost::json::array findings;
    for (const auto& each : found_)
        findings.push_back(boost::json::object{{"name", each.name}, {"severity", word(each.severity)}, {"what", each.what}, {"remedy", each.remedy}});
    boost::json::array looked;
    for (const auto& each : looked_) {
        boost::json::array unknown;
        for (const auto& why : each.unknown) unknown.emplace_back(why);
        looked.push_back(boost::json::object{{"at", each.at}, {"findings", each.findings}, {"not-looked-at", std::move(unknown)}});
    }
    boost::json::array ignored;
    for (const auto& line : left_out_) ignored.emplace_back(line);
    boost::json::object facts;
    for (const auto& [name, value] : facts_) facts[name] = value;
    return boost::json::serialize(boost::json::object{{"of", of},
                                                      {"errors", count(Severity::error)},
                                                      {"warnings", count(Severity::warning)},
                                                      {"findings", std::move(findings)},
                                                      {"looked", std::move(looked)},
                                                      {"ignored", std::move(ignored)},
                                                      {"facts", std::move(facts)}}) +
           "\n";
}

}  // namespace amana::server::doctor

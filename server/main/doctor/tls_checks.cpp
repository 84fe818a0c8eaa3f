// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/doctor/checks.hpp"

#include <algorithm>

namespace amana::server::doctor {

namespace {

constexpr UnixTime soon = 14 * one_day;

bool has_tls(const Seen& seen)
{
    return seen.reached && (seen.where == Where::listener || seen.where == Where::site);
}

std::string joined(const std::vector<std::string>& words)
{
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

void judge_protocol(const Seen& seen, Diagnosis& diagnosis)
{
    if (!seen.old_protocols.empty()) diagnosis.found("tls-old", seen.at + " accepts " + joined(seen.old_protocols));
    if (!seen.weak_ciphers.empty()) diagnosis.found("tls-weak", seen.at + " accepts " + joined(seen.weak_ciphers));
    if (!seen.modern) diagnosis.found("tls-no-1.3", seen.at + " speaks " + seen.protocol + " at best");
    if (seen.compression) diagnosis.found("tls-compression", seen.at + " compresses");
    if (seen.renegotiates) diagnosis.found("tls-renegotiation", seen.at + " negotiates anew when it is asked to");
    if (seen.tickets) diagnosis.found("tls-tickets", seen.at + " hands out session tickets or ids");
}

void judge_certificate(const Subject& subject, const Seen& seen, Diagnosis& diagnosis)
{
    const auto& own = subject.own_keys;
    const bool is_own = own.empty() || std::find(own.begin(), own.end(), seen.key) != own.end();
    if (!is_own && seen.where == Where::listener) diagnosis.found("certificate-not-reloaded", seen.at + " shows another certificate than the config names");
    if (!is_own && seen.where == Where::site) diagnosis.found("tls-ends-elsewhere", seen.at + " shows another key than this server has");
    // Of its own file 'check' says when it ends.
    if (!is_own && seen.ends <= subject.now) diagnosis.found("certificate-ends", seen.at + ": the certificate expired on " + to_rfc3339(seen.ends));
    else if (!is_own && seen.ends - subject.now < std::min(soon, (seen.ends - seen.begins) / 4))
        diagnosis.found("certificate-ends", Severity::warning, seen.at + ": the certificate expires on " + to_rfc3339(seen.ends));
    // Without a public address nobody knows which name is meant.
    if (subject.deployment.host.empty()) return;
    if (!seen.name_fits) diagnosis.found("certificate-name", seen.at + ": the certificate is not for " + subject.deployment.host);
    const bool outlived = seen.ends <= subject.now || seen.begins > subject.now;  // that is said already
    if (!seen.distrust.empty() && !outlived) diagnosis.found("certificate-untrusted", seen.at + ": " + seen.distrust);
}

// A: nothing found; B: warnings; F: errors.
char grade(const Diagnosis& diagnosis)
{
    char worst = 'A';
    for (const auto& each : diagnosis.all()) {
        if (!each.name.starts_with("tls-") || each.name == "tls-ends-elsewhere") continue;
        if (each.severity == Severity::error) return 'F';
        worst = 'B';
    }
    return worst;
}

}  // namespace

void look_at_reach(const Subject& subject, Diagnosis& diagnosis)
{
    if (!subject.running && subject.seen.empty()) return diagnosis.unknown("the server does not run");
    for (const auto& seen : subject.seen) {
        if (seen.where == Where::site && !seen.reached) diagnosis.found("site-unreachable", seen.at + ": " + seen.problem);
        else if (seen.where != Where::site_plain && !seen.reached) diagnosis.found("unreachable", seen.at + ": " + seen.problem);
    }
}

void look_at_tls(const Subject& subject, Diagnosis& diagnosis)
{
    const Seen* outermost = nullptr;
    for (const auto& seen : subject.seen) {
        if (!has_tls(seen)) continue;
        if (seen.cut_short) diagnosis.unknown(seen.at + " took too long to be looked at whole");
        judge_protocol(seen, diagnosis);
        judge_certificate(subject, seen, diagnosis);
        outermost = &seen;
    }
    if (outermost == nullptr) return diagnosis.unknown("no TLS was reached");
    diagnosis.fact("TLS", std::string("grade ") + grade(diagnosis) + ", " + outermost->protocol + " " + outermost->cipher + (outermost->group.empty() ? "" : " " + outermost->group));
}

}  // namespace amana::server::doctor

// SPDX-License-Identifier: AGPL-3.0-or-later
// The headers as they arrive, behind whatever stands in front. What the server itself sends is server/front/responses.cpp's.
#include "server/main/doctor/checks.hpp"
#include "server/main/doctor/machine_files.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

namespace amana::server::doctor {

namespace {

constexpr unsigned status_ok = 200;
constexpr long least_hsts = 365L * 24 * 3600;

const std::set<std::string, std::less<>> usual{
    "allow", "cache-control", "connection", "content-encoding", "content-length", "content-security-policy", "content-type", "cross-origin-embedder-policy",
    "cross-origin-opener-policy", "cross-origin-resource-policy", "date", "keep-alive", "location", "onion-location", "padding", "permissions-policy", "referrer-policy", "retry-after",
    "strict-transport-security", "transfer-encoding", "vary", "x-content-type-options", "x-frame-options"};

constexpr std::array protections{std::pair{"referrer-policy", "no-referrer"}, std::pair{"x-content-type-options", "nosniff"}, std::pair{"x-frame-options", "DENY"},
                                 std::pair{"cross-origin-opener-policy", "same-origin"}, std::pair{"permissions-policy", ""}};

long max_age(std::string_view hsts)
{
    constexpr std::string_view key = "max-age=";
    const auto at = hsts.find(key);
    return at == std::string_view::npos ? 0 : std::strtol(std::string(hsts.substr(at + key.size())).c_str(), nullptr, 10);
}

// One address's answers; what is wrong with several is said of the first.
class Headers {
public:
    Headers(const Seen& seen, Diagnosis& diagnosis) : seen_(seen), diagnosis_(diagnosis) {}

    void judge(const Answer& answer)
    {
        if (max_age(answer.header("strict-transport-security")) < least_hsts) found("header-hsts", answer, "Strict-Transport-Security is missing, or for less than a year");
        const auto policy = answer.header("content-security-policy");
        if (policy.find("default-src 'none'") == std::string_view::npos || policy.find("unsafe") != std::string_view::npos)
            found("header-csp", answer, "Content-Security-Policy is missing, or lets in what it should not");
        if (answer.header("cache-control").find("no-store") == std::string_view::npos) found("header-cache", answer, "Cache-Control does not say no-store");
        std::string missing;
        for (const auto& [name, value] : protections)
            if (answer.header(name).empty() || answer.header(name).find(value) == std::string_view::npos) missing += (missing.empty() ? "" : ", ") + std::string(name);
        if (!missing.empty()) found("header-protection", answer, missing + " is missing or altered");
        std::string extra;
        for (const auto& [name, value] : answer.headers) {
            if (name == "set-cookie") found("header-cookie", answer, "a cookie is set");
            else if (!usual.contains(name)) extra += (extra.empty() ? "" : ", ") + name;
        }
        if (!extra.empty()) found("header-extra", answer, "it comes with " + extra);
    }

private:
    void found(const std::string& name, const Answer& answer, const std::string& what)
    {
        if (said_.insert(name).second) diagnosis_.found(name, seen_.at + answer.path + ": " + what);
    }

    const Seen& seen_;
    Diagnosis& diagnosis_;
    std::set<std::string> said_;
};

bool redirects(unsigned status)
{
    return status == 301 || status == 302 || status == 307 || status == 308;
}

void judge_redirect(const Subject& subject, const Seen& seen, Diagnosis& diagnosis)
{
    for (const auto& answer : seen.answers) {
        const auto to = std::string(answer.header("location"));
        const auto& host = subject.deployment.host;
        if (redirects(answer.status) && to.starts_with("https://")) {
            const auto name = to.substr(8, to.find_first_of("/:", 8) - 8);
            if (!host.empty() && lower(name) != lower(host)) diagnosis.found("plain-elsewhere", seen.at + answer.path + " leads to " + name);
        } else if (answer.status < 400) {
            diagnosis.found("plain-served", seen.at + answer.path + " is answered " + std::to_string(answer.status) + " without TLS");
        }
    }
}

}  // namespace

void look_at_headers(const Subject& subject, Diagnosis& diagnosis)
{
    bool any = false;
    for (const auto& seen : subject.seen) {
        if (!seen.reached || (seen.where != Where::listener && seen.where != Where::site)) continue;
        any = true;
        const auto first = std::find_if(seen.answers.begin(), seen.answers.end(), [](const auto& answer) { return answer.path == "/"; });
        if (first == seen.answers.end() || first->status != status_ok)
            diagnosis.found("form-missing", seen.at + "/ is answered " + (first == seen.answers.end() ? "by nothing that is HTTP" : std::to_string(first->status)));
        Headers headers(seen, diagnosis);
        for (const auto& answer : seen.answers) headers.judge(answer);
    }
    if (!any) diagnosis.unknown("no page was reached");
}

void look_at_plain(const Subject& subject, Diagnosis& diagnosis)
{
    bool closed = false;
    bool site = false;
    for (const auto& seen : subject.seen) {
        if (seen.plain_answer) diagnosis.found("plain-served", seen.at + " also answers without TLS");
        if (seen.where == Where::redirect_listener || seen.where == Where::site_plain) judge_redirect(subject, seen, diagnosis);
        closed = closed || (seen.where == Where::site_plain && !seen.reached);
        site = site || (seen.where == Where::site && seen.reached);
    }
    if (closed && site) diagnosis.found("plain-closed", "nothing answers at port 80 of " + subject.deployment.host);
}

}  // namespace amana::server::doctor

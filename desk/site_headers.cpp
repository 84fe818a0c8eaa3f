// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/site_headers.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace amana::desk {

namespace {

// What says nothing to a browser beyond this one answer. Not among them, on purpose: Set-Cookie, Link, Refresh, Location, ETag
// and Last-Modified (by which a browser is known again), Alt-Svc, reporting addresses.
constexpr std::array<std::string_view, 12> harmless{"date",
                                                    "content-length",
                                                    "content-encoding",
                                                    "connection",
                                                    "keep-alive",
                                                    "transfer-encoding",
                                                    "vary",
                                                    "server",
                                                    "via",
                                                    "padding",
                                                    "age",
                                                    "accept-ranges"};

constexpr std::string_view policy_name = "content-security-policy";
constexpr std::size_t max_named = 32;

std::string lower(std::string_view text)
{
    std::string out(text);
    for (auto& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
}

std::vector<std::string> words_of(std::string_view text)
{
    std::vector<std::string> words;
    std::string word;
    for (const char c : text) {
        if (c == ' ' || c == '\t') {
            if (!word.empty()) words.push_back(std::exchange(word, {}));
        } else {
            word += c;
        }
    }
    if (!word.empty()) words.push_back(std::move(word));
    return words;
}

using Directives = std::map<std::string, std::vector<std::string>>;

// As browsers read it: the first of a name counts.
Directives directives_of(std::string_view policy)
{
    Directives directives;
    while (!policy.empty()) {
        const auto end = std::min(policy.find(';'), policy.size());
        auto words = words_of(policy.substr(0, end));
        policy.remove_prefix(std::min(end + 1, policy.size()));
        if (words.empty()) continue;
        auto name = lower(words.front());
        words.erase(words.begin());
        std::sort(words.begin(), words.end());
        directives.try_emplace(std::move(name), std::move(words));
    }
    return directives;
}

std::string joined(const std::vector<std::string>& words)
{
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
}

bool applies(const crypto::SiteHeader& header, std::string_view kind)
{
    return header.kind == crypto::every_kind || header.kind == kind;
}

void compare(const crypto::SiteHeader& header, const SiteAnswer& answer, std::vector<std::string>& out)
{
    const auto name = lower(header.name);
    std::vector<std::string_view> served;
    for (const auto& [theirs, value] : answer.headers)
        if (theirs == name) served.push_back(value);
    if (served.empty()) out.push_back("the header " + header.name + ", which protects readers, is missing");
    if (served.size() > 1)
        out.push_back("the header " + header.name + " comes " + std::to_string(served.size()) + " times, and was signed once");
    for (const auto value : served) {
        if (value == header.value) continue;
        if (name == policy_name) {
            for (auto& difference : policy_differences(header.value, value)) out.push_back(std::move(difference));
            continue;
        }
        out.push_back("the header " + header.name + " says \"" + excerpt(value) + "\", and was signed as \"" +
                      excerpt(header.value) + "\"");
    }
}

}  // namespace

std::string excerpt(std::string_view foreign)
{
    constexpr std::size_t most = 160;
    if (foreign.size() <= most) return std::string(foreign);
    auto end = most;
    while (end > 0 && (static_cast<unsigned char>(foreign[end]) & 0xc0U) == 0x80U) --end;
    return std::string(foreign.substr(0, end)) + "...";
}

std::vector<std::string> policy_differences(std::string_view policy, std::string_view served)
{
    std::vector<std::string> out;
    const auto ours = directives_of(policy);
    const auto theirs = directives_of(served);
    for (const auto& [name, sources] : ours) {
        const auto found = theirs.find(name);
        if (found == theirs.end()) {
            out.push_back("a weaker Content-Security-Policy: " + name + " is missing");
            continue;
        }
        for (const auto& source : found->second)
            if (std::find(sources.begin(), sources.end(), source) == sources.end())
                out.push_back("a weaker Content-Security-Policy: " + name + " also allows " + excerpt(source));
        for (const auto& source : sources)
            if (std::find(found->second.begin(), found->second.end(), source) == found->second.end())
                out.push_back("another Content-Security-Policy: " + name + " lacks " + excerpt(source));
    }
    for (const auto& [name, sources] : theirs)
        if (!ours.contains(name))
            out.push_back("another Content-Security-Policy: it has " + excerpt(name + " " + joined(sources)) + " too");
    if (out.empty()) out.emplace_back("a Content-Security-Policy that is written otherwise than it was signed");
    if (out.size() > max_named) out.resize(max_named);
    return out;
}

std::vector<std::string> header_differences(const crypto::SiteManifest& site, std::string_view kind, const SiteAnswer& answer)
{
    std::vector<std::string> out;
    for (const auto& header : site.headers)
        if (applies(header, kind)) compare(header, answer, out);
    for (const auto& [name, value] : answer.headers) {
        const auto listed = [&, theirs = std::string_view(name)](const crypto::SiteHeader& header) {
            return applies(header, kind) && lower(header.name) == theirs;
        };
        if (name == "content-encoding" && value != "gzip") out.push_back("the body is packed as \"" + excerpt(value) + "\"");
        if (std::find(harmless.begin(), harmless.end(), name) != harmless.end()) continue;
        if (std::none_of(site.headers.begin(), site.headers.end(), listed))
            out.push_back("a header that was not signed: " + excerpt(name + ": " + value));
        if (out.size() >= max_named) break;
    }
    return out;
}

}  // namespace amana::desk

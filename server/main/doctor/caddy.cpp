// SPDX-License-Identifier: AGPL-3.0-or-later
// Caddy: every site that passes to this server, and the global options.
#include "server/main/doctor/proxies.hpp"

#include <algorithm>
#include <set>

namespace amana::server::doctor {

namespace {

class Caddy {
public:
    Caddy(const Facing& facing, const Directives& directives) : facing_(facing), directives_(directives) {}

    bool look()
    {
        for (const auto number : directives_.named("reverse_proxy")) {
            if (!passes_here(number)) continue;
            auto site = number;
            while (directives_.all()[site].block != no_block) site = directives_.all()[site].block;
            const auto& pass = directives_.all()[number];
            forwards(number, pass);
            if (!sites_.insert(site).second) continue;
            facing_.diagnosis.found("proxy-ends-tls", pass.place() + ": Caddy ends TLS and sees every request");
            access_log(site);
            for (std::size_t i = 0; i < directives_.all().size(); ++i)
                if (directives_.all()[i].name == "cache" && directives_.lies_in(i, site)) facing_.diagnosis.found("proxy-caches", directives_.all()[i].place() + ": Caddy keeps answers");
        }
        if (!sites_.empty()) error_log();
        return !sites_.empty();
    }

private:
    [[nodiscard]] bool passes_here(std::size_t number) const
    {
        const auto leads = [&](const std::string& word) { return leads_here(facing_.subject.deployment, word); };
        const auto& pass = directives_.all()[number];
        const auto is_upstream = [&](const std::string& word) { return !word.starts_with('/') && !word.starts_with('@') && word != "*" && leads(word); };
        if (std::any_of(pass.words.begin(), pass.words.end(), is_upstream)) return true;
        const auto to = directives_.in(number, "to");
        return std::any_of(to.begin(), to.end(), [&](const auto* each) { return std::any_of(each->words.begin(), each->words.end(), leads); });
    }

    // A site, and the snippets that it takes in.
    void access_log(std::size_t site)
    {
        std::vector<std::size_t> blocks{site};
        for (const auto* import : directives_.in(site, "import"))
            for (const auto snippet : directives_.named("(" + import->word(0) + ")")) blocks.push_back(snippet);
        for (const auto block : blocks)
            for (const auto number : directives_.named("log"))
                if (directives_.all()[number].block == block && !discards(number))
                    facing_.diagnosis.found("proxy-access-log", directives_.all()[number].place() + ": Caddy writes a line for every visit ('log')");
    }

    [[nodiscard]] bool discards(std::size_t log) const
    {
        const auto outputs = directives_.in(log, "output");
        return !outputs.empty() && outputs.front()->word(0) == "discard";
    }

    // Without a word of the global options Caddy says what goes wrong with a request, with all of its head.
    void error_log()
    {
        for (const auto number : directives_.named("log")) {
            const auto block = directives_.all()[number].block;
            if (block == no_block || !directives_.all()[block].name.empty()) continue;
            const auto excluded = directives_.in(number, "exclude");
            const bool quiet = std::any_of(excluded.begin(), excluded.end(), [](const auto* each) { return std::find(each->words.begin(), each->words.end(), "http.log") != each->words.end(); });
            if (quiet || discards(number)) return;
        }
        facing_.diagnosis.found("proxy-error-log", directives_.all()[*sites_.begin()].place() + ": no global 'log default' excludes http.log, so Caddy writes what goes wrong with its address and path");
    }

    void forwards(std::size_t number, const Directive& pass)
    {
        if (facing_.subject.deployment.takes_forwarded) return;
        const auto headers = directives_.in(number, "header_up");
        if (std::none_of(headers.begin(), headers.end(), [](const auto* each) { return lower(each->word(0)) == "-x-forwarded-for"; }))
            facing_.diagnosis.found("proxy-forwards-address", pass.place() + ": no 'header_up -X-Forwarded-For' holds here, so Caddy sends it");
    }

    const Facing& facing_;
    const Directives& directives_;
    std::set<std::size_t> sites_;
};

}  // namespace

bool look_at_caddy(const Facing& facing)
{
    const auto directives = Directives::read(facing.files, "/etc/caddy/Caddyfile", Grammar::caddy);
    return Caddy(facing, directives).look();
}

}  // namespace amana::server::doctor

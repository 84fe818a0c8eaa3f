// SPDX-License-Identifier: AGPL-3.0-or-later
// HAProxy: every section with a `server` that is this one, and the frontends that lead there, each with the `defaults` before it.
#include "server/main/doctor/proxies.hpp"

#include <algorithm>
#include <set>

namespace amana::server::doctor {

namespace {

class Haproxy {
public:
    Haproxy(const Facing& facing, const Directives& directives) : facing_(facing), directives_(directives) {}

    bool look()
    {
        find();
        for (const auto section : sections_) {
            logs(section);
            ends_tls(section);
            forwards(section);
            caches(section);
        }
        return !sections_.empty();
    }

private:
    void find()
    {
        std::set<std::string> backends;
        for (const auto number : directives_.named("server")) {
            const auto& server = directives_.all()[number];
            if (server.block == no_block || !leads_here(facing_.subject.deployment, server.word(1))) continue;
            sections_.insert(server.block);
            backends.insert(directives_.all()[server.block].word(0));
        }
        for (const auto* use : {"default_backend", "use_backend"})
            for (const auto number : directives_.named(use)) {
                const auto& directive = directives_.all()[number];
                if (directive.block != no_block && backends.contains(directive.word(0))) sections_.insert(directive.block);
            }
    }

    // Of the section, and of the defaults that it begins with.
    [[nodiscard]] std::vector<const Directive*> holding(std::size_t section, std::string_view name) const
    {
        auto found = directives_.in(section, name);
        const auto& all = directives_.all();
        for (auto before = section; before-- > 0;) {
            if (all[before].name != "defaults" || all[before].block != no_block) continue;
            const auto inherited = directives_.in(before, name);
            found.insert(found.end(), inherited.begin(), inherited.end());
            break;
        }
        return found;
    }

    [[nodiscard]] bool has_option(std::size_t section, std::string_view option) const
    {
        const auto off = directives_.in(section, "no");
        if (std::any_of(off.begin(), off.end(), [&](const auto* each) { return each->word(0) == "option" && each->word(1) == option; })) return false;
        const auto options = holding(section, "option");
        return std::any_of(options.begin(), options.end(), [&](const auto* each) { return each->word(0) == option; });
    }

    void logs(std::size_t section)
    {
        const auto off = directives_.in(section, "no");
        if (std::any_of(off.begin(), off.end(), [](const auto* each) { return each->word(0) == "log"; })) return;
        for (const auto* log : holding(section, "log")) {
            if (log->word(0) == "/dev/null" || (log->word(0) == "global" && !global_logs())) continue;
            facing_.diagnosis.found("proxy-access-log", log->place() + ": HAProxy writes a line for every visit, 'log " + log->word(0) + "'");
        }
    }

    [[nodiscard]] bool global_logs() const
    {
        const auto globals = directives_.named("global");
        return std::any_of(globals.begin(), globals.end(), [&](const auto number) { return !directives_.in(number, "log").empty(); });
    }

    void ends_tls(std::size_t section)
    {
        for (const auto* bind : directives_.in(section, "bind"))
            if (std::find(bind->words.begin(), bind->words.end(), "ssl") != bind->words.end())
                return facing_.diagnosis.found("proxy-ends-tls", bind->place() + ": HAProxy ends TLS and sees every request");
    }

    void forwards(std::size_t section)
    {
        if (facing_.subject.deployment.takes_forwarded) return;
        if (has_option(section, "forwardfor"))
            facing_.diagnosis.found("proxy-forwards-address", directives_.all()[section].place() + ": 'option forwardfor' holds here");
        for (const auto* request : holding(section, "http-request"))
            if ((request->word(0) == "set-header" || request->word(0) == "add-header") && (lower(request->word(1)) == "x-forwarded-for" || lower(request->word(1)) == "x-real-ip" || lower(request->word(1)) == "forwarded"))
                facing_.diagnosis.found("proxy-forwards-address", request->place() + ": HAProxy sends " + request->word(1));
    }

    void caches(std::size_t section)
    {
        for (const auto* name : {"http-request", "http-response"})
            for (const auto* rule : directives_.in(section, name))
                if (rule->word(0) == "cache-use" || rule->word(0) == "cache-store") return facing_.diagnosis.found("proxy-caches", rule->place() + ": HAProxy keeps answers");
    }

    const Facing& facing_;
    const Directives& directives_;
    std::set<std::size_t> sections_;
};

}  // namespace

bool look_at_haproxy(const Facing& facing)
{
    const auto directives = Directives::read(facing.files, "/etc/haproxy/haproxy.cfg", Grammar::haproxy);
    return Haproxy(facing, directives).look();
}

}  // namespace amana::server::doctor

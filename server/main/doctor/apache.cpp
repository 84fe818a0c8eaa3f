// SPDX-License-Identifier: AGPL-3.0-or-later
// Apache: every virtual host that passes to this server, with what holds there, its own or the whole server's.
#include "server/main/doctor/proxies.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

namespace amana::server::doctor {

namespace {

constexpr std::uint64_t beside_files = 8ull * 1024 * 1024;
constexpr std::uint64_t limit_without_one = 1024ull * 1024 * 1024;  // since 2.4.54

class Apache {
public:
    Apache(const Facing& facing, const Directives& directives) : facing_(facing), directives_(directives) {}

    bool look()
    {
        for (const auto* name : {"proxypass", "proxypassmatch", "balancermember", "rewriterule"})
            for (const auto number : directives_.named(name)) {
                const auto& pass = directives_.all()[number];
                if (!std::any_of(pass.words.begin(), pass.words.end(), [&](const auto& word) { return word.find('/') != std::string::npos && word != "/" && leads_here(facing_.subject.deployment, word); }))
                    continue;
                if (hosts_.insert(host_of(number)).second) look_at(host_of(number), pass);
            }
        return !hosts_.empty();
    }

private:
    [[nodiscard]] std::size_t host_of(std::size_t number) const
    {
        for (auto at = number; at != no_block; at = directives_.all()[at].block)
            if (directives_.all()[at].name == "virtualhost") return at;
        return no_block;
    }

    // All of a name that hold in the host: below it, and of the server as a whole.
    [[nodiscard]] std::vector<const Directive*> holding(std::size_t host, std::string_view name) const
    {
        std::vector<const Directive*> found;
        for (const auto number : directives_.named(name)) {
            const auto own = host_of(number);
            if (own == host || own == no_block) found.push_back(&directives_.all()[number]);
        }
        return found;
    }
    // That of the host itself counts before the server's.
    [[nodiscard]] std::string value(std::size_t host, std::string_view name, const std::string& otherwise) const
    {
        const auto found = directives_.around(host, name);
        return found.empty() ? otherwise : found.back()->word(0);
    }
    [[nodiscard]] bool turned_on(std::size_t host, std::string_view name) const
    {
        const auto found = holding(host, name);
        return std::any_of(found.begin(), found.end(), [](const auto* each) { return lower(each->word(0)) != "off"; });
    }

    void look_at(std::size_t host, const Directive& pass)
    {
        facing_.diagnosis.found("proxy-ends-tls", pass.place() + ": Apache ends TLS and sees every request");
        logs(host, pass);
        spools(host, pass);
        if (!holding(host, "cacheenable").empty()) facing_.diagnosis.found("proxy-caches", holding(host, "cacheenable").front()->place() + ": Apache keeps answers");
        if (!facing_.subject.deployment.takes_forwarded && lower(value(host, "proxyaddheaders", "on")) != "off")
            facing_.diagnosis.found("proxy-forwards-address", pass.place() + ": no 'ProxyAddHeaders Off' holds here, so Apache sends X-Forwarded-For");
        const auto limit = std::strtoull(value(host, "limitrequestbody", std::to_string(limit_without_one)).c_str(), nullptr, 10);
        if (limit != 0 && limit < facing_.subject.config.limits.max_files_bytes + beside_files)
            facing_.diagnosis.found("proxy-body-limit", pass.place() + ": Apache takes bodies of at most " + std::to_string(limit) + " bytes");
    }

    void logs(std::size_t host, const Directive& pass)
    {
        for (const auto* name : {"customlog", "transferlog"}) {
            // A host that names no log of its own uses the server's.
            for (const auto* log : directives_.around(host, name))
                if (log->word(0) != "/dev/null") facing_.diagnosis.found("proxy-access-log", log->place() + ": Apache writes a line for every visit to " + log->word(0));
        }
        if (turned_on(host, "secauditengine")) facing_.diagnosis.found("proxy-access-log", pass.place() + ": ModSecurity writes an audit log ('SecAuditEngine')");
        const bool quiet = value(host, "errorlog", "") == "/dev/null" || lower(value(host, "loglevel", "warn")) == "emerg";
        if (!quiet) facing_.diagnosis.found("proxy-error-log", pass.place() + ": Apache names the client's address in " + value(host, "errorlog", "its error log"));
    }

    void spools(std::size_t host, const Directive& pass)
    {
        const auto sets = holding(host, "setenv");
        const auto set = [&](std::string_view name) {
            return std::any_of(sets.begin(), sets.end(), [&](const auto* each) { return each->word(0) == name; });
        };
        if (!set("proxy-sendchunked") || set("proxy-sendcl"))
            facing_.diagnosis.found("proxy-spools", pass.place() + ": no 'SetEnv proxy-sendchunked 1' holds here, or 'proxy-sendcl' does, so Apache writes bodies to its temporary folder");
        if (turned_on(host, "secrequestbodyaccess")) facing_.diagnosis.found("proxy-spools", pass.place() + ": ModSecurity reads bodies and keeps large ones in files ('SecRequestBodyAccess')");
        if (turned_on(host, "dumpioinput")) facing_.diagnosis.found("proxy-spools", pass.place() + ": 'DumpIOInput' writes bodies to the error log");
    }

    const Facing& facing_;
    const Directives& directives_;
    std::set<std::size_t> hosts_;
};

}  // namespace

bool look_at_apache(const Facing& facing)
{
    const auto directives = Directives::read(facing.files, "/etc/apache2/apache2.conf", Grammar::apache);
    return Apache(facing, directives).look();
}

}  // namespace amana::server::doctor

// SPDX-License-Identifier: AGPL-3.0-or-later
// nginx: every location or stream server that passes to this server, with what holds there (nginx.org/en/docs/dirindex.html).
#include "server/main/doctor/proxies.hpp"

#include <algorithm>
#include <cstdlib>

namespace amana::server::doctor {

namespace {

constexpr std::uint64_t beside_files = 8ull * 1024 * 1024;  // what a report has beside its files

std::uint64_t size_of(const std::string& text)
{
    char* end = nullptr;
    const auto number = std::strtoull(text.c_str(), &end, 10);
    switch (*end) {
    case 'k':
    case 'K': return number << 10;
    case 'm':
    case 'M': return number << 20;
    case 'g':
    case 'G': return number << 30;
    default: return number;
    }
}

class Nginx {
public:
    Nginx(const Facing& facing, const Directives& directives) : facing_(facing), directives_(directives) {}

    bool look()
    {
        bool any = false;
        for (const auto number : directives_.named("proxy_pass")) {
            const auto& pass = directives_.all()[number];
            if (!passes_here(pass.word(0))) continue;
            any = true;
            logs(pass);
            if (directives_.lies_in_named(number, "stream")) continue;
            ends_tls(pass);
            spools(pass);
            forwards(pass);
            body_limit(pass);
        }
        return any;
    }

private:
    [[nodiscard]] bool passes_here(std::string target) const
    {
        if (leads_here(facing_.subject.deployment, target)) return true;
        if (const auto scheme = target.find("://"); scheme != std::string::npos) target = target.substr(scheme + 3);
        target = target.substr(0, target.find('/'));
        const auto& all = directives_.all();
        const bool variable = target.starts_with('$');
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (all[i].block == no_block) continue;
            const auto& around = all[all[i].block];
            const bool of_upstream = around.name == "upstream" && around.word(0) == target && all[i].name == "server";
            const bool of_map = variable && around.name == "map" && around.word(1) == target;
            const bool of_set = variable && all[i].name == "set" && all[i].word(0) == target;
            if (of_upstream && leads_here(facing_.subject.deployment, all[i].word(0))) return true;
            if (of_map && passes_here(all[i].word(0))) return true;
            if (of_set && leads_here(facing_.subject.deployment, all[i].word(1))) return true;
        }
        return false;
    }

    // The last word of the last such line that holds there, or what holds without one.
    [[nodiscard]] std::string holds(const Directive& at, std::string_view name, const std::string& otherwise) const
    {
        const auto found = directives_.around(at.block, name);
        return found.empty() ? otherwise : found.back()->word(0);
    }
    [[nodiscard]] std::string where(const Directive& at, std::string_view name) const
    {
        const auto found = directives_.around(at.block, name);
        return found.empty() ? at.place() : found.back()->place();
    }

    void logs(const Directive& pass)
    {
        const bool stream = directives_.lies_in_named(static_cast<std::size_t>(&pass - directives_.all().data()), "stream");
        const auto access = directives_.around(pass.block, "access_log");
        // In http there is one unless it is turned off, in stream none unless it is turned on.
        if (access.empty() && !stream)
            facing_.diagnosis.found("proxy-access-log", pass.place() + ": no 'access_log off' holds here, so nginx writes its access.log");
        for (const auto* log : access)
            if (log->word(0) != "off" && log->word(0) != "/dev/null")
                facing_.diagnosis.found("proxy-access-log", log->place() + ": nginx writes a line for every visit to " + log->word(0));
        const auto errors = directives_.around(pass.block, "error_log");
        if (errors.empty()) facing_.diagnosis.found("proxy-error-log", pass.place() + ": no 'error_log' holds here, so nginx writes its error.log with addresses");
        for (const auto* log : errors) {
            const auto& level = log->word(1);
            if (log->word(0) != "/dev/null" && level != "emerg" && level != "alert")
                facing_.diagnosis.found("proxy-error-log", log->place() + ": from '" + (level.empty() ? "error" : level) + "' on nginx names the client's address in " + log->word(0));
        }
    }

    void ends_tls(const Directive& pass)
    {
        facing_.diagnosis.found("proxy-ends-tls", pass.place() + ": nginx ends TLS and sees every request");
    }

    void spools(const Directive& pass)
    {
        if (holds(pass, "proxy_request_buffering", "on") != "off")
            facing_.diagnosis.found("proxy-spools", where(pass, "proxy_request_buffering") + ": no 'proxy_request_buffering off' holds here, so nginx writes bodies to " +
                                                        holds(pass, "client_body_temp_path", "its client_body_temp folder"));
        if (holds(pass, "client_body_in_file_only", "off") != "off")
            facing_.diagnosis.found("proxy-spools", where(pass, "client_body_in_file_only") + ": 'client_body_in_file_only' writes every body to a file");
        if (holds(pass, "proxy_buffering", "on") != "off" && holds(pass, "proxy_max_temp_file_size", "1024m") != "0")
            facing_.diagnosis.found("proxy-spools-answers", where(pass, "proxy_buffering") + ": neither 'proxy_buffering off' nor 'proxy_max_temp_file_size 0' holds here, so nginx writes answers to its proxy_temp folder");
        if (holds(pass, "proxy_cache", "off") != "off" || holds(pass, "proxy_store", "off") != "off")
            facing_.diagnosis.found("proxy-caches", where(pass, "proxy_cache") + ": nginx keeps answers");
        if (holds(pass, "gzip", "off") == "on") facing_.diagnosis.found("proxy-compresses", where(pass, "gzip") + ": 'gzip on' holds here");
    }

    void forwards(const Directive& pass)
    {
        if (facing_.subject.deployment.takes_forwarded) return;
        for (const auto* header : directives_.around(pass.block, "proxy_set_header")) {
            const auto name = lower(header->word(0));
            if ((name == "x-forwarded-for" || name == "x-real-ip" || name == "forwarded") && !header->word(1).empty())
                facing_.diagnosis.found("proxy-forwards-address", header->place() + ": nginx sends " + header->word(0));
        }
    }

    void body_limit(const Directive& pass)
    {
        const auto written = holds(pass, "client_max_body_size", "1m");
        const auto size = size_of(written);
        if (size != 0 && size < facing_.subject.config.limits.max_files_bytes + beside_files)
            facing_.diagnosis.found("proxy-body-limit", where(pass, "client_max_body_size") + ": nginx takes bodies of at most " + written);
    }

    const Facing& facing_;
    const Directives& directives_;
};

}  // namespace

bool look_at_nginx(const Facing& facing)
{
    const auto directives = Directives::read(facing.files, "/etc/nginx/nginx.conf", Grammar::nginx);
    return Nginx(facing, directives).look();
}

}  // namespace amana::server::doctor

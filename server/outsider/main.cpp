// SPDX-License-Identifier: AGPL-3.0-or-later
// amana-outsider: connects to one address as a visitor would, and says on standard output what it saw. `amana-server doctor` starts
// it, since amana-server itself has no TLS in it. What it connects to may be anybody, so it gives up root's rights first.
//
// Exit: 0 it has told (that nothing was reached, too), 1 it could not, 2 wrong arguments.
#include "base/file.hpp"
#include "server/outsider/look.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <csignal>
#include <cstdio>

#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

constexpr std::size_t max_issuers_bytes = 1 << 20;
constexpr unsigned alarm_seconds = 2 * amana::outsider::whole_seconds;
constexpr uid_t nobody = 65534;

// A Unix socket is there for its owner and group: who dials it keeps what the admin may.
bool give_up_rights(bool local)
{
    const rlimit none{0, 0};
    (void)::setrlimit(RLIMIT_CORE, &none);
    (void)::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (::geteuid() != 0 || local) return true;
    return ::setgroups(0, nullptr) == 0 && ::setresgid(nobody, nobody, nobody) == 0 && ::setresuid(nobody, nobody, nobody) == 0;
}

}  // namespace

int main(int argc, char** argv)
{
    amana::outsider::Target target;
    std::vector<std::string> paths{"/"};
    std::string ca;
    bool plain = false;
    CLI::App app{"What an outsider sees at one address, as JSON. It is started by 'amana-server doctor'."};
    app.add_option("ADDRESS", target.address, "IP:PORT, [IPv6]:PORT, NAME:PORT or unix:PATH")->required();
    app.add_option("--host", target.host, "The name that is asked for");
    app.add_option("--path", paths, "What is asked for")->expected(1, 16);
    app.add_option("--ca", ca, "A PEM file of issuers to be trusted beside the machine's own");
    app.add_option("--header", target.header, "A line that each request has, as a proxy would set it");
    app.add_flag("--proxy", target.proxy_header, "Begin with a PROXY header");
    app.add_flag("--plain", plain, "Without TLS");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    (void)std::signal(SIGPIPE, SIG_IGN);
    // While it still may.
    if (!ca.empty()) {
        const auto read = amana::read_file(ca, max_issuers_bytes);
        if (!read) {
            std::fprintf(stderr, "amana-outsider: %s\n", read.error().text().c_str());
            return 1;
        }
        target.issuers = amana::as_text(*read);
    }
    (void)amana::outsider::time_is_over();  // from now on
    ::alarm(alarm_seconds);
    if (!give_up_rights(target.address.starts_with("unix:"))) {
        std::fputs("amana-outsider: can't give up root's rights\n", stderr);
        return 1;
    }
    auto seen = plain ? amana::outsider::look_plainly(target, paths) : amana::outsider::look_at_tls(target, paths);
    seen["cut-short"] = amana::outsider::time_is_over();
    std::puts(boost::json::serialize(seen).c_str());
    return 0;
}

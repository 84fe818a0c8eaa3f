// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/doctor/catalogue.hpp"

#include "base/require.hpp"

#include <algorithm>
#include <array>

namespace amana::server::doctor {

namespace {

constexpr auto error = Severity::error;
constexpr auto warning = Severity::warning;

constexpr std::array ailments{
    // The proxy in front.
    Ailment{"proxy-spools", error, "reports lie on the disk in plain text",
            "nginx: 'proxy_request_buffering off;' and no 'client_body_in_file_only'. Apache: 'SetEnv proxy-sendchunked 1', no 'proxy-sendcl', no ModSecurity "
            "on bodies, no 'DumpIOInput'. Then wipe the folder that it wrote to."},
    Ailment{"proxy-spools-answers", error, "answers that are read lie on the disk in plain text",
            "nginx: 'proxy_buffering off;' or 'proxy_max_temp_file_size 0;'. Then wipe its proxy_temp folder."},
    Ailment{"proxy-caches", error, "pages, and what was typed into them, lie in a cache", "Turn it off for this site: no 'proxy_cache', 'CacheEnable', 'cache-use' or 'cache'."},
    Ailment{"proxy-access-log", error, "a line for every visit: who came, and when",
            "nginx: 'access_log off;'. HAProxy: no 'log' line for it. Apache: no 'CustomLog'. Caddy: no 'log' in the site. Then wipe the logs that there are."},
    Ailment{"proxy-error-log", error, "what goes wrong with a request is written down with its sender's address",
            "nginx: 'error_log stderr emerg;'. Apache: 'ErrorLog /dev/null' and 'LogLevel emerg'. Caddy: in the global 'log default', 'exclude http.log http.handlers "
            "http.stdlib http.reverse_proxy'. Then wipe the logs that there are."},
    Ailment{"proxy-ends-tls", warning, "the proxy sees what is written without JavaScript, and every code typed",
            "Let it pass TLS through: the passthrough configurations in deploy/proxies. Where TLS has to end at it, --ignore proxy-ends-tls."},
    Ailment{"proxy-forwards-address", warning, "the sender's address goes into every request, and nobody here wants it",
            "Take it out: no 'X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'option forwardfor'; Apache 'ProxyAddHeaders Off'; Caddy 'header_up -X-Forwarded-For'. "
            "Or let the listener use it: 'forwarded' in [[listener]]."},
    Ailment{"proxy-compresses", warning, "the sizes of pages tell what is on them", "nginx: 'gzip off;' for this site. Amana compresses and pads by itself."},
    Ailment{"proxy-body-limit", warning, "reports with files are refused by the proxy",
            "nginx: 'client_max_body_size 136m;'. Apache: 'LimitRequestBody 142606336'. At least 'max_files' in [limits], and 8 MiB more."},
    // The onion service.
    Ailment{"onion-logs", error, "tor writes down more than it has to", "torrc: 'SafeLogging 1', 'Log notice stderr' and 'HeartbeatPeriod 0', as in deploy/onion/torrc."},
    Ailment{"onion-single-hop", error, "the onion service tells where it is", "torrc: 'HiddenServiceSingleHopMode 0' and 'HiddenServiceNonAnonymousMode 0'."},
    Ailment{"onion-no-pow", warning, "a flood over Tor keeps citizens out", "torrc: 'HiddenServicePoWDefensesEnabled 1' below its HiddenServiceDir."},
    // Logs.
    Ailment{"log-holds-addresses", error, "a file says who came, and when",
            "Find what writes it (a proxy's log, a firewall's), turn that off, and wipe the file: shred -u FILE; of the journal: journalctl --rotate, then --vacuum-time=1s."},
    Ailment{"firewall-logs", warning, "the firewall writes down the addresses of who connects",
            "ufw: 'ufw logging off'. nftables and iptables: no 'log' and no LOG on the way to this service. firewalld: LogDenied=off."},
    Ailment{"logs-forwarded", warning, "what is logged here is kept on another machine, too",
            "Leave this service and its proxy out of what is sent on, or see that neither writes an address."},
    // The machine.
    Ailment{"swap-open", warning, "what the proxy, or another program, had in memory can lie on the disk", "Turn swap off (swapoff -a, and out of /etc/fstab), or encrypt it (crypttab, 'swap')."},
    Ailment{"core-dumps", warning, "a program that crashes, a proxy with a report in it, leaves its memory on the disk",
            "/etc/systemd/coredump.conf: Storage=none and ProcessSizeMax=0; or kernel.core_pattern=|/bin/false in /etc/sysctl.d. Remove apport."},
    Ailment{"kernel-dumps", error, "a crash of the kernel writes all memory to the disk", "/etc/default/kdump-tools: USE_KDUMP=0, or remove the package."},
    Ailment{"hibernation", warning, "sleeping writes all memory to the disk", "Turn it off: systemctl mask hibernate.target hybrid-sleep.target suspend-then-hibernate.target."},
    Ailment{"clock-unsynchronised", warning, "keys open and close by the clock, and nothing sets it", "Install and start systemd-timesyncd or chrony: timedatectl set-ntp true."},
    Ailment{"clock-behind", error, "the clock was set back: keys that have run out are used again", "Set the clock (timedatectl), then restart the server."},
    Ailment{"disk-open", warning, "whoever takes the disk reads the log's key, the TLS key and how much there is",
            "Encrypt it as a whole (LUKS). Where what lies below does that already (ZFS, the provider), --ignore disk-open."},
    // Files and processes.
    Ailment{"config-writable", error, "somebody else can change what is served", "chown root, and chmod go-w, the file and the folders above it."},
    Ailment{"files-open", error, "others on this machine can read the store", "chmod -R go= on it."},
    Ailment{"program-writable", error, "somebody else can change the programs or the pages", "chown -R root, chmod -R go-w; and install them anew."},
    Ailment{"runs-as-root", error, "who breaks into the server owns the machine", "Run it as a user of its own: the systemd unit of the package does."},
    Ailment{"restart-needed", warning, "an older version still runs", "systemctl restart amana-server (uploads under way are finished first)."},
    Ailment{"not-running", error, "nobody can report", "systemctl status amana-server, and journalctl -u amana-server, say why; 'amana-server check' says what hinders a start."},
    // Keys.
    Ailment{"check", warning, "what 'amana-server check' says", "As it says."},
    Ailment{"courier-key-ends", warning, "soon no answer, and no co-signed log, can be brought",
            "At the desk: 'amana-desk extend DIR', then 'amana-desk public DIR --out FILE'; bring FILE here, and restart."},
    // As an outsider sees it.
    Ailment{"unreachable", error, "nobody can report at this address", "Is it bound, and by this server? ss -ltnp. Its firewall? Its proxy, if it expects one?"},
    Ailment{"site-unreachable", warning, "the public address could not be looked at from here",
            "Look at it from elsewhere. Where this machine can't reach its own public address, --local looks at the listeners alone."},
    Ailment{"form-missing", error, "who comes sees no form", "Look at it with a browser; 'amana-server status' says whether it is open."},
    Ailment{"certificate-not-reloaded", warning, "an older certificate is shown than the file holds", "systemctl reload amana-server, or restart it."},
    Ailment{"certificate-ends", error, "browsers warn, or soon will, at the address that is on the posters", "Renew it where TLS ends, and find out why that did not happen by itself."},
    Ailment{"certificate-name", error, "browsers warn: the certificate is for another name", "Get one for the name in 'address' of [site], or correct that."},
    Ailment{"certificate-untrusted", error, "browsers warn: who issued the certificate is not known to them",
            "Give the whole chain in 'certificate' of [tls]; get one from an issuer that browsers know. A CA of one's own: --ca FILE."},
    Ailment{"tls-ends-elsewhere", warning, "at the public address another key answers than this server's: something reads along",
            "Let the proxy, or whoever hosts this, pass TLS through. Where that is meant so, --ignore tls-ends-elsewhere."},
    Ailment{"tls-old", error, "TLS 1.0 or 1.1 is accepted, which can be broken", "TLS 1.2 and 1.3 alone, where TLS ends."},
    Ailment{"tls-weak", error, "ciphers without forward secrecy are accepted: who steals the key opens what was recorded", "ECDHE with AES-GCM or ChaCha20 alone, where TLS ends."},
    Ailment{"tls-no-1.3", warning, "the newest TLS is not offered", "TLS 1.3, where TLS ends."},
    Ailment{"tls-compression", error, "the length of what is sent tells what is in it", "Turn TLS compression off, where TLS ends."},
    Ailment{"tls-renegotiation", warning, "visitors can make the server work without end", "Refuse renegotiation, where TLS ends."},
    Ailment{"tls-tickets", warning, "who watches the line knows a visitor again", "Session tickets and caches off, where TLS ends."},
    Ailment{"header-hsts", error, "a browser can be led to plain HTTP", "Pass on Strict-Transport-Security as the server sends it: a year at least."},
    Ailment{"header-csp", error, "a page could run what does not belong to it", "Pass on Content-Security-Policy as the server sends it."},
    Ailment{"header-cache", error, "browsers and proxies keep what was typed", "Pass on 'Cache-Control: no-store' as the server sends it."},
    Ailment{"header-protection", warning, "a protection that the server sends does not arrive", "Pass on its headers unchanged."},
    Ailment{"header-cookie", error, "visitors are marked, and known again", "Take out what sets a cookie: a proxy, a load balancer, a shield against floods."},
    Ailment{"header-extra", warning, "what stands in front tells of itself or of visits", "nginx: 'server_tokens off;'. Caddy: 'header -Server'. Apache: 'Header unset Server'. Take the others out likewise."},
    Ailment{"plain-served", error, "the form is served without TLS: all the way can read", "Port 80 does nothing but redirect to https."},
    Ailment{"plain-elsewhere", error, "who forgets https is sent to somebody else", "The redirect of port 80 leads to this site's own address."},
    Ailment{"plain-closed", warning, "an old browser that is given the address without https finds nothing", "A redirect on port 80, as in deploy/proxies; or --ignore plain-closed."},
    // Storage, and who comes to carry.
    Ailment{"store-unreadable", error, "what is stored can't be told", "The line above says why; 'amana-server fsck' proves the store."},
    Ailment{"room-low", warning, "reports with files will be refused, and one of them can be seen to do it", "Make room: export, let the desk co-sign, so that what is old is erased; or a larger disk."},
    Ailment{"room-none", error, "no report is taken", "Make room at once: export, let the desk co-sign, so that what is old is erased; or a larger disk."},
    Ailment{"full-soon", warning, "decoys alone fill the disk within weeks", "A larger disk, or lower 'large_cover', 'batch' or 'retention' in [log]."},
    Ailment{"inodes", warning, "the file system can't make new files soon", "Remove small files on it, or make it anew with more inodes."},
    Ailment{"backup-none", warning, "a broken disk loses every report that the desk has not had", "amana-server backup, once a day; docs/RUNBOOK.md says how."},
    Ailment{"backup-late", warning, "a broken disk loses every report that came since", "Find out why 'amana-server backup' did not run: systemctl list-timers."},
    Ailment{"courier-late", error, "the form promises that reports are read sooner", "The courier's round (docs/COURIER.md): export, import, witness. Or promise less: 'read_every' in [site]."},
    Ailment{"outbox-ends", warning, "answers can't be read any more, or soon", "Bring the desk's latest outbox: 'amana-desk outbox', then 'amana-server import'."},
};

}  // namespace

std::span<const Ailment> catalogue()
{
    return ailments;
}

const Ailment& ailment(std::string_view name)
{
    const auto* found = std::find_if(ailments.begin(), ailments.end(), [&](const auto& each) { return each.name == name; });
    require(found != ailments.end(), "a finding that the catalogue has not");
    return *found;
}

std::string catalogue_as_markdown()
{
    std::string text = "| finding | | what it does | what to do |\n|---|---|---|---|\n";
    const auto cell = [&](std::string_view words) {
        for (const char c : words) text += c == '|' ? "\\|" : std::string(1, c);
    };
    for (const auto& each : ailments) {
        text += "| `" + std::string(each.name) + "` | " + (each.severity == Severity::error ? "error" : "warning") + " | ";
        cell(each.harm);
        text += " | ";
        cell(each.remedy);
        text += " |\n";
    }
    return text;
}

}  // namespace amana::server::doctor

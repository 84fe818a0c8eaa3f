// SPDX-License-Identifier: AGPL-3.0-or-later
// The doctor against deployments that are broken in one thing each: it must name that thing, where it is and what to do, and find
// nothing else.
#include "tests/server/main/patient.hpp"
#include "tests/support/catch.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <set>

#include <sys/stat.h>

namespace amana::server::test {

namespace {

using doctor::Where;
using Catch::Contains;

struct Fault {
    const char* name;
    const char* says;  // where it is, or what
    std::function<void(Patient&)> plant;
    std::vector<const char*> beside = {};  // what is found as well, since the deployment is one that has it
};

const std::string nginx = "/etc/nginx/nginx.conf";
const std::string haproxy = "/etc/haproxy/haproxy.cfg";
const std::string apache = "/etc/apache2/apache2.conf";
const std::string caddy = "/etc/caddy/Caddyfile";
const std::string torrc = "/etc/tor/torrc";
const std::vector<const char*> terminating{"proxy-ends-tls"};

const std::vector<Fault> proxy_faults{
    {"proxy-ends-tls", "nginx.conf:11: nginx ends TLS", [](Patient& p) { p.proxy(nginx, nginx_terminating); }},
    {"proxy-spools", "client_body_temp", [](Patient& p) { p.proxy(nginx, nginx_terminating, "proxy_request_buffering off;", ""); }, terminating},
    {"proxy-spools", "nginx.conf:12:", [](Patient& p) { p.proxy(nginx, nginx_terminating, "proxy_request_buffering off;", "proxy_request_buffering on;"); }, terminating},
    {"proxy-spools", "client_body_in_file_only", [](Patient& p) { p.proxy(nginx, nginx_terminating, "proxy_buffering off;", "proxy_buffering off; client_body_in_file_only clean;"); }, terminating},
    {"proxy-spools-answers", "proxy_temp", [](Patient& p) { p.proxy(nginx, nginx_terminating, "proxy_buffering off;", ""); }, terminating},
    {"proxy-caches", "nginx keeps answers", [](Patient& p) { p.proxy(nginx, nginx_terminating, "proxy_buffering off;", "proxy_buffering off; proxy_cache zone;"); }, terminating},
    {"proxy-access-log", "/var/log/nginx/visits.log", [](Patient& p) { p.proxy(nginx, nginx_terminating, "server_name report.example.org;", "server_name report.example.org; access_log /var/log/nginx/visits.log lines;"); }, terminating},
    {"proxy-access-log", "no 'access_log off'", [](Patient& p) { p.proxy(nginx, nginx_terminating, "access_log off;", ""); }, terminating},
    {"proxy-access-log", "nginx.conf:6:", [](Patient& p) { p.proxy(nginx, nginx_passthrough, "stream {\n    access_log off;", "stream {\n    access_log /var/log/nginx/stream.log basic;"); }},
    {"proxy-error-log", "from 'crit' on", [](Patient& p) { p.proxy(nginx, nginx_passthrough, "error_log stderr emerg;", "error_log /var/log/nginx/error.log crit;"); }},
    {"proxy-error-log", "no 'error_log' holds", [](Patient& p) { p.proxy(nginx, nginx_passthrough, "error_log stderr emerg;", ""); }},
    {"proxy-forwards-address", "sends X-Real-IP", [](Patient& p) { p.proxy(nginx, nginx_terminating, "proxy_set_header Host $host;", "proxy_set_header X-Real-IP $remote_addr;"); }, terminating},
    {"proxy-compresses", "gzip on", [](Patient& p) { p.proxy(nginx, nginx_terminating, "access_log off;", "access_log off; gzip on;"); }, terminating},
    {"proxy-body-limit", "at most 10m", [](Patient& p) { p.proxy(nginx, nginx_terminating, "client_max_body_size 136m;", "client_max_body_size 10m;"); }, terminating},
    {"proxy-body-limit", "at most 1m", [](Patient& p) { p.proxy(nginx, nginx_terminating, "client_max_body_size 136m;", ""); }, terminating},
    {"proxy-access-log", "sites.conf:1:", [](Patient& p) {
         p.proxy(nginx, nginx_terminating, "server_name report.example.org;", "server_name report.example.org; include conf.d/*.conf;");
         p.file("/etc/nginx/conf.d/sites.conf", "access_log syslog:server=unix:/dev/log combined;\n");
     }, terminating},
    {"proxy-access-log", "haproxy.cfg:10: HAProxy", [](Patient& p) { p.proxy(haproxy, haproxy_passthrough, "    default_backend amana", "    option tcplog\n    log global\n    default_backend amana"); }},
    {"proxy-access-log", "haproxy.cfg:6:", [](Patient& p) { p.proxy(haproxy, haproxy_passthrough, "    timeout connect 5s", "    log 127.0.0.1:514 local0\n    timeout connect 5s"); }},
    {"proxy-forwards-address", "option forwardfor", [](Patient& p) { p.proxy(haproxy, haproxy_passthrough, "mode tcp", "mode http\n    option forwardfor"); }},
    {"proxy-ends-tls", "HAProxy ends TLS", [](Patient& p) { p.proxy(haproxy, haproxy_passthrough, "bind :443\n", "bind :443 ssl crt /etc/x.pem\n"); }},
    {"proxy-ends-tls", "Apache ends TLS", [](Patient& p) { p.proxy(apache, apache_terminating); }},
    {"proxy-spools", "Apache writes bodies", [](Patient& p) { p.proxy(apache, apache_terminating, "SetEnv proxy-sendchunked 1", "SetEnv proxy-sendcl 1"); }, terminating},
    {"proxy-spools", "SecRequestBodyAccess", [](Patient& p) { p.proxy(apache, apache_terminating, "ProxyAddHeaders Off", "ProxyAddHeaders Off\nSecRequestBodyAccess On"); }, terminating},
    {"proxy-access-log", "other-vhosts.conf:1:", [](Patient& p) {
         p.proxy(apache, apache_terminating);
         p.file("/etc/apache2/sites-enabled/other-vhosts.conf", "CustomLog ${APACHE_LOG_DIR}/other_vhosts_access.log vhost_combined\n");
     }, terminating},
    {"proxy-error-log", "${APACHE_LOG_DIR}/error.log", [](Patient& p) {
         p.proxy(apache, replaced(replaced(apache_terminating, "ErrorLog /dev/null", "ErrorLog ${APACHE_LOG_DIR}/error.log"), "LogLevel emerg", "LogLevel warn"));
     }, terminating},
    {"proxy-forwards-address", "ProxyAddHeaders Off", [](Patient& p) { p.proxy(apache, apache_terminating, "ProxyAddHeaders Off", ""); }, terminating},
    {"proxy-ends-tls", "Caddyfile:9: Caddy ends TLS", [](Patient& p) { p.proxy(caddy, caddy_terminating); }},
    {"proxy-access-log", "Caddyfile:8: Caddy", [](Patient& p) { p.proxy(caddy, caddy_terminating, "header -Server", "log {\n\t\toutput file /var/log/caddy/access.log\n\t}"); }, terminating},
    {"proxy-error-log", "excludes http.log", [](Patient& p) { p.proxy(caddy, caddy_terminating, "exclude http.log http.handlers", "level INFO"); }, terminating},
    {"proxy-forwards-address", "-X-Forwarded-For", [](Patient& p) { p.proxy(caddy, caddy_terminating, "header_up -X-Forwarded-For", ""); }, terminating},
    {"onion-logs", "HeartbeatPeriod 0", [](Patient& p) { p.proxy(torrc, tor_service, "HeartbeatPeriod 0\n", ""); }},
    {"onion-logs", "SafeLogging 0", [](Patient& p) { p.proxy(torrc, tor_service, "SafeLogging 1", "SafeLogging 0"); }},
    {"onion-logs", "Log info", [](Patient& p) { p.proxy(torrc, tor_service, "Log notice stderr", "Log info file /var/log/tor/log"); }},
    {"onion-single-hop", "torrc", [](Patient& p) { p.proxy(torrc, tor_service, "SocksPort 0", "SocksPort 0\nHiddenServiceSingleHopMode 1"); }},
    {"onion-no-pow", "torrc:6:", [](Patient& p) { p.proxy(torrc, tor_service, "HiddenServicePoWDefensesEnabled 1", ""); }},
};

const std::vector<Fault> log_faults{
    {"log-holds-addresses", "/var/log/nginx/access.log: 2 lines", [](Patient& p) { p.file("/var/log/nginx/access.log", "192.0.2.7 - - [x] \"GET / HTTP/1.1\"\n2001:db8::7 - -\nnothing\n"); }},
    {"log-holds-addresses", "/var/log/syslog: 1 line", [](Patient& p) { p.file("/var/log/syslog", "sshd: 192.0.2.9\nnginx: client: 192.0.2.9, server: x\n"); }},
    {"log-holds-addresses", "the journal: 1 line", [](Patient& p) { p.subject().journal = "connect() failed, client: 2001:db8::1, upstream\n"; }},
    {"firewall-logs", "ufw.conf: LOGLEVEL is low", [](Patient& p) { p.file("/etc/ufw/ufw.conf", "ENABLED=yes\nLOGLEVEL=low\n"); }},
    {"firewall-logs", "nftables.conf:2:", [](Patient& p) { p.file("/etc/nftables.conf", "chain input {\n tcp dport 443 log prefix \"in \" accept\n}\n"); }},
    {"firewall-logs", "rules.v4:2:", [](Patient& p) { p.file("/etc/iptables/rules.v4", "*filter\n-A INPUT -p tcp -j LOG --log-prefix x\n"); }},
    {"firewall-logs", "LogDenied is all", [](Patient& p) { p.file("/etc/firewalld/firewalld.conf", "LogDenied=all\n"); }},
    {"logs-forwarded", "rsyslog.d/remote.conf:1:", [](Patient& p) { p.file("/etc/rsyslog.d/remote.conf", "*.* @@logs.example.org:514\n"); }},
    {"logs-forwarded", "journal-upload.conf:2:", [](Patient& p) { p.file("/etc/systemd/journal-upload.conf", "[Upload]\nURL=https://logs.example.org\n"); }},
};

const std::vector<Fault> machine_faults{
    {"swap-open", "/dev/sda2", [](Patient& p) {
         p.remove("/sys/power");
         p.file("/proc/swaps", "Filename Type\n/dev/sda2 partition 1 0 -2\n");
         p.file("/sys/class/block/sda2/dev", "8:2\n");
     }},
    {"swap-open", "/swapfile", [](Patient& p) {
         p.remove("/sys/power");
         p.remove("/sys/class/block/dm-9");
         p.file("/proc/swaps", "Filename Type\n/swapfile file 1 0 -2\n");
     }},
    {"hibernation", "hibernate", [](Patient& p) { p.file("/proc/swaps", "Filename Type\n/dev/sda2 partition 1 0 -2\n"); }, {"swap-open"}},
    {"core-dumps", "systemd-coredump", [](Patient& p) { p.file("/proc/sys/kernel/core_pattern", "|/lib/systemd/systemd-coredump %P %u\n"); }},
    {"core-dumps", "apport", [](Patient& p) { p.file("/proc/sys/kernel/core_pattern", "|/usr/share/apport/apport %p\n"); }},
    {"core-dumps", "suid_dumpable", [](Patient& p) { p.file("/proc/sys/fs/suid_dumpable", "1\n"); }},
    {"kernel-dumps", "kdump", [](Patient& p) { p.file("/etc/default/kdump-tools", "USE_KDUMP=1\n"); }},
    {"clock-unsynchronised", "nothing has set", [](Patient& p) { p.subject().clock_synchronised = false; }},
    {"disk-open", "ext4 on /dev/mapper/root", [](Patient& p) { p.file("/sys/class/block/dm-9/dm/uuid", "LVM-x\n"); }},
    {"config-writable", "amana.toml", [](Patient& p) { ::chmod(p.site().at("amana.toml").c_str(), 0666); }},
    {"config-writable", "keys.public", [](Patient& p) { ::chmod(p.site().at("keys.public").c_str(), 0646); }},
    {"program-writable", "templates", [](Patient& p) { ::chmod(p.site().at("data/templates").c_str(), 0757); }},
    {"files-open", "1 of the files", [](Patient& p) { write_text(p.site().at("storage/amana.db"), "", 0640); }},
    {"runs-as-root", "4711", [](Patient& p) { p.file("/proc/4712/status", "Uid:\t0\t0\t0\t0\n"); }},
    {"restart-needed", "replaced", [](Patient& p) { p.link("/proc/4712/exe", "/usr/libexec/amana/amana-front (deleted)"); }},
    {"not-running", "storage", [](Patient& p) { p.subject().running.reset(); }},
    {"courier-key-ends", "the courier's key is good", [](Patient& p) { p.subject().material->keyset.courier.validity.not_after = p.site().now() + 5 * one_day; }},
    {"courier-key-ends", "the witness's key ran out", [](Patient& p) { p.subject().material->keyset.witness.validity.not_after = p.site().now() - one_day; }},
};

const std::vector<Fault> outside_faults{
    {"unreachable", "127.0.0.1:8443: Connection refused", [](Patient& p) { p.seen(Where::listener).reached = false; p.seen(Where::listener).problem = "Connection refused"; }},
    {"site-unreachable", "report.example.org:443: ", [](Patient& p) { p.seen(Where::site).reached = false; }},
    {"form-missing", "is answered 502", [](Patient& p) { p.page(Where::site).status = 502; }},
    {"certificate-not-reloaded", "127.0.0.1:8443", [](Patient& p) { p.seen(Where::listener).key = "bb"; }},
    {"tls-ends-elsewhere", "report.example.org", [](Patient& p) { p.seen(Where::site).key = "bb"; }},
    {"certificate-ends", "expired on", [](Patient& p) { p.seen(Where::site).key = "bb"; p.seen(Where::site).ends = p.site().now() - one_hour; }, {"tls-ends-elsewhere"}},
    {"certificate-ends", "expires on", [](Patient& p) { p.seen(Where::site).key = "bb"; p.seen(Where::site).ends = p.site().now() + 3 * one_day; }, {"tls-ends-elsewhere"}},
    {"certificate-name", "not for report.example.org", [](Patient& p) { p.seen(Where::site).name_fits = false; }},
    {"certificate-untrusted", "self-signed certificate", [](Patient& p) { p.seen(Where::site).distrust = "self-signed certificate"; }},
    {"tls-old", "TLS 1.1", [](Patient& p) { p.seen(Where::site).old_protocols = {"TLS 1.1"}; }},
    {"tls-weak", "AES128-SHA", [](Patient& p) { p.seen(Where::site).weak_ciphers = {"AES128-SHA"}; }},
    {"tls-no-1.3", "TLSv1.2 at best", [](Patient& p) { p.seen(Where::site).modern = false; p.seen(Where::site).protocol = "TLSv1.2"; }},
    {"tls-compression", "compresses", [](Patient& p) { p.seen(Where::site).compression = true; }},
    {"tls-renegotiation", "negotiates anew", [](Patient& p) { p.seen(Where::site).renegotiates = true; }},
    {"tls-tickets", "session tickets", [](Patient& p) { p.seen(Where::site).tickets = true; }},
    {"header-hsts", "Strict-Transport-Security", [](Patient& p) { p.header("strict-transport-security"); }},
    {"header-hsts", "less than a year", [](Patient& p) { p.header("strict-transport-security", "max-age=86400"); }},
    {"header-csp", "Content-Security-Policy", [](Patient& p) { p.header("content-security-policy"); }},
    {"header-csp", "lets in", [](Patient& p) { p.header("content-security-policy", "default-src 'none'; script-src 'unsafe-inline'"); }},
    {"header-cache", "no-store", [](Patient& p) { p.header("cache-control", "max-age=60"); }},
    {"header-protection", "referrer-policy", [](Patient& p) { p.header("referrer-policy"); }},
    {"header-cookie", "a cookie is set", [](Patient& p) { p.header("set-cookie", "id=1"); }},
    {"header-extra", "it comes with server", [](Patient& p) { p.header("server", "nginx/1.22.1"); }},
    {"plain-served", "127.0.0.1:8443 also answers", [](Patient& p) { p.seen(Where::listener).plain_answer = true; }},
    {"plain-served", "answered 200 without TLS", [](Patient& p) { p.page(Where::site_plain) = {"/", 200, {}}; }},
    {"plain-served", "answered 302 without TLS", [](Patient& p) { p.page(Where::site_plain) = {"/", 302, {{"location", "http://report.example.org/ar/"}}}; }},
    {"plain-elsewhere", "leads to elsewhere.example.org", [](Patient& p) { p.page(Where::site_plain).headers = {{"location", "https://elsewhere.example.org/"}}; }},
    {"plain-closed", "port 80", [](Patient& p) { p.seen(Where::site_plain).reached = false; }},
};

const std::vector<Fault> storage_faults{
    {"store-unreadable", "can't tell", [](Patient& p) { p.subject().status.reset(); }},
    {"room-none", "no room", [](Patient& p) { p.status("room-bytes") = 0; }},
    {"room-low", "300 MiB", [](Patient& p) { p.status("room-bytes") = 300u << 20; p.status("decoy-bytes-a-year") = 1; }},
    {"full-soon", "full in 10 days", [](Patient& p) { p.status("decoy-bytes-a-year") = std::uint64_t{365} * 1'000'000'000; }},
    {"backup-none", "no backup", [](Patient& p) { p.subject().status->erase("backup-day"); }},
    {"backup-late", "9 days ago", [](Patient& p) { p.status("backup-day") = to_rfc3339(p.site().now() - 9 * one_day).substr(0, 10); }},
    {"courier-late", "5 days ago", [](Patient& p) { p.status("courier-day") = to_rfc3339(p.site().now() - 5 * one_day).substr(0, 10); }},
    {"courier-late", "never was here", [](Patient& p) { p.subject().status->erase("courier-day"); }},
    {"outbox-ends", "has expired", [](Patient& p) { p.status("outbox") = "expired"; }},
    {"outbox-ends", "is served until", [](Patient& p) { p.status("outbox-until") = to_rfc3339(p.site().now() + 5 * one_day); }},
};

std::string told(const doctor::Diagnosis& diagnosis)
{
    return diagnosis.text("amana.toml");
}

void find(const std::vector<Fault>& faults)
{
    for (const auto& fault : faults) {
        Patient patient;
        fault.plant(patient);
        const auto diagnosis = patient.diagnose();
        INFO(fault.name << ", " << fault.says << "\n" << told(diagnosis));
        bool named = false;
        for (const auto& found : diagnosis.all()) {
            const bool expected = found.name == fault.name;
            CHECK((expected || std::find(fault.beside.begin(), fault.beside.end(), found.name) != fault.beside.end()));
            named = named || (expected && found.what.find(fault.says) != std::string::npos);
            CHECK_FALSE(found.remedy.empty());
        }
        CHECK(named);
        CHECK(diagnosis.exit_code() != 0);
    }
}

}  // namespace

TEST_CASE("In a deployment that is right nothing is found, and everything is looked at")
{
    const auto diagnosis = Patient().diagnose();
    INFO(told(diagnosis));
    CHECK(diagnosis.all().empty());
    CHECK(diagnosis.exit_code() == 0);
    for (const auto& looked : diagnosis.looked()) CHECK(looked.unknown.empty());
    CHECK(diagnosis.looked().size() == doctor::checks().size());
    CHECK_THAT(told(diagnosis), Contains("grade A, TLSv1.3") && Contains("encrypted") && Contains("0 errors, 0 warnings"));
}

TEST_CASE("Proxies that betray are named") { find(proxy_faults); }
TEST_CASE("Logs that hold addresses are named") { find(log_faults); }
TEST_CASE("Machines that betray are named") { find(machine_faults); }
TEST_CASE("What an outsider is shown is judged") { find(outside_faults); }
TEST_CASE("Storage, backup and courier are judged") { find(storage_faults); }

TEST_CASE("A clock that was set back is named")
{
    Patient patient;
    patient.subject().now -= 365 * one_day;
    const auto diagnosis = patient.diagnose();
    INFO(told(diagnosis));
    CHECK(diagnosis.has("clock-behind"));
}

TEST_CASE("At least 25 faults are planted, and every finding of the catalogue but those of check, of inodes and of the clock")
{
    std::set<std::string_view> planted{"check", "inodes", "clock-behind"};
    std::size_t count = 0;
    for (const auto* faults : {&proxy_faults, &log_faults, &machine_faults, &outside_faults, &storage_faults})
        for (const auto& fault : *faults) {
            planted.insert(fault.name);
            ++count;
        }
    CHECK(count >= 25);
    for (const auto& ailment : doctor::catalogue()) CHECK(planted.contains(ailment.name));
    WARN(count << " planted faults, each named");
}

TEST_CASE("What is shipped in deploy/proxies has nothing but what it says of itself")
{
    const char* source = std::getenv("AMANA_SOURCE");
    REQUIRE(source != nullptr);
    const std::map<std::string, std::string> places{{"nginx", nginx}, {"haproxy", haproxy}, {"apache", apache}, {"caddy", caddy}};
    for (const auto& [name, place] : places) {
        const auto folder = std::filesystem::path(source) / "deploy/proxies" / name;
        if (!std::filesystem::exists(folder)) continue;
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            Patient patient;
            // The Unix socket of the terminating ones as this deployment's listener.
            auto text = read_text(entry.path());
            for (const auto* socket : {"unix:/run/amana/front.sock|http://report.example.org", "unix:/run/amana/front.sock:", "unix@/run/amana/front.sock", "unix//run/amana/front.sock"})
                for (auto at = text.find(socket); at != std::string::npos; at = text.find(socket)) text.replace(at, std::string_view(socket).size(), name == "apache" ? "http://127.0.0.1:8443" : "127.0.0.1:8443");
            patient.proxy(place, text);
            patient.subject().deployment.takes_forwarded = true;
            const auto diagnosis = patient.diagnose();
            INFO(entry.path() << "\n" << told(diagnosis));
            const bool ends_tls = entry.path().filename().string().starts_with("terminating");
            CHECK(diagnosis.has("proxy-ends-tls") == ends_tls);
            for (const auto& found : diagnosis.all()) CHECK(found.name == "proxy-ends-tls");
        }
    }
}

TEST_CASE("A finding that the admin lives with is left out, and said to be")
{
    Patient patient;
    patient.file("/proc/sys/fs/suid_dumpable", "1\n");
    doctor::Diagnosis diagnosis;
    REQUIRE(diagnosis.ignore({"core-dumps"}));
    doctor::examine(patient.subject(), diagnosis);
    CHECK(diagnosis.exit_code() == 0);
    CHECK_THAT(told(diagnosis), Contains("ignored      core-dumps: fs.suid_dumpable"));
    CHECK_FALSE(doctor::Diagnosis().ignore({"no-such"}));
}

TEST_CASE("The worst finding makes the exit code, and JSON says the same as the page")
{
    Patient patient;
    patient.file("/proc/sys/fs/suid_dumpable", "1\n");
    CHECK(patient.diagnose().exit_code() == doctor::warnings_exit);
    patient.status("room-bytes") = 0;
    const auto diagnosis = patient.diagnose();
    CHECK(diagnosis.exit_code() == doctor::errors_exit);
    const auto json = boost::json::parse(diagnosis.json("amana.toml")).as_object();
    CHECK(json.at("errors") == 1);
    CHECK(json.at("warnings") == 1);
    CHECK(json.at("findings").as_array().at(0).at("name") == "core-dumps");
    CHECK(json.at("findings").as_array().at(0).at("severity") == "warning");
    CHECK(json.at("looked").as_array().size() == doctor::checks().size());
    CHECK_THAT(told(diagnosis), Contains("amana.toml: 1 error, 1 warning\n\nerror: room-none: "));
}

TEST_CASE("What can't be looked at is said, and is no finding")
{
    Patient patient;
    patient.subject().journal.reset();
    patient.subject().clock_synchronised.reset();
    patient.file("/proc/self/mountinfo", "1 0 0:30 / / rw - zfs pool/root rw\n");
    const auto diagnosis = patient.diagnose();
    CHECK(diagnosis.all().empty());
    CHECK_THAT(told(diagnosis), Contains("not looked at: the journal") && Contains("not looked at: whether the clock") && Contains("whether zfs on pool/root"));
}

TEST_CASE("docs/RUNBOOK.md has every finding with its remedy")
{
    const char* source = std::getenv("AMANA_SOURCE");
    REQUIRE(source != nullptr);
    const auto table = doctor::catalogue_as_markdown();
    INFO("paste what 'amana-server doctor --list' prints:\n" << table);
    CHECK(read_text(std::filesystem::path(source) / "docs/RUNBOOK.md").find(table) != std::string::npos);
}

}  // namespace amana::server::test

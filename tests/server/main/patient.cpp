// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/server/main/patient.hpp"

#include "base/require.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace amana::server::test {

const char* const nginx_passthrough = R"(
user www-data;
error_log stderr emerg;
events { worker_connections 9000; }   # two for each visitor
stream {
    access_log off;
    map $ssl_preread_server_name $site {
        # other.example.org  127.0.0.1:9443;
        default              127.0.0.1:8443;
    }
    server {
        listen 443;
        ssl_preread on;
        proxy_pass $site;
        proxy_protocol on;
    }
}
http {
    access_log off;
    server { listen 80 default_server; location / { return 308 https://report.example.org/; } }
}
)";

const char* const nginx_terminating = R"(
error_log stderr emerg;
http {
    access_log off;
    log_format lines '$remote_addr - "$request"';
    server {
        listen 443 ssl;
        server_name report.example.org;
        client_max_body_size 136m;
        location / {
            proxy_pass https://127.0.0.1:8443;
            proxy_request_buffering off;
            proxy_buffering off;
            proxy_set_header Host $host;
        }
    }
    server { listen 8080; access_log /var/log/nginx/other.log; location / { proxy_pass http://127.0.0.1:9000; } }
}
)";

const char* const haproxy_passthrough = R"(
global
    log /dev/log local0
defaults
    mode tcp
    timeout connect 5s
frontend reports
    bind :443
    default_backend amana
backend amana
    option httpchk
    server front 127.0.0.1:8443 send-proxy-v2 check check-ssl verify none
frontend other
    log global
    bind :444
    default_backend elsewhere
backend elsewhere
    server one 127.0.0.1:9000
)";

const char* const apache_terminating = R"(
ErrorLog /dev/null
LogLevel emerg
LimitRequestBody 142606336
IncludeOptional sites-enabled/*.conf
<VirtualHost *:443>
    ServerName report.example.org
    SetEnv proxy-sendchunked 1
    ProxyAddHeaders Off
    ProxyPass / https://127.0.0.1:8443/ nocanon \
        disablereuse=on
</VirtualHost>
)";

const char* const caddy_terminating = R"({
	log default {
		output stderr
		exclude http.log http.handlers
	}
}
report.example.org {
	header -Server
	reverse_proxy https://127.0.0.1:8443 {
		header_up -X-Forwarded-For
	}
}
other.example.org {
	log
	reverse_proxy 127.0.0.1:9000
}
)";

const char* const tor_service = R"(SocksPort 0
Log notice stderr
SafeLogging 1
HeartbeatPeriod 0
HiddenServiceDir /var/lib/tor/amana
HiddenServicePort 443 127.0.0.1:8443
HiddenServicePoWDefensesEnabled 1
)";

namespace {

using doctor::Where;

Config read_config(Site& site)
{
    Findings findings;
    const auto text = replaced(site.config(), "[site]\n", "[site]\naddress = \"https://report.example.org/\"\n");
    write_text(site.at("amana.toml"), text);
    auto config = parse_config(text, site.at("amana.toml"), findings);
    require(config && findings.all().empty(), "a config that is right");
    return *std::move(config);
}

doctor::Answer page()
{
    return {"/", 200,
            {{"date", "Sun, 29 Nov 2026 22:00:00 GMT"},
             {"content-length", "30000"},
             {"content-type", "text/html; charset=utf-8"},
             {"content-security-policy", "default-src 'none'; style-src 'sha256-x'; frame-ancestors 'none'"},
             {"x-frame-options", "DENY"},
             {"cache-control", "no-store"},
             {"referrer-policy", "no-referrer"},
             {"x-content-type-options", "nosniff"},
             {"cross-origin-opener-policy", "same-origin"},
             {"permissions-policy", "camera=()"},
             {"strict-transport-security", "max-age=63072000"},
             {"padding", "000"}}};
}

doctor::Seen over_tls(Where where, const std::string& at, UnixTime now)
{
    doctor::Seen seen;
    seen.where = where;
    seen.at = at;
    seen.reached = true;
    seen.protocol = "TLSv1.3";
    seen.cipher = "TLS_AES_256_GCM_SHA384";
    seen.modern = true;
    seen.begins = now - 30 * one_day;
    seen.ends = now + 60 * one_day;
    seen.key = "aa";
    seen.answers = {page()};
    return seen;
}

doctor::Seen redirecting(const std::string& at)
{
    doctor::Seen seen;
    seen.where = Where::site_plain;
    seen.at = at;
    seen.reached = true;
    seen.answers = {{"/", 308, {{"location", "https://report.example.org/"}}}};
    return seen;
}

}  // namespace

Patient::Patient() : config_(read_config(site_)), subject_(config_)
{
    subject_.root = root_.path();
    subject_.now = site_.now();
    subject_.clock_synchronised = true;
    subject_.running = Running{"4711", {}, {}, {}};
    subject_.journal = "amana-server: serving on https://127.0.0.1:8443\nStarted amana-server.service at 12:30:45, version 1.2.3.4-5\n";
    Findings findings;
    subject_.material = load_material(config_, site_.now(), Moment::start, findings);
    require(subject_.material && findings.all().empty(), "keys and certificate that are right");
    subject_.status = boost::json::parse(R"({"pending": 3, "room-bytes": 10000000000, "decoy-bytes-a-year": 5000000000, "log-erased": 0, "outbox": "open"})").as_object();
    const auto today = to_rfc3339(site_.now()).substr(0, 10);
    status("log-day") = to_rfc3339(site_.now() - 300 * one_day).substr(0, 10);
    status("courier-day") = today;
    status("backup-day") = today;
    status("outbox-until") = to_rfc3339(site_.now() + 60 * one_day);
    subject_.own_keys = {"aa"};
    subject_.seen = {over_tls(Where::listener, "127.0.0.1:8443", site_.now()), over_tls(Where::site, "report.example.org:443", site_.now()), redirecting("report.example.org:80")};

    file("/etc/nginx/nginx.conf", nginx_passthrough);
    file("/proc/swaps", "Filename Type Size Used Priority\n/dev/zram0 partition 100 0 100\n/dev/dm-1 partition 100 0 -2\n");
    file("/sys/class/block/dm-1/dm/uuid", "CRYPT-PLAIN-swap\n");
    file("/proc/sys/kernel/core_pattern", "core\n");
    file("/proc/sys/fs/suid_dumpable", "0\n");
    file("/sys/power/state", "freeze mem disk\n");
    file("/proc/self/mountinfo", "1 0 254:0 / / rw - ext4 /dev/mapper/root rw\n2 1 0:5 / /run rw - tmpfs tmpfs rw\n");
    // LVM on LUKS on a partition.
    file("/sys/dev/block/254:0/dm/uuid", "LVM-abc\n");
    file("/sys/dev/block/254:0/slaves/dm-9", "");
    file("/sys/class/block/dm-9/dm/uuid", "CRYPT-LUKS2-abc\n");
    file("/etc/ufw/ufw.conf", "ENABLED=yes\nLOGLEVEL=off\n");
    file("/etc/nftables.conf", "table inet filter {\n  # log\n  chain input { type filter hook input priority 0; policy drop; }\n}\n");
    file("/etc/rsyslog.conf", "module(load=\"imuxsock\")\n# *.* @elsewhere\n*.*  -/var/log/syslog\n");
    file("/var/log/syslog", "Nov 29 sshd: from 192.0.2.9 port 22\nNov 29 amana-server: serving on https://127.0.0.1:8443\n");
    file("/var/log/nginx/error.log", "nginx: using the \"epoll\" event method\n");
    file("/var/log/apache2/access.log", "192.0.2.9 - - of another site, since no Apache leads here\n");
    file("/proc/4711/status", "Name:\tamana-server\nUid:\t990\t990\t990\t990\n");
    file("/proc/4711/task/4711/children", "4712 ");
    file("/proc/4712/status", "Name:\tamana-front\nUid:\t990\t990\t990\t990\n");
    link("/proc/4712/exe", "/usr/libexec/amana/amana-front");
}

void Patient::file(const std::string& path, const std::string& text)
{
    const auto at = root_.path() / Path(path).relative_path();
    std::filesystem::create_directories(at.parent_path());
    write_text(at, text);
}

void Patient::remove(const std::string& path)
{
    std::filesystem::remove_all(root_.path() / Path(path).relative_path());
}

void Patient::link(const std::string& path, const std::string& to)
{
    const auto at = root_.path() / Path(path).relative_path();
    std::filesystem::remove(at);
    std::filesystem::create_symlink(to, at);
}

void Patient::proxy(const std::string& path, const std::string& text)
{
    remove("/etc/nginx");
    remove("/var/log/apache2");
    file(path, text);
}

doctor::Seen& Patient::seen(Where where)
{
    const auto found = std::find_if(subject_.seen.begin(), subject_.seen.end(), [&](const auto& each) { return each.where == where; });
    require(found != subject_.seen.end(), "what is seen there");
    return *found;
}

void Patient::header(const std::string& name, const std::string& value)
{
    auto& headers = page(Where::site).headers;
    std::erase_if(headers, [&](const auto& each) { return each.first == name; });
    if (!value.empty()) headers.emplace_back(name, value);
}

doctor::Diagnosis Patient::diagnose() const
{
    doctor::Diagnosis diagnosis;
    doctor::examine(subject_, diagnosis);
    return diagnosis;
}

}  // namespace amana::server::test

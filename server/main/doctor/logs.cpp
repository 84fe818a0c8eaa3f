// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/doctor/addresses_in.hpp"
#include "server/main/doctor/checks.hpp"
#include "server/main/doctor/machine_files.hpp"
#include "server/main/doctor/proxies.hpp"

#include <algorithm>
#include <array>

namespace amana::server::doctor {

namespace {

// What was written lately is at the end.
constexpr std::uint64_t looked_through = 1024 * 1024;

class Logs {
public:
    Logs(const Subject& subject, Diagnosis& diagnosis) : subject_(subject), diagnosis_(diagnosis), files_(subject.root), names_(proxies_here(subject))
    {
        for (const auto& endpoint : subject.deployment.endpoints) {
            auto text = endpoint.address.text();
            text = text.substr(0, text.rfind(':'));
            if (text.starts_with('[')) text = text.substr(1, text.size() - 2);
            own_.insert(text);
        }
        names_.emplace_back("amana");
    }

    void look()
    {
        // Of a proxy that is in front of this server every line; of what all programs share, those that one of them wrote.
        for (const auto& name : names_) {
            look_into("/var/log/" + name + "/*", false);
            look_into("/var/log/" + name + "*.log", false);
        }
        for (const auto* shared : {"/var/log/syslog", "/var/log/messages", "/var/log/daemon.log", "/var/log/user.log", "/var/log/error.log"}) look_into(shared, true);
        if (subject_.journal) count("the journal", *subject_.journal, false);
        else diagnosis_.unknown("the journal can't be read (journalctl): run doctor as root, or look into what keeps logs here instead");
        firewall();
        forwarding();
    }

private:
    void look_into(const std::string& pattern, bool shared)
    {
        for (const auto& path : files_.matching(pattern)) {
            const auto name = path.string();
            if (std::filesystem::is_directory(files_.at(path))) continue;
            if (name.ends_with(".gz") || name.ends_with(".xz") || name.ends_with(".zst")) {
                if (!shared) diagnosis_.unknown(name + " is compressed: wipe it if it is an access log's");
                continue;
            }
            if (files_.refused(path)) diagnosis_.unknown(name + " may not be read by this user: run doctor as root");
            else if (const auto text = files_.end_of(path, looked_through)) count(name, *text, shared);
        }
    }

    // Says how many lines, and none of them.
    void count(const std::string& where, const std::string& text, bool shared)
    {
        std::size_t lines = 0;
        for (const auto& line : lines_of(text)) {
            const bool ours = !shared || std::any_of(names_.begin(), names_.end(), [&](const auto& name) { return line.find(name) != std::string::npos; });
            if (ours && names_an_address(line, own_)) ++lines;
        }
        if (lines != 0) diagnosis_.found("log-holds-addresses", where + ": " + std::to_string(lines) + (lines == 1 ? " line names" : " lines name") + " an address");
    }

    void firewall()
    {
        const auto value = [&](const char* file, std::string_view name) {
            std::string found;
            for (const auto& line : lines_of(files_.text(file).value_or("")))
                if (line.starts_with(std::string(name) + "=")) found = lower(line.substr(name.size() + 1));
            std::erase(found, '"');
            return found;
        };
        if (value("/etc/ufw/ufw.conf", "ENABLED") == "yes" && value("/etc/ufw/ufw.conf", "LOGLEVEL") != "off")
            diagnosis_.found("firewall-logs", "/etc/ufw/ufw.conf: LOGLEVEL is " + value("/etc/ufw/ufw.conf", "LOGLEVEL"));
        if (const auto denied = value("/etc/firewalld/firewalld.conf", "LogDenied"); !denied.empty() && denied != "off")
            diagnosis_.found("firewall-logs", "/etc/firewalld/firewalld.conf: LogDenied is " + denied);
        rules("/etc/nftables.conf", {"log"});
        for (const auto& path : files_.matching("/etc/nftables.d/*")) rules(path.string(), {"log"});
        for (const auto* file : {"/etc/iptables/rules.v4", "/etc/iptables/rules.v6"}) rules(file, {"LOG", "NFLOG", "ULOG"});
    }

    void rules(const std::string& file, const std::vector<std::string>& words)
    {
        std::size_t number = 0;
        for (const auto& line : lines_of(files_.text(file).value_or(""))) {
            ++number;
            const auto written = words_of(line.substr(0, line.find('#')));
            if (std::find_first_of(written.begin(), written.end(), words.begin(), words.end()) != written.end())
                return diagnosis_.found("firewall-logs", file + ":" + std::to_string(number) + ": a rule writes packets down");
        }
    }

    void forwarding()
    {
        std::vector<std::filesystem::path> paths{"/etc/rsyslog.conf"};
        for (const auto* pattern : {"/etc/rsyslog.d/*.conf", "/etc/syslog-ng/syslog-ng.conf", "/etc/syslog-ng/conf.d/*.conf", "/etc/systemd/journal-upload.conf"})
            for (auto& path : files_.matching(pattern)) paths.push_back(std::move(path));
        for (const auto& path : paths) {
            std::size_t number = 0;
            for (const auto& line : lines_of(files_.text(path).value_or(""))) {
                ++number;
                if (sends_on(line)) diagnosis_.found("logs-forwarded", path.string() + ":" + std::to_string(number) + ": what is logged is sent to another machine");
            }
        }
    }

    static bool sends_on(const std::string& line)
    {
        const auto words = words_of(line);
        if (words.empty() || words.front().starts_with('#')) return false;
        const auto text = lower(line);
        if (text.starts_with("url=") || text.find("omfwd") != std::string::npos || text.find("omrelp") != std::string::npos) return true;
        // rsyslog: "*.* @host" and "*.* @@host:port"; syslog-ng: a destination by network.
        if (words.size() == 2 && words[1].starts_with('@')) return true;
        return text.find("destination") != std::string::npos && (text.find("network(") != std::string::npos || text.find("tcp(") != std::string::npos || text.find("udp(") != std::string::npos);
    }

    const Subject& subject_;
    Diagnosis& diagnosis_;
    MachineFiles files_;
    std::vector<std::string> names_;
    std::set<std::string> own_;
};

}  // namespace

void look_at_logs(const Subject& subject, Diagnosis& diagnosis)
{
    Logs(subject, diagnosis).look();
}

}  // namespace amana::server::doctor

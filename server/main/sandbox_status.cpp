// SPDX-License-Identifier: AGPL-3.0-or-later
// `amana-server status --sandbox`: what each process can still do, and what of that the kernel says is in force.
#include "server/main/commands.hpp"

#include "base/sandbox.hpp"
#include "server/main/storage_lock.hpp"
#include "server/main/users.hpp"
#include "server/main/warden_directory.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include <unistd.h>

namespace amana::server {

namespace {

struct Kind {
    std::string_view program;  // as /proc calls it
    std::string_view can;
    std::string_view cannot;
    bool confined;  // has entered base/sandbox.hpp
};

constexpr std::array<Kind, 3> kinds{{
    {"amana-server", "all that its user may: it reads config, keys and certificate, starts front and keeper or hands them their descriptors, and is never handed a byte from a citizen",
     "gain privileges; it is not confined further, but by its unit (systemd-analyze security)", false},
    {"amana-front", "take connections of its listeners; ask the keeper; tell the warden how it fares",
     "open or write a file, make a socket, connect, start a program, signal or trace a process, run new code", true},
    {"amana-keeper", "read and write files beneath the storage directory; answer the front",
     "open a file elsewhere (Landlock), make a socket, connect, start a program, signal or trace a process, run new code", true},
}};

struct Process {
    const Kind* kind;
    std::string number;
    std::map<std::string, std::string> facts;  // /proc/N/status

    [[nodiscard]] bool seccomp() const { return fact("Seccomp") == "2"; }
    [[nodiscard]] bool no_new_privileges() const { return fact("NoNewPrivs") == "1"; }
    [[nodiscard]] bool capable() const { return fact("CapEff").find_first_not_of('0') != std::string::npos; }
    // The effective one, as a number.
    [[nodiscard]] std::string user() const
    {
        std::istringstream ids(fact("Uid"));
        std::string real, effective;
        ids >> real >> effective;
        return effective;
    }
    [[nodiscard]] bool in_order() const { return no_new_privileges() && (!kind->confined || seccomp()); }
    [[nodiscard]] std::string fact(const std::string& name) const
    {
        const auto found = facts.find(name);
        return found == facts.end() ? "" : found->second;
    }
};

std::string content(const std::string& path)
{
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

Process look_at(const Kind& kind, const std::string& number)
{
    Process process{&kind, number, {}};
    std::istringstream lines(content("/proc/" + number + "/status"));
    for (std::string line; std::getline(lines, line);) {
        const auto colon = line.find(":\t");
        if (colon != std::string::npos) process.facts[line.substr(0, colon)] = line.substr(colon + 2);
    }
    return process;
}

// The warden, and front and keeper: its children, or those of who attends it. One that runs no program of its own yet is left out.
std::vector<Process> processes_of(const Running& running)
{
    std::vector<Process> all{look_at(kinds[0], running.process)};
    auto parents = running.attending;
    parents.push_back(running.process);
    for (const auto& parent : parents) {
        std::istringstream children(content("/proc/" + parent + "/task/" + parent + "/children"));
        for (std::string number; children >> number;) {
            std::string name = content("/proc/" + number + "/comm");
            name.erase(std::min(name.find('\n'), name.size()));
            for (const auto& kind : kinds)
                if (kind.confined && kind.program == name) all.push_back(look_at(kind, number));
        }
    }
    return all;
}

// No two of them are one user's.
bool have_users_of_their_own(const std::vector<Process>& processes)
{
    std::set<std::string> users;
    for (const auto& process : processes) users.insert(process.user());
    return users.size() == processes.size();
}

std::string named(const std::string& user)
{
    const auto found = find_user(user);
    return found && found->name != user ? found->name + " (" + user + ")" : user;
}

void print_json(const std::vector<Process>& processes, int landlock)
{
    boost::json::array list;
    for (const auto& process : processes)
        list.push_back({{"program", process.kind->program},
                        {"process", process.number},
                        {"user", process.user()},
                        {"seccomp", process.seccomp()},
                        {"no-new-privileges", process.no_new_privileges()},
                        {"capabilities", process.fact("CapEff")}});
    std::cout << boost::json::serialize(boost::json::object{{"landlock", landlock}, {"users-of-their-own", have_users_of_their_own(processes)}, {"processes", std::move(list)}}) << "\n" << std::flush;
}

void print_text(const std::vector<Process>& processes, int landlock)
{
    for (const auto& process : processes) {
        const auto& kind = *process.kind;
        std::cout << kind.program << " (process " << process.number << ", user " << named(process.user()) << ")\n"
                  << "  can: " << kind.can << "\n  cannot: " << kind.cannot << "\n"
                  << "  in force: " << (process.no_new_privileges() ? "no new privileges" : "NEW PRIVILEGES")
                  << (process.capable() ? ", capabilities " + process.fact("CapEff") : ", no capabilities");
        if (kind.confined) std::cout << (process.seccomp() ? ", seccomp" : ", NO SECCOMP");
        std::cout << "\n";
    }
    if (landlock != 0) std::cout << "landlock: in force for front and keeper, ABI " << landlock << " of the kernel\n";
    else std::cout << "landlock: NOT IN FORCE: this kernel does not offer it. The keeper can open what its user may open; the front still nothing.\n";
    if (have_users_of_their_own(processes))
        std::cout << "users: each its own: the front may not open the store, the log's key or the TLS key, the keeper not the TLS key, whatever else fails\n";
    else
        std::cout << "users: not one for each: what keeps the front from the store's files is seccomp alone. Units with users of their own: SYSTEMD.md\n";
    std::cout << std::flush;
}

}  // namespace

int run_sandbox_status(const Path& file, bool json)
{
    Findings findings;
    const auto config = load_config(file, findings);
    if (report(findings, file) || !config) return 1;
    const auto running = running_server(warden_directory(config->storage.value));
    if (!running) {
        std::cerr << "amana-server: no server runs with this config: start it, then ask again\n";
        return 1;
    }
    const auto processes = processes_of(*running);
    const int landlock = offered_landlock();
    if (json) print_json(processes, landlock);
    else print_text(processes, landlock);
    const bool all_there = processes.size() == kinds.size();
    if (!all_there) std::cerr << "amana-server: front and keeper are not both running now; ask again\n";
    return all_there && std::ranges::all_of(processes, &Process::in_order) ? 0 : 1;
}

}  // namespace amana::server

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/service_manager.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace amana::server {

namespace {

constexpr int first_socket = 3;  // SD_LISTEN_FDS_START
constexpr int most_sockets = 64;

std::uint64_t number(const char* variable)
{
    const char* text = std::getenv(variable);
    std::uint64_t value = 0;
    if (text == nullptr) return 0;
    const auto* end = text + std::strlen(text);
    const auto [stopped, error] = std::from_chars(text, end, value);
    return error == std::errc{} && stopped == end ? value : 0;
}

// systemd names the process that it means; a child that inherited the variables is not it.
bool means_us(const char* variable)
{
    return number(variable) == static_cast<std::uint64_t>(::getpid());
}

bool listens(int fd)
{
    int on = 0;
    socklen_t size = sizeof(on);
    return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) == 0 && on == 1;
}

Error differ(const std::string& what)
{
    return {what, "[listen] and [[listener]] in the config and ListenStream= of the socket unit name the same addresses: change one of them, "
                  "'systemctl edit' the socket unit with an empty ListenStream= first; then restart the socket unit."};
}

// systemd gives a socket 0666 where its unit says nothing.
std::optional<Error> wrong_access(const ListenerConfig& listener)
{
    const auto& [mode, group] = listener.access;
    struct stat about {};
    if (::stat(listener.address.path.c_str(), &about) != 0) return system_error("can't see who may connect to " + listener.address.text(), errno);
    const auto* wanted = group.empty() ? nullptr : ::getgrnam(group.c_str());
    const bool right_group = group.empty() || (wanted != nullptr && about.st_gid == wanted->gr_gid);
    if ((about.st_mode & 0777U) == mode && right_group) return std::nullopt;
    const auto* is = ::getgrgid(about.st_gid);
    return Error{fmt::format("{} has mode {:04o} and the group {}, not what the config says ({:04o}{})", listener.address.text(), about.st_mode & 0777U,
                             is != nullptr ? is->gr_name : std::to_string(about.st_gid), mode, group.empty() ? "" : ", " + group),
                 fmt::format("In the socket unit ('systemctl edit'): SocketMode={:04o}{}; then restart the socket unit.", mode, group.empty() ? "" : ", SocketGroup=" + group)};
}

}  // namespace

ServiceManager ServiceManager::from_environment()
{
    ServiceManager manager;
    if (const char* notify = std::getenv("NOTIFY_SOCKET"); notify != nullptr && (notify[0] == '/' || notify[0] == '@')) manager.notify_ = notify;
    if (std::getenv("WATCHDOG_PID") == nullptr || means_us("WATCHDOG_PID"))
        manager.heartbeat_ = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::microseconds(number("WATCHDOG_USEC"))) / 2;
    if (!means_us("LISTEN_PID")) return manager;
    const auto count = std::min<std::uint64_t>(number("LISTEN_FDS"), most_sockets);
    for (int fd = first_socket; fd < first_socket + static_cast<int>(count); ++fd)
        if (::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0) manager.sockets_.emplace_back(fd);
    return manager;
}

void ServiceManager::tell(std::string_view state) const
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (notify_.empty() || notify_.size() >= sizeof(address.sun_path)) return;
    std::memcpy(address.sun_path, notify_.data(), notify_.size());
    if (notify_[0] == '@') address.sun_path[0] = '\0';
    const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd) return;
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + notify_.size());
    // Not waited for: a manager that does not read must not stop the warden.
    [[maybe_unused]] const auto sent = ::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                                                reinterpret_cast<const sockaddr*>(&address), size);
}

Result<std::vector<std::vector<UniqueFd>>> share_out(const std::vector<UniqueFd>& sockets, const std::vector<ListenerConfig>& listeners,
                                                     std::uint32_t threads)
{
    for (const auto& socket : sockets) {
        const auto bound = bound_address(socket.get());
        if (!bound || !listens(socket.get())) return Error{"what systemd handed over is no listening socket", "Only ListenStream= with addresses belongs in the socket unit."};
        if (std::none_of(listeners.begin(), listeners.end(), [&](const auto& listener) { return listener.address == *bound; }))
            return differ("systemd listens on " + bound->text() + ", which the config does not name");
    }
    std::vector<std::vector<UniqueFd>> by_address;
    for (const auto& listener : listeners) {
        const auto& address = listener.address;
        const auto socket = std::find_if(sockets.begin(), sockets.end(), [&](const auto& one) { return bound_address(one.get()) == address; });
        if (socket == sockets.end()) return differ("systemd handed over no socket for " + address.text());
        if (address.local())
            if (const auto wrong = wrong_access(listener)) return *wrong;
        auto& shares = by_address.emplace_back();
        for (std::uint32_t thread = 0; thread < threads; ++thread) {
            UniqueFd share(::fcntl(socket->get(), F_DUPFD_CLOEXEC, 0));
            // The state of the one socket, so of all its descriptors.
            if (!share || ::fcntl(share.get(), F_SETFL, O_NONBLOCK) != 0) return system_error("can't share " + address.text(), errno);
            shares.push_back(std::move(share));
        }
    }
    return by_address;
}

}  // namespace amana::server

// SPDX-License-Identifier: AGPL-3.0-or-later
// systemd as the warden meets it: what it is told (sd_notify(3)), how often it wants to hear (WATCHDOG_USEC), and the listening
// sockets it hands over (sd_listen_fds(3)). Each protocol is a few lines, and libsystemd would bring what it links itself into
// the process that reads the keys.
#pragma once

#include "base/file.hpp"
#include "server/main/config.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace amana::server {

class ServiceManager {
public:
    // What the environment says. The descriptors handed over are taken: once in a process, before it opens much.
    [[nodiscard]] static ServiceManager from_environment();

    // "READY=1", "WATCHDOG=1", ...; several lines are one message. Nothing happens where nobody listens.
    void tell(std::string_view state) const;
    // How often to tell WATCHDOG=1: half of what it allows; 0: never.
    [[nodiscard]] std::chrono::milliseconds heartbeat() const { return heartbeat_; }
    [[nodiscard]] std::vector<UniqueFd> take_sockets() { return std::move(sockets_); }

private:
    std::string notify_;  // a path, or '@' and a name in the abstract space; empty: none
    std::chrono::milliseconds heartbeat_{0};
    std::vector<UniqueFd> sockets_;
};

// For each address, `threads` descriptors of the socket that was handed over for it. Sockets and addresses must be the same:
// what the config names is what is served, whoever bound it.
[[nodiscard]] Result<std::vector<std::vector<UniqueFd>>> share_out(const std::vector<UniqueFd>& sockets, const std::vector<ListenerConfig>& listeners,
                                                                   std::uint32_t threads);

}  // namespace amana::server

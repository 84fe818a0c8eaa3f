// SPDX-License-Identifier: AGPL-3.0-or-later
// What is amiss between a proxy and this server, in words for the admin: what was seen, and what to change. The front tells the kind
// and the listener, and nothing of the connection. One of a kind and listener is said at once, and not again for an hour: the
// journal shows that something is wrong, and not when anybody came.
#pragma once

#include "server/main/config.hpp"

#include <chrono>
#include <functional>
#include <map>

namespace amana::server {

class Mishaps {
public:
    using Time = std::chrono::steady_clock::time_point;

    // `say`: a line for the journal.
    Mishaps(const std::vector<ListenerConfig>& listeners, std::function<void(const std::string&)> say) : listeners_(listeners), say_(std::move(say)) {}

    // A line of the front's; one that is none of those it may say says nothing.
    void hear(std::string_view line, Time now);

private:
    std::vector<ListenerConfig> listeners_;
    std::function<void(const std::string&)> say_;
    std::map<std::string, Time, std::less<>> said_;
};

}  // namespace amana::server

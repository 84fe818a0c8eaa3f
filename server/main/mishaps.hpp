// SPDX-License-Identifier: AGPL-3.0-or-later
// What is amiss between a proxy and this server, in words for the admin: what was seen, and what to change. The front tells the kind
// and the listener, and nothing of the connection. One of a kind and listener is said once an hour at most, and with a tick: the
// journal shows that something is wrong, and not when anybody came. Within the first tick behind a start, while somebody sets it up,
// each is said at once.
#pragma once

#include "server/main/config.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>

namespace amana::server {

class Mishaps {
public:
    using Time = std::chrono::steady_clock::time_point;

    // `say`: a line for the journal.
    Mishaps(const std::vector<ListenerConfig>& listeners, std::chrono::milliseconds tick, Time start, std::function<void(const std::string&)> say)
        : listeners_(listeners), tick_(tick), next_(start + tick), say_(std::move(say))
    {
    }

    // A line of the front's; one that is none of those it may say says nothing.
    void hear(std::string_view line, Time now);
    // To be called now and then: says what is due.
    void advance(Time now);

private:
    std::vector<ListenerConfig> listeners_;
    std::chrono::milliseconds tick_;
    Time next_;
    bool begun_ = false;  // the first tick is over
    std::function<void(const std::string&)> say_;
    // By kind and listener: what is to be said, unless it was already, and when that was.
    struct One {
        std::string words;
        bool said = false;
        Time when{};
    };
    std::map<std::pair<std::string_view, std::size_t>, One> all_;
};

}  // namespace amana::server

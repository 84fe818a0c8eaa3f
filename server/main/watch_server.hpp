// SPDX-License-Identifier: AGPL-3.0-or-later
// HTTP for who watches: GET and HEAD, no body, a few connections at a time, each with a deadline.
#pragma once

#include "server/main/address.hpp"

#include <functional>
#include <string>

namespace amana::server {

struct WatchAnswer {
    unsigned status = 404;
    std::string type = "text/plain; charset=utf-8";
    std::string body = "not found\n";
};
// Asked anew for each request.
using WatchAnswers = std::function<WatchAnswer(std::string_view path)>;

// Until SIGTERM or SIGINT.
void serve_watchers(UniqueFd listener, const SocketAddress& address, const WatchAnswers& answers);

}  // namespace amana::server

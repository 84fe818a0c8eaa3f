// SPDX-License-Identifier: AGPL-3.0-or-later
// What runs beside front and keeper and is not needed by them: the metrics, the daily notice. Each is this program again, in a
// process of its own that ends with the warden; one that ended is started again after a while. The service does not depend on them.
#pragma once

#include "server/main/spawn.hpp"

#include <chrono>
#include <functional>

namespace amana::server {

class Attendants {
public:
    using Time = std::chrono::steady_clock::time_point;
    Attendants(std::vector<Program> programs, std::function<void(const std::string&)> say);
    ~Attendants();
    Attendants(const Attendants&) = delete;
    Attendants& operator=(const Attendants&) = delete;

    // Starts what is due, and notices what has ended.
    void attend(Time now);

private:
    struct Attendant {
        Program program;
        pid_t pid = -1;
        Time due{};
    };
    void look(Attendant& attendant, Time now);

    std::vector<Attendant> all_;
    std::function<void(const std::string&)> say_;
};

}  // namespace amana::server

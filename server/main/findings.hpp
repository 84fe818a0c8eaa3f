// SPDX-License-Identifier: AGPL-3.0-or-later
// What is wrong with a config, a key or the machine: said once, with the place in the config that leads to it and what to
// do about it. Findings are collected, so that an admin sees all of them at once. None ever holds a secret.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace amana::server {

// A place in the config file; line 0 stands for the file as a whole.
struct Place {
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

// A value and where it was written, for checks that come after reading.
template <typename T>
struct Placed {
    T value{};
    Place place;
};

enum class Severity { error, warning };

struct Finding {
    Severity severity;
    Place place;
    std::string what;
    std::string remedy;
};

class Findings {
public:
    void error(Place place, std::string what, std::string remedy)
    {
        all_.push_back({Severity::error, place, std::move(what), std::move(remedy)});
        ++errors_;
    }
    void warning(Place place, std::string what, std::string remedy)
    {
        all_.push_back({Severity::warning, place, std::move(what), std::move(remedy)});
    }

    [[nodiscard]] std::size_t errors() const { return errors_; }
    [[nodiscard]] const std::vector<Finding>& all() const { return all_; }
    // One finding a paragraph, in the order of the file, the machine's last: "FILE:LINE:COLUMN: error: what" and the remedy below it.
    [[nodiscard]] std::string text(const std::string& file) const;
    // "2 errors, 1 warning"
    [[nodiscard]] std::string count() const;

private:
    std::vector<Finding> all_;
    std::size_t errors_ = 0;
};

}  // namespace amana::server

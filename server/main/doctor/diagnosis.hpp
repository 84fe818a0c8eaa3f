// SPDX-License-Identifier: AGPL-3.0-or-later
// What the doctor found, what could not be looked at, and the figures that an admin wants to know either way. Nothing in it
// ever holds an address of a visitor, a secret, or a line of a log.
#pragma once

#include "server/main/doctor/catalogue.hpp"

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace amana::server::doctor {

struct Named {
    std::string name;  // of the catalogue
    Severity severity;
    std::string what;
    std::string remedy;
};

// Of each check, how it ended.
struct Looked {
    std::string at;
    std::size_t findings = 0;
    std::vector<std::string> unknown;  // what could not be looked at, and why
};

class Diagnosis {
public:
    // Everything that follows belongs to this check.
    void begin(std::string_view at) { looked_.push_back({std::string(at), 0, {}}); }

    void found(std::string_view name, std::string what) { found(name, ailment(name).severity, std::move(what)); }
    void found(std::string_view name, Severity severity, std::string what, std::string remedy = {});
    void unknown(std::string why) { looked_.back().unknown.push_back(std::move(why)); }
    void fact(std::string name, std::string value) { facts_.emplace_back(std::move(name), std::move(value)); }

    // Those that the admin has decided to live with; true when all of the names are in the catalogue.
    [[nodiscard]] bool ignore(const std::vector<std::string>& names);

    [[nodiscard]] const std::vector<Named>& all() const { return found_; }
    [[nodiscard]] const std::vector<Looked>& looked() const { return looked_; }
    [[nodiscard]] bool has(std::string_view name) const;
    // 0: nothing; else that of the worst.
    [[nodiscard]] int exit_code() const;

    // One page; `of` is what was looked at.
    [[nodiscard]] std::string text(const std::string& of) const;
    [[nodiscard]] std::string json(const std::string& of) const;

private:
    [[nodiscard]] std::size_t count(Severity severity) const;

    std::set<std::string, std::less<>> ignored_;
    std::vector<Named> found_;
    std::vector<std::string> left_out_;
    std::vector<Looked> looked_;
    std::vector<std::pair<std::string, std::string>> facts_;
};

inline constexpr int warnings_exit = 3;
inline constexpr int errors_exit = 4;

}  // namespace amana::server::doctor

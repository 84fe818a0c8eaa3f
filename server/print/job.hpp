// SPDX-License-Identifier: AGPL-3.0-or-later
// What is to be printed, as the command line says it, checked: whatever is wrong with it would be wrong on ten thousand
// cards. All of it is public.
#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace amana::print {

using Path = std::filesystem::path;

enum class Kind { poster, card, sheet };

// 0 to 1 each.
struct Colour {
    double red = 0;
    double green = 0;
    double blue = 0;
};

// As written.
struct Arguments {
    Path data;
    std::vector<std::string> languages;
    std::string form;
    std::vector<std::string> headlines;  // LANG=TEXT, as are the next two
    std::vector<std::string> names;
    std::vector<std::string> numbers;
    std::string address;
    std::string onion;
    std::string root;
    std::string colour = "#0b5c63";  // the form's own
    Path logo;
    Path out;
    std::string only;
    bool force = false;
};

struct Job {
    Path data;
    std::vector<std::string> languages;  // none twice
    Path form;  // the questionnaire that invites; empty: the shipped one on recruitment
    std::map<std::string, std::string> headlines;
    std::map<std::string, std::string> names;
    std::map<std::string, std::string> numbers;
    std::string address;     // https, lower-case host
    std::string onion;       // whole, or empty
    std::string onion_host;  // "<56 characters>.onion", or empty
    std::string root;        // 64 hexadecimal digits, lower case
    Colour colour;
    std::optional<Path> logo;
    Path out;
    std::optional<Kind> only;
    bool force = false;
};

[[nodiscard]] Result<Job> check(const Arguments& arguments);

// "<56 characters>.onion" of an onion address of version 3, its checksum verified (Tor's rend-spec-v3, section 6).
[[nodiscard]] Result<std::string> onion_host(const std::string& url);

}  // namespace amana::print

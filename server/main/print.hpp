// SPDX-License-Identifier: AGPL-3.0-or-later
// `amana-server print`: posters and cards, made by amana-print, which is told all it needs on its command line. Every
// word of it is public.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace amana::server {

struct PrintJob {
    std::filesystem::path data;
    std::vector<std::string> languages;
    std::filesystem::path form;                // the questionnaire, whose invitation is the headline
    std::map<std::string, std::string> names;  // by language, as are the numbers; of other languages none is printed
    std::map<std::string, std::string> numbers;
    std::string address;  // https://...
    std::string onion;    // http://....onion, or empty
    std::string root;     // 64 hexadecimal digits, lower case
    std::string colour;   // #rrggbb, or empty: the form's
    std::filesystem::path logo;  // a PNG, or empty
    std::filesystem::path out;   // a directory
    std::string only;  // poster, card or sheet; empty: all
    bool force = false;
};

[[nodiscard]] std::vector<std::string> print_arguments(const PrintJob& job);

// amana-print's exit code; what it says goes where this process's own words go.
[[nodiscard]] int run_print(const PrintJob& job);

}  // namespace amana::server

// SPDX-License-Identifier: AGPL-3.0-or-later
// One report at a new desk, and how it is listed and shown.
#pragma once

#include "desk/show.hpp"
#include "tests/desk/fixture.hpp"

namespace amana::desk::testing {

struct Shown {
    Log log;
    Desk desk{log};

    explicit Shown(const Sent& sent)
    {
        log.entries.push_back(seal(sent, desk.recipients()));
        REQUIRE(desk.import(log.bundle()).value().reports == 1);
    }

    [[nodiscard]] std::string list(Format format, const std::string& language = "en")
    {
        return printed([&](int fd) {
            Output out(fd);
            REQUIRE(list_reports(desk.records(), desk.forms(language), format, out).has_value());
        });
    }
    [[nodiscard]] std::string show(Format format, const std::string& language = "en")
    {
        const auto report = desk.find(to_hex(leaf_of(log.entries.front()))).value();
        return printed([&](int fd) {
            Output out(fd);
            REQUIRE(show_report(desk.records(), desk.forms(language), report, format, out).has_value());
        });
    }
    // What is answered: from the first empty line to the attachments.
    [[nodiscard]] std::string answers(const std::string& language = "en")
    {
        const auto text = show(Format::text, language);
        const auto begin = text.find("\n\n") + 1;
        return text.substr(begin, text.find("\nattachments: ") - begin);
    }
};

}  // namespace amana::desk::testing

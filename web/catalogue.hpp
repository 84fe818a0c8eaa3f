// SPDX-License-Identifier: AGPL-3.0-or-later
// One language's sentences, from a compiled gettext catalogue (locale/<language>/LC_MESSAGES/amana.mo).
//
// Msgids are stable keys, so a sentence that a catalogue lacks is an error here and never the English one by accident.
// Boost.Locale reads the file; no locale of the operating system takes part, so it works under LANG=C as well.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <locale>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace amana::web {

// What a sentence may mention in braces: {limit}.
using MessageValues = std::map<std::string, std::string>;

class Catalogue {
public:
    [[nodiscard]] static Result<Catalogue> load(const std::filesystem::path& locale_directory,
                                                const std::string& language, MessageValues values);

    // The sentence with its values filled in, not escaped.
    [[nodiscard]] Result<std::string> find(const std::string& msgid) const;
    // The form of it that goes with a number, which stands in it as {n}.
    [[nodiscard]] Result<std::string> find(const std::string& msgid, std::uint32_t number) const;
    // A number in this language's own digits.
    [[nodiscard]] Result<std::string> digits(std::string_view number) const;
    // The same with further values, and with others in place of its own.
    [[nodiscard]] Catalogue with(const MessageValues& further) const;
    [[nodiscard]] const std::string& language() const { return language_; }

private:
    [[nodiscard]] Result<std::string> fill(const std::string& msgid, const char* sentence, const std::string* number) const;

    Catalogue(std::string language, const std::locale& messages, MessageValues values)
        : language_(std::move(language)), messages_(messages), values_(std::move(values))
    {
    }

    std::string language_;
    std::locale messages_;
    MessageValues values_;
};

}  // namespace amana::web

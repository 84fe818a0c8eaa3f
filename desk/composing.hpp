// SPDX-License-Identifier: AGPL-3.0-or-later
// What answers and notices share on their way from somebody's head into the casebook.
#pragma once

#include "desk/command_parts.hpp"
#include "desk/messages.hpp"

namespace amana::desk {

struct Written {
    SecretText text;
    bool edited;  // in an editor, so that it is asked whether it is meant
};
// From --text-file, or an editor that begins with `beginning`; at most `max` bytes.
[[nodiscard]] Result<Written> text_of(const CommandLine& line, const DeskPaths& paths, std::string_view beginning, std::size_t max);
// An error unless it is.
[[nodiscard]] Result<void> meant(const CommandLine& line, const Written& written, const std::string& question);

// Gives the message its number, in one transaction with what is done before.
[[nodiscard]] Result<std::int64_t> keep(const Records& records, StoredMessage& message, const std::function<Result<void>(Messages&)>& before);

}  // namespace amana::desk

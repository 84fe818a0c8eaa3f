// SPDX-License-Identifier: AGPL-3.0-or-later
// require(): always on, for bugs of ours and never for input. A false condition ends the process; the message is a
// literal, so it can hold nothing secret.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <source_location>

namespace amana {

inline void require(bool condition, const char* what,
                    std::source_location where = std::source_location::current()) noexcept
{
    if (condition) return;
    std::fprintf(stderr, "bug: %s (%s:%u)\n", what, where.file_name(), where.line());
    std::abort();
}

}  // namespace amana

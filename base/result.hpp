// SPDX-License-Identifier: AGPL-3.0-or-later
// Result<T>: what anything returns that input can make fail. Exceptions are for start-up; require() is for our own bugs.
//
// An Error says what is wrong, in words for the person who will read it, and where possible what to do next (`hint`).
// It never carries anything a citizen wrote.
#pragma once

#include <boost/system/result.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace amana {

struct Error {
    std::string message;
    std::string hint;

    [[nodiscard]] std::string text() const { return hint.empty() ? message : message + "\n  " + hint; }
};

// Only for start-up code and tests, which may throw.
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&)
{
    throw std::runtime_error(error.text());
}

template <typename T, typename E = Error>
using Result = boost::system::result<T, E>;

}  // namespace amana

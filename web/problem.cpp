// SPDX-License-Identifier: AGPL-3.0-or-later
#include "web/problem.hpp"

namespace amana::web {

std::string_view problem_name(Problem problem)
{
    switch (problem) {
    case Problem::empty_story: return "empty_story";
    case Problem::short_story: return "short_story";
    case Problem::long_story: return "long_story";
    case Problem::long_answer: return "long_answer";
    case Problem::wrong_encoding: return "wrong_encoding";
    case Problem::too_large: return "too_large";
    case Problem::too_many_parts: return "too_many_parts";
    case Problem::storage_full: return "storage_full";
    case Problem::closed: return "closed";
    case Problem::not_found: return "not_found";
    case Problem::misdirected: return "misdirected";
    case Problem::bad_request: return "bad_request";
    case Problem::timed_out: return "timed_out";
    case Problem::busy: return "busy";
    case Problem::crowded: return "crowded";
    case Problem::internal: return "internal";
    case Problem::method_not_allowed: return "method_not_allowed";
    }
    return {};
}

}  // namespace amana::web

// SPDX-License-Identifier: AGPL-3.0-or-later
// What there is to see at one address, as JSON (server/main/doctor/seen.hpp reads it).
#pragma once

#include "server/outsider/connection.hpp"

#include <boost/json/object.hpp>

namespace amana::outsider {

// With TLS: what is agreed on, what old and weak is taken, the certificate, and the answers to GET.
[[nodiscard]] boost::json::object look_at_tls(const Target& target, const std::vector<std::string>& paths);
// Without: the answers.
[[nodiscard]] boost::json::object look_plainly(const Target& target, const std::vector<std::string>& paths);

// One answer's head, as { path, status, headers }; nothing when it is not HTTP.
[[nodiscard]] std::optional<boost::json::object> read_answer(const std::string& path, const std::string& bytes);

}  // namespace amana::outsider

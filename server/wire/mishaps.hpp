// SPDX-License-Identifier: AGPL-3.0-or-later
// What can be amiss between a proxy and a listener, by the names under which the front tells the warden of it: who knows them says
// what to do (server/main/mishaps.hpp). A name says nothing of any one connection.
#pragma once

#include <array>
#include <string_view>

namespace amana::wire::mishap {

inline constexpr std::string_view stranger = "stranger";
// Where a PROXY header should be: it is not there, and what is in its place; cut off; not well made.
inline constexpr std::string_view header_absent_tls = "header-absent-tls";
inline constexpr std::string_view header_absent_http = "header-absent-http";
inline constexpr std::string_view header_absent = "header-absent";
inline constexpr std::string_view header_cut_off = "header-cut-off";
inline constexpr std::string_view header_malformed = "header-malformed";
inline constexpr std::string_view header_checksum = "header-checksum";
inline constexpr std::string_view header_twice = "header-twice";
// Where none should be.
inline constexpr std::string_view header_unexpected = "header-unexpected";
inline constexpr std::string_view http_to_tls = "http-to-tls";
inline constexpr std::string_view tls_to_plain = "tls-to-plain";
inline constexpr std::string_view forwarded_absent = "forwarded-absent";
inline constexpr std::string_view forwarded_unreadable = "forwarded-unreadable";
inline constexpr std::string_view host_unknown = "host-unknown";

inline constexpr std::array all{stranger, header_absent_tls, header_absent_http, header_absent, header_cut_off, header_malformed, header_checksum,
                                header_twice, header_unexpected, http_to_tls, tls_to_plain, forwarded_absent, forwarded_unreadable, host_unknown};

}  // namespace amana::wire::mishap

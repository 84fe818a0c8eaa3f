// SPDX-License-Identifier: AGPL-3.0-or-later
// What every answer carries, and answers built once. No Server, no cookie; Date, which HTTP demands (RFC 9110, 6.6.1), is
// floored to the minute.
#pragma once

#include "web/pages.hpp"

#include <array>
#include <string>
#include <string_view>

namespace amana::front {

struct Status {
    unsigned code;
    std::string_view reason;
};

namespace status {
inline constexpr Status ok{200, "OK"};
inline constexpr Status see_other{303, "See Other"};
inline constexpr Status permanent_redirect{308, "Permanent Redirect"};
inline constexpr Status bad_request{400, "Bad Request"};
inline constexpr Status not_found{404, "Not Found"};
inline constexpr Status method_not_allowed{405, "Method Not Allowed"};
inline constexpr Status request_timeout{408, "Request Timeout"};
inline constexpr Status too_large{413, "Content Too Large"};
inline constexpr Status unsupported{415, "Unsupported Media Type"};
inline constexpr Status unprocessable{422, "Unprocessable Content"};
inline constexpr Status head_too_large{431, "Request Header Fields Too Large"};
inline constexpr Status internal{500, "Internal Server Error"};
inline constexpr Status unavailable{503, "Service Unavailable"};
inline constexpr Status insufficient_storage{507, "Insufficient Storage"};
}  // namespace status

[[nodiscard]] Status status_of(web::Problem problem);

// What a body is, which says its type and what a browser may do with it.
enum class Content {
    page,     // HTML without a script
    checker,  // the one page with a script
    text,     // for programs and people
    bytes,
};

class Responses {
public:
    explicit Responses(const web::Pages& pages);

    // A head for a body of `length` bytes. `extra` is further header lines, each with its CR LF.
    [[nodiscard]] std::string head(Status status, std::uint64_t length, bool keep_alive, std::string_view extra = {},
                                   Content content = Content::page) const;
    // Head and page, or for HEAD the head alone.
    [[nodiscard]] std::string page(Status status, std::string_view body, bool keep_alive, bool head_only,
                                   std::string_view extra = {}, Content content = Content::page) const;

private:
    std::array<std::string, 4> common_;  // by Content
};

}  // namespace amana::front

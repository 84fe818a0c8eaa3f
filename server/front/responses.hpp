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
inline constexpr Status no_content{204, "No Content"};
inline constexpr Status see_other{303, "See Other"};
inline constexpr Status permanent_redirect{308, "Permanent Redirect"};
inline constexpr Status bad_request{400, "Bad Request"};
inline constexpr Status not_found{404, "Not Found"};
inline constexpr Status method_not_allowed{405, "Method Not Allowed"};
inline constexpr Status conflict{409, "Conflict"};
inline constexpr Status request_timeout{408, "Request Timeout"};
inline constexpr Status too_large{413, "Content Too Large"};
inline constexpr Status unsupported{415, "Unsupported Media Type"};
inline constexpr Status unprocessable{422, "Unprocessable Content"};
inline constexpr Status misdirected{421, "Misdirected Request"};
inline constexpr Status head_too_large{431, "Request Header Fields Too Large"};
inline constexpr Status internal{500, "Internal Server Error"};
inline constexpr Status unavailable{503, "Service Unavailable"};
inline constexpr Status insufficient_storage{507, "Insufficient Storage"};
}  // namespace status

[[nodiscard]] Status status_of(web::Problem problem);

// What a body is, which says its type and what a browser may do with it.
enum class Content {
    page,     // HTML whose script only leads away; its head is padded
    form,     // the same, and it may load the script that seals, and frame the place in line
    again,    // the same without that script
    inbox,    // where one looks for an answer: as the form
    line,     // the place in line, which the site's own forms may frame
    checker,  // the log's, whose script checks a proof
    text,     // for programs and people
    script,   // that seals: in a worker its own policy holds
    data,     // JSON
    bytes,
};
inline constexpr std::array all_contents{Content::page, Content::form, Content::again, Content::inbox, Content::line,
                                         Content::checker, Content::text, Content::script, Content::data, Content::bytes};

// Pages have two sizes on the wire, whichever page, status and language: this head, and behind it web::packed_page_bytes
// (small: form, help, thanks, problems) or a multiple, hardly ever more than one, of large_page_bytes (pages that repeat
// what was typed, and pages that a program asks for without compression).
inline constexpr std::size_t page_head_bytes = 1536;
inline constexpr std::size_t large_page_bytes = 128 * 1024;
[[nodiscard]] constexpr std::size_t large_size(std::size_t bytes)
{
    return (bytes + large_page_bytes - 1) / large_page_bytes * large_page_bytes;
}
inline constexpr std::string_view gzip_line = "Content-Encoding: gzip\r\n";

// A whole answer without a body, for who has no use for a page: a proxy, or a browser that is led elsewhere.
[[nodiscard]] std::string bare(Status status, bool keep_alive = false, std::string_view extra = {});

// What an address adds to its answers.
struct AddressLines {
    bool strict_transport = true;  // whoever came by TLS is to come by it again
    std::string onion_location;    // an address for Tor Browser; empty: none
};

class Responses {
public:
    explicit Responses(const web::Pages& pages) : Responses(pages, AddressLines()) {}
    Responses(const web::Pages& pages, const AddressLines& address);

    // A head for a body of `length` bytes. `extra` is further header lines, each with its CR LF.
    [[nodiscard]] std::string head(Status status, std::uint64_t length, bool keep_alive, std::string_view extra = {},
                                   Content content = Content::page) const;
    // Head and body, or for HEAD the head alone.
    [[nodiscard]] std::string whole(Status status, std::string_view body, bool keep_alive, bool head_only,
                                    std::string_view extra = {}, Content content = Content::page) const;
    // A page of the small size: packed, or of the large size, plain, for a program that can't unpack.
    [[nodiscard]] std::string page(Status status, const web::StaticPage& page, bool packed, bool keep_alive, bool head_only,
                                   std::string_view extra = {}, Content content = Content::page) const;

    // The lines that every answer of this content has, as they are sent.
    [[nodiscard]] const std::string& lines(Content content) const { return common_.at(static_cast<std::size_t>(content)); }

private:
    std::array<std::string, all_contents.size()> common_;  // by Content
};

}  // namespace amana::front

// SPDX-License-Identifier: AGPL-3.0-or-later
// What every answer says of itself: all of its fields and no other. And which address means what.
#include "server/front/responses.hpp"
#include "server/front/routes.hpp"
#include "server/wire/onion_location.hpp"
#include "tests/server/front/pages.hpp"
#include "tests/support/catch.hpp"

#include <cstdlib>
#include <ctime>
#include <iostream>
#include <set>

namespace amana::front {

// So that a failure can be told.
static std::ostream& operator<<(std::ostream& out, const Status& status) { return out << status.code << ' ' << status.reason; }
static bool operator==(const Status& a, const Status& b) { return a.code == b.code && a.reason == b.reason; }
static bool operator==(const Route& a, const Route& b) { return a.page == b.page && a.language == b.language; }
static std::ostream& operator<<(std::ostream& out, const Route& route) { return out << static_cast<int>(route.page) << ' ' << route.language; }

}  // namespace amana::front

namespace amana::front::test {

namespace {

const web::Pages& pages()
{
    static const auto loaded = shipped_pages();
    return loaded;
}

// The value of the head's only Date, cut out of it.
std::string cut_date(std::string& head)
{
    const auto at = head.find("Date: ");
    REQUIRE(at != std::string::npos);
    const auto end = head.find("\r\n", at);
    const auto date = head.substr(at + 6, end - at - 6);
    head.erase(at, end + 2 - at);
    REQUIRE(head.find("Date:") == std::string::npos);
    return date;
}

// The filling that makes all heads of pages one length.
void cut_padding(std::string& head)
{
    const auto at = head.find("Padding: ");
    REQUIRE(at != std::string::npos);
    const auto end = head.find("\r\n", at);
    CHECK(head.find_first_not_of('0', at + 9) == end);
    CHECK(head.size() == page_head_bytes);
    head.erase(at, end + 2 - at);
}

std::string everywhere()
{
    return
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Security-Policy: default-src 'none'; script-src '" + pages().script_hash() + "'; style-src '" + pages().style_hash() +
    "'; img-src data:; form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors 'none'\r\n"
    "X-Frame-Options: DENY\r\n"
    "Cache-Control: no-store\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Embedder-Policy: require-corp\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), "
    "geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), "
    "publickey-credentials-get=(), screen-wake-lock=(), usb=(), web-share=(), xr-spatial-tracking=()\r\n"
    "Strict-Transport-Security: max-age=63072000\r\n";
}

}  // namespace

TEST_CASE("The header fields of an answer are these and no other")
{
    const Responses responses(pages());
    auto head = responses.head(status::ok, 1234, true);
    cut_padding(head);
    (void)cut_date(head);
    CHECK(head == "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n" + everywhere() + "\r\n");
    head = responses.head(status::see_other, 0, false, "Location: /ar/received-1\r\n");
    cut_padding(head);
    (void)cut_date(head);
    CHECK(head == "HTTP/1.1 303 See Other\r\nContent-Length: 0\r\n" + everywhere() + "Connection: close\r\nLocation: /ar/received-1\r\n\r\n");
    CHECK(pages().style_hash().starts_with("sha256-"));
    CHECK(pages().script_hash().starts_with("sha256-"));
    for (const auto* absent : {"Server", "Set-Cookie", "ETag", "Last-Modified", "Vary", "X-Powered-By", "unsafe"})
        CHECK(head.find(absent) == std::string::npos);
    for (const auto content : all_contents) {
        const auto other = responses.head(status::ok, 7, true, {}, content);
        const bool page = content == Content::page || content == Content::form || content == Content::again ||
                          content == Content::inbox || content == Content::line;
        CHECK((other.find("Padding") != std::string::npos) == page);
        CHECK((other.size() == page_head_bytes) == page);
        CHECK(other.find("default-src 'none'") != std::string::npos);
        CHECK(other.find("unsafe") == std::string::npos);
        CHECK(other.find(responses.lines(content)) != std::string::npos);
    }
}

TEST_CASE("A page's head has one length, whatever it says")
{
    // The longest that an address may add.
    const Responses responses(pages(), {true, "http://" + std::string(wire::max_onion_location_bytes - 14, 'a') + ".onion/"});
    std::size_t checked = 0;
    for (const auto status : {status::ok, status::see_other, status::permanent_redirect, status::bad_request, status::not_found, status::method_not_allowed, status::misdirected,
                              status::request_timeout, status::too_large, status::unsupported, status::unprocessable, status::head_too_large,
                              status::internal, status::unavailable, status::insufficient_storage})
        for (const bool keep_alive : {false, true})
            for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{web::packed_page_bytes}, std::uint64_t{40 * large_page_bytes}})
                for (const std::string_view extra : {std::string_view(), gzip_line, std::string_view("Location: /pt-BR/received-2\r\n"), std::string_view("Allow: GET, HEAD\r\n")}) {
                    for (const auto content : {Content::page, Content::form, Content::again, Content::line}) {
                        const auto head = responses.head(status, length, keep_alive, extra, content);
                        INFO(head);
                        CHECK(head.size() == page_head_bytes);
                        CHECK(head.ends_with("0\r\n\r\n"));
                        CHECK(head.find("\r\n\r\n") == head.size() - 4);
                        ++checked;
                    }
                }
    std::cout << checked << " heads\n";
}

TEST_CASE("An address adds what is its own to every answer, and nothing else")
{
    const Responses plain(pages(), {false, {}}), strict(pages()), leading(pages(), {true, "http://abc.onion/"});
    for (const auto content : all_contents) {
        const auto &without = plain.lines(content), &with = strict.lines(content), &onion = leading.lines(content);
        CHECK(without.find("Strict-Transport-Security") == std::string::npos);
        CHECK(with == without + "Strict-Transport-Security: max-age=63072000\r\n");
        CHECK(onion == with + "Onion-Location: http://abc.onion/\r\n");
    }
    const auto answer = bare(status::no_content);
    CHECK((answer.starts_with("HTTP/1.1 204 No Content\r\nDate: ") && answer.ends_with("Connection: close\r\n\r\n") && answer.find("Content-") == std::string::npos));
    CHECK(bare(status::misdirected, true, "X: y\r\n").find("Content-Length: 0\r\n") != std::string::npos);
}

TEST_CASE("A page is packed and small, or plain and large; HEAD gives the same without it")
{
    const Responses responses(pages());
    for (const auto* page : {&pages().index(), &pages().help("en"), &pages().problem("ar", web::Problem::busy)}) {
        for (const bool packed : {false, true}) {
            const auto get = responses.page(status::ok, *page, packed, true, false, "X: y\r\n");
            const auto head = responses.page(status::ok, *page, packed, true, true, "X: y\r\n");
            CHECK(head.size() == page_head_bytes);
            CHECK(head.ends_with("\r\n\r\n"));
            CHECK(head.find("X: y\r\n") != std::string::npos);
            CHECK((head.find(gzip_line) != std::string::npos) == packed);
            const auto size = packed ? web::packed_page_bytes : large_page_bytes;
            CHECK(head.find("Content-Length: " + std::to_string(size) + "\r\n") != std::string::npos);
            CHECK(get.size() == head.size() + size);
            CHECK(get == head + (packed ? page->packed : page->plain + std::string(size - page->plain.size(), '\n')));
        }
    }
    const web::StaticPage exact{"", std::string(large_page_bytes, 'x')};
    CHECK(responses.page(status::ok, exact, false, true, false).size() == page_head_bytes + large_page_bytes);
    const web::StaticPage more{"", std::string(large_page_bytes + 1, 'x')};
    CHECK(responses.page(status::ok, more, false, true, false).size() == page_head_bytes + 2 * large_page_bytes);
    CHECK(large_size(0) == 0);
    CHECK(large_size(1) == large_page_bytes);
}

TEST_CASE("Date is the minute that has begun, in the one form HTTP has")
{
    const Responses responses(pages());
    const auto before = std::time(nullptr);
    auto head = responses.head(status::ok, 0, true);
    const auto after = std::time(nullptr);
    const auto date = cut_date(head);
    std::tm parsed{};
    const char* end = ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parsed);
    REQUIRE((end != nullptr && *end == '\0'));
    CHECK(date.size() == 29);
    CHECK(date.ends_with(":00 GMT"));
    const auto time = ::timegm(&parsed);
    CHECK(time <= after);
    CHECK(time > before - 60);
    // Day and month are English and the right ones: written again, the date is the same.
    std::array<char, 64> again{};
    (void)std::strftime(again.data(), again.size(), "%a, %d %b %Y %H:%M:%S GMT", ::gmtime(&time));
    CHECK(date == again.data());
}

TEST_CASE("Which status a problem has")
{
    using web::Problem;
    const auto all = [](std::initializer_list<Problem> problems, Status expected) {
        for (const auto problem : problems) {
            INFO(web::problem_name(problem));
            CHECK(status_of(problem) == expected);
        }
        return problems.size();
    };
    auto told = all({Problem::empty_story, Problem::short_story, Problem::long_story, Problem::long_answer, Problem::wrong_encoding}, {422, "Unprocessable Content"});
    told += all({Problem::too_large, Problem::too_many_parts}, {413, "Content Too Large"});
    told += all({Problem::storage_full}, {507, "Insufficient Storage"});
    told += all({Problem::closed, Problem::busy, Problem::crowded}, {503, "Service Unavailable"});
    told += all({Problem::not_found}, {404, "Not Found"});
    told += all({Problem::bad_request}, {400, "Bad Request"});
    told += all({Problem::timed_out}, {408, "Request Timeout"});
    told += all({Problem::internal}, {500, "Internal Server Error"});
    told += all({Problem::method_not_allowed}, {405, "Method Not Allowed"});
    told += all({Problem::misdirected}, {421, "Misdirected Request"});
    CHECK(told == web::all_problems.size());
}

TEST_CASE("Which address means what")
{
    CHECK(find_route("/") == Route{Page::index, ""});
    CHECK(find_route("/?utm=1") == Route{Page::index, ""});
    CHECK(find_route("/ar") == Route{Page::form_without_slash, "ar"});
    CHECK(find_route("/ar/") == Route{Page::form, "ar"});
    CHECK(find_route("/ar/?a=/b") == Route{Page::form, "ar"});
    CHECK(find_route("/pt-BR/report") == Route{Page::report, "pt-BR"});
    CHECK(find_route("/ar/help") == Route{Page::help, "ar"});
    CHECK(find_route("/ar/received-1?") == Route{Page::received, "ar"});
    CHECK(find_route("/ar/received-2") == Route{Page::received_urgent, "ar"});
    for (const auto* nowhere : {"", "*", "ar/", "//", "//report", "///", "/ar//", "/ar/report/", "/ar/reports", "/ar/received", "/ar/received-", "/ar/received-3", "/ar/received-11", "/ar/help/", "/ar/../en/", "/ar/Report",
                                "?", "/ar/%72eport", "/ar/report#a", "https://a.example/ar/"}) {
        INFO(nowhere);
        CHECK(find_route(nowhere) == std::nullopt);
    }
    // Whether a language is spoken is asked elsewhere; its name is taken as it stands.
    CHECK(find_route("/\r\nX: y/") == Route{Page::form, "\r\nX: y"});
}

TEST_CASE("Which methods an address has")
{
    CHECK(allowed(Page::index) == "GET, HEAD");
    CHECK(allowed(Page::form) == "GET, HEAD");
    CHECK(allowed(Page::form_without_slash) == "GET, HEAD");
    for (const auto page : {Page::received, Page::received_urgent, Page::help}) CHECK(allowed(page) == "GET, HEAD");
    CHECK(allowed(Page::report) == "POST");
    std::set<std::string_view> behind;
    for (const auto& entry : route_table) behind.insert(entry.behind_language);
    CHECK(behind.size() == route_table.size());
}

}  // namespace amana::front::test

// SPDX-License-Identifier: AGPL-3.0-or-later
// Which address means what. {lang} is matched against the configured languages by the caller.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace amana::front {

enum class Page { index, form, form_without_slash, help, report, line, inbox, received, received_urgent };

struct Route {
    Page page;
    std::string_view language;  // empty for the index
};

struct RouteEntry {
    std::string_view behind_language;  // what follows "/{lang}"
    Page page;
    std::string_view allow;  // the methods, for the Allow header
};

inline constexpr std::string_view reads = "GET, HEAD";
// Where a proxy asks whether somebody is there (docs/PROXIES.md).
inline constexpr std::string_view health_target = "/healthz";
inline constexpr std::array route_table{
    RouteEntry{"", Page::form_without_slash, reads},
    RouteEntry{"/", Page::form, reads},
    RouteEntry{"/report", Page::report, "POST"},
    // A token is its query; the same for a report.
    RouteEntry{"/line", Page::line, reads},
    RouteEntry{"/help", Page::help, reads},
    // What is sent from it has a token.
    RouteEntry{"/inbox", Page::inbox, "GET, HEAD, POST"},
    // Of one length, so that a request does not tell which; and a history tells no more than a digit.
    RouteEntry{"/received-1", Page::received, reads},
    RouteEntry{"/received-2", Page::received_urgent, reads},
};

[[nodiscard]] constexpr std::string_view query_of(std::string_view target)
{
    const auto mark = target.find('?');
    return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
}

// Elsewhere a query is ignored: browsers and chat programs append their own.
[[nodiscard]] constexpr std::optional<Route> find_route(std::string_view target)
{
    target = target.substr(0, target.find('?'));
    if (target == "/") return Route{Page::index, {}};
    if (target.empty() || target.front() != '/') return std::nullopt;
    target.remove_prefix(1);
    const auto slash = target.find('/');
    const auto language = target.substr(0, slash);
    const auto behind = slash == std::string_view::npos ? std::string_view() : target.substr(slash);
    for (const auto& entry : route_table)
        if (behind == entry.behind_language && !language.empty()) return Route{entry.page, language};
    return std::nullopt;
}

// What scripts ask of the outbox (docs/INBOX.md, section 3): in no language.
enum class OutboxPage { table, bucket, file, erase };
struct OutboxRoute {
    std::string_view target;
    OutboxPage page;
    std::string_view allow;
};
inline constexpr std::array outbox_routes{
    OutboxRoute{"/inbox/table", OutboxPage::table, reads},
    OutboxRoute{"/inbox/bucket", OutboxPage::bucket, "POST"},
    OutboxRoute{"/inbox/file", OutboxPage::file, "POST"},
    OutboxRoute{"/inbox/erase", OutboxPage::erase, "POST"},
};
[[nodiscard]] constexpr const OutboxRoute* find_outbox_route(std::string_view target)
{
    target = target.substr(0, target.find('?'));
    for (const auto& route : outbox_routes)
        if (route.target == target) return &route;
    return nullptr;
}

[[nodiscard]] constexpr bool reads_too(Page page)
{
    return page != Page::report;
}

[[nodiscard]] constexpr std::string_view allowed(Page page)
{
    for (const auto& entry : route_table)
        if (entry.page == page) return entry.allow;
    return reads;
}

}  // namespace amana::front

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/wire/site_url.hpp"

#include <algorithm>

namespace amana::wire {

namespace {

constexpr std::size_t max_host_bytes = 255;
constexpr std::size_t max_port_digits = 5;

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

bool is_name(std::string_view host)
{
    const bool letters = std::ranges::all_of(host, [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.'; });
    return letters && !host.starts_with('.') && !host.ends_with('.') && host.find("..") == std::string_view::npos;
}

bool is_bracketed(std::string_view host)
{
    if (host.size() < 4 || !host.ends_with(']')) return false;
    return std::ranges::all_of(host.substr(1, host.size() - 2), [](char c) { return (c >= 'a' && c <= 'f') || is_digit(c) || c == ':' || c == '.'; });
}

}  // namespace

std::string host_of(std::string_view authority)
{
    std::string host(authority);
    std::ranges::transform(host, host.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    const auto colon = host.find(':', host.starts_with('[') ? std::min(host.find(']'), host.size()) : 0);
    if (colon != std::string::npos) {
        const auto port = std::string_view(host).substr(colon + 1);
        if (port.empty() || port.size() > max_port_digits || !std::ranges::all_of(port, is_digit)) return {};
        host.resize(colon);
    }
    const bool good = host.starts_with('[') ? is_bracketed(host) : is_name(host);
    return good && host.size() <= max_host_bytes ? host : std::string();
}

Result<SiteUrl> SiteUrl::parse(std::string_view text)
{
    const Error bad{"'" + std::string(text) + "' is not an address of the site",
                    "Write scheme and host alone, for example \"https://report.example.org/\" or \"http://….onion/\"."};
    SiteUrl url;
    constexpr std::string_view secure = "https://";
    constexpr std::string_view plain = "http://";
    url.https = text.starts_with(secure);
    if (!url.https && !text.starts_with(plain)) return bad;
    text.remove_prefix(url.https ? secure.size() : plain.size());
    if (text.ends_with('/')) text.remove_suffix(1);
    url.host = host_of(text);
    if (url.host.empty()) return bad;
    url.port = text.substr(url.host.size());
    if (!url.port.empty()) url.port.erase(0, 1);
    if (url.port == (url.https ? "443" : "80")) url.port.clear();
    if (!url.https && !url.onion())
        return Error{"'" + std::string(text) + "' would be read and written by everybody on the way: it is neither https nor an onion address",
                     "Write https://, and let a listener with redirect = true lead there from port 80."};
    return url;
}

std::string SiteUrl::text() const
{
    return (https ? "https://" : "http://") + host + (port.empty() ? "" : ":" + port) + "/";
}

bool SiteUrl::literal() const
{
    return host.starts_with('[') || std::ranges::all_of(host, [](char c) { return is_digit(c) || c == '.'; });
}

}  // namespace amana::wire

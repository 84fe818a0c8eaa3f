// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/forwarded.hpp"

#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace amana::front {

namespace {

// The last of a list, without spaces around it.
std::string_view last_of(std::string_view list)
{
    if (const auto comma = list.rfind(','); comma != std::string_view::npos) list.remove_prefix(comma + 1);
    list.remove_prefix(std::min(list.find_first_not_of(" \t"), list.size()));
    return list.substr(0, list.find_last_not_of(" \t") + 1);
}

bool is_port(std::string_view text)
{
    return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711": the address alone; empty when it is none of these.
std::string_view address_in(std::string_view element)
{
    if (element.starts_with('[')) {
        const auto end = element.find(']');
        if (end == std::string_view::npos) return {};
        const auto behind = element.substr(end + 1);
        if (!behind.empty() && (behind.front() != ':' || !is_port(behind.substr(1)))) return {};
        return element.substr(1, end - 1);
    }
    const auto colon = element.find(':');
    if (colon == std::string_view::npos || element.find(':', colon + 1) != std::string_view::npos) return element;
    return is_port(element.substr(colon + 1)) ? element.substr(0, colon) : std::string_view();
}

}  // namespace

void Forwarded::read(std::string_view value)
{
    clear();
    state_ = State::unreadable;
    const auto address = address_in(last_of(value));
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.empty() || address.size() >= text.size() || address.find('\0') != std::string_view::npos) return;
    address.copy(text.data(), address.size());
    auto& in = reinterpret_cast<sockaddr_in&>(source_);
    auto& in6 = reinterpret_cast<sockaddr_in6&>(source_);
    if (::inet_pton(AF_INET, text.data(), &in.sin_addr) == 1) {
        in.sin_family = AF_INET;
        state_ = State::known;
    } else if (::inet_pton(AF_INET6, text.data(), &in6.sin6_addr) == 1) {
        in6.sin6_family = AF_INET6;
        state_ = State::known;
    }
    wipe({reinterpret_cast<Byte*>(text.data()), text.size()});
}

void Forwarded::clear()
{
    state_ = State::absent;
    wipe({reinterpret_cast<Byte*>(&source_), sizeof source_});
}

}  // namespace amana::front

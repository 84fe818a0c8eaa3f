// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/doctor/addresses_in.hpp"

#include <algorithm>

#include <arpa/inet.h>

namespace amana::server::doctor {

namespace {

bool may_be_in_one(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// 127.0.0.0/8, 0.0.0.0, ::1, ::, and those mapped to IPv6.
bool is_nobody(int family, const unsigned char* ip)
{
    if (family == AF_INET) return ip[0] == 127 || (ip[0] == 0 && ip[1] == 0 && ip[2] == 0 && ip[3] == 0);
    const bool zeros = std::all_of(ip, ip + 10, [](unsigned char byte) { return byte == 0; });
    if (!zeros) return false;
    if (ip[10] == 0xff && ip[11] == 0xff) return is_nobody(AF_INET, ip + 12);
    return ip[10] == 0 && ip[11] == 0 && ip[12] == 0 && ip[13] == 0 && ip[14] == 0 && ip[15] <= 1;
}

bool is_address(const std::string& text, const std::set<std::string>& own)
{
    unsigned char ip[16];
    const bool v4 = ::inet_pton(AF_INET, text.c_str(), ip) == 1;
    const bool v6 = !v4 && std::count(text.begin(), text.end(), ':') >= 2 && ::inet_pton(AF_INET6, text.c_str(), ip) == 1;
    return (v4 || v6) && !is_nobody(v4 ? AF_INET : AF_INET6, ip) && !own.contains(text);
}

// Alone, or with a port or a full stop behind it.
bool holds_address(std::string word, const std::set<std::string>& own)
{
    while (word.ends_with('.') || (word.ends_with(':') && !word.ends_with("::"))) word.pop_back();
    if (is_address(word, own)) return true;
    const auto colon = word.rfind(':');
    return colon != std::string::npos && std::count(word.begin(), word.end(), ':') == 1 && is_address(word.substr(0, colon), own);
}

}  // namespace

bool names_an_address(std::string_view line, const std::set<std::string>& own)
{
    for (std::size_t begin = 0; begin < line.size();) {
        if (!may_be_in_one(line[begin]) || (begin > 0 && (is_word(line[begin - 1]) || line[begin - 1] == '-'))) {
            ++begin;
            continue;
        }
        auto end = begin;
        while (end < line.size() && may_be_in_one(line[end])) ++end;
        // "1.2.3.4-5ubuntu" and "deadbeef_" are no addresses.
        const bool goes_on = end < line.size() && (is_word(line[end]) || line[end] == '-' || line[end] == '+');
        if (!goes_on && holds_address(std::string(line.substr(begin, end - begin)), own)) return true;
        begin = end + 1;
    }
    return false;
}

}  // namespace amana::server::doctor

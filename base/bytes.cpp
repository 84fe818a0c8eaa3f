// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/bytes.hpp"

#include <sodium.h>

namespace amana {

void append(Bytes& to, ByteView bytes)
{
    to.insert(to.end(), bytes.begin(), bytes.end());
}

std::string to_hex(ByteView bytes)
{
    std::string text(bytes.size() * 2 + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
    text.pop_back();
    return text;
}

Result<void> from_hex(std::string_view text, MutableBytes out)
{
    if (text.size() != out.size() * 2) return Error{"hexadecimal text of the wrong length", ""};
    if (text.find_first_not_of("0123456789abcdef") != std::string_view::npos)
        return Error{"not lower-case hexadecimal", ""};
    if (out.empty()) return {};  // libsodium takes no null pointer, not even for nothing
    std::size_t written = 0;
    if (sodium_hex2bin(out.data(), out.size(), text.data(), text.size(), nullptr, &written, nullptr) != 0 ||
        written != out.size())
        return Error{"not lower-case hexadecimal", ""};
    return {};
}

std::string to_base64(ByteView bytes)
{
    std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
    text.pop_back();
    return text;
}

Result<Bytes> from_base64(std::string_view text, std::size_t max_bytes)
{
    if (text.size() > (max_bytes + 2) / 3 * 4) return Error{"base64 text too long", ""};
    Bytes out(text.size() / 4 * 3 + 3);
    std::size_t written = 0;
    if (sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &written, nullptr,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        written > max_bytes)
        return Error{"not base64", ""};
    out.resize(written);
    return out;
}

bool equal_constant_time(ByteView a, ByteView b)
{
    return a.size() == b.size() && (a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace amana

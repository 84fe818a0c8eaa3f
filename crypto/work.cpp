// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/work.hpp"

#include "base/require.hpp"

#include <bit>

namespace amana::crypto {

namespace {

unsigned leading_zeros(const Hash& hash)
{
    unsigned zeros = 0;
    for (const Byte byte : hash) {
        zeros += static_cast<unsigned>(std::countl_zero(byte));
        if (byte != 0) break;
    }
    return zeros;
}

bool holds(const WorkToken& token, unsigned bits, std::size_t part, std::uint32_t number)
{
    const ByteArray<5> tail{static_cast<Byte>(part), static_cast<Byte>(number >> 24U), static_cast<Byte>(number >> 16U),
                            static_cast<Byte>(number >> 8U), static_cast<Byte>(number)};
    Sha256 hash;
    return leading_zeros(hash.update(as_bytes("amana work v1")).update(token).update(tail).finish()) >= bits;
}

}  // namespace

bool work_holds(const WorkToken& token, unsigned bits, const WorkNumbers& numbers)
{
    for (std::size_t part = 0; part < work_parts; ++part)
        if (!holds(token, bits, part, numbers.at(part))) return false;
    return true;
}

WorkNumbers work(const WorkToken& token, unsigned bits)
{
    require(bits <= max_work_bits, "a puzzle nobody can solve");
    WorkNumbers numbers{};
    for (std::size_t part = 0; part < work_parts; ++part)
        while (!holds(token, bits, part, numbers.at(part))) ++numbers.at(part);
    return numbers;
}

}  // namespace amana::crypto

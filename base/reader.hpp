// SPDX-License-Identifier: AGPL-3.0-or-later
// A bounded reader over bytes from outside, and the writer that is its mirror. Integers are big-endian.
//
// A Reader that was asked for more than there is stays failed: read everything, then ask ok() once.
#pragma once

#include "base/bytes.hpp"

#include <concepts>

namespace amana {

class Reader {
public:
    explicit Reader(ByteView bytes) : rest_(bytes) {}

    template <std::unsigned_integral T>
    [[nodiscard]] T integer()
    {
        T value = 0;
        for (const Byte byte : bytes(sizeof(T))) value = static_cast<T>((std::uint64_t{value} << 8) | byte);
        return value;
    }

    // Exactly `count` bytes, or an empty view and a failed reader.
    [[nodiscard]] ByteView bytes(std::size_t count)
    {
        if (failed_ || count > rest_.size()) {
            failed_ = true;
            return {};
        }
        const auto head = rest_.first(count);
        rest_ = rest_.subspan(count);
        return head;
    }

    // A length of four bytes, at most `max`, and that many bytes.
    [[nodiscard]] ByteView counted(std::size_t max)
    {
        const auto count = integer<std::uint32_t>();
        if (count > max) failed_ = true;
        return bytes(count);
    }

    [[nodiscard]] ByteView rest() const { return rest_; }
    [[nodiscard]] bool ok() const { return !failed_; }
    // All was there and nothing is left.
    [[nodiscard]] bool done() const { return !failed_ && rest_.empty(); }

private:
    ByteView rest_;
    bool failed_ = false;
};

class Writer {
public:
    template <std::unsigned_integral T>
    Writer& integer(T value)
    {
        for (std::size_t i = sizeof(T); i-- > 0;) out_.push_back(static_cast<Byte>(std::uint64_t{value} >> (8 * i)));
        return *this;
    }
    Writer& bytes(ByteView bytes)
    {
        append(out_, bytes);
        return *this;
    }
    Writer& counted(ByteView bytes)
    {
        return integer(static_cast<std::uint32_t>(bytes.size())).bytes(bytes);
    }

    [[nodiscard]] Bytes take() { return std::move(out_); }

private:
    Bytes out_;
};

}  // namespace amana

// SPDX-License-Identifier: AGPL-3.0-or-later
// A page put together of what is ours and what is a stranger's, which lie where they lie until they are sent: here stand only places.
// Read from front to back in pieces of locked memory, so that any amount of text costs one of them.
#pragma once

#include "base/secret.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace amana::front {

class SecretPage {
public:
    void put(std::string_view ours) { parts_.push_back({ours, false, {}, 0}); }
    // A few bytes, copied.
    inline static constexpr std::size_t most_small = 48;
    void put_small(std::string_view ours);
    // Escaped, and control characters that no text needs made visible: each as U+FFFD.
    void put_escaped(std::string_view theirs) { parts_.push_back({theirs, true, {}, 0}); }

    inline static constexpr std::size_t piece_bytes = 12 * 1024;
    class Reading {
    public:
        explicit Reading(const SecretPage& page) : page_(page) {}
        // Fills `out`, emptied first, with at most piece_bytes of the page. False at its end.
        [[nodiscard]] bool next(SecretText& out);

    private:
        const SecretPage& page_;
        std::size_t part_ = 0;
        std::size_t at_ = 0;
    };
    [[nodiscard]] Reading read() const { return Reading(*this); }

private:
    struct Part {
        std::string_view text;
        bool escaped;
        std::array<char, most_small> small;
        std::size_t small_size;
        [[nodiscard]] std::string_view view() const { return small_size > 0 ? std::string_view(small.data(), small_size) : text; }
    };
    WipedVector<Part> parts_;
};

}  // namespace amana::front

// SPDX-License-Identifier: AGPL-3.0-or-later
// multipart/form-data as it streams in (RFC 7578, and what browsers really send): no body is ever held whole. Every part's
// head is bounded, the number of parts too; data is handed on where it lies.
#pragma once

#include "base/secret.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace amana::front {

inline constexpr std::size_t max_part_head_bytes = 4 * 1024;
inline constexpr std::size_t max_boundary_bytes = 70;  // RFC 2046, section 5.1.1
inline constexpr std::size_t max_parts = 1024;

// Points into the reader's own locked memory, until the next part begins.
struct Part {
    std::string_view name;
    std::optional<std::string_view> filename;  // there for a file, empty when none was chosen
    std::string_view content_type;
};

class FormReader {
public:
    enum class Event { need_input, part, data, part_end, done, malformed, too_many };

    // Nothing when the Content-Type is not multipart/form-data with a boundary.
    [[nodiscard]] static std::optional<FormReader> create(std::string_view content_type);

    // The next piece of the body; only after need_input, and alive until the next one.
    void feed(ByteView input) { input_ = input; }
    [[nodiscard]] Event next();

    [[nodiscard]] const Part& part() const { return part_; }  // after `part`
    [[nodiscard]] ByteView data() const { return data_; }     // after `data`: never empty

private:
    enum class State { preamble, after_delimiter, head, body, epilogue, failed };

    explicit FormReader(std::string delimiter) : delimiter_(std::move(delimiter)) {}

    [[nodiscard]] Event scan();
    [[nodiscard]] Event delimiter_found(std::size_t taken);
    [[nodiscard]] Event after_delimiter();
    [[nodiscard]] Event read_head();
    [[nodiscard]] bool parse_head();
    [[nodiscard]] bool parse_head_line(std::string_view line);
    [[nodiscard]] Event fail(Event event = Event::malformed);

    std::string delimiter_;  // CR LF -- boundary
    State state_ = State::preamble;
    ByteView input_;
    ByteView data_;
    std::size_t matched_ = 2;  // of the delimiter; the body's beginning counts as a line's
    std::string tail_;         // what stands between a delimiter and the end of its line
    SecretText head_{max_part_head_bytes};
    Part part_;
    SecretText filename_{max_part_head_bytes};
    std::size_t parts_ = 0;
    bool ended_ = false;
};

}  // namespace amana::front

// SPDX-License-Identifier: AGPL-3.0-or-later
// Reading a form in two ways: through the FormReader, in any pieces, holding it to its own rules; and with all of the body
// at hand, naively, to compare.
#pragma once

#include "base/bytes.hpp"
#include "server/front/form.hpp"

#include <optional>
#include <string>
#include <vector>

namespace amana::front::test {

struct ReadPart {
    std::string name;
    std::optional<std::string> filename;
    std::string content_type;
    std::string data;
    bool ended = false;
    bool operator==(const ReadPart&) const = default;
};

struct ReadForm {
    enum class End { done, unfinished, malformed, too_many, no_form };
    std::vector<ReadPart> parts;
    End end = End::unfinished;
    bool operator==(const ReadForm&) const = default;
};
std::ostream& operator<<(std::ostream& out, const ReadForm& form);

// Feeds `body` cut at the given ascending positions. Ends the process when the reader breaks a rule of its own: data
// outside a part, empty data, anything but need_input after the end.
[[nodiscard]] ReadForm read_form(std::string_view content_type, std::string_view body, const std::vector<std::size_t>& cuts = {});

// What read_form() should give, found by searching the whole body. `boundary` as the Content-Type names it.
[[nodiscard]] ReadForm read_naively(std::string_view boundary, std::string_view body);

}  // namespace amana::front::test

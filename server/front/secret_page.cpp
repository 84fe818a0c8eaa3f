// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/secret_page.hpp"

#include "base/require.hpp"
#include "web/escape.hpp"

#include <algorithm>

namespace amana::front {

namespace {

constexpr std::size_t most_escaped = 6;  // bytes for one

bool is_control(char c)
{
    return (static_cast<Byte>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
}

// `text` is at most a sixth of the room there is.
bool append_visible(SecretText& out, std::string_view text)
{
    while (!text.empty()) {
        const auto control = std::ranges::find_if(text, is_control);
        const auto plain = static_cast<std::size_t>(control - text.begin());
        if (!web::append_escaped(out, text.substr(0, plain))) return false;
        if (control == text.end()) return true;
        if (!out.append(std::string_view("\uFFFD"))) return false;
        text.remove_prefix(plain + 1);
    }
    return true;
}

}  // namespace

void SecretPage::put_small(std::string_view ours)
{
    require(ours.size() <= most_small, "more than a few bytes");
    Part part{{}, false, {}, ours.size()};
    std::ranges::copy(ours, part.small.begin());
    parts_.push_back(part);
}

bool SecretPage::Reading::next(SecretText& out)
{
    out.truncate(0);
    while (part_ < page_.parts_.size()) {
        const auto& part = page_.parts_[part_];
        const auto left = part.view().substr(at_);
        const auto room = (piece_bytes - out.size()) / (part.escaped ? most_escaped : 1);
        if (left.empty()) {
            ++part_;
            at_ = 0;
            continue;
        }
        if (room == 0) break;
        const auto piece = left.substr(0, room);
        const bool fits = part.escaped ? append_visible(out, piece) : out.append(piece);
        require(fits, "a piece larger than its buffer");
        at_ += piece.size();
    }
    return out.size() > 0;
}

}  // namespace amana::front

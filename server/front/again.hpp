// SPDX-License-Identifier: AGPL-3.0-or-later
// The form once more: what was typed and chosen, escaped, between the pieces of its page. Read from front to back in
// pieces of locked memory, so that giving back any amount of text costs one of them.
#pragma once

#include "server/front/answers.hpp"
#include "web/pages.hpp"

namespace amana::front {

class FormAgain {
public:
    // All of them outlive this. `token` is the page's own, as text.
    FormAgain(const web::AgainPage& page, const Answers& answers, web::Problem problem, const web::Field* wrong, web::Wishes wishes, std::string_view token)
        : page_(page), answers_(answers), problem_(problem), wrong_(wrong), wishes_(wishes), token_(token)
    {
        begin(0);
    }

    inline static constexpr std::size_t piece_bytes = 12 * 1024;
    // Fills `out`, emptied first, with at most piece_bytes of the page. False at its end.
    [[nodiscard]] bool next(SecretText& out);

private:
    void begin(std::size_t piece);
    void begin_slot(const web::Slot& slot);
    [[nodiscard]] bool holds_wrong(const web::Section& section) const;

    const web::AgainPage& page_;
    const Answers& answers_;
    web::Problem problem_;
    const web::Field* wrong_;
    web::Wishes wishes_;
    std::string_view token_;
    std::size_t piece_ = 0;
    std::string_view before_;  // what is left of the piece, ours
    std::string_view slot_;    // what is left in its slot, ours
    std::string_view behind_;  // the same, of an alert
    std::string_view typed_;   // the same, a stranger's
};

}  // namespace amana::front

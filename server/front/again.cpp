// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/again.hpp"

#include "base/require.hpp"
#include "web/escape.hpp"

#include <algorithm>

namespace amana::front {

namespace {

constexpr std::string_view open = " open";
constexpr std::string_view shown = " data-shown";
constexpr std::string_view checked = " checked";
constexpr std::string_view selected = " selected";
constexpr std::string_view invalid = " aria-invalid=\"true\"";
constexpr std::size_t most_escaped = 6;  // bytes for one

std::string_view when(bool true_of_it, std::string_view said)
{
    return true_of_it ? said : std::string_view();
}

// Moves as much as fits from `text` to `out`.
void take(std::string_view& text, SecretText& out)
{
    const auto piece = text.substr(0, FormAgain::piece_bytes - out.size());
    require(out.append(piece), "a piece larger than its buffer");
    text.remove_prefix(piece.size());
}

void take_escaped(std::string_view& text, SecretText& out)
{
    const auto piece = text.substr(0, (FormAgain::piece_bytes - out.size()) / most_escaped);
    require(web::append_escaped(out, piece), "an escaped piece larger than its buffer");
    text.remove_prefix(piece.size());
}

}  // namespace

void FormAgain::begin(std::size_t piece)
{
    piece_ = piece;
    if (piece == page_.pieces.size()) return;
    before_ = page_.pieces[piece].before;
    if (page_.pieces[piece].has_slot) begin_slot(page_.pieces[piece].slot);
}

void FormAgain::begin_slot(const web::Slot& slot)
{
    const auto option = [&] { return std::string_view(slot.field->options.at(slot.option)); };
    switch (slot.kind) {
    case web::Slot::Kind::alert:
        slot_ = page_.alerts.at(static_cast<std::size_t>(problem_));
        if (wrong_ != nullptr) behind_ = page_.to_field.find(wrong_->id)->second;
        return;
    case web::Slot::Kind::open_section: slot_ = when(answers_.answered(*slot.section) || holds_wrong(*slot.section), open); return;
    case web::Slot::Kind::shown_section: slot_ = when(holds_wrong(*slot.section), shown); return;
    case web::Slot::Kind::shown_field: slot_ = when(slot.field == wrong_, shown); return;
    case web::Slot::Kind::open_field: slot_ = when(answers_.answered(*slot.field) || slot.field == wrong_, open); return;
    case web::Slot::Kind::open_rows: slot_ = when(answers_.answered_behind(*slot.field, web::rows_in_view), open); return;
    case web::Slot::Kind::proof_open: slot_ = when(wishes_.proof, open); return;
    case web::Slot::Kind::proof_checked: slot_ = when(wishes_.proof, checked); return;
    case web::Slot::Kind::no_receipt_checked: slot_ = when(wishes_.no_receipt, checked); return;
    case web::Slot::Kind::invalid: slot_ = when(slot.field == wrong_, invalid); return;
    case web::Slot::Kind::text: typed_ = answers_.text(*slot.field); return;
    case web::Slot::Kind::row_value: typed_ = answers_.text(*slot.field, slot.row); return;
    case web::Slot::Kind::checked: slot_ = when(answers_.chosen(*slot.field, option()), checked); return;
    case web::Slot::Kind::selected: slot_ = when(answers_.chosen(*slot.field, option()), selected); return;
    case web::Slot::Kind::row_selected: slot_ = when(answers_.chosen(*slot.field, option(), slot.row), selected); return;
    case web::Slot::Kind::token: slot_ = token_; return;
    }
}

bool FormAgain::holds_wrong(const web::Section& section) const
{
    return std::ranges::any_of(section.fields, [&](const web::Field& field) { return &field == wrong_; });
}

bool FormAgain::next(SecretText& out)
{
    out.truncate(0);
    while (piece_ < page_.pieces.size() && out.size() + most_escaped <= piece_bytes) {
        if (!before_.empty()) take(before_, out);
        else if (!slot_.empty()) take(slot_, out);
        else if (!behind_.empty()) take(behind_, out);
        else if (!typed_.empty()) take_escaped(typed_, out);
        else begin(piece_ + 1);
    }
    return out.size() > 0;
}

}  // namespace amana::front

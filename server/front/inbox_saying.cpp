// SPDX-License-Identifier: AGPL-3.0-or-later
// What an InboxVisit says: the pieces of its page, and between them what is a secret or a stranger's.
#include "server/front/inbox_visit.hpp"

#include "base/clock.hpp"

namespace amana::front {

namespace {

constexpr std::uint64_t seconds_a_day = 24 * 60 * 60;
constexpr std::uint64_t last_day = 2'932'896;  // 9999-12-31

// "2026-11-30"
std::string date_of(std::uint64_t day)
{
    return to_rfc3339(static_cast<UnixTime>(std::min(day, last_day) * seconds_a_day)).substr(0, 10);
}

// With one digit behind the point, rounded up: no file is of nothing.
std::string megabytes(std::uint64_t bytes)
{
    const auto tenths = std::max<std::uint64_t>(1, (10 * bytes + (1U << 20U) - 1) >> 20U);
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

}  // namespace

std::string InboxVisit::in_digits(std::string_view number) const
{
    const auto width = pages_.digits.size() / 10;
    std::string out;
    for (const char c : number) {
        if (c < '0' || c > '9') out += c;
        else out.append(pages_.digits, width * static_cast<std::size_t>(c - '0'), width);
    }
    return out;
}

void InboxVisit::put_file(SecretPage& page, const crypto::AnswerFile& file, std::uint64_t number, const Shown& shown) const
{
    for (const auto& piece : pages_.file) {
        page.put(piece.before);
        if (piece.slot == web::InboxSlot::code) page.put(shown.code);
        if (piece.slot == web::InboxSlot::number) page.put_small(std::to_string(number));
        if (piece.slot == web::InboxSlot::size) page.put_small(in_digits(megabytes(file.size)));
        if (piece.slot != web::InboxSlot::name) continue;
        page.put("<bdi>");
        page.put_escaped(file.name);
        page.put("</bdi>");
    }
}

void InboxVisit::put_message(SecretPage& page, const web::InboxPieces& pieces, std::uint64_t day, std::string_view text, const crypto::Message* message,
                             std::uint64_t first_file, const Shown& shown) const
{
    for (const auto& piece : pieces) {
        page.put(piece.before);
        if (piece.slot == web::InboxSlot::text) page.put_escaped(text);
        if (piece.slot == web::InboxSlot::day) {
            page.put("<bdi dir=\"ltr\">");
            page.put_small(in_digits(date_of(day)));
            page.put("</bdi>");
        }
        if (piece.slot == web::InboxSlot::files && message != nullptr)
            for (std::size_t i = 0; i < message->files.size(); ++i) put_file(page, message->files[i], first_file + i, shown);
    }
}

void InboxVisit::put_letter(SecretPage& page, const Shown& shown) const
{
    std::uint64_t files = 0;
    for (const auto& message : shown.opening->letter().messages()) {
        put_message(page, pages_.message, message.day, message.text, &message, files, shown);
        files += message.files.size();
    }
    const auto& notice = shown.opening->notice();
    if (notice) put_message(page, pages_.notice, notice->day, as_text(notice->text.view()), nullptr, 0, shown);
}

void InboxVisit::put(SecretPage& page, const web::InboxPieces& pieces, const Shown& shown, std::string_view token) const
{
    for (const auto& piece : pieces) {
        page.put(piece.before);
        if (!piece.slot) continue;
        switch (*piece.slot) {
        case web::InboxSlot::code: page.put_escaped(shown.code); break;
        case web::InboxSlot::alert:
            if (shown.problem) page.put(pages_.alerts.at(static_cast<std::size_t>(*shown.problem)));
            break;
        case web::InboxSlot::token: page.put(token); break;
        case web::InboxSlot::text: page.put_escaped(shown.text); break;
        case web::InboxSlot::letter:
            if (shown.opening != nullptr) put_letter(page, shown);
            break;
        // Within a letter.
        case web::InboxSlot::day:
        case web::InboxSlot::number:
        case web::InboxSlot::name:
        case web::InboxSlot::size:
        case web::InboxSlot::files: break;
        }
    }
}

asio::awaitable<bool> InboxVisit::say(web::InboxSaid what, const Shown& shown)
{
    const web::FormState state{site_.common.gate.step() > 0, site_.common.room.room()};
    const auto token = arrival_.token_again();
    SecretPage page;
    put(page, pages_.saying(what, state), shown, token);
    const auto status = shown.problem ? status_of(*shown.problem) : status::ok;
    co_return co_await out_.made([&] { return page.read(); }, SecretPage::piece_bytes, status, Content::again);
}

}  // namespace amana::front

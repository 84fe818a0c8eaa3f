// SPDX-License-Identifier: AGPL-3.0-or-later
// One request to /{lang}/inbox that brings a code, without a script, and the page that comes back (docs/INBOX.md, section 4). The code is
// in hidden fields of that page's forms and nowhere else; keys, letter and page are in locked memory, and wiped with the answer.
#pragma once

#include "server/front/arrival.hpp"
#include "server/front/inbox_intake.hpp"
#include "server/front/inbox_opening.hpp"
#include "server/front/page_writer.hpp"
#include "server/front/secret_page.hpp"

namespace amana::front {

class InboxVisit {
public:
    // All outlive it.
    InboxVisit(Stream& stream, HttpReader& reader, Site& site, KeeperLink& link, std::shared_ptr<Connections::Seat> seat,
               PageWriter& out, std::string_view language);

    // True: the connection may go on.
    [[nodiscard]] asio::awaitable<bool> serve(const Request& request);

private:
    // What came is given up, with its place, as soon as it is not needed: opening an inbox takes its time.
    [[nodiscard]] asio::awaitable<bool> answer(std::optional<InboxIntake>& intake);
    [[nodiscard]] asio::awaitable<bool> look();
    [[nodiscard]] asio::awaitable<bool> fetch(std::uint64_t number);
    [[nodiscard]] asio::awaitable<bool> send(InboxIntake& intake);
    [[nodiscard]] asio::awaitable<bool> erase(std::optional<InboxIntake>& intake);
    [[nodiscard]] asio::awaitable<std::optional<web::Problem>> store(InboxIntake& intake);
    [[nodiscard]] asio::awaitable<std::optional<web::Problem>> erase_answers();
    [[nodiscard]] asio::awaitable<InboxOpening::Found> open(InboxOpening& opening);
    [[nodiscard]] asio::awaitable<bool> send_file(InboxOpening& opening, const crypto::AnswerFile& file);

    // What a page shows beside the code.
    struct Shown {
        std::string_view code{};
        std::optional<web::Problem> problem{};
        std::string_view text{};
        const InboxOpening* opening = nullptr;
    };
    [[nodiscard]] asio::awaitable<bool> say(web::InboxSaid what, const Shown& shown);
    void put(SecretPage& page, const web::InboxPieces& pieces, const Shown& shown, std::string_view token) const;
    void put_letter(SecretPage& page, const Shown& shown) const;
    void put_message(SecretPage& page, const web::InboxPieces& pieces, std::uint64_t day, std::string_view text, const crypto::Message* message,
                     std::uint64_t first_file, const Shown& shown) const;
    void put_file(SecretPage& page, const crypto::AnswerFile& file, std::uint64_t number, const Shown& shown) const;
    [[nodiscard]] std::string in_digits(std::string_view number) const;

    Stream& stream_;
    Site& site_;
    KeeperLink& link_;
    PageWriter& out_;
    std::string_view language_;
    const web::InboxPages& pages_;
    crypto::Hash root_;
    Arrival arrival_;
    std::shared_ptr<const Source> source_;
    bool opens_ = false;  // its place is one for opening
    std::optional<crypto::Receipt> receipt_;
    std::optional<crypto::Receipt::Keys> keys_;
};

// For a Content-Disposition: of what a stranger called a file, letters, digits, dots, dashes and underscores of ASCII.
class SafeFileName {
public:
    explicit SafeFileName(std::string_view name);
    ~SafeFileName();
    SafeFileName(const SafeFileName&) = delete;
    SafeFileName& operator=(const SafeFileName&) = delete;
    [[nodiscard]] std::string_view text() const { return std::string_view(room_.data(), size_).substr(begin_); }

    static constexpr std::size_t most = 80;

private:
    std::array<char, most> room_{};
    std::size_t size_ = 0;
    std::size_t begin_ = 0;
};

}  // namespace amana::front

// SPDX-License-Identifier: AGPL-3.0-or-later
// What comes from the inbox's page without a script: a code, what is wanted with it, and what is written on, sealed as a report is
// (docs/INBOX.md, section 4; docs/ENVELOPE.md, section 9.5).
#pragma once

#include "server/front/form_intake.hpp"

namespace amana::front {

enum class InboxWish { open, send, file, forget, erase };

class InboxIntake final : public FormIntake {
public:
    // `admitted`: where something may be sent; without, it is read and kept all the same.
    InboxIntake(std::optional<Admitted> admitted, KeeperLink& link, std::vector<crypto::XWingPublicKey> recipients, FormReader form, FilesTaken files,
                std::string_view token, const crypto::Hash& root);

    // As it was typed.
    [[nodiscard]] std::string_view code() const { return texts_at(Control::code); }
    // What is wanted; nothing when it is none of these.
    [[nodiscard]] std::optional<InboxWish> wish() const;
    // A file's number in the letter; nothing when it is no number.
    [[nodiscard]] std::optional<std::uint64_t> file() const;
    // What was written, for giving it back.
    [[nodiscard]] std::string_view message() const { return texts_at(Control::text); }

    // It may be sent after all.
    void admit(Admitted admitted) { admitted_.emplace(std::move(admitted)); }
    // Whose it is, before finish().
    void belongs_to(const crypto::Receipt::Keys& keys);

private:
    enum class Control : std::uint8_t { code, wish, file, text };
    static constexpr std::size_t controls = 4;
    struct Place {
        std::size_t at = 0;
        std::size_t size = 0;
        bool given = false;
    };

    void received(std::size_t bytes) override
    {
        if (admitted_) admitted_->received(bytes);
    }
    [[nodiscard]] Begun begin_text(std::string_view name) override;
    [[nodiscard]] bool append_text(ByteView data) override;
    [[nodiscard]] Wrong no_room() const override { return {web::Problem::long_answer, nullptr}; }
    [[nodiscard]] std::optional<Wrong> check(std::size_t files) override;
    [[nodiscard]] bool wants_files() const override { return wish() == InboxWish::send; }
    [[nodiscard]] bool write(SecretText& out, const Sending* sending, std::span<const crypto::AttachmentEntry> attachments) override;

    [[nodiscard]] Place& place(Control control) { return places_.at(static_cast<std::size_t>(control)); }
    [[nodiscard]] std::string_view texts_at(Control control) const;

    std::optional<Admitted> admitted_;
    crypto::Hash root_;
    std::array<Place, controls> places_{};
    Control current_ = Control::code;
    const crypto::Receipt::Keys* keys_ = nullptr;
    Locked<crypto::InboxAddress> inbox_;
};

}  // namespace amana::front

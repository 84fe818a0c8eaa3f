// SPDX-License-Identifier: AGPL-3.0-or-later
// One report as it is typed into the form, held to the questionnaire.
#pragma once

#include "server/front/answers.hpp"
#include "server/front/form_intake.hpp"

namespace amana::front {

class Intake final : public FormIntake {
public:
    // Where a report comes from, and where it goes.
    struct Page {
        std::string_view token;  // as text; outlives the report
        crypto::Hash root{};     // the deployment's root fingerprint, to which a receipt belongs
    };
    // The questionnaire outlives it.
    Intake(Admitted admitted, KeeperLink& link, std::vector<crypto::XWingPublicKey> recipients, FormReader form,
           const web::Questionnaire& questionnaire, FilesTaken files, const Page& page);

    // What was typed and chosen, for giving it back.
    [[nodiscard]] const Answers& answers() const { return answers_; }
    // What its sender asked for.
    [[nodiscard]] web::Wishes wishes() const { return wishes_; }
    // Once it is durable, unless its sender wanted none.
    [[nodiscard]] const std::optional<crypto::Receipt>& receipt() const { return receipt_; }

private:
    void received(std::size_t bytes) override { admitted_.received(bytes); }
    [[nodiscard]] Begun begin_text(std::string_view name) override;
    [[nodiscard]] bool append_text(ByteView data) override { return answers_.append(data); }
    [[nodiscard]] Wrong no_room() const override;
    [[nodiscard]] std::optional<Wrong> check(std::size_t files) override;
    [[nodiscard]] bool wants_promise() const override { return wishes_.proof; }
    [[nodiscard]] const web::Field* files_field() const override { return questionnaire_.find(files_control); }
    [[nodiscard]] bool write(SecretText& out, const Sending* sending, std::span<const crypto::AttachmentEntry> attachments) override;

    Admitted admitted_;
    const web::Questionnaire& questionnaire_;
    crypto::Hash root_;
    Answers answers_;
    web::Wishes wishes_;
    std::optional<crypto::Receipt> receipt_;
};

}  // namespace amana::front

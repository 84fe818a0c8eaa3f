// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/intake.hpp"

namespace amana::front {

namespace {

// Boxes: one that is not checked is not sent at all.
constexpr std::string_view proof_control = "proof";
constexpr std::string_view no_receipt_control = "no_receipt";

}  // namespace

Intake::Intake(Admitted admitted, KeeperLink& link, std::vector<crypto::XWingPublicKey> recipients, FormReader form,
               const web::Questionnaire& questionnaire, FilesTaken files, const Page& page)
    : FormIntake(link, std::move(recipients), std::move(form), files, page.token),
      admitted_(std::move(admitted)),
      questionnaire_(questionnaire),
      root_(page.root),
      answers_(questionnaire, text_)
{
}

FormIntake::Begun Intake::begin_text(std::string_view name)
{
    if (name == proof_control) wishes_.proof = true;
    if (name == no_receipt_control) wishes_.no_receipt = true;
    switch (answers_.begin(name)) {
    case Answers::Begun::taken: return Begun::text;
    case Answers::Begun::unknown: return Begun::nothing;
    case Answers::Begun::twice: return Begun::twice;
    }
    return Begun::nothing;
}

FormIntake::Wrong Intake::no_room() const
{
    const bool story = answers_.current()->id == web::story_id;
    return {story ? web::Problem::long_story : web::Problem::long_answer, answers_.current()};
}

std::optional<FormIntake::Wrong> Intake::check(std::size_t)
{
    if (const auto wrong = answers_.check()) return Wrong{wrong->problem, wrong->field};
    return std::nullopt;
}

bool Intake::write(SecretText& out, const Sending* sending, std::span<const crypto::AttachmentEntry> attachments)
{
    crypto::ManifestFields fields;
    fields.form_id = questionnaire_.id();
    fields.form_version = questionnaire_.version();
    const auto answers = answers_.sealed();
    if (sending == nullptr) return crypto::write_manifest(out, fields, answers, attachments);
    fields.submission = sending->id();
    if (wishes_.no_receipt) return crypto::write_manifest(out, fields, answers, attachments);
    receipt_.emplace(sending->receipt());
    Locked<crypto::InboxAddress> inbox(crypto::InboxAddress::of(receipt_->keys(root_)));
    fields.inbox = &*inbox;
    return crypto::write_manifest(out, fields, answers, attachments);
}

}  // namespace amana::front

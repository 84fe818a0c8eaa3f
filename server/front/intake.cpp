// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/intake.hpp"

#include "base/utf8.hpp"

#include <algorithm>

namespace amana::front {

namespace {

// The text it repeats and the fixed parts of its entries, with room for escapes; text of nothing but control characters
// would take more, and so more locked memory than a report is given.
constexpr std::size_t max_manifest_text = 128 * 1024;
static_assert(max_manifest_text <= crypto::max_manifest_bytes);

constexpr std::string_view files_control = "files";
constexpr std::string_view proof_control = "proof";

bool is_type(std::string_view type)
{
    return type.size() <= crypto::max_attachment_type_bytes &&
           std::all_of(type.begin(), type.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

Intake::Intake(Admitted admitted, KeeperLink& link, std::vector<crypto::XWingPublicKey> recipients, FormReader form,
               const web::Questionnaire& questionnaire, FilesTaken files)
    : admitted_(std::move(admitted)),
      link_(link),
      recipients_(std::move(recipients)),
      form_(std::move(form)),
      files_(files),
      answers_(questionnaire, text_),
      questionnaire_(questionnaire)
{
}

// The first problem is the one that is told. What was sealed is useless from here on, and its memory goes at once.
void Intake::fail(web::Problem problem, const web::Field* field)
{
    if (problem_) return;
    problem_ = problem;
    problem_field_ = field;
    upload_.reset();
    sealer_.reset();
}

void Intake::fail_files(web::Problem problem)
{
    fail(problem, questionnaire_.find(files_control));
}

asio::awaitable<void> Intake::take(ByteView body)
{
    admitted_.received(body.size());
    form_.feed(body);
    for (;;) {
        switch (form_.next()) {
        case FormReader::Event::need_input: co_return;
        case FormReader::Event::part: begin_part(form_.part()); break;
        case FormReader::Event::data: co_await take_data(form_.data()); break;
        case FormReader::Event::part_end: co_await end_part(); break;
        case FormReader::Event::done: form_done_ = true; break;
        // What stands behind this place is not read any more.
        case FormReader::Event::malformed:
            kept_all_ = false;
            fail(web::Problem::bad_request);
            co_return;
        case FormReader::Event::too_many:
            kept_all_ = false;
            fail_files(web::Problem::too_many_parts);
            co_return;
        }
    }
}

std::optional<Intake::Span> Intake::keep(std::string_view text)
{
    const Span span{text_.size(), text.size()};
    if (!text_.append(text)) return std::nullopt;
    return span;
}

void Intake::begin_part(const Part& part)
{
    part_ = PartKind::ignored;
    if (part.name == files_control) return begin_file(part);
    if (part.filename) return;  // a file where a text belongs
    if (part.name == proof_control) {
        wants_proof_ = true;  // a box that is not checked is not sent at all
        return;
    }
    switch (answers_.begin(part.name)) {
    case Answers::Begun::taken: part_ = PartKind::answer; break;
    case Answers::Begun::unknown: break;
    case Answers::Begun::twice:
        kept_all_ = false;
        fail(web::Problem::bad_request);
        break;
    }
}

void Intake::begin_file(const Part& part)
{
    // Some programs say a name in another way (filename*); what they send is a file all the same.
    const auto given = part.filename.value_or(std::string_view());
    const auto name = given.size() <= crypto::max_attachment_name_bytes && utf8_length(given) ? given : std::string_view();
    const auto type = is_type(part.content_type) ? part.content_type : std::string_view();
    part_ = PartKind::file;
    if (problem_) return;
    // What is typed behind the files has its room, however many there are.
    if (name.size() + type.size() > names_left_ || attachments_.size() == crypto::max_attachments)
        return fail_files(web::Problem::too_many_parts);
    names_left_ -= name.size() + type.size();
    pending_name_ = keep(name);
    pending_type_ = keep(type);
    if (!pending_name_ || !pending_type_) return fail_files(web::Problem::too_many_parts);
    // A browser sends an empty part without a name where no file was chosen; with a name it is an empty file.
    if (!given.empty()) (void)begin_attachment();
}

bool Intake::begin_attachment()
{
    if (!files_.any) {
        fail_files(web::Problem::too_large);
        return false;
    }
    if (attachments_.size() == crypto::max_attachments) {
        fail_files(web::Problem::too_many_parts);
        return false;
    }
    attachments_.push_back({*pending_name_, *pending_type_, 0, {}});
    *hash_ = crypto::Sha256();
    attachment_open_ = true;
    return true;
}

asio::awaitable<void> Intake::take_data(ByteView data)
{
    if (part_ == PartKind::answer) {
        // Kept even when something else is wrong already, so that it can be given back.
        if (!answers_.append(data)) {
            part_ = PartKind::ignored;
            kept_all_ = false;
            const bool story = answers_.current()->id == web::story_id;
            fail(story ? web::Problem::long_story : web::Problem::long_answer, answers_.current());
        }
    } else if (part_ == PartKind::file && !problem_) {
        co_await take_file_data(data);
    }
}

asio::awaitable<void> Intake::take_file_data(ByteView data)
{
    if (data.size() > files_.bytes) {
        fail_files(web::Problem::too_large);
        co_return;
    }
    if (!attachment_open_ && !begin_attachment()) co_return;
    files_.bytes -= data.size();
    hash_->update(data);
    attachments_.back().size += data.size();
    while (!data.empty()) {
        const auto piece = data.first(std::min(data.size(), crypto::max_record_bytes));
        const auto head = crypto::record_head(crypto::record_data, piece.size());
        co_await put(head);
        co_await put(piece);
        if (problem_) co_return;
        data = data.subspan(piece.size());
    }
}

asio::awaitable<void> Intake::end_part()
{
    part_ = PartKind::ignored;
    if (!std::exchange(attachment_open_, false) || problem_) co_return;
    attachments_.back().sha256 = hash_->finish();
    const Byte end = crypto::record_attachment_end;
    co_await put({&end, 1});
}

bool Intake::ensure_sealer()
{
    if (sealer_) return true;
    auto sealer = crypto::Sealer::create(recipients_);
    if (!sealer) {
        fail(web::Problem::closed);
        return false;
    }
    sealer_.emplace(std::move(*sealer));
    upload_.emplace(link_);
    return true;
}

// Sends one sealed chunk. When the keeper does not take it, that is the report's problem.
asio::awaitable<void> Intake::send(ByteView chunk)
{
    const bool sent = co_await upload_->send(chunk);
    if (!sent) co_await settle();
}

// Waits until the report is durable, or sets the problem that it isn't.
asio::awaitable<void> Intake::settle()
{
    const auto outcome = co_await upload_->finish(wants_proof_);
    switch (outcome) {
    case Upload::Outcome::stored: break;
    case Upload::Outcome::full: fail(web::Problem::storage_full); break;
    case Upload::Outcome::invalid:
    case Upload::Outcome::failed: fail(web::Problem::internal); break;
    }
}

// Seals, and sends on each chunk that is full. Does nothing once there is a problem.
asio::awaitable<void> Intake::put(ByteView plaintext)
{
    if (!problem_ && !sealer_ && ensure_sealer()) co_await send(sealer_->header());
    while (!problem_ && !plaintext.empty()) {
        const auto taken = sealer_->take(plaintext);
        plaintext = plaintext.subspan(taken);
        if (taken == 0) co_await send(sealer_->seal());
    }
}

asio::awaitable<std::optional<web::Problem>> Intake::finish()
{
    if (!form_done_) {
        kept_all_ = false;
        fail(web::Problem::bad_request);
    }
    if (const auto wrong = answers_.check()) fail(wrong->problem, wrong->field);
    if (!problem_) co_await seal_rest();
    if (!problem_) co_await settle();
    co_return problem_;
}

asio::awaitable<void> Intake::seal_rest()
{
    crypto::ManifestFields fields;
    fields.form_id = questionnaire_.id();
    fields.form_version = questionnaire_.version();
    crypto::random_bytes(fields.submission);
    const auto answers = answers_.sealed();
    WipedVector<crypto::AttachmentEntry> entries;
    for (const auto& attachment : attachments_)
        entries.push_back({text_at(attachment.name), text_at(attachment.type), attachment.size, attachment.sha256});

    SecretText manifest(max_manifest_text);
    if (!crypto::write_manifest(manifest, fields, answers, entries)) {
        fail(web::Problem::too_many_parts);
        co_return;
    }
    const auto head = crypto::record_head(crypto::record_manifest, manifest.size());
    co_await put(head);
    co_await put(manifest.view());
    if (problem_) co_return;

    const auto size = crypto::size_class_for(sealer_->taken(), !attachments_.empty());
    if (!size) {
        if (attachments_.empty()) fail(web::Problem::long_story);  // what a checked questionnaire rules out
        else fail_files(web::Problem::too_large);
        co_return;
    }
    sealer_->pad_to(*size);
    while (!problem_ && !sealer_->done()) co_await send(sealer_->seal());
}

}  // namespace amana::front

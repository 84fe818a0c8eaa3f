// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/form_intake.hpp"

#include "base/utf8.hpp"

#include <algorithm>

namespace amana::front {

namespace {

// The text it repeats and the fixed parts of its entries, with room for escapes; text of nothing but control characters
// would take more, and so more locked memory than a report is given.
constexpr std::size_t max_manifest_text = 128 * 1024;
static_assert(max_manifest_text <= crypto::max_manifest_bytes);

}  // namespace

FormIntake::FormIntake(KeeperLink& link, std::vector<crypto::XWingPublicKey> recipients, FormReader form, FilesTaken files, std::string_view token)
    : link_(link), recipients_(std::move(recipients)), form_(std::move(form)), files_(files), token_(token)
{
}

// The first problem is the one that is told. What was sealed is useless from here on, and its memory goes at once.
void FormIntake::fail(web::Problem problem, const web::Field* field)
{
    if (problem_) return;
    problem_ = problem;
    problem_field_ = field;
    upload_.reset();
    sealer_.reset();
}

asio::awaitable<void> FormIntake::take(ByteView body)
{
    received(body.size());
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

std::optional<FormIntake::Span> FormIntake::keep(std::string_view text)
{
    const Span span{text_.size(), text.size()};
    if (!text_.append(text)) return std::nullopt;
    return span;
}

void FormIntake::begin_part(const Part& part)
{
    part_ = PartKind::ignored;
    if (part.name == files_control) return begin_file(part);
    if (part.filename) return;  // a file where a text belongs
    switch (begin_text(part.name)) {
    case Begun::text: part_ = PartKind::text; break;
    case Begun::nothing: break;
    case Begun::twice:
        kept_all_ = false;
        fail(web::Problem::bad_request);
        break;
    }
}

void FormIntake::begin_file(const Part& part)
{
    // Some programs say a name in another way (filename*); what they send is a file all the same.
    const auto given = part.filename.value_or(std::string_view());
    const auto name = given.size() <= crypto::max_attachment_name_bytes && utf8_length(given) ? given : std::string_view();
    const auto type = crypto::is_attachment_type(part.content_type) ? part.content_type : std::string_view();
    part_ = PartKind::file;
    if (problem_ || !wants_files()) return;
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

bool FormIntake::begin_attachment()
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

asio::awaitable<void> FormIntake::take_data(ByteView data)
{
    if (part_ == PartKind::text) {
        // Kept even when something else is wrong already, so that it can be given back.
        if (!append_text(data)) {
            part_ = PartKind::ignored;
            kept_all_ = false;
            const auto wrong = no_room();
            fail(wrong.problem, wrong.field);
        }
    } else if (part_ == PartKind::file && !problem_ && wants_files()) {
        co_await take_file_data(data);
    }
}

asio::awaitable<void> FormIntake::take_file_data(ByteView data)
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

asio::awaitable<void> FormIntake::end_part()
{
    part_ = PartKind::ignored;
    if (!std::exchange(attachment_open_, false) || problem_) co_return;
    attachments_.back().sha256 = hash_->finish();
    const Byte end = crypto::record_attachment_end;
    co_await put({&end, 1});
}

bool FormIntake::ensure_sealer()
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
asio::awaitable<void> FormIntake::send(ByteView chunk)
{
    const bool sent = co_await upload_->send(chunk);
    if (!sent) co_await settle();
}

// Waits until it is durable, or sets the problem that it isn't.
asio::awaitable<void> FormIntake::settle()
{
    const auto outcome = co_await upload_->finish(wants_promise());
    switch (outcome) {
    case Upload::Outcome::stored: break;
    case Upload::Outcome::full: fail(web::Problem::storage_full); break;
    case Upload::Outcome::invalid:
    case Upload::Outcome::failed: fail(web::Problem::internal); break;
    }
}

// Seals, and sends on each chunk that is full. Does nothing once there is a problem.
asio::awaitable<void> FormIntake::put(ByteView plaintext)
{
    if (!problem_ && !sealer_ && ensure_sealer()) co_await send(sealer_->header());
    while (!problem_ && !plaintext.empty()) {
        const auto taken = sealer_->take(plaintext);
        plaintext = plaintext.subspan(taken);
        if (taken == 0) co_await send(sealer_->seal());
    }
}

asio::awaitable<std::optional<web::Problem>> FormIntake::finish()
{
    if (!form_done_) {
        kept_all_ = false;
        fail(web::Problem::bad_request);
    }
    if (const auto wrong = check(attachments_.size())) fail(wrong->problem, wrong->field);
    if (!problem_) co_await seal_rest();
    if (!problem_) co_await settle();
    co_return problem_;
}

// Once for the hash of all that is sent, and then with what comes of that.
bool FormIntake::write_whole(SecretText& manifest)
{
    WipedVector<crypto::AttachmentEntry> entries;
    for (const auto& attachment : attachments_)
        entries.push_back({text_at(attachment.name), text_at(attachment.type), attachment.size, attachment.sha256});
    if (!write(manifest, nullptr, entries)) return false;
    const Sending sending(token_, crypto::sha256(manifest.view()));
    manifest.truncate(0);
    return write(manifest, &sending, entries);
}

asio::awaitable<void> FormIntake::seal_rest()
{
    SecretText manifest(max_manifest_text);
    if (!write_whole(manifest)) {
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

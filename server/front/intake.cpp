// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/intake.hpp"

#include "base/utf8.hpp"
#include "web/pages.hpp"

#include <algorithm>

namespace amana::front {

namespace {

constexpr std::string_view form_id = "recruitment";
constexpr std::uint32_t form_version = 1;

// The text it repeats and the fixed parts of its entries, with room for escapes; text of nothing but control characters
// would take more, and so more locked memory than a report is given.
constexpr std::size_t max_manifest_text = 128 * 1024;
static_assert(max_manifest_text <= crypto::max_manifest_bytes);

bool is_type(std::string_view type)
{
    return type.size() <= crypto::max_attachment_type_bytes &&
           std::all_of(type.begin(), type.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

Intake::Intake(Admitted admitted, KeeperLink& link, std::vector<crypto::XWingPublicKey> recipients, FormReader form,
               std::uint64_t max_files_bytes)
    : admitted_(std::move(admitted)),
      link_(link),
      recipients_(std::move(recipients)),
      form_(std::move(form)),
      files_left_(max_files_bytes)
{
}

// The first problem is the one that is told. What was sealed is useless from here on, and its memory goes at once.
void Intake::fail(web::Problem problem)
{
    if (problem_) return;
    problem_ = problem;
    upload_.reset();
    sealer_.reset();
}

asio::awaitable<void> Intake::take(ByteView body)
{
    form_.feed(body);
    for (;;) {
        switch (form_.next()) {
        case FormReader::Event::need_input: co_return;
        case FormReader::Event::part: begin_part(form_.part()); break;
        case FormReader::Event::data: co_await take_data(form_.data()); break;
        case FormReader::Event::part_end: co_await end_part(); break;
        case FormReader::Event::done: form_done_ = true; break;
        case FormReader::Event::malformed: fail(web::Problem::bad_request); co_return;
        case FormReader::Event::too_many: fail(web::Problem::too_many_parts); co_return;
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
    field_ = Field::ignored;
    if (part.name == "story" && !part.filename) {
        if (story_) return fail(web::Problem::bad_request);
        story_ = Span{text_.size(), 0};
        field_ = Field::story;
    } else if (part.name == "proof" && !part.filename) {
        wants_proof_ = true;  // a box that is not checked is not sent at all
    } else if (part.name == "files") {
        // Some programs say a name in another way (filename*); what they send is a file all the same.
        const auto given = part.filename.value_or(std::string_view());
        const auto name = given.size() <= crypto::max_attachment_name_bytes && utf8_length(given) ? given : std::string_view();
        pending_name_ = keep(name);
        pending_type_ = keep(is_type(part.content_type) ? part.content_type : std::string_view());
        if (!pending_name_ || !pending_type_) return fail(web::Problem::too_many_parts);
        field_ = Field::file;
        // A browser sends an empty part without a name where no file was chosen; with a name it is an empty file.
        if (!given.empty() && !begin_attachment()) return;
    }
}

bool Intake::begin_attachment()
{
    if (attachments_.size() == crypto::max_attachments) {
        fail(web::Problem::too_many_parts);
        return false;
    }
    attachments_.push_back({*pending_name_, *pending_type_, 0, {}});
    *hash_ = crypto::Sha256();
    attachment_open_ = true;
    return true;
}

asio::awaitable<void> Intake::take_data(ByteView data)
{
    if (field_ == Field::story) {
        // Kept even when something else is wrong already, so that it can be given back.
        if (text_.append(data)) {
            story_->size += data.size();
        } else {
            story_->size = 0;
            field_ = Field::ignored;
            fail(web::Problem::long_story);
        }
    } else if (field_ == Field::file && !problem_) {
        co_await take_file_data(data);
    }
}

asio::awaitable<void> Intake::take_file_data(ByteView data)
{
    if (data.size() > files_left_) {
        fail(web::Problem::too_large);
        co_return;
    }
    if (!attachment_open_ && !begin_attachment()) co_return;
    files_left_ -= data.size();
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
    field_ = Field::none;
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

std::string_view Intake::story() const
{
    if (!story_) return {};
    const auto text = text_at(*story_);
    return utf8_length(text) ? text : std::string_view();
}

// A form's line ends are CR LF (HTML); one LF is what was typed, and what is counted.
void Intake::normalise_story()
{
    const auto bytes = text_.span().subspan(story_->at, story_->size);
    auto* to = bytes.data();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (bytes[i] == '\r' && i + 1 < bytes.size() && bytes[i + 1] == '\n') continue;
        *to++ = bytes[i];
    }
    story_->size = static_cast<std::size_t>(to - bytes.data());
}

std::optional<web::Problem> Intake::story_problem() const
{
    const auto text = text_at(*story_);
    const auto length = utf8_length(text);
    if (!length) return web::Problem::wrong_encoding;
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return web::Problem::empty_story;
    if (*length < web::min_story_characters) return web::Problem::short_story;
    if (*length > web::max_story_characters) return web::Problem::long_story;
    return std::nullopt;
}

asio::awaitable<std::optional<web::Problem>> Intake::finish()
{
    if (!form_done_) fail(web::Problem::bad_request);
    if (!problem_ && !story_) fail(web::Problem::empty_story);
    if (story_) normalise_story();
    if (!problem_)
        if (const auto wrong = story_problem()) fail(*wrong);
    if (!problem_) co_await seal_rest();
    if (!problem_) co_await settle();
    co_return problem_;
}

asio::awaitable<void> Intake::seal_rest()
{
    crypto::ManifestFields fields;
    fields.form_id = form_id;
    fields.form_version = form_version;
    crypto::random_bytes(fields.submission);
    const std::array answers{crypto::Answer{"story", text_at(*story_)}};
    std::vector<crypto::AttachmentEntry> entries;
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
        fail(attachments_.empty() ? web::Problem::long_story : web::Problem::too_large);
        co_return;
    }
    sealer_->pad_to(*size);
    while (!problem_ && !sealer_->done()) co_await send(sealer_->seal());
}

}  // namespace amana::front

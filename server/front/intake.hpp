// SPDX-License-Identifier: AGPL-3.0-or-later
// One report, from its form's bytes to an envelope on its way to the keeper. Files are sealed as they stream in and are
// plaintext for at most one chunk; what was typed waits in locked memory until it is accepted, so that an error page can give
// it back. Plaintext ends here.
#pragma once

#include "base/clock.hpp"
#include "crypto/keyset.hpp"
#include "crypto/manifest.hpp"
#include "crypto/payload.hpp"
#include "server/front/answers.hpp"
#include "server/front/form.hpp"
#include "server/front/keeper_link.hpp"
#include "server/front/limits.hpp"
#include "server/front/room.hpp"
#include "web/problem.hpp"

#include <optional>
#include <vector>

namespace amana::front {

// All text of one request: fields, and names and types of files.
inline constexpr std::size_t max_text_bytes = 64 * 1024;
// Of it, names and types of files.
inline constexpr std::size_t max_names_bytes = 32 * 1024;

class Intake {
public:
    // The questionnaire outlives it.
    Intake(Admitted admitted, KeeperLink& link, std::vector<crypto::XWingPublicKey> recipients, FormReader form,
           const web::Questionnaire& questionnaire, FilesTaken files);

    // It is known before the form is read that it can't be accepted: nothing is sealed, the text is kept all the same.
    void refuse(web::Problem problem) { fail(problem); }
    // The next piece of the form. After something went wrong the rest is read and dropped.
    [[nodiscard]] asio::awaitable<void> take(ByteView body);
    // The body has ended: what is wrong with the report, or nothing once it is durable.
    [[nodiscard]] asio::awaitable<std::optional<web::Problem>> finish();
    // What was typed and chosen, for giving it back; and whether all of it could be kept.
    [[nodiscard]] const Answers& answers() const { return answers_; }
    [[nodiscard]] bool kept_all() const { return kept_all_; }
    // The question that has the problem, or nullptr.
    [[nodiscard]] const web::Field* problem_field() const { return problem_field_; }
    // Whether its sender asked for a proof; and once it is durable the log's promise, if one could be made.
    [[nodiscard]] bool wants_proof() const { return wants_proof_; }
    [[nodiscard]] std::string_view promise() const { return upload_ ? upload_->promise() : std::string_view(); }

private:
    enum class PartKind { ignored, answer, file };
    struct Span {
        std::size_t at = 0;
        std::size_t size = 0;
    };
    struct Attachment {
        Span name;
        Span type;
        std::uint64_t size = 0;
        crypto::Hash sha256{};
    };

    void fail(web::Problem problem, const web::Field* field = nullptr);
    void fail_files(web::Problem problem);
    void begin_part(const Part& part);
    void begin_file(const Part& part);
    [[nodiscard]] asio::awaitable<void> take_data(ByteView data);
    [[nodiscard]] asio::awaitable<void> take_file_data(ByteView data);
    [[nodiscard]] asio::awaitable<void> end_part();
    [[nodiscard]] bool begin_attachment();
    [[nodiscard]] std::optional<Span> keep(std::string_view text);
    [[nodiscard]] std::string_view text_at(Span span) const { return text_.text().substr(span.at, span.size); }
    [[nodiscard]] bool ensure_sealer();
    [[nodiscard]] asio::awaitable<void> put(ByteView plaintext);
    [[nodiscard]] asio::awaitable<void> send(ByteView chunk);
    [[nodiscard]] asio::awaitable<void> settle();
    [[nodiscard]] asio::awaitable<void> seal_rest();

    Admitted admitted_;
    KeeperLink& link_;
    std::vector<crypto::XWingPublicKey> recipients_;
    FormReader form_;
    FilesTaken files_;  // what is left of them
    std::size_t names_left_ = max_names_bytes;

    std::optional<web::Problem> problem_;
    const web::Field* problem_field_ = nullptr;
    PartKind part_ = PartKind::ignored;
    bool attachment_open_ = false;
    bool form_done_ = false;
    bool wants_proof_ = false;
    bool kept_all_ = true;
    SecretText text_{max_text_bytes};
    Answers answers_;
    const web::Questionnaire& questionnaire_;
    std::optional<Span> pending_name_;  // of the file part under way, until it proves to be a file
    std::optional<Span> pending_type_;
    WipedVector<Attachment> attachments_;
    Locked<crypto::Sha256> hash_;
    std::optional<crypto::Sealer> sealer_;
    std::optional<Upload> upload_;
};

}  // namespace amana::front

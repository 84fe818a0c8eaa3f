// SPDX-License-Identifier: AGPL-3.0-or-later
// A form with text and files, from its bytes to an envelope on its way to the keeper. Files are sealed as they stream in and are
// plaintext for at most one chunk; what was typed waits in locked memory until it is accepted, so that an error page can give
// it back. Plaintext ends here. What a form asks, and what its envelope says, is for those that are made of this one to know.
#pragma once

#include "crypto/payload.hpp"
#include "server/front/form.hpp"
#include "server/front/keeper_link.hpp"
#include "server/front/limits.hpp"
#include "server/front/room.hpp"
#include "server/front/sending.hpp"
#include "web/form_page.hpp"
#include "web/problem.hpp"

#include <optional>
#include <vector>

namespace amana::front {

// All text of one request: fields, and names and types of files.
inline constexpr std::size_t max_text_bytes = 64 * 1024;
// Of it, names and types of files.
inline constexpr std::size_t max_names_bytes = 32 * 1024;
inline constexpr std::string_view files_control = "files";

class FormIntake {
public:
    FormIntake(const FormIntake&) = delete;
    FormIntake& operator=(const FormIntake&) = delete;

    // It is known before the form is read that it can't be accepted: nothing is sealed, the text is kept all the same.
    void refuse(web::Problem problem) { fail(problem); }
    // The next piece of the form. After something went wrong the rest is read and dropped.
    [[nodiscard]] asio::awaitable<void> take(ByteView body);
    // The body has ended: what is wrong with it, or nothing once it is durable.
    [[nodiscard]] asio::awaitable<std::optional<web::Problem>> finish();
    // Whether all that was typed could be kept.
    [[nodiscard]] bool kept_all() const { return kept_all_; }
    // The question that has the problem, or nullptr.
    [[nodiscard]] const web::Field* problem_field() const { return problem_field_; }
    // Once it is durable the log's promise, if one was wanted and could be made.
    [[nodiscard]] std::string_view promise() const { return upload_ ? upload_->promise() : std::string_view(); }

protected:
    // `token`, as text: of the page that it was sent from. It, link and recipients outlive this.
    FormIntake(KeeperLink& link, std::vector<crypto::XWingPublicKey> recipients, FormReader form, FilesTaken files, std::string_view token);
    ~FormIntake() = default;

    enum class Begun { text, nothing, twice };
    struct Wrong {
        web::Problem problem;
        const web::Field* field;
    };
    // So many bytes came.
    virtual void received(std::size_t bytes) = 0;
    // A part that is no file begins.
    [[nodiscard]] virtual Begun begin_text(std::string_view name) = 0;
    // False, and the text dropped, when there is no room.
    [[nodiscard]] virtual bool append_text(ByteView data) = 0;
    [[nodiscard]] virtual Wrong no_room() const = 0;
    // What is wrong with what was typed. `files`: how many came with it.
    [[nodiscard]] virtual std::optional<Wrong> check(std::size_t files) = 0;
    [[nodiscard]] virtual bool wants_files() const { return true; }
    [[nodiscard]] virtual bool wants_promise() const { return false; }
    // Whose mistake is one with files.
    [[nodiscard]] virtual const web::Field* files_field() const { return nullptr; }
    // The manifest; without what comes of the sending when there is none: then it is only for its hash. False when it does not fit.
    [[nodiscard]] virtual bool write(SecretText& out, const Sending* sending, std::span<const crypto::AttachmentEntry> attachments) = 0;

    SecretText text_{max_text_bytes};

private:
    enum class PartKind { ignored, text, file };
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
    void fail_files(web::Problem problem) { fail(problem, files_field()); }
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
    [[nodiscard]] bool write_whole(SecretText& manifest);
    [[nodiscard]] asio::awaitable<void> seal_rest();

    KeeperLink& link_;
    std::vector<crypto::XWingPublicKey> recipients_;
    FormReader form_;
    FilesTaken files_;  // what is left of them
    std::string_view token_;
    std::size_t names_left_ = max_names_bytes;

    std::optional<web::Problem> problem_;
    const web::Field* problem_field_ = nullptr;
    PartKind part_ = PartKind::ignored;
    bool attachment_open_ = false;
    bool form_done_ = false;
    bool kept_all_ = true;
    std::optional<Span> pending_name_;  // of the file part under way, until it proves to be a file
    std::optional<Span> pending_type_;
    WipedVector<Attachment> attachments_;
    Locked<crypto::Sha256> hash_;
    std::optional<crypto::Sealer> sealer_;
    std::optional<Upload> upload_;
};

}  // namespace amana::front

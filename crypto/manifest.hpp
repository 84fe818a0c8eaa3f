// SPDX-License-Identifier: AGPL-3.0-or-later
// The manifest: what a report says, as canonical JSON (RFC 8785, limited to strings, arrays, objects and small unsigned
// integers). docs/ENVELOPE.md, "Manifest".
//
// Canonical means one text for one meaning: the opener writes again what it has read and refuses a manifest that differs.
// Everything in it was written by a stranger. It lives in locked memory only.
#pragma once

#include "base/secret.hpp"
#include "crypto/envelope.hpp"
#include "crypto/inbox.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace amana::crypto {

inline constexpr std::size_t submission_id_bytes = 16;
inline constexpr std::size_t max_manifest_bytes = 256 * 1024;
inline constexpr std::size_t max_attachments = 256;
inline constexpr std::size_t max_answers = 256;
inline constexpr std::size_t max_values = 256;  // texts or rows of one answer, and texts of one row
inline constexpr std::size_t max_attachment_name_bytes = 255;
inline constexpr std::size_t max_attachment_type_bytes = 100;

using SubmissionId = ByteArray<submission_id_bytes>;

// Told apart only here, inside the seal.
enum class Kind {
    report,
    decoy,
    canary,
    follow_up,  // what is written on from an inbox
    erasure,    // an inbox's request to be forgotten
};
[[nodiscard]] const char* name(Kind kind);

// A media type as it may stand in a manifest or a letter; may be empty.
[[nodiscard]] bool is_attachment_type(std::string_view type);

// --- writing -----------------------------------------------------------------------------------------------------------

// One attachment as its text arrives; name and type are views into somebody's locked memory.
struct AttachmentEntry {
    std::string_view name;  // UTF-8
    std::string_view type;  // printable ASCII
    std::uint64_t size;
    Hash sha256;
};
// A few named texts; names in ascending order.
using AnswerRow = WipedVector<std::pair<std::string_view, std::string_view>>;
using AnswerTexts = WipedVector<std::string_view>;
using AnswerRows = WipedVector<AnswerRow>;
struct Answer {
    std::string_view field;  // [a-z0-9_]+, and answers come in ascending order of it
    // A text; several, of a choice of many; or rows. Texts are UTF-8, lists are not empty.
    std::variant<std::string_view, AnswerTexts, AnswerRows> value;
};
struct ManifestFields {
    Kind kind = Kind::report;
    std::string_view form_id;
    std::uint32_t form_version = 1;
    SubmissionId submission{};
    const InboxAddress* inbox = nullptr;  // where an answer can go; a follow_up and an erasure have one, a decoy and a canary none
};

// False when it does not fit into `out`'s maximum.
[[nodiscard]] bool write_manifest(SecretText& out, const ManifestFields& fields, std::span<const Answer> answers,
                                  std::span<const AttachmentEntry> attachments);

// --- reading -----------------------------------------------------------------------------------------------------------

// A manifest that was checked. Views point into it and live as long as it does.
class Manifest {
public:
    [[nodiscard]] static Result<Manifest, OpenFailure> parse(ByteView canonical);
    Manifest(Manifest&&) noexcept;
    Manifest& operator=(Manifest&&) noexcept;
    ~Manifest();

    // An answer is a text, several texts (of a choice of many), or rows (each a few named texts). A single text is a list
    // of one.
    using Row = AnswerRow;
    struct Field {
        std::string_view name;
        std::vector<std::string_view> values;
        std::vector<Row> rows;
    };

    [[nodiscard]] Kind kind() const;
    [[nodiscard]] std::string_view form_id() const;
    [[nodiscard]] std::uint32_t form_version() const;
    [[nodiscard]] const SubmissionId& submission() const;
    [[nodiscard]] const std::optional<InboxAddress>& inbox() const;
    [[nodiscard]] const std::vector<Field>& answers() const;
    [[nodiscard]] const std::vector<AttachmentEntry>& attachments() const;
    [[nodiscard]] ByteView canonical() const;

private:
    struct State;
    explicit Manifest(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace amana::crypto

// SPDX-License-Identifier: AGPL-3.0-or-later
// The questionnaire as data: what is asked, in which order, within which limits. docs/FORMS.md specifies the file.
//
// The front makes the page from it and holds answers to it; the desk shows reports by the version they were written in.
// A Questionnaire is one that was checked: names are unique, conditions look back at a choice that exists, and all legal
// answers together fit the text class of the envelope, in any script.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace amana::web {

inline constexpr std::size_t max_questionnaire_bytes = 1024 * 1024;
inline constexpr std::size_t max_fields = 120;
inline constexpr std::size_t max_options = 64;
inline constexpr std::size_t max_rows = 20;
// The one question every questionnaire has: a text. The desk lists reports by it.
inline constexpr std::string_view story_id = "story";
// What all answers may come to as they are sealed: 32 KiB less the manifest's other members, where an answer can go among them, and a
// record's head (docs/ENVELOPE.md, sections 1.1 to 3).
inline constexpr std::size_t max_inbox_member_bytes = 2700;
inline constexpr std::size_t max_answers_bytes = 32 * 1024 - 512 - max_inbox_member_bytes;

enum class FieldType : std::uint8_t {
    text,     // of several lines
    line,     // of one
    choice,   // one of the options
    choices,  // any of the options
    rows,     // up to `rows` pairs of an option (its kind) and a value
    files,    // at most one in a questionnaire; its id is "files"
};

// Asked only of those who answered so. The field is a choice or choices, and stands before.
struct Condition {
    std::string field;
    std::vector<std::string> values;  // any of them; never empty
};

struct Field {
    std::string id;  // 1 to 64 of a-z, 0-9, _
    FieldType type = FieldType::line;
    bool required = false;
    std::uint32_t least = 0;             // characters of a required text; they fit into max in any script
    std::uint32_t max = 0;               // bytes of a text, line or row's value as sealed: see sealed_bytes()
    std::uint32_t rows = 0;
    std::vector<std::string> options;    // of choice, choices and rows
    std::vector<std::string> urgent;     // options after which the numbers to call come first
    bool hint = false;                   // there is a sentence ID.hint
    bool warning = false;                // there is a sentence ID.warning, read before the question is seen
    std::optional<Condition> when;
};

struct Section {
    std::string id;
    bool open = false;  // not folded
    std::optional<Condition> when;
    std::vector<Field> fields;
};

// What is wrong with a file, and where: line and column count from 1; 0 stands for the file as a whole.
struct Mistake {
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    std::string what;
    std::string remedy;
};
using Mistakes = std::vector<Mistake>;

// A paragraph for each, in the order of the file: "FILE:LINE:COLUMN: error: what" and the remedy below it.
[[nodiscard]] std::string text(const Mistakes& mistakes, std::string_view file);
// Only for start-up code and tests, which may throw.
[[noreturn]] void throw_exception_from_error(const Mistakes& mistakes, const boost::source_location& where);

// The bytes of a text inside the seal: UTF-8, with what JSON escapes counted as escaped (RFC 8785, 3.2.2.2): quote,
// backslash and the usual line breaks and tabs twice, other control characters six times.
[[nodiscard]] std::size_t sealed_bytes(std::string_view text);

class Questionnaire {
public:
    // Either a questionnaire, or all that is wrong with it, in the order of the file.
    [[nodiscard]] static Result<Questionnaire, Mistakes> parse(std::string_view toml);

    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] std::uint32_t version() const { return version_; }
    [[nodiscard]] const std::vector<Section>& sections() const { return sections_; }
    // Nullptr when there is none of this name.
    [[nodiscard]] const Field* find(std::string_view field_id) const;
    // The section a field stands in.
    [[nodiscard]] const Section& section_of(const Field& field) const;

    // Every sentence it needs, by key and each once: invitation, title, lead; of each section and field its ID (one for both
    // where a field has its section's), and ID.hint, ID.warning, ID.OPTION. In the catalogues they stand under "<form id>.<key>".
    [[nodiscard]] std::vector<std::string> sentence_keys() const;
    // The file may bring its own sentences, by language and key: then they are all there for each language it has. A file
    // without any takes them from the catalogues.
    using Sentences = std::map<std::string, std::string, std::less<>>;
    [[nodiscard]] const std::map<std::string, Sentences, std::less<>>& sentences() const { return sentences_; }

    // What all answers may come to as canonical JSON, at most; docs/FORMS.md says how it is summed.
    [[nodiscard]] std::size_t most_bytes() const { return most_bytes_; }

private:
    Questionnaire() = default;
    friend class QuestionnaireReader;

    std::string id_;
    std::uint32_t version_ = 0;
    std::vector<Section> sections_;
    std::map<std::string, Sentences, std::less<>> sentences_;
    std::size_t most_bytes_ = 0;
};

}  // namespace amana::web

// SPDX-License-Identifier: AGPL-3.0-or-later
// The questionnaires this desk knows (docs/FORMS.md), each with its sentences in one language: those that 'amana-desk form'
// added, and those shipped with the program.
//
// Which one a report answers stands inside its seal, where a stranger wrote it: id and version are compared with those known
// and never become part of a path.
#pragma once

#include "crypto/manifest.hpp"
#include "desk/directory.hpp"
#include "web/questionnaire.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace amana::desk {

// Labels are made once and for every option, so that what was chosen leaves no trace of its own in the heap. A label has no
// invisible character; where a sentence is missing it is the name.
struct WordedField {
    web::Field field;
    std::string label;
    std::vector<std::string> options;  // one for each of field.options
};
struct WordedSection {
    std::string id;
    std::string label;
    std::vector<WordedField> fields;
};
struct Form {
    std::string id;
    std::uint32_t version = 0;
    std::string language;  // of its labels
    bool worded = true;    // every sentence was found
    std::vector<WordedSection> sections;
    std::filesystem::path file;
    bool shipped = false;

    // Nullptr when there is none of this name.
    [[nodiscard]] const WordedField* find(std::string_view field_id) const;
};

class Forms {
public:
    // `data` holds forms/ and locale/, or nothing. A questionnaire of its own sentences that has none in `language` is shown in
    // English or else its first; an error when no catalogue and no questionnaire has that language.
    [[nodiscard]] static Result<Forms> load(const std::filesystem::path& data, const DeskPaths& paths, const std::string& language);

    // Nullptr when this desk has no such questionnaire.
    [[nodiscard]] const Form* find(std::string_view id, std::uint32_t version) const;
    [[nodiscard]] const Form* of(const crypto::Manifest& manifest) const { return find(manifest.form_id(), manifest.form_version()); }
    [[nodiscard]] const std::string& language() const { return language_; }
    // Files that could not be used: reports are read without them.
    [[nodiscard]] const std::vector<Error>& unusable() const { return unusable_; }

private:
    std::string language_;
    std::vector<Form> forms_;
    std::vector<Error> unusable_;
};

// A checked questionnaire, stored durably in the desk. False: these bytes were known already, and nothing changed. An error
// lists every mistake of the file, or says that other bytes are known under its id and version.
[[nodiscard]] Result<bool> add_form(const Forms& forms, const DeskPaths& paths, const web::Questionnaire& questionnaire, ByteView file);
[[nodiscard]] Result<web::Questionnaire> parse_form(const std::filesystem::path& path, ByteView file);

// "border-1.toml"
[[nodiscard]] std::string form_file_name(std::string_view id, std::uint32_t version);

// Where forms/ and locale/ are: `given`; if that is empty, beside the program as in the build tree, or where they are installed.
[[nodiscard]] Result<std::filesystem::path> find_data(const std::filesystem::path& given);

}  // namespace amana::desk

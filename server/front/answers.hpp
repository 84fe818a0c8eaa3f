// SPDX-License-Identifier: AGPL-3.0-or-later
// What was typed and chosen, held to the questionnaire. The texts lie in one buffer of locked memory, as they came; here
// stand only places in it.
#pragma once

#include "base/secret.hpp"
#include "crypto/manifest.hpp"
#include "web/form_page.hpp"
#include "web/problem.hpp"

#include <optional>

namespace amana::front {

// Makes one LF of each CR LF, which is how a form says what was typed as one (HTML, "constructing the entry list"); gives its size then.
[[nodiscard]] std::size_t to_line_feeds(MutableBytes text);

class Answers {
public:
    // `text` holds all values, and may hold other things too; it and the questionnaire outlive this.
    Answers(const web::Questionnaire& questionnaire, SecretText& text) : questionnaire_(questionnaire), text_(text) {}

    enum class Begun { taken, unknown, twice };
    // A value of this control of the form begins, empty. Its bytes go behind it until the next begins.
    [[nodiscard]] Begun begin(std::string_view control);
    // False, and the value dropped, when there is no room.
    [[nodiscard]] bool append(ByteView bytes);
    // The question whose value began last.
    [[nodiscard]] const web::Field* current() const { return given_.empty() ? nullptr : given_.back().control.field; }

    struct Wrong {
        web::Problem problem;
        const web::Field* field;
    };
    // Makes its line ends LF, and says what is wrong first, in the order of the questionnaire; a file takes no part.
    [[nodiscard]] std::optional<Wrong> check();

    // After check() has found nothing: what is sealed, in ascending order of names. What was not answered is left out, and so
    // is an answer whose condition's question was answered otherwise. Where that was not answered at all, it is kept: a browser
    // too old to fold the form shows all of it.
    [[nodiscard]] WipedVector<crypto::Answer> sealed() const;
    // Whether an option was chosen after which the numbers to call come first.
    [[nodiscard]] bool urgent() const;

    // For giving it back, as it was typed. A text that isn't UTF-8 is none.
    [[nodiscard]] std::string_view text(const web::Field& field, std::uint32_t row = 0) const { return value(field, row, false); }
    [[nodiscard]] bool chosen(const web::Field& field, std::string_view option, std::uint32_t row = 0) const;
    [[nodiscard]] bool answered(const web::Field& field) const;
    [[nodiscard]] bool answered(const web::Section& section) const;
    // Whether a row was filled that comes behind those in view.
    [[nodiscard]] bool answered_behind(const web::Field& field, std::uint32_t row) const;

private:
    struct Given {
        web::ControlName control;
        std::size_t at = 0;
        std::size_t size = 0;
    };

    [[nodiscard]] std::string_view raw(const Given& given) const { return text_.text().substr(given.at, given.size); }
    [[nodiscard]] std::string_view value(const web::Field& field, std::uint32_t row, bool kind) const;
    [[nodiscard]] std::optional<web::Problem> wrong_in(const web::Field& field) const;
    [[nodiscard]] std::optional<web::Problem> wrong_text(const web::Field& field, std::string_view value) const;
    [[nodiscard]] bool holds(const std::optional<web::Condition>& condition) const;
    [[nodiscard]] bool applies(const web::Section& section, const web::Field& field) const { return holds(section.when) && holds(field.when); }
    [[nodiscard]] std::optional<crypto::Answer> answer(const web::Field& field) const;

    const web::Questionnaire& questionnaire_;
    SecretText& text_;
    WipedVector<Given> given_;
};

}  // namespace amana::front

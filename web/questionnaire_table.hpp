// SPDX-License-Identifier: AGPL-3.0-or-later
// One table of a questionnaire's file, read key by key; every mistake is noted and reading goes on. Each key asked for
// counts as known, so that finish() can name what was written and never asked for.
//
// Readers give what was written and is fit: nothing, or an empty list, when the key is absent or its value a mistake.
#pragma once

#include "web/questionnaire.hpp"

#include <toml++/toml.h>

namespace amana::web {

using Place = toml::source_position;

// A text of the file and where it stands.
struct Word {
    std::string text;
    Place place;
};

class QuestionnaireTable {
public:
    // `name` says in messages which table it is: "this field". Both references must outlive it.
    QuestionnaireTable(Mistakes& mistakes, const toml::table& table, std::string name);

    void mistake(Place place, std::string what, std::string remedy);
    // A mistake when the key is absent; `example` is a value as it is written.
    bool need(std::string_view key, std::string_view example);
    [[nodiscard]] bool has(std::string_view key) const { return table_->contains(key); }
    // Of the key's value; of the table when it is absent.
    [[nodiscard]] Place place(std::string_view key) const;
    [[nodiscard]] Place place() const { return table_->source().begin; }

    [[nodiscard]] std::optional<Word> text(std::string_view key, std::string_view example);
    // One name; several, each once. A name is 1 to 64 of a-z, 0-9, _.
    [[nodiscard]] std::optional<Word> name(std::string_view key, std::string_view example);
    [[nodiscard]] std::vector<Word> names(std::string_view key, std::string_view example);
    // 0 for nothing.
    [[nodiscard]] std::uint32_t number(std::string_view key, std::uint32_t least, std::uint32_t most);
    // A mistaken value counts as true: whoever writes the key means it.
    [[nodiscard]] bool flag(std::string_view key);
    [[nodiscard]] std::optional<QuestionnaireTable> table(std::string_view key, std::string name, std::string_view remedy);
    // The tables under [[KEY]].
    [[nodiscard]] std::vector<QuestionnaireTable> tables(std::string_view key, std::string_view heading);
    // The keys as they are written, for a table whose keys are the author's own.
    [[nodiscard]] std::vector<Word> keys() const;

    void finish();

private:
    const toml::node* find(std::string_view key);
    void wrong_type(const toml::node& node, std::string_view key, std::string_view wanted, const std::string& remedy);
    bool is_name(const Word& word, std::string_view key);

    Mistakes* mistakes_;
    const toml::table* table_;
    std::string name_;
    std::vector<std::string> known_;
};

// A text of the file as a message shows it, without what would act on a terminal; quoted() cuts it when it is long.
[[nodiscard]] std::string printable(std::string_view text);
[[nodiscard]] std::string quoted(std::string_view text);
// "Did you mean 'x'?", or else `otherwise`.
[[nodiscard]] std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates, std::string otherwise);
[[nodiscard]] std::string listed(const std::vector<std::string>& words);
[[nodiscard]] bool is_control(char32_t point);

}  // namespace amana::web

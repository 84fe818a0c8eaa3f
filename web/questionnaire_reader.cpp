// SPDX-License-Identifier: AGPL-3.0-or-later
// From TOML to a Questionnaire. What a field says of itself is checked as it is read (web/questionnaire_field); conditions,
// the sum and the sentences when all is read.
#include "web/questionnaire_field.hpp"
#include "web/questionnaire_sentences.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace amana::web {

class QuestionnaireReader {
public:
    explicit QuestionnaireReader(const toml::table& root) : top_(mistakes_, root, "the file") {}

    Result<Questionnaire, Mistakes> read()
    {
        if (top_.need("id", R"("recruitment")"))
            if (auto id = top_.name("id", R"("recruitment")")) form_.id_ = std::move(id->text);
        if (top_.need("version", "1")) form_.version_ = top_.number("version", 1, UINT32_MAX);
        for (auto& table : top_.tables("section", "[[section]]")) read_section(table);
        for (const auto& asked : conditions_) check_condition(asked);
        check_story();
        check_sum();
        form_.sentences_ = read_sentences(top_, form_.sentence_keys(), unsure_);
        top_.finish();
        if (mistakes_.empty()) return std::move(form_);
        std::sort(mistakes_.begin(), mistakes_.end(), [](const Mistake& a, const Mistake& b) {
            return std::tie(a.line, a.column, a.what) < std::tie(b.line, b.column, b.what);
        });
        return std::move(mistakes_);
    }

private:
    // A section, or a field, by its id. Both count from 0; a field counts among all fields.
    struct Seen {
        Place place;
        std::size_t section = 0;
        std::size_t number = 0;
        const TypeRules* rules = nullptr;
    };
    using Ids = std::map<std::string, Seen, std::less<>>;
    // A condition as it was written: it may look at the fields that stand `before`.
    struct Asked {
        Word field;
        std::vector<Word> values;
        std::size_t before;
        std::string owner;  // the field that is asked under it; empty for a section
    };

    void read_section(QuestionnaireTable& table)
    {
        const auto noted = mistakes_.size();
        const auto id = read_id(table);
        if (id) add_section_id(*id);
        auto& section = form_.sections_.emplace_back();
        section.id = id ? id->text : "";
        section.open = table.flag("open");
        section.when = read_condition(table, "");
        auto fields = table.tables("field", "[[section.field]]");
        table.finish();
        note_unsure(noted, section.id);
        for (auto& field : fields) read_next_field(field, section);
    }

    void read_next_field(QuestionnaireTable& table, Section& section)
    {
        const auto noted = mistakes_.size();
        auto read = read_field(table, section.open && !section.when);
        read.field.when = read_condition(table, read.field.id);
        table.finish();
        if (read.id) add_field_id(*read.id, read.rules);
        check_files(table, read);
        note_unsure(noted, read.field.id);
        if (++fields_ == max_fields + 1)
            table.mistake(table.place(), "more than " + std::to_string(max_fields) + " fields", "Remove some.");
        section.fields.push_back(std::move(read.field));
    }

    // --- ids ---------------------------------------------------------------------------------------------------------

    void taken(const Word& id, Place place)
    {
        top_.mistake(id.place, "the id " + quoted(id.text) + " is taken in line " + std::to_string(place.line),
                     "Take another. Only a section and a field in it may share one.");
    }

    void add_section_id(const Word& id)
    {
        if (const auto field = field_ids_.find(id.text); field != field_ids_.end()) return taken(id, field->second.place);
        const auto [seen, fresh] = section_ids_.try_emplace(id.text, Seen{.place = id.place, .section = form_.sections_.size()});
        if (!fresh) taken(id, seen->second.place);
    }

    void add_field_id(const Word& id, const TypeRules* rules)
    {
        const auto here = form_.sections_.size() - 1;
        const auto section = section_ids_.find(id.text);
        if (section != section_ids_.end() && section->second.section != here) return taken(id, section->second.place);
        const auto [seen, fresh] = field_ids_.try_emplace(id.text, Seen{id.place, here, fields_, rules});
        if (!fresh) taken(id, seen->second.place);
    }

    void note_unsure(std::size_t noted, const std::string& id)
    {
        if (mistakes_.size() == noted) return;
        if (id.empty()) unsure_.nameless = true;
        else unsure_.ids.insert(id);
    }

    void check_files(QuestionnaireTable& table, const ReadField& read)
    {
        if (read.rules == nullptr) return;
        const auto place = read.id ? read.id->place : table.place();
        const bool named = read.field.id == "files";
        if (read.field.type != FieldType::files) {
            if (named) table.mistake(place, "the id 'files' is kept for a field of the type files", "Take another id.");
        } else if (std::exchange(files_, true)) {
            table.mistake(place, "a second field of the type files", "Remove it: one takes several files.");
        } else if (read.id && !named) {
            table.mistake(place, "a field of the type files has the id 'files'", R"(Write id = "files".)");
        }
    }

    // --- conditions --------------------------------------------------------------------------------------------------

    std::optional<Condition> read_condition(QuestionnaireTable& table, const std::string& owner)
    {
        constexpr std::string_view example = R"(Write for example: when.country = ["qatar", "kuwait"])";
        auto when = table.table("when", "'when'", example);
        if (!when) return std::nullopt;
        const auto fields = when->keys();
        if (fields.size() != 1) {
            table.mistake(table.place("when"), fields.empty() ? "'when' names no field" : "'when' names more than one field",
                          std::string(example));
            return std::nullopt;
        }
        auto values = when->names(fields.front().text, R"(["yes"])");
        Condition condition{fields.front().text, texts(values)};
        conditions_.push_back({fields.front(), std::move(values), fields_, owner});
        return condition;
    }

    void check_condition(const Asked& asked)
    {
        const auto& name = asked.field;
        const auto seen = field_ids_.find(name.text);
        if (seen == field_ids_.end()) {
            std::vector<std::string> known;
            for (const auto& [id, field] : field_ids_) known.push_back(id);
            return top_.mistake(name.place, "'when' names " + quoted(name.text) + ", and no field has this id",
                                did_you_mean(name.text, known, "Name a field of the type choice or choices that stands before."));
        }
        if (name.text == asked.owner)
            return top_.mistake(name.place, quoted(name.text) + " is its own condition", "Name another field, that stands before.");
        if (seen->second.number >= asked.before)
            top_.mistake(name.place, "'when' names " + quoted(name.text) + ", which stands later, in line " +
                             std::to_string(seen->second.place.line), "Name a field that stands before, or move it up.");
        const auto* rules = seen->second.rules;
        if (rules == nullptr) return;
        if (rules->type != FieldType::choice && rules->type != FieldType::choices)
            return top_.mistake(name.place, "'when' names " + quoted(name.text) + ", which is of the type " + rules->name,
                                "Name a field of the type choice or choices.");
        const auto& options = form_.find(name.text)->options;
        if (options.empty()) return;
        for (const auto& value : asked.values)
            if (!contains(options, value.text)) not_an_option(top_, value, quoted(name.text), options);
    }

    // --- the whole ---------------------------------------------------------------------------------------------------

    void check_story()
    {
        const auto seen = field_ids_.find("story");
        if (seen == field_ids_.end())
            return top_.mistake(top_.place(), "there is no field 'story'",
                                R"(Add a field with id = "story" and type = "text": the desk lists reports by how it begins.)");
        const auto* rules = seen->second.rules;
        if (rules != nullptr && rules->type != FieldType::text)
            top_.mistake(seen->second.place, "'story' is of the type " + rules->name,
                         R"(Write type = "text": the desk lists reports by how it begins.)");
    }

    void check_sum()
    {
        std::vector<std::pair<std::size_t, const Field*>> fields;
        for (const auto& section : form_.sections_)
            for (const auto& field : section.fields)
                if (field.type != FieldType::files) fields.emplace_back(answer_bytes(field), &field);
        form_.most_bytes_ = 1;  // two braces, and no comma after the last
        for (const auto& [bytes, field] : fields) form_.most_bytes_ += bytes + 1;
        if (form_.most_bytes_ <= max_answers_bytes) return;
        std::sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) {
            return a.first != b.first ? a.first > b.first : a.second->id < b.second->id;
        });
        std::vector<std::string> largest;
        for (std::size_t i = 0; i < std::min<std::size_t>(3, fields.size()); ++i)
            largest.push_back(quoted(fields[i].second->id) + " with " + std::to_string(fields[i].first));
        const auto seen = field_ids_.find(fields.front().second->id);
        top_.mistake(seen == field_ids_.end() ? top_.place() : seen->second.place,
                     "all answers together may come to " + std::to_string(form_.most_bytes_) + " bytes, " +
                         std::to_string(form_.most_bytes_ - max_answers_bytes) + " more than the " +
                         std::to_string(max_answers_bytes) + " that fit",
                     "Lower max or rows, or remove fields. The largest: " + listed(largest) + ".");
    }

    Mistakes mistakes_;
    QuestionnaireTable top_;
    Questionnaire form_;
    std::size_t fields_ = 0;  // read so far
    Ids section_ids_;
    Ids field_ids_;
    bool files_ = false;
    std::vector<Asked> conditions_;
    Unsure unsure_;
};

Result<Questionnaire, Mistakes> Questionnaire::parse(std::string_view toml)
{
    if (toml.size() > max_questionnaire_bytes)
        return Mistakes{{0, 0, "this file is larger than " + std::to_string(max_questionnaire_bytes) + " bytes",
                         "A questionnaire is not; is it the right file?"}};
    try {
        const auto root = toml::parse(toml);
        return QuestionnaireReader(root).read();
    } catch (const toml::parse_error& error) {
        const auto& at = error.source().begin;
        return Mistakes{{at.line, at.column, "not TOML: " + printable(error.description()),
                         "Nothing after this place was read. Look for a quote, a bracket or an = that is missing, here or "
                         "in the line before, or for a key that stands twice."}};
    }
}

}  // namespace amana::web

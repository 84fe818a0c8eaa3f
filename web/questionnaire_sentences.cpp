// SPDX-License-Identifier: AGPL-3.0-or-later
#include "web/questionnaire_sentences.hpp"

#include "base/utf8.hpp"

#include <algorithm>

namespace amana::web {

namespace {

constexpr std::size_t max_languages = 64;
constexpr std::size_t max_language_bytes = 35;

bool is_language(std::string_view code)
{
    return code.size() >= 2 && code.size() <= max_language_bytes && std::all_of(code.begin(), code.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
           });
}

bool is_sentence(std::string_view text)
{
    if (text.find_first_not_of(' ') == std::string_view::npos) return false;
    while (!text.empty()) {
        const auto point = next_code_point(text);
        if (!point || is_control(*point)) return false;
    }
    return true;
}

// Is this key surely none of the questionnaire's, whatever its mistakes turn out to be?
bool surely_unknown(std::string_view key, const std::vector<std::string>& needed, const Unsure& unsure)
{
    const auto id = key.substr(0, key.find('.'));
    if (unsure.ids.contains(id)) return false;
    return !unsure.nameless || std::binary_search(needed.begin(), needed.end(), id);
}

// `needed` is sorted.
Questionnaire::Sentences read_language(QuestionnaireTable& table, const std::string& language,
                                       const std::vector<std::string>& needed, const Unsure& unsure)
{
    Questionnaire::Sentences sentences;
    std::set<std::string> present;
    for (const auto& key : table.keys()) {
        if (!std::binary_search(needed.begin(), needed.end(), key.text)) {
            if (surely_unknown(key.text, needed, unsure))
                table.mistake(key.place, "there is nothing to say under " + quoted(key.text) + " in [sentences." + language + "]",
                              did_you_mean(key.text, needed, "Remove it. Keys are an id, \"ID.OPTION\", \"ID.hint\" or \"ID.warning\"."));
            continue;
        }
        present.insert(key.text);
        auto written = table.text(key.text, "\"…\"; a key with a point in it stands in quotes");
        if (!written) continue;
        if (is_sentence(written->text)) sentences.emplace(key.text, std::move(written->text));
        else table.mistake(written->place, "the sentence " + quoted(key.text) + " is empty or holds a control character",
                           "Write it as people shall read it, in one line.");
    }
    for (const auto& key : needed)
        if (!present.contains(key))
            table.mistake(table.place(), "the sentence '" + key + "' is missing in [sentences." + language + "]",
                          "Add: \"" + key + "\" = \"…\"");
    return sentences;
}

}  // namespace

std::map<std::string, Questionnaire::Sentences, std::less<>> read_sentences(QuestionnaireTable& top,
                                                                            const std::vector<std::string>& needed,
                                                                            const Unsure& unsure)
{
    std::map<std::string, Questionnaire::Sentences, std::less<>> all;
    constexpr std::string_view shape = "Write [sentences.en] on a line of its own, with the language's code, and the sentences below.";
    auto languages = top.table("sentences", "[sentences]", shape);
    if (!languages) return all;
    auto sorted = needed;
    std::erase_if(sorted, [](const auto& key) { return key.empty() || key.front() == '.'; });  // of what has no id
    std::sort(sorted.begin(), sorted.end());
    for (const auto& language : languages->keys()) {
        if (all.size() == max_languages) {
            top.mistake(language.place, "more than " + std::to_string(max_languages) + " languages", "Remove some.");
            break;
        }
        if (!is_language(language.text)) {
            top.mistake(language.place, quoted(language.text) + " is not a language code", std::string(shape));
            continue;
        }
        if (auto table = languages->table(language.text, "[sentences." + language.text + "]", shape))
            all.emplace(language.text, read_language(*table, language.text, sorted, unsure));
    }
    if (languages->keys().empty()) top.mistake(languages->place(), "[sentences] holds no language", std::string(shape));
    return all;
}

}  // namespace amana::web

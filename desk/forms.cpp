// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/forms.hpp"

#include "base/utf8.hpp"
#include "desk/terminal.hpp"
#include "web/form_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include <sys/stat.h>

#ifndef AMANA_DATA_DIR
#error "AMANA_DATA_DIR names the directory of questionnaires and catalogues"
#endif

namespace amana::desk {

namespace fs = std::filesystem;

namespace {

constexpr auto english = "en";

struct FormFile {
    fs::path path;
    bool shipped;
    web::Questionnaire questionnaire;
};

void read_folder(const fs::path& folder, bool shipped, std::vector<FormFile>& files, std::vector<Error>& unusable)
{
    std::error_code failed;
    std::set<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(folder, failed))
        if (entry.path().extension() == ".toml") paths.insert(entry.path());
    for (const auto& path : paths) {
        const auto bytes = read_file(path, web::max_questionnaire_bytes);
        auto questionnaire = bytes ? parse_form(path, *bytes) : Result<web::Questionnaire>(bytes.error());
        if (questionnaire) files.push_back({path, shipped, *std::move(questionnaire)});
        else unusable.push_back(questionnaire.error());
    }
}

// A sentence as a terminal may have it: what is invisible, and the bidirectional controls among it, is left out.
std::string plain(std::string_view sentence)
{
    std::string out;
    while (!sentence.empty()) {
        const auto before = sentence;
        const auto point = next_code_point(sentence);
        if (point && is_harmless(*point)) out += before.substr(0, before.size() - sentence.size());
    }
    return out;
}

using Own = std::map<std::string, web::Questionnaire::Sentences, std::less<>>;

// Of those a questionnaire has, the one wished for, or English, or the first.
Own::const_iterator own_language(const Own& own, const std::string& wished)
{
    for (const auto& language : {wished, std::string(english)})
        if (const auto found = own.find(language); found != own.end()) return found;
    return own.begin();
}

Form worded(const FormFile& file, const web::Catalogue* catalogue, const std::string& wished)
{
    const auto& questionnaire = file.questionnaire;
    const auto& own = questionnaire.sentences();
    const auto in_file = own_language(own, wished);
    Form form{questionnaire.id(), questionnaire.version(), wished, true, {}, file.path, file.shipped};
    if (!own.empty()) form.language = in_file->first;
    else if (catalogue != nullptr) form.language = catalogue->language();

    const auto label = [&](const std::string& key, const std::string& name) {
        if (!own.empty()) {
            if (const auto found = in_file->second.find(key); found != in_file->second.end()) return plain(found->second);
        } else if (catalogue != nullptr) {
            if (const auto found = web::form_sentence(questionnaire, *catalogue, key)) return plain(*found);
        }
        form.worded = false;
        return name;
    };
    for (const auto& section : questionnaire.sections()) {
        auto& words = form.sections.emplace_back(WordedSection{section.id, label(section.id, section.id), {}});
        for (const auto& field : section.fields) {
            auto& asked = words.fields.emplace_back(WordedField{field, label(field.id, field.id), {}});
            for (const auto& option : field.options) asked.options.push_back(label(field.id + "." + option, option));
        }
    }
    return form;
}

// Every language that a catalogue or one of the questionnaires has.
std::set<std::string> languages(const fs::path& locale, const std::vector<FormFile>& files)
{
    std::set<std::string> all;
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(locale, failed)) all.insert(entry.path().filename().string());
    for (const auto& file : files)
        for (const auto& [language, sentences] : file.questionnaire.sentences()) all.insert(language);
    return all;
}

}  // namespace

const WordedField* Form::find(std::string_view field_id) const
{
    for (const auto& section : sections)
        for (const auto& one : section.fields)
            if (one.field.id == field_id) return &one;
    return nullptr;
}

Result<Forms> Forms::load(const fs::path& data, const DeskPaths& paths, const std::string& language)
{
    Forms forms;
    forms.language_ = language;
    std::vector<FormFile> files;
    read_folder(paths.forms(), false, files, forms.unusable_);
    read_folder(data / "forms", true, files, forms.unusable_);

    const auto locale = data / "locale";
    auto catalogue = web::Catalogue::load(locale, language, {});
    if (!catalogue && language != english) {
        const auto brings = [&](const FormFile& file) { return file.questionnaire.sentences().contains(language); };
        if (std::ranges::none_of(files, brings))
            return Error{fmt::format("there are no sentences in the language \"{}\"", language),
                         fmt::format("There are: {}.", fmt::join(languages(locale, files), ", "))};
        catalogue = web::Catalogue::load(locale, english, {});
    }
    for (const auto& file : files) forms.forms_.push_back(worded(file, catalogue ? &*catalogue : nullptr, language));
    return forms;
}

const Form* Forms::find(std::string_view id, std::uint32_t version) const
{
    const auto found = std::ranges::find_if(forms_, [&](const Form& form) { return form.id == id && form.version == version; });
    return found == forms_.end() ? nullptr : &*found;
}

Result<web::Questionnaire> parse_form(const fs::path& path, ByteView file)
{
    auto questionnaire = web::Questionnaire::parse(as_text(file));
    if (questionnaire) return *std::move(questionnaire);
    auto mistakes = web::text(questionnaire.error(), path.string());
    mistakes.pop_back();  // its last newline
    return Error{path.string() + " can't be used as a questionnaire\n" + mistakes, "docs/FORMS.md explains every key."};
}

Result<bool> add_form(const Forms& forms, const DeskPaths& paths, const web::Questionnaire& questionnaire, ByteView file)
{
    const auto& id = questionnaire.id();
    const auto version = questionnaire.version();
    if (const auto* known = forms.find(id, version)) {
        const auto bytes = read_file(known->file, web::max_questionnaire_bytes);
        if (!bytes) return bytes.error();
        if (std::ranges::equal(*bytes, file)) return false;
        const auto better = known->shipped ? std::string("That one is shipped with the program and stays as it is.")
                                           : fmt::format("If it asks the same and only says it better, remove {} and add it again.",
                                                         known->file.string());
        return Error{fmt::format("this desk knows another {}, version {}", id, version),
                     "If yours asks anything else, give it a version of its own. " + better};
    }
    // The names are those of a checked questionnaire, so they hold no slash and no point.
    if (::mkdir(paths.forms().c_str(), private_directory) != 0 && errno != EEXIST)
        return system_error("can't create " + paths.forms().string(), errno);
    if (const auto synced = sync_directory(paths.directory); !synced) return synced.error();
    const auto stored = write_durable(paths.forms() / form_file_name(id, version), file, private_file, DurableFile::Existing::refuse);
    if (!stored) return stored.error();
    return true;
}

std::string form_file_name(std::string_view id, std::uint32_t version)
{
    return fmt::format("{}-{}.toml", id, version);
}

Result<fs::path> find_data(const fs::path& given)
{
    std::error_code failed;
    if (!given.empty()) {
        if (!fs::is_directory(given / "forms", failed))
            return Error{given.string() + " holds no forms", "Name a folder with forms/ and locale/ in it, such as " AMANA_DATA_DIR "."};
        return {boost::system::in_place_value, given};
    }
    const auto beside = fs::read_symlink("/proc/self/exe", failed).parent_path().parent_path() / "share" / "amana";
    // A build's folder; what an installed server has there holds no replies.
    if (fs::is_directory(beside / "replies", failed)) return {boost::system::in_place_value, beside};
    return {boost::system::in_place_value, AMANA_DATA_DIR};
}

}  // namespace amana::desk

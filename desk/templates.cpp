// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/templates.hpp"

#include "base/file.hpp"
#include "crypto/letter.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace amana::desk {

namespace fs = std::filesystem;

Result<std::vector<TemplateName>> list_templates(const fs::path& data)
{
    std::vector<TemplateName> names;
    std::error_code failed;
    for (const auto& language : fs::directory_iterator(data / "replies", failed))
        for (const auto& entry : fs::directory_iterator(language.path(), failed))
            if (entry.path().extension() == ".txt") names.push_back({language.path().filename().string(), entry.path().stem().string()});
    if (names.empty()) return Error{"there are no templates in " + (data / "replies").string(), "Name a folder that has them: --data FOLDER"};
    std::ranges::sort(names);
    return names;
}

Result<std::string> load_template(const fs::path& data, const TemplateName& name)
{
    const auto names = list_templates(data);
    if (!names) return names.error();
    // A name is looked up in what there is, and never becomes part of a path before.
    if (std::ranges::find(*names, name) == names->end()) {
        std::vector<std::string> there;
        for (const auto& one : *names)
            if (one.language == name.language) there.push_back(one.name);
        if (there.empty()) return Error{fmt::format("there are no templates in the language \"{}\"", name.language), "'amana-desk reply --list-templates' lists them."};
        return Error{fmt::format("there is no template \"{}\" in the language \"{}\"", name.name, name.language), fmt::format("There are: {}.", fmt::join(there, ", "))};
    }
    const auto bytes = read_file(data / "replies" / name.language / (name.name + ".txt"), crypto::max_message_bytes);
    if (!bytes) return bytes.error();
    return Result<std::string>(boost::system::in_place_value, as_text(*bytes));
}

}  // namespace amana::desk

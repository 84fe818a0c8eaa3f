// SPDX-License-Identifier: AGPL-3.0-or-later
// Mustache templates, read once. `{{t.key}}` is a sentence of the catalogue; any other name must be among the values.
// Mustache renders a name it doesn't know as nothing; here that is an error, so no page can lose a sentence unseen.
#pragma once

#include "base/result.hpp"
#include "web/catalogue.hpp"

#include <kainjow/mustache.hpp>

#include <filesystem>
#include <map>
#include <string>

namespace amana::web {

using Values = kainjow::mustache::data;

class Templates {
public:
    // Every *.mustache file of the directory, by its name without the suffix; each may include the others.
    [[nodiscard]] static Result<Templates> load(const std::filesystem::path& directory);

    [[nodiscard]] Result<std::string> render(const std::string& name, const Catalogue& catalogue,
                                             const Values& values) const;

private:
    std::map<std::string, std::string> sources_;
};

}  // namespace amana::web

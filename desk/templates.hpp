// SPDX-License-Identifier: AGPL-3.0-or-later
// Beginnings of answers, for those that are written often: plain text in replies/LANGUAGE/NAME.txt of the desk's data. What is to be
// filled in stands in [[double brackets]], and nothing that still has them is sent.
#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace amana::desk {

inline constexpr std::string_view template_mark = "[[";

struct TemplateName {
    std::string language;
    std::string name;
    bool operator==(const TemplateName&) const = default;
    auto operator<=>(const TemplateName&) const = default;
};
// In ascending order.
[[nodiscard]] Result<std::vector<TemplateName>> list_templates(const std::filesystem::path& data);
// An error names those there are.
[[nodiscard]] Result<std::string> load_template(const std::filesystem::path& data, const TemplateName& name);

}  // namespace amana::desk

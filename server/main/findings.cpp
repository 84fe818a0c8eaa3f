// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/findings.hpp"

#include <algorithm>

namespace amana::server {

std::string Findings::text(const std::string& file) const
{
    auto ordered = all_;
    // What has no line comes last.
    std::stable_sort(ordered.begin(), ordered.end(), [](const Finding& a, const Finding& b) {
        if ((a.place.line == 0) != (b.place.line == 0)) return b.place.line == 0;
        return a.place.line != b.place.line ? a.place.line < b.place.line : a.place.column < b.place.column;
    });
    std::string text;
    for (const auto& finding : ordered) {
        text += file;
        if (finding.place.line != 0)
            text += ":" + std::to_string(finding.place.line) + ":" + std::to_string(finding.place.column);
        text += finding.severity == Severity::error ? ": error: " : ": warning: ";
        text += finding.what + "\n";
        if (!finding.remedy.empty()) text += "  " + finding.remedy + "\n";
    }
    return text;
}

std::string Findings::count() const
{
    const auto counted = [](std::size_t number, const std::string& word) {
        return std::to_string(number) + " " + word + (number == 1 ? "" : "s");
    };
    return counted(errors_, "error") + ", " + counted(all_.size() - errors_, "warning");
}

}  // namespace amana::server

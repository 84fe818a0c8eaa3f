// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/misdeeds.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

namespace amana::desk {

namespace {

constexpr std::array<std::pair<Misdeed, const char*>, 6> names{{{Misdeed::rolled_back, "rolled-back"},
                                                                {Misdeed::forked, "forked"},
                                                                {Misdeed::swapped, "swapped"},
                                                                {Misdeed::reordered, "reordered"},
                                                                {Misdeed::dropped, "dropped"},
                                                                {Misdeed::broken_promise, "broken-promise"}}};

class Findings {
public:
    void add(Misdeed what, std::uint64_t position)
    {
        auto& at = found_[what];
        if (at.size() < max_positions) at.push_back(position);
    }
    [[nodiscard]] std::vector<Finding> take()
    {
        std::vector<Finding> all;
        for (auto& [what, at] : found_) {
            std::sort(at.begin(), at.end());
            all.push_back({what, std::move(at)});
        }
        return all;
    }

private:
    std::map<Misdeed, std::vector<std::uint64_t>> found_;
};

}  // namespace

const char* name(Misdeed misdeed)
{
    for (const auto& [what, text] : names)
        if (what == misdeed) return text;
    return "";
}

std::optional<Misdeed> misdeed_named(std::string_view name)
{
    for (const auto& [what, text] : names)
        if (name == text) return what;
    return std::nullopt;
}

std::vector<Finding> classify(const std::vector<Difference>& differences)
{
    std::set<crypto::Hash> signed_here;
    for (const auto& difference : differences) signed_here.insert(difference.signed_leaf);
    Findings findings;
    for (const auto& difference : differences) {
        if (!difference.found) findings.add(Misdeed::dropped, difference.position);
        else if (signed_here.contains(*difference.found)) findings.add(Misdeed::reordered, difference.position);
        else findings.add(Misdeed::swapped, difference.position);
    }
    return findings.take();
}

std::vector<Finding> classify_lists(const std::vector<crypto::Hash>& ours, const std::vector<crypto::Hash>& theirs,
                                    std::uint64_t first)
{
    std::map<crypto::Hash, std::size_t> our_place;
    for (std::size_t i = 0; i < ours.size(); ++i) our_place.emplace(ours[i], i);
    const std::set<crypto::Hash> their_leaves(theirs.begin(), theirs.end());
    Findings findings;
    for (std::size_t i = 0; i < ours.size(); ++i) {
        if (their_leaves.contains(ours[i])) continue;
        const bool foreign_in_its_place = i < theirs.size() && !our_place.contains(theirs[i]);
        findings.add(foreign_in_its_place ? Misdeed::swapped : Misdeed::dropped, first + i);
    }
    std::size_t furthest = 0;
    for (std::size_t i = 0; i < theirs.size(); ++i) {
        const auto place = our_place.find(theirs[i]);
        if (place == our_place.end()) continue;
        if (place->second < furthest) findings.add(Misdeed::reordered, first + i);
        furthest = std::max(furthest, place->second);
    }
    return findings.take();
}

std::string describe(const std::vector<Finding>& findings)
{
    std::string text;
    for (const auto& finding : findings) {
        text += (text.empty() ? "" : "; ") + std::string(name(finding.what));
        for (std::size_t i = 0; i < finding.at.size(); ++i)
            text += (i == 0 ? " at " : ", ") + std::to_string(finding.at[i]);
        if (finding.at.size() == max_positions) text += ", ...";
    }
    return text;
}

}  // namespace amana::desk

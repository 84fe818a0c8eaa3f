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

// Where a leaf stands in the one list and in the other.
struct Place {
    std::size_t ours = 0;
    std::size_t theirs = 0;
};

std::map<crypto::Hash, std::size_t> places(const std::vector<crypto::Hash>& leaves)
{
    std::map<crypto::Hash, std::size_t> places;
    for (std::size_t i = 0; i < leaves.size(); ++i) places.emplace(leaves[i], i);
    return places;
}

// The most of `common`, which is in their order, that is in ours too: the longest increasing subsequence.
std::vector<Place> longest_in_order(const std::vector<Place>& common)
{
    std::vector<std::size_t> ends;  // of the best subsequence of each length so far: the one whose last place is least
    std::vector<std::size_t> before(common.size());
    for (std::size_t i = 0; i < common.size(); ++i) {
        const auto at = std::lower_bound(ends.begin(), ends.end(), common[i].ours,
                                         [&](std::size_t end, std::size_t place) { return common[end].ours < place; });
        before[i] = at == ends.begin() ? common.size() : *std::prev(at);
        if (at == ends.end()) ends.push_back(i);
        else *at = i;
    }
    std::vector<Place> longest;
    for (auto i = ends.empty() ? common.size() : ends.back(); i != common.size(); i = before[i]) longest.push_back(common[i]);
    std::reverse(longest.begin(), longest.end());
    return longest;
}

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
    const auto our_places = places(ours);
    const auto their_places = places(theirs);
    std::vector<Place> common;
    for (std::size_t i = 0; i < theirs.size(); ++i)
        if (const auto found = our_places.find(theirs[i]); found != our_places.end()) common.push_back({found->second, i});
    auto kept = longest_in_order(common);

    Findings findings;
    auto next = kept.begin();
    for (const auto& place : common) {
        if (next != kept.end() && next->theirs == place.theirs) ++next;
        else findings.add(Misdeed::reordered, first + place.theirs);
    }
    // Between two that kept their order: what is ours and gone, and what is foreign and may stand in its place. Behind the
    // last, only what stands where something was seen.
    kept.push_back({ours.size(), std::min(theirs.size(), ours.size())});
    Place from{};
    for (const auto& to : kept) {
        std::size_t foreign = 0;
        for (auto i = from.theirs; i < to.theirs; ++i)
            if (!our_places.contains(theirs[i])) ++foreign;
        for (auto i = from.ours; i < to.ours; ++i) {
            if (their_places.contains(ours[i])) continue;
            findings.add(foreign > 0 ? Misdeed::swapped : Misdeed::dropped, first + i);
            if (foreign > 0) --foreign;
        }
        from = {to.ours + 1, to.theirs + 1};
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

// SPDX-License-Identifier: AGPL-3.0-or-later
// Canaries: reports that staff sends from outside, as anybody does, to learn whether reports arrive. A canary is known
// again by its words alone, so it looks like any other until the desk has opened it. docs/LOG.md, section 11.
//
// For each there is a sealed record in the casebook: day made (8) ‖ fingerprint of its words (32).
#pragma once

#include "crypto/manifest.hpp"
#include "desk/casebook.hpp"

#include <string>
#include <vector>

namespace amana::desk {

// SHA-256 of a story without its white space, which forms and keyboards change.
[[nodiscard]] crypto::Hash words_fingerprint(std::string_view story);

struct Canary {
    std::int64_t number = 0;
    std::int64_t day = 0;  // since 1970, UTC
    crypto::Hash words{};
};

class Canaries {
public:
    [[nodiscard]] static Result<Canaries> load(Casebook& casebook, const SecretBuffer& master);

    [[nodiscard]] const std::vector<Canary>& all() const { return all_; }
    // Which canary a report is, by its story; nothing for any other report.
    [[nodiscard]] const Canary* match(const crypto::Manifest& manifest) const;
    // Records one more; an error when the same words were used before.
    [[nodiscard]] Result<std::int64_t> add(Casebook& casebook, const SecretBuffer& master, std::string_view story, std::int64_t day);

private:
    std::vector<Canary> all_;
};

// A story as people tell it, put together by chance.
[[nodiscard]] std::string invented_story();

// The share of reports that could be suppressed without more than `missing` of `sent` canaries being among them: an upper
// bound, one-sided, at 95 % confidence (Clopper and Pearson, 1934). 1 when none was sent.
[[nodiscard]] double suppression_bound(std::uint64_t sent, std::uint64_t missing);

}  // namespace amana::desk

// SPDX-License-Identifier: AGPL-3.0-or-later
// The two pages of the log: what it is, and the one that checks a proof. English, and English with Arabic. The second is
// the only page with a script: inline, so that it is one file that works when saved, and named by its hash in the policy
// that the page carries with it.
#pragma once

#include "base/result.hpp"
#include "web/inline.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace amana::web {

class LogPages {
public:
    // `data` holds log/index.html, log/check.html and log/check.js.
    [[nodiscard]] static Result<LogPages> load(const std::filesystem::path& data, const Style& style);

    [[nodiscard]] const std::string& index() const { return index_; }
    // With the log's verifier key in its field, or none.
    [[nodiscard]] std::string checker(std::string_view verifier) const;
    // Its Content-Security-Policy, as the page says it of itself; the header adds what only a header can say.
    [[nodiscard]] const std::string& checker_policy() const { return checker_policy_; }

private:
    LogPages() = default;
    std::string index_;
    std::string before_key_;
    std::string after_key_;
    std::string checker_policy_;
};

}  // namespace amana::web

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "web/log_pages.hpp"

#include "base/file.hpp"
#include "web/escape.hpp"

#include <fmt/format.h>

namespace amana::web {

namespace {

constexpr std::size_t max_page_bytes = 256U << 10U;
constexpr std::size_t max_verifier_bytes = 1024;

Result<std::string> read_text(const std::filesystem::path& path)
{
    const auto bytes = read_file(path, max_page_bytes);
    if (!bytes) return bytes.error();
    return Result<std::string>(boost::system::in_place_value, as_text(*bytes));
}

// Puts `text` where the page has {{name}}, once.
Result<void> fill(std::string& page, std::string_view name, std::string_view text)
{
    const auto mark = fmt::format("{{{{{}}}}}", name);
    const auto at = page.find(mark);
    if (at == std::string::npos) return Error{fmt::format("a page of the log lacks {}", mark), {}};
    page.replace(at, mark.size(), text);
    return {};
}

}  // namespace

Result<LogPages> LogPages::load(const std::filesystem::path& data, const Style& style)
{
    auto index = read_text(data / "log" / "index.html");
    if (!index) return index.error();
    auto checker = read_text(data / "log" / "check.html");
    if (!checker) return checker.error();
    const auto script = load_script(data / "log" / "check.js");
    if (!script) return script.error();

    LogPages pages;
    pages.checker_policy_ = fmt::format("default-src 'none'; script-src '{}'; style-src '{}'; connect-src 'none'; "
                                        "form-action 'none'; base-uri 'none'",
                                        script->hash, style.hash);
    if (auto filled = fill(*index, "style", style.text); !filled) return filled.error();
    pages.index_ = *std::move(index);
    // The script last: what it holds is not looked through for marks.
    for (const auto& [name, text] : {std::pair<std::string_view, std::string_view>{"style", style.text},
                                     {"csp", pages.checker_policy_}}) {
        if (auto filled = fill(*checker, name, text); !filled) return filled.error();
    }
    constexpr std::string_view key = "{{key}}";
    const auto at = checker->find(key);
    if (at == std::string::npos) return Error{"log/check.html lacks {{key}}", {}};
    pages.before_key_ = checker->substr(0, at);
    pages.after_key_ = checker->substr(at + key.size());
    if (auto filled = fill(pages.after_key_, "script", script->text); !filled) return filled.error();
    return pages;
}

std::string LogPages::checker(std::string_view verifier) const
{
    SecretText escaped(6 * max_verifier_bytes);
    if (!append_escaped(escaped, verifier.substr(0, max_verifier_bytes))) escaped.truncate(0);
    return before_key_ + std::string(escaped.text()) + after_key_;
}

}  // namespace amana::web

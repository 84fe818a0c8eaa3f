// SPDX-License-Identifier: AGPL-3.0-or-later
#include "web/inline.hpp"

#include "base/bytes.hpp"
#include "base/file.hpp"

#include <fmt/format.h>
#include <sodium.h>


namespace amana::web {

namespace {

constexpr std::size_t max_inline_bytes = 64U << 10U;

std::string without_comments(std::string_view source)
{
    std::string out;
    while (!source.empty()) {
        const auto open = source.find("/*");
        out += source.substr(0, open);
        if (open == std::string_view::npos) break;
        const auto close = source.find("*/", open + 2);
        if (close == std::string_view::npos) break;
        source.remove_prefix(close + 2);
    }
    return out;
}

// One line, no indentation: enough for a style without strings that span lines.
std::string joined_lines(std::string_view source)
{
    std::string out;
    while (!source.empty()) {
        const auto end = source.find('\n');
        auto line = source.substr(0, end);
        source.remove_prefix(end == std::string_view::npos ? source.size() : end + 1);
        const auto first = line.find_first_not_of(" \t\r");
        if (first == std::string_view::npos) continue;
        line = line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
        out += line;
        // A selector list may end a line; everything else in the file ends in { } ; or a comma.
        if (!line.ends_with('{') && !line.ends_with('}') && !line.ends_with(';') && !line.ends_with(',')) out += ' ';
    }
    return out;
}

}  // namespace

std::string source_hash(std::string_view text)
{
    ByteArray<crypto_hash_sha256_BYTES> digest;
    const auto bytes = as_bytes(text);
    crypto_hash_sha256(digest.data(), bytes.data(), bytes.size());
    return "sha256-" + to_base64(digest);
}

Result<Style> load_style(const std::filesystem::path& path, std::string_view additions)
{
    const auto source = read_file(path, max_inline_bytes);
    if (!source) return source.error();
    Style style{joined_lines(without_comments(as_text(*source))) + std::string(additions), {}};
    for (const std::string_view forbidden : {"</", "@import", "url("}) {
        if (style.text.find(forbidden) != std::string::npos) {
            return Error{fmt::format("{} holds \"{}\"", path.string(), forbidden),
                         "The pages fetch nothing, and their style is inline."};
        }
    }
    style.hash = source_hash(style.text);
    return style;
}

Result<Script> load_script(const std::filesystem::path& path)
{
    const auto source = read_file(path, max_inline_bytes);
    if (!source) return source.error();
    Script script{std::string(as_text(*source)), {}};
    if (script.text.find("</") != std::string::npos || script.text.find("<!--") != std::string::npos)
        return Error{path.string() + " holds what would end its element", {}};
    script.hash = source_hash(script.text);
    return script;
}

}  // namespace amana::web

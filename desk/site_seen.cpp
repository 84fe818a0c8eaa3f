// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/site_seen.hpp"

#include "base/file.hpp"
#include "crypto/lines.hpp"

#include <fmt/format.h>

namespace amana::desk {

namespace {

constexpr std::size_t max_seen_bytes = 4096;
constexpr mode_t own_file = 0644;

bool parse_entry(std::string_view line, std::string_view word, SeenText& out)
{
    if (!line.starts_with(word)) return false;
    line.remove_prefix(word.size());
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return false;
    const auto serial = crypto::parse_decimal(line.substr(0, space));
    if (!serial || !from_hex(line.substr(space + 1), out.hash)) return false;
    out.serial = *serial;
    return true;
}

}  // namespace

std::string SeenSite::text() const
{
    return fmt::format("amana seen v1\nroot {}\nsite {} {}\nrelease {} {}\n", root, site.serial, to_hex(site.hash),
                       release.serial, to_hex(release.hash));
}

Result<SeenSite> SeenSite::parse(std::string_view text)
{
    const Error bad{"not a file of what was seen", "Remove it, or name another with --seen: a new one is begun."};
    const auto whole = text;
    SeenSite seen;
    if (crypto::take_line(text) != "amana seen v1") return bad;
    const auto root = crypto::take_line(text);
    crypto::Hash fingerprint;
    if (!root.starts_with("root ") || !from_hex(root.substr(5), fingerprint)) return bad;
    seen.root = root.substr(5);
    if (!parse_entry(crypto::take_line(text), "site ", seen.site) ||
        !parse_entry(crypto::take_line(text), "release ", seen.release))
        return bad;
    return seen.text() == whole ? Result<SeenSite>(std::move(seen)) : Result<SeenSite>(bad);
}

Result<std::optional<SeenSite>> read_seen(const std::filesystem::path& path)
{
    std::error_code failed;
    if (!std::filesystem::exists(path, failed)) return std::optional<SeenSite>{};
    const auto bytes = read_file(path, max_seen_bytes);
    if (!bytes) return bytes.error();
    auto seen = SeenSite::parse(as_text(*bytes));
    if (!seen) return Error{path.string() + ": " + seen.error().message, seen.error().hint};
    return std::optional(*std::move(seen));
}

Result<void> write_seen(const std::filesystem::path& path, const SeenSite& seen)
{
    return write_durable(path, as_bytes(seen.text()), own_file, DurableFile::Existing::replace);
}

}  // namespace amana::desk

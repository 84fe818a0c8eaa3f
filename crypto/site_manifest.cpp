// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/site_manifest.hpp"

#include "crypto/keyset.hpp"
#include "crypto/manifest_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace amana::crypto {

namespace {

constexpr std::string_view site_title = "amana site v1";
constexpr std::size_t max_kind_bytes = 32;
constexpr std::size_t token_bytes = 43;
constexpr std::size_t max_header_name_bytes = 64;

bool is_header_name(std::string_view name)
{
    return !name.empty() && name.size() <= max_header_name_bytes &&
           std::all_of(name.begin(), name.end(), [](char c) { return is_alphanumeric(c) || c == '-'; });
}

// Printable ASCII, without spaces around it: as a header's reader gives it.
bool is_header_value(std::string_view value)
{
    return !value.empty() && value.size() <= max_header_value_bytes && value.front() != ' ' && value.back() != ' ' &&
           std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::string lower(std::string_view name)
{
    std::string out(name);
    for (auto& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

// The place of the token that ends the address which this begins; npos where there is none.
std::size_t token_behind(std::string_view text, std::string_view beginning)
{
    const auto at = text.find(beginning);
    if (at == std::string_view::npos) return at;
    const auto token = at + beginning.size();
    const bool ends = token + token_bytes < text.size() && text[token + token_bytes] == '"';
    return ends && is_token(text.substr(token, token_bytes)) ? token : std::string_view::npos;
}

std::string without_token(std::string_view body)
{
    std::string text(body);
    const auto sent = token_behind(body, "/report?");
    if (sent == std::string_view::npos) return text;
    const auto framed = token_behind(body, "/line?");
    text.replace(sent, token_bytes, token_bytes, 'A');
    if (framed != std::string_view::npos && body.substr(framed, token_bytes) == body.substr(sent, token_bytes))
        text.replace(framed, token_bytes, token_bytes, 'A');
    return text;
}

bool parse_root(std::string_view line, SigningPublicKey& out)
{
    const auto text = behind(line, "root");
    const auto key = text ? from_base64(*text, out.size()) : Result<Bytes>(Error{});
    if (!key || key->size() != out.size()) return false;
    std::copy(key->begin(), key->end(), out.begin());
    return true;
}

std::optional<SiteHeader> parse_header(std::string_view rest)
{
    SiteHeader header;
    header.kind = take_word(rest);
    const auto colon = rest.find(": ");
    if (colon == std::string_view::npos) return std::nullopt;
    header.name = rest.substr(0, colon);
    header.value = rest.substr(colon + 2);
    const bool good =
        (header.kind == every_kind || is_site_kind(header.kind)) && is_header_name(header.name) && is_header_value(header.value);
    return good ? std::optional(std::move(header)) : std::nullopt;
}

std::optional<SitePage> parse_page(std::string_view rest)
{
    SitePage page;
    if (!parse_hash(take_word(rest), page.hash)) return std::nullopt;
    page.kind = take_word(rest);
    page.path = rest;
    return is_site_kind(page.kind) && is_site_path(page.path) ? std::optional(std::move(page)) : std::nullopt;
}

// Ascending by kind and name, and no name twice for an address, however it is spelt.
bool headers_are_distinct(const std::vector<SiteHeader>& headers)
{
    for (std::size_t i = 0; i < headers.size(); ++i) {
        const auto& header = headers[i];
        if (i > 0 && std::pair(headers[i - 1].kind, headers[i - 1].name) >= std::pair(header.kind, header.name)) return false;
        for (std::size_t j = 0; j < i; ++j) {
            const auto& other = headers[j];
            const bool meet = other.kind == header.kind || other.kind == every_kind || header.kind == every_kind;
            if (meet && lower(other.name) == lower(header.name)) return false;
        }
    }
    return true;
}

// Pages ascend by path and hash, and only forms have one path in common.
bool follows(const std::vector<SitePage>& pages, const SitePage& next)
{
    if (pages.empty() || pages.back().path < next.path) return true;
    const auto& last = pages.back();
    return last.path == next.path && last.hash < next.hash && last.kind == form_kind && next.kind == form_kind;
}

// One of the lines behind the first five.
bool parse_site_line(std::string_view line, SiteManifest& manifest)
{
    if (const auto rest = behind(line, "header")) {
        auto header = parse_header(*rest);
        if (!header || !manifest.pages.empty() || manifest.headers.size() == max_site_headers) return false;
        manifest.headers.push_back(*std::move(header));
        return true;
    }
    const auto rest = behind(line, "page");
    auto page = rest ? parse_page(*rest) : std::nullopt;
    if (!page || !follows(manifest.pages, *page) || manifest.pages.size() == max_site_pages) return false;
    manifest.pages.push_back(*std::move(page));
    return true;
}

// False when line `number`, counted from 1, is not what the format has there.
bool parse_site_line(std::size_t number, std::string_view line, SiteManifest& manifest)
{
    switch (number) {
    case 1: return line == site_title;
    case 2: {
        const auto name = behind(line, "deployment");
        manifest.deployment = name.value_or("");
        return name && is_note_name(*name);
    }
    case 3: {
        const auto serial = parse_serial(line);
        manifest.serial = serial.value_or(0);
        return serial.has_value();
    }
    case 4: return parse_root(line, manifest.root);
    case 5: {
        const auto hash = behind(line, "release");
        return hash && parse_hash(*hash, manifest.release);
    }
    default: return parse_site_line(line, manifest);
    }
}

}  // namespace

bool is_token(std::string_view text)
{
    return text.size() == token_bytes && std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
}

Hash page_hash(ByteView body, std::string_view kind)
{
    auto end = body.size();
    while (end > 0 && (body[end - 1] == ' ' || body[end - 1] == '\n')) --end;
    return kind == form_kind ? sha256(as_bytes(without_token(as_text(body.first(end))))) : sha256(body.first(end));
}

bool is_site_kind(std::string_view kind)
{
    return !kind.empty() && kind.size() <= max_kind_bytes &&
           std::all_of(kind.begin(), kind.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

bool is_site_path(std::string_view path)
{
    if (!path.starts_with('/') || path.size() > max_site_path_bytes) return false;
    path.remove_prefix(1);
    if (path.empty()) return true;
    if (path.ends_with('/')) path.remove_suffix(1);
    return is_release_path(path);
}

Result<std::string> SiteManifest::text() const
{
    auto text = fmt::format("{}\ndeployment {}\nserial {}\nroot {}\nrelease {}\n", site_title, deployment, serial,
                            to_base64(root), to_hex(release));
    for (const auto& header : headers) text += fmt::format("header {} {}: {}\n", header.kind, header.name, header.value);
    for (const auto& page : pages) text += fmt::format("page {} {} {}\n", to_hex(page.hash), page.kind, page.path);
    const auto read = parse(text);
    if (!read) return read.error();
    if (*read != *this) return Error{"a site manifest whose text says something else", ""};
    return Result<std::string>(boost::system::in_place_value, std::move(text));
}

Result<SiteManifest> SiteManifest::parse(std::string_view text)
{
    if (!is_whole(text)) return Error{"a site manifest that is cut off, or too long", ""};
    SiteManifest manifest;
    std::size_t number = 1;
    for (; !text.empty() || number <= 6; ++number)
        if (!parse_site_line(number, take_line(text), manifest)) return bad_line("site", number);
    if (manifest.pages.empty()) return Error{"a site manifest without a page", ""};
    if (!headers_are_distinct(manifest.headers)) return Error{"a site manifest whose headers are out of order, or one of them twice", ""};
    for (const auto& header : manifest.headers) {
        const auto has_kind = [&](const SitePage& page) { return page.kind == header.kind; };
        if (header.kind != every_kind && std::none_of(manifest.pages.begin(), manifest.pages.end(), has_kind))
            return Error{"a site manifest with a header for a kind that no page has", ""};
    }
    return manifest;
}

Result<SiteManifest> SiteManifest::open(const Note& note, std::string_view fingerprint)
{
    // The key stands in the text that it signs: compared first, believed afterwards, as in a key set.
    const auto manifest = parse(note.text);
    if (!manifest) return manifest.error();
    if (root_fingerprint(manifest->root) != fingerprint)
        return Error{"the site's manifest is signed by another root: " + root_fingerprint(manifest->root), ""};
    if (!note.verified_by({std::string(site_signer), manifest->root}))
        return Error{"the site's manifest does not bear the root's signature", ""};
    return manifest;
}

const SitePage* SiteManifest::find(std::string_view path) const
{
    const auto found = std::find_if(pages.begin(), pages.end(), [&](const auto& page) { return page.path == path; });
    return found == pages.end() ? nullptr : &*found;
}

bool SiteManifest::lists(std::string_view path, const Hash& hash) const
{
    return std::any_of(pages.begin(), pages.end(), [&](const auto& page) { return page.path == path && page.hash == hash; });
}

}  // namespace amana::crypto

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/backup_manifest.hpp"

#include "crypto/lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace amana::keeper {

namespace {

constexpr std::string_view title = "amana backup v1\n";
constexpr std::string_view end_word = "end ";
// In the order of their names.
constexpr std::array known_names{database_name, serial_name, log_key_name, outbox_name};

std::string_view name_of(BackupKind kind)
{
    return kind == BackupKind::copy ? "copy" : "handover";
}

// What follows a word and a space; nothing when the line begins otherwise.
std::optional<std::string_view> after(std::string_view word, std::string_view line)
{
    if (!line.starts_with(word) || !line.substr(word.size()).starts_with(' ')) return std::nullopt;
    return line.substr(word.size() + 1);
}

std::string_view take_word(std::string_view& text)
{
    const auto space = text.find(' ');
    const auto word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    return word;
}

// YYYY-MM-DD of the proleptic calendar; what it can't be is found by writing it again.
std::optional<UnixTime> parse_day(std::string_view text)
{
    if (text.size() != 10) return std::nullopt;
    const auto number = [&](std::size_t at, std::size_t count) -> std::optional<int> {
        int value = 0;
        for (const char c : text.substr(at, count)) {
            if (c < '0' || c > '9') return std::nullopt;
            value = value * 10 + (c - '0');
        }
        return value;
    };
    const auto year = number(0, 4);
    const auto month = number(5, 2);
    const auto day = number(8, 2);
    if (!year || !month || !day) return std::nullopt;
    std::tm parts{};
    parts.tm_year = *year - 1900;
    parts.tm_mon = *month - 1;
    parts.tm_mday = *day;
    return static_cast<UnixTime>(::timegm(&parts));
}

bool parse_tree(std::string_view text, BackupManifest& into)
{
    const auto size = crypto::parse_decimal(take_word(text));
    const auto root = from_base64(text, crypto::hash_bytes);
    if (!size || !root || root->size() != crypto::hash_bytes) return false;
    into.size = *size;
    std::copy(root->begin(), root->end(), into.root.begin());
    return true;
}

bool parse_file(std::string_view text, BackupManifest& into)
{
    BackupFile file;
    file.name = take_word(text);
    const auto bytes = crypto::parse_decimal(take_word(text));
    if (!bytes || from_hex(text, file.hash).has_error()) return false;
    file.bytes = *bytes;
    into.files.push_back(std::move(file));
    return into.files.size() <= known_names.size();
}

bool parse_lines(std::string_view text, BackupManifest& into)
{
    const auto kind = after("kind", crypto::take_line(text));
    if (!kind || (*kind != "copy" && *kind != "handover")) return false;
    into.kind = *kind == "copy" ? BackupKind::copy : BackupKind::handover;
    const auto day = after("day", crypto::take_line(text));
    const auto made = day ? parse_day(*day) : std::nullopt;
    if (!made) return false;
    into.day = *made;
    const auto log = after("log", crypto::take_line(text));
    if (!log) return false;
    auto verifier = crypto::NoteVerifier::parse(*log);
    if (!verifier) return false;
    into.log = *std::move(verifier);
    const auto tree = after("tree", crypto::take_line(text));
    if (!tree || !parse_tree(*tree, into)) return false;
    while (!text.empty()) {
        const auto file = after("file", crypto::take_line(text));
        if (!file || !parse_file(*file, into)) return false;
    }
    return true;
}

// Which files there are, and in which order.
bool is_complete(const BackupManifest& manifest)
{
    const auto place = [](const BackupFile& file) { return std::find(known_names.begin(), known_names.end(), file.name); };
    const bool known = std::ranges::all_of(manifest.files, [&](const auto& file) { return place(file) != known_names.end(); });
    const bool ordered = std::ranges::adjacent_find(manifest.files, [&](const auto& a, const auto& b) { return place(a) >= place(b); }) == manifest.files.end();
    if (!known || !ordered || manifest.find(database_name) == nullptr) return false;
    const bool handed = manifest.kind == BackupKind::handover;
    return handed == (manifest.find(log_key_name) != nullptr) && (handed || manifest.find(outbox_name) == nullptr);
}

}  // namespace

const BackupFile* BackupManifest::find(std::string_view name) const
{
    const auto found = std::ranges::find_if(files, [&](const auto& file) { return file.name == name; });
    return found == files.end() ? nullptr : &*found;
}

std::string BackupManifest::text() const
{
    std::string text(title);
    text += fmt::format("kind {}\nday {}\nlog {}\ntree {} {}\n", name_of(kind), to_rfc3339(day).substr(0, 10), log.text(), size, to_base64(root));
    for (const auto& file : files) text += fmt::format("file {} {} {}\n", file.name, file.bytes, to_hex(file.hash));
    return text + std::string(end_word) + to_hex(crypto::sha256(as_bytes(text))) + "\n";
}

Result<BackupManifest> BackupManifest::parse(ByteView bytes)
{
    const Error bad{"the backup's manifest is damaged, or not whole", "Copy the backup anew, or take another one."};
    auto text = as_text(bytes);
    if (!text.starts_with("amana backup v")) return Error{"this is no backup of Amana's", "Name the folder that 'amana-server backup' wrote."};
    if (!text.starts_with(title))
        return Error{"this backup is of a version that this program does not know", "It was made by a newer Amana: install that version, or a later one."};
    const auto end = text.rfind(end_word);
    if (end == std::string_view::npos) return bad;
    BackupManifest manifest;
    text.remove_suffix(text.size() - end);
    text.remove_prefix(title.size());
    if (!parse_lines(text, manifest) || !is_complete(manifest) || manifest.text() != as_text(bytes)) return bad;
    return manifest;
}

}  // namespace amana::keeper

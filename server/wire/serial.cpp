// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/wire/serial.hpp"

#include <charconv>
#include <optional>

namespace amana::wire {

namespace {

// The whole file: "ROOT SERIAL\n".
constexpr std::size_t max_file_bytes = 128;

struct Remembered {
    std::string root;
    std::uint64_t serial = 0;
};

Result<std::optional<Remembered>> recall(const std::filesystem::path& file)
{
    std::error_code problem;
    if (!std::filesystem::exists(file, problem) && !problem) return std::optional<Remembered>{};
    const auto bytes = read_file(file, max_file_bytes);
    if (!bytes) return bytes.error();
    const Error damaged{file.string() + " is damaged, so an old key set could not be told from a new one",
                        "Make sure that the key set is the latest of the desk, then remove the file and start again."};
    const auto text = as_text(*bytes);
    const auto space = text.find(' ');
    if (space == std::string_view::npos || !text.ends_with('\n')) return damaged;
    Remembered remembered{std::string(text.substr(0, space)), 0};
    const auto* end = text.data() + text.size() - 1;
    const auto [stopped, error] = std::from_chars(text.data() + space + 1, end, remembered.serial);
    if (error != std::errc{} || stopped != end) return damaged;
    return std::optional<Remembered>{std::move(remembered)};
}

}  // namespace

Result<void> check_serial(const std::filesystem::path& directory, const crypto::KeySet& keyset)
{
    const auto remembered = recall(directory / "keys.serial");
    if (!remembered) return remembered.error();
    if (!*remembered || (*remembered)->root != crypto::root_fingerprint(keyset.root)) return {};
    if (keyset.serial < (*remembered)->serial)
        return Error{"serial " + std::to_string(keyset.serial) + " is older than serial " +
                         std::to_string((*remembered)->serial) + ", which this server has used before",
                     "Bring the latest key set from the desk ('amana-desk public DIR --out FILE'). If nobody here put an old "
                     "one back, find out who did."};
    return {};
}

Result<void> remember_serial(const std::filesystem::path& directory, const crypto::KeySet& keyset)
{
    const auto file = directory / "keys.serial";
    const auto root = crypto::root_fingerprint(keyset.root);
    const auto remembered = recall(file);
    if (!remembered) return remembered.error();
    if (*remembered && (*remembered)->root == root && (*remembered)->serial == keyset.serial) return {};
    return write_durable(file, as_bytes(root + " " + std::to_string(keyset.serial) + "\n"), 0600,
                         DurableFile::Existing::replace);
}

}  // namespace amana::wire

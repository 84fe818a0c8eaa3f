// SPDX-License-Identifier: AGPL-3.0-or-later
// The config file, read and checked as far as its own text goes: what the files it names hold is material.hpp's question.
// Paths in it are relative to the directory it lies in.
#pragma once

#include "server/main/address.hpp"
#include "server/main/findings.hpp"
#include "server/wire/slices.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace amana::server {

inline constexpr std::size_t max_config_bytes = 256 * 1024;
inline constexpr std::uint32_t max_threads = wire::max_channels;

using Path = std::filesystem::path;

struct Config {
    Path file;

    std::vector<Placed<std::string>> languages;
    std::vector<wire::SiteTexts> texts;  // one for each language
    Placed<Path> data;
    Placed<Path> form;  // the questionnaire's file
    Placed<Path> logo;  // empty: none
    std::string colour;
    std::string exit = "https://www.wikipedia.org/";
    std::string address;  // of the form, as it stands on paper; empty where not told
    std::string onion;
    std::chrono::seconds read_every{24 * 3600};
    std::chrono::seconds cover{45};  // mean distance of cover bodies; 0: none
    std::string security_contact;    // of security.txt; empty: there is none
    Placed<Path> manifest;           // the site's, signed; empty: none
    Placed<Path> release;

    std::vector<Placed<SocketAddress>> addresses;
    std::uint32_t threads = 1;

    Placed<Path> certificate;
    Placed<Path> private_key;

    Placed<Path> keyset;
    Placed<std::string> root_fingerprint;  // 64 hexadecimal digits, lower case

    Placed<Path> storage;
    std::uint64_t reserve_bytes = 64ull * 1024 * 1024;

    std::string origin;
    std::chrono::seconds tick{900};
    std::uint32_t file_ticks = 24;
    std::uint32_t batch = 4;
    std::uint64_t large_cover = 1024ull * 1024 * 1024;
    std::chrono::seconds retention{365 * 24 * 3600};

    wire::Limits limits;
};

// Nothing when the file can't be read or is not TOML. Otherwise all that could be read: what couldn't is a finding and
// stays empty, so that the rest can still be checked and everything be reported at once.
[[nodiscard]] std::optional<Config> load_config(const Path& file, Findings& findings);
[[nodiscard]] std::optional<Config> parse_config(std::string_view text, const Path& file, Findings& findings);

}  // namespace amana::server

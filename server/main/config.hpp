// SPDX-License-Identifier: AGPL-3.0-or-later
// The config file, read and checked as far as its own text goes: what the files it names hold is material.hpp's question.
// Paths in it are relative to the directory it lies in.
#pragma once

#include "server/main/address.hpp"
#include "server/main/findings.hpp"
#include "server/wire/site_url.hpp"
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

// A certificate and its key; or, without a key, the folder that Certbot or Caddy keeps both in (server/main/tls_files.hpp).
struct CertificateFiles {
    Placed<Path> certificate;
    Placed<Path> key;
};

// One of the addresses by which the site is reached.
struct SiteAddress {
    Place place;
    wire::SiteUrl url;
    std::string onion_location;
    std::string exit;
    std::vector<CertificateFiles> certificates;  // empty: those of [tls]
    Placed<Path> manifest;
};

struct ListenerConfig {
    Place place;
    SocketAddress address;
    SocketAccess access;  // of a Unix socket
    bool tls = true;
    bool proxy = false;
    bool redirect = false;
    std::string forwarded;
    std::vector<wire::Network> peers;
    std::vector<Placed<std::string>> named;  // site addresses, as written
    std::vector<std::uint32_t> serves;       // the same by index; 0 alone where none is configured
};

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

    std::vector<ListenerConfig> listeners;
    std::uint32_t threads = 1;

    std::vector<SiteAddress> site_addresses;     // empty: one, by any name
    std::vector<CertificateFiles> certificates;  // of [tls]

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

    std::optional<SocketAddress> metrics;           // a Unix socket or of the loopback
    std::vector<std::string> notice;                // the command that gets it; empty: none
    std::optional<std::chrono::minutes> notice_at;  // of the day, UTC; nothing: whoever runs 'notice' says when
};

// Nothing when the file can't be read or is not TOML. Otherwise all that could be read: what couldn't is a finding and
// stays empty, so that the rest can still be checked and everything be reported at once.
[[nodiscard]] std::optional<Config> load_config(const Path& file, Findings& findings);
[[nodiscard]] std::optional<Config> parse_config(std::string_view text, const Path& file, Findings& findings);

}  // namespace amana::server

// SPDX-License-Identifier: AGPL-3.0-or-later
// A directory that goes away, and in it all that a server needs to be configured: TLS certificate and key, a key set, and
// the config that names them.
#pragma once

#include "crypto/keyset.hpp"
#include "server/main/config.hpp"

#include <filesystem>
#include <string>

namespace amana::server::test {

class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

void write_text(const std::filesystem::path& path, std::string_view text, mode_t mode = 0644);
[[nodiscard]] std::string read_text(const std::filesystem::path& path);

// A key set of two recipients whose epochs cover [begin, end), signed by a root made from `root_seed_byte`.
struct SignedKeys {
    std::string note;
    std::string fingerprint;
};
[[nodiscard]] SignedKeys make_keys(UnixTime begin, UnixTime end, std::uint64_t serial, Byte root_seed_byte = 7);

// A self-signed certificate and its key: "certificate.pem" and "key.pem" in `directory`, by openssl.
void make_certificate(const std::filesystem::path& directory, int days);

// Replaces the one occurrence of `what` (a bug of the test if there is not one).
[[nodiscard]] std::string replaced(std::string text, std::string_view what, std::string_view by);

class Site {
public:
    Site();
    [[nodiscard]] std::filesystem::path at(const std::string& name) const { return directory_.path() / name; }
    // A config that is right in everything.
    [[nodiscard]] const std::string& config() const { return config_; }
    // All findings of a config and what it names.
    [[nodiscard]] std::string findings_of(const std::string& config, UnixTime now);
    [[nodiscard]] UnixTime now() const { return now_; }
    [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }

private:
    TemporaryDirectory directory_;
    UnixTime now_;
    std::string fingerprint_;
    std::string config_;
};

}  // namespace amana::server::test

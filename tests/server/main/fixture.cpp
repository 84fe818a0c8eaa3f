// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/server/main/fixture.hpp"

#include "base/require.hpp"
#include "server/main/machine.hpp"
#include "server/main/material.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <sys/stat.h>

namespace amana::server::test {

TemporaryDirectory::TemporaryDirectory()
{
    std::string pattern = (std::filesystem::temp_directory_path() / "amana-test-XXXXXX").string();
    require(::mkdtemp(pattern.data()) != nullptr, "mkdtemp");
    path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void write_text(const std::filesystem::path& path, std::string_view text, mode_t mode)
{
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    require(::chmod(path.c_str(), mode) == 0, "chmod");
}

std::string read_text(const std::filesystem::path& path)
{
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

SignedKeys make_keys(UnixTime begin, UnixTime end, std::uint64_t serial, Byte root_seed_byte)
{
    ByteArray<crypto::ed25519_seed_bytes> seed{};
    seed.fill(root_seed_byte);
    crypto::KeySet keys;
    keys.deployment = "test";
    keys.serial = serial;
    keys.root = crypto::signing_public_key(seed);
    keys.courier = {{begin, end}, keys.root};
    keys.witness = {{begin, end}, keys.root};
    ByteArray<crypto::xwing_secret_bytes> secret{};
    for (const auto* recipient : {"desk", "partner"}) {
        for (auto start = crypto::epoch_start(begin); start < end; start += crypto::epoch_length) {
            ++secret[0];
            const crypto::Validity validity{start, std::min(end, start + crypto::epoch_validity)};
            keys.epochs.push_back({recipient, validity, crypto::xwing_public_key(secret)});
        }
    }
    return {keys.encode(seed), crypto::root_fingerprint(keys.root)};
}

void make_certificate(const std::filesystem::path& directory, int days)
{
    const auto key = (directory / "key.pem").string();
    const auto command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days " +
                         std::to_string(days) + " -keyout " + key + " -out " + (directory / "certificate.pem").string() +
                         " 2>/dev/null && chmod 0600 " + key;
    require(std::system(command.c_str()) == 0, "openssl makes a certificate");
}

std::string replaced(std::string text, std::string_view what, std::string_view by)
{
    const auto at = text.find(what);
    require(at != std::string::npos && text.find(what, at + 1) == std::string::npos, "the text to replace is there once");
    return text.replace(at, what.size(), by);
}

// A minute ahead, so that no certificate made meanwhile is still to come.
Site::Site() : now_(system_clock()() + 60)
{
    make_certificate(directory_.path(), 365);
    const auto keys = make_keys(now_ - one_week, now_ + 10 * one_week, 5);
    fingerprint_ = keys.fingerprint;
    write_text(at("keys.public"), keys.note);
    for (const auto* name : {"data/templates", "data/locale/ar/LC_MESSAGES", "data/locale/en/LC_MESSAGES", "data/forms", "storage"})
        std::filesystem::create_directories(at(name));
    ::chmod(at("storage").c_str(), 0700);
    write_text(at("data/locale/ar/LC_MESSAGES/amana.mo"), "");
    write_text(at("data/locale/en/LC_MESSAGES/amana.mo"), "");
    write_text(at("data/forms/recruitment-2.toml"), "id = \"recruitment\"\n");
    config_ = "[site]\n"                                     // 1
              "languages = [\"ar\", \"en\"]\n"               // 2
              "data = \"data\"\n"                            // 3
              "[listen]\n"                                   // 4
              "address = [\"127.0.0.1:8443\", \"[::1]:8443\"]\n"  // 5
              "threads = 2\n"                                // 6
              "[tls]\n"                                      // 7
              "certificate = \"certificate.pem\"\n"          // 8
              "key = \"key.pem\"\n"                          // 9
              "[keys]\n"                                     // 10
              "public = \"keys.public\"\n"                   // 11
              "root = \"" + fingerprint_ + "\"\n"            // 12
              "[storage]\n"                                  // 13
              "directory = \"storage\"\n"                    // 14
              "reserve = \"64 MiB\"\n"                       // 15
              "[log]\n"                                      // 16
              "origin = \"reports.example.org\"\n"           // 17
              "tick = \"15m\"\n"                             // 18
              "[limits]\n"                                   // 19
              "max_files = \"64 MiB\"\n"                     // 20
              "max_uploads = 64\n"                           // 21
              "idle_timeout = \"60s\"\n";                    // 22
}

std::string Site::findings_of(const std::string& text, UnixTime now)
{
    Findings findings;
    const auto config = parse_config(text, at("amana.toml"), findings);
    if (config) [[maybe_unused]] const auto material = load_material(*config, now, Moment::start, findings);
    return findings.text("amana.toml");
}

}  // namespace amana::server::test

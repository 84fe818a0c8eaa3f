// SPDX-License-Identifier: AGPL-3.0-or-later
// What each command does, from its arguments to its words on the screen. Errors say what to do next.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "crypto/primitives.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace amana::desk {

struct Surroundings {
    Clock clock;
    crypto::Argon2Limits limits;
};

struct CommandLine {
    std::filesystem::path directory;
    std::filesystem::path passphrase_file;  // empty: asked on the terminal
    std::string deployment = "amana";
    unsigned weeks = 0;
    std::filesystem::path root_secret;  // empty: in the desk's folder
    std::filesystem::path out;
    std::string verifier;
    bool replace = false;
    bool new_log = false;
    bool accept_erased = false;
    bool json = false;
    std::string lane;  // "calm", "pressure"; empty: all
    std::vector<std::filesystem::path> bundles;
    std::string id;
    std::filesystem::path data;  // forms/ and locale/; empty: where find_data() finds them
    std::string language = "en";
    std::filesystem::path form;
    std::filesystem::path proof;
    unsigned count = 0;
    std::filesystem::path texts;  // empty: invented
    unsigned grace_days = 0;
    std::string settle;  // an evidence's id; empty: none
    // Manifests and sites (desk/site_*.hpp).
    std::filesystem::path file;      // a release key
    std::filesystem::path manifest;  // a text to be signed
    bool yes = false;
    std::string site;  // an address, or a folder
    std::string root;  // a fingerprint as it stands on paper
    std::string release_key;
    std::string proxy;
    std::filesystem::path ca;
    std::filesystem::path seen;
    std::string agent;
    unsigned seconds = 0;
    bool quiet = false;
    // Updates of the desk's machine. A release key and `replace` are above.
    std::filesystem::path update;                 // the folder on the medium
    std::vector<std::filesystem::path> packages;  // or folders of them
    std::uint64_t serial = 0;                     // 0: of the clock
    // Answers.
    std::filesystem::path text_file;  // "-": standard input; empty: an editor
    std::vector<std::filesystem::path> attachments;
    std::string reply_template;
    bool list_templates = false;
    bool withdraw = false;
    std::int64_t message = 0;
    unsigned keep_days = 0;
};

[[nodiscard]] Result<void> run_init(const CommandLine& line, const Surroundings& surroundings);
[[nodiscard]] Result<void> run_extend(const CommandLine& line, const Surroundings& surroundings);
[[nodiscard]] Result<void> run_public(const CommandLine& line, const Surroundings& surroundings);
[[nodiscard]] Result<void> run_trust(const CommandLine& line, const Surroundings& surroundings);
[[nodiscard]] Result<void> run_import(const CommandLine& line, const Surroundings& surroundings);
[[nodiscard]] Result<void> run_list(const CommandLine& line, const Surroundings& surroundings);
[[nodiscard]] Result<void> run_show(const CommandLine& line, const Surroundings& surroundings);
[[nodiscard]] Result<void> run_form(const CommandLine& line, const Surroundings& surroundings);
[[nodiscard]] Result<void> run_save(const CommandLine& line, const Surroundings& surroundings);

// What the desk says, and how it gets to the server (docs/INBOX.md).
[[nodiscard]] Result<void> run_reply(const CommandLine& line, const Surroundings& surroundings);
[[nodiscard]] Result<void> run_notice(const CommandLine& line, const Surroundings& surroundings);
[[nodiscard]] Result<void> run_unsend(const CommandLine& line, const Surroundings& surroundings);
[[nodiscard]] Result<void> run_outbox(const CommandLine& line, const Surroundings& surroundings);

// The desk as a witness of the log (docs/LOG.md, sections 4.2, 6 and 11). False: what was looked at is not well.
[[nodiscard]] Result<void> run_cosign(const CommandLine& line, const Surroundings& surroundings);
[[nodiscard]] Result<void> run_canary(const CommandLine& line, const Surroundings& surroundings);
[[nodiscard]] Result<bool> run_audit(const CommandLine& line, const Surroundings& surroundings);
[[nodiscard]] Result<bool> run_proof(const CommandLine& line, const Surroundings& surroundings);

// Updates of the desk's machine (docs/SEALING.md, section 8). run_make_update needs no desk.
[[nodiscard]] Result<void> run_update(const CommandLine& line, const Surroundings& surroundings);
[[nodiscard]] Result<void> run_make_update(const CommandLine& line, const Surroundings& surroundings);

// The two manifests (docs/SEALING.md, section 6). run_verify_site needs no desk. False: the site is not as it was signed.
[[nodiscard]] Result<void> run_release_key(const CommandLine& line, const Surroundings& surroundings);
[[nodiscard]] Result<void> run_sign_release(const CommandLine& line, const Surroundings& surroundings);
[[nodiscard]] Result<void> run_sign_site(const CommandLine& line, const Surroundings& surroundings);
[[nodiscard]] Result<bool> run_verify_site(const CommandLine& line, const Surroundings& surroundings);

}  // namespace amana::desk

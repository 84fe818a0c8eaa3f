// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/site_signing.hpp"

#include "base/file.hpp"
#include "desk/directory.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace amana::desk {

namespace {

constexpr mode_t public_file = 0644;

// Entries of two lists in ascending order of their names: what came, went or changed.
template <typename Entry, typename Name>
void compare(const std::vector<Entry>& before, const std::vector<Entry>& now, const std::string& what, const Name& name,
             std::vector<std::string>& out)
{
    auto old = before.begin();
    for (const auto& entry : now) {
        for (; old != before.end() && name(*old) < name(entry); ++old) out.push_back("removed " + what + " " + name(*old));
        const bool had = old != before.end() && name(*old) == name(entry);
        if (!had) out.push_back("new " + what + " " + name(entry));
        else if (!(*old == entry)) out.push_back("changed " + what + " " + name(entry));
        if (had) ++old;
    }
    for (; old != before.end(); ++old) out.push_back("removed " + what + " " + name(*old));
}

}  // namespace

Result<crypto::NoteVerifier> make_release_key(const std::filesystem::path& file, ByteView passphrase, crypto::Argon2Limits limits)
{
    SecretBuffer seed(crypto::ed25519_seed_bytes);
    crypto::random_bytes(seed.span());
    const auto secret = crypto::protect_secret(crypto::SecretKind::release, seed.view(), passphrase, limits);
    if (!secret) return secret.error();
    if (const auto written = write_durable(file, *secret, private_file, DurableFile::Existing::refuse); !written) return written.error();
    return crypto::NoteVerifier{std::string(crypto::release_signer), crypto::signing_public_key(seed.view())};
}

Result<std::optional<std::string>> last_signed(const std::filesystem::path& file)
{
    std::error_code failed;
    if (!std::filesystem::exists(file, failed)) return std::optional<std::string>{};
    const auto bytes = read_file(file, crypto::max_site_manifest_bytes);
    if (!bytes) return bytes.error();
    auto note = crypto::Note::parse(*bytes, crypto::max_site_manifest_bytes);
    if (!note)
        return Error{file.string() + ": " + note.error().message,
                     "It is what was signed last. If it is lost, put it back from a backup."};
    return std::optional(std::move(note->text));
}

std::vector<std::string> changes(const crypto::ReleaseManifest& before, const crypto::ReleaseManifest& now)
{
    std::vector<std::string> out;
    if (before.version != now.version) out.push_back("version " + before.version + " becomes " + now.version);
    compare(before.files, now.files, "file", [](const crypto::ReleaseFile& file) { return file.path; }, out);
    return out;
}

std::vector<std::string> changes(const crypto::UpdateManifest& before, const crypto::UpdateManifest& now)
{
    std::vector<std::string> out;
    if (before.version != now.version) out.push_back("version " + before.version + " becomes " + now.version);
    compare(before.files, now.files, "file", [](const crypto::UpdateFile& file) { return file.name; }, out);
    return out;
}

std::vector<std::string> changes(const crypto::SiteManifest& before, const crypto::SiteManifest& now)
{
    std::vector<std::string> out;
    if (before.release != now.release) out.push_back("release " + to_hex(before.release) + " becomes " + to_hex(now.release));
    // By kind and name, so that a changed value is a change and no new line.
    compare(before.headers, now.headers, "header", [](const crypto::SiteHeader& header) { return header.kind + " " + header.name; }, out);
    for (const auto& header : now.headers) {
        const auto is_same = [&](const crypto::SiteHeader& other) { return other == header; };
        if (std::none_of(before.headers.begin(), before.headers.end(), is_same))
            out.push_back("  " + header.kind + " " + header.name + ": " + header.value);
    }
    // A form has as many lines as variants, and is told once.
    compare(before.pages, now.pages, "page", [](const crypto::SitePage& page) { return page.path; }, out);
    const auto twice = std::ranges::unique(out);
    out.erase(twice.begin(), twice.end());
    return out;
}

Result<void> sign_manifest(const std::string& text, std::string_view signer, ByteView seed, const std::filesystem::path& last,
                           const std::filesystem::path& out)
{
    crypto::Note note{text, {}};
    note.sign(std::string(signer), seed);
    const auto encoded = note.encode();
    for (const auto& path : {last, out})
        if (const auto written = write_durable(path, as_bytes(encoded), public_file, DurableFile::Existing::replace); !written)
            return written.error();
    return {};
}

Result<bool> confirmed(const std::string& question)
{
    const UniqueFd terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!terminal)
        return Error{"there is no terminal to ask on",
                     "Look at what is said above; with --yes it is done without being asked."};
    if (const auto asked = write_full(terminal.get(), as_bytes(question + " [y/N] ")); !asked) return asked.error();
    std::string answer;
    char c = 0;
    while (answer.size() < 16) {
        const auto got = ::read(terminal.get(), &c, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0 || c == '\n') break;
        answer += c;
    }
    return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace amana::desk

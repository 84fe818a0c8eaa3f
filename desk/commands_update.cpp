// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/command_parts.hpp"
#include "desk/command_signing.hpp"
#include "desk/update.hpp"
#include "desk/update_making.hpp"

#include <fmt/format.h>

namespace amana::desk {

namespace {

std::string size_of(std::uint64_t bytes)
{
    return bytes < 10'000'000 ? fmt::format("{} kB", (bytes + 999) / 1000) : fmt::format("{} MB", (bytes + 999'999) / 1'000'000);
}

// What the makers say by telephone and the desk sees: as both print it.
std::string described(const crypto::UpdateManifest& update)
{
    return fmt::format("serial {}, amana-desk {}, {}, {}", update.serial, update.version, counted(update.files.size(), "file", "files"), size_of(update.bytes()));
}

// Tells the desk a release key. A person compares its fingerprint, once.
Result<crypto::NoteVerifier> told_key(const CommandLine& line, const DeskPaths& paths, const std::optional<crypto::NoteVerifier>& before)
{
    const auto given = crypto::NoteVerifier::parse(line.release_key);
    if (!given || given->name != crypto::release_signer)
        return Error{"not a release key: " + line.release_key, "It is one line, amana-release+HEXID+BASE64, as 'amana-desk release-key' printed it."};
    if (before && before->text() == given->text()) return *given;
    if (before && !line.replace)
        return Error{"this desk already trusts another release key: " + before->text(), "If it was replaced on purpose, and you have the new one on paper, repeat this with --replace."};
    Output out(STDOUT_FILENO);
    out.text("The fingerprint of this release key, which can then put any program on this machine:\n\n" + fingerprint_lines(given->key) + "\n");
    if (const auto said = out.finish(); !said) return said.error();
    if (!line.yes) {
        const auto yes = confirmed("Is this the fingerprint that you have on paper?");
        if (!yes) return yes.error();
        if (!*yes) return Error{"the key is not trusted, and nothing has changed", "Get the fingerprint from whoever makes the updates, by another way than the stick."};
    }
    if (const auto written = write_release_key(paths, *given); !written) return written.error();
    return *given;
}

Result<crypto::NoteVerifier> trusted_key(const CommandLine& line, const DeskPaths& paths)
{
    const auto kept = read_release_key(paths);
    if (!kept) return kept.error();
    if (!line.release_key.empty()) return told_key(line, paths, *kept);
    if (!*kept) return Error{"this desk does not know the release key yet", "Once: amana-desk update DIR FOLDER --release-key amana-release+HEXID+BASE64, with the key as it stands on paper."};
    return **kept;
}

}  // namespace

Result<void> run_update(const CommandLine& line, const Surroundings&)
{
    const auto directory = DeskDirectory::open(line.directory, DeskDirectory::Use::write);
    if (!directory) return directory.error();
    const auto& paths = directory->paths();
    const auto key = trusted_key(line, paths);
    if (!key) return key.error();
    const auto update = take_update(paths, line.update, *key, progress_on_stderr("copying the update"));
    if (!update) return update.error();
    Output out(STDOUT_FILENO);
    out.text("The update is as it was signed: " + described(*update) + ".\n");
    out.text("It is copied to ").foreign(update_path(paths).string()).text(", and the stick is not needed any more. Now, as root:\n\n    ");
    out.foreign(install_command(paths)).text("\n\nIt says what it changes, and needs no network. Then look: amana-desk --version\n");
    return out.finish();
}

Result<void> run_make_update(const CommandLine& line, const Surroundings& surroundings)
{
    auto update = NewUpdate::fill(line.out, line.packages, line.serial != 0 ? line.serial : serial_of(surroundings.clock()));
    if (!update) return update.error();
    const auto text = update->manifest().text();
    if (!text) return text.error();
    auto kept = line.file;
    kept += ".last-update";
    if (const auto good = agreed(line, kept, update->manifest()); !good) return good.error();
    const auto seed = open_release_key(line);
    if (!seed) return seed.error();
    if (const auto done = sign_manifest(*text, crypto::release_signer, seed->view(), kept, update->list()); !done) return done.error();
    update->keep();
    const crypto::NoteVerifier key{std::string(crypto::release_signer), crypto::signing_public_key(seed->view())};
    Output out(STDOUT_FILENO);
    out.text("Made and signed: ").foreign(line.out.string()).text(": " + described(update->manifest()) + ".\n");
    out.text("Copy the folder to the stick as it is, and tell the desk the serial by another way. The key is\n" + key.text() + "\nand its fingerprint\n\n" +
             fingerprint_lines(key.key));
    return out.finish();
}

}  // namespace amana::desk

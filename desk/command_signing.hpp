// SPDX-License-Identifier: AGPL-3.0-or-later
// What the commands that sign share: a manifest's text, the question before it is signed, the release key.
#pragma once

#include "base/secret.hpp"
#include "desk/commands.hpp"
#include "desk/site_signing.hpp"
#include "desk/terminal.hpp"

#include <fmt/format.h>

#include <unistd.h>

namespace amana::desk {

[[nodiscard]] Result<std::string> read_manifest_text(const std::filesystem::path& path);

// The seed in KEYFILE, once its passphrase is known.
[[nodiscard]] Result<SecretBuffer> open_release_key(const CommandLine& line);

// Tells what will be signed; an error when the serial is not new, or nobody says yes.
template <typename Manifest>
[[nodiscard]] Result<void> agreed(const CommandLine& line, const std::filesystem::path& kept, const Manifest& now)
{
    const auto last = last_signed(kept);
    if (!last) return last.error();
    Output out(STDOUT_FILENO);
    if (!*last) {
        out.text(fmt::format("Nothing was signed before. This is serial {}.\n", now.serial));
    } else {
        const auto before = Manifest::parse(**last);
        if (!before) return Error{kept.string() + ": " + before.error().message, "It is what was signed last. Put it back from a backup."};
        if (now.serial <= before->serial)
            return Error{fmt::format("serial {} is not higher than the last one that was signed, {}", now.serial, before->serial),
                         "Each manifest has a serial of its own, and serials only rise: make it again with a higher one."};
        const auto list = changes(*before, now);
        out.text(fmt::format("Serial {}; serial {} was signed before. {}\n", now.serial, before->serial,
                             list.empty() ? "Nothing else changed." : "What changed:"));
        for (const auto& change : list) out.text("  ").foreign(change).text("\n");
    }
    if (const auto said = out.finish(); !said) return said.error();
    if (line.yes) return {};
    const auto yes = confirmed("Sign this?");
    if (!yes) return yes.error();
    return *yes ? Result<void>{} : Result<void>(Error{"nothing was signed", ""});
}

}  // namespace amana::desk

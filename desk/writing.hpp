// SPDX-License-Identifier: AGPL-3.0-or-later
// What staff writes: from a file, from standard input, or from an editor. It is held to what a letter may say.
//
// An editor works on a file in a folder of its own in the desk, which nobody else may enter. Its HOME and TMPDIR are there, too,
// so that what it keeps beside (swap files, histories) goes with the folder: all is written over and removed when it ends, and
// what a crash left by whoever writes next.
#pragma once

#include "base/secret.hpp"
#include "desk/directory.hpp"

namespace amana::desk {

// `path` "-": standard input.
[[nodiscard]] Result<SecretText> read_writing(const std::filesystem::path& path);
// Begins with `beginning`; $VISUAL, $EDITOR or vi.
[[nodiscard]] Result<SecretText> write_in_editor(const DeskPaths& paths, std::string_view beginning);

// UTF-8 without controls, lines ended by a newline, nothing white at its end; at most `max` bytes. An error says what is wrong, and
// in which line.
[[nodiscard]] Result<SecretText> checked_writing(std::string_view text, std::size_t max);

// Writes over what is in it, and removes it.
void wipe_folder(const std::filesystem::path& folder);

}  // namespace amana::desk

// SPDX-License-Identifier: AGPL-3.0-or-later
// A report as files, in a folder of its own. The only thing that writes plaintext to a disk, and only where it is told to.
//
//   story.txt         the story, or what was written on from an inbox, byte for byte as it was sent
//   answers.txt       all answers as 'show' has them, made harmless for reading
//   conversation.txt  what was written on from its inbox, and what was answered, made harmless for reading
//   manifest.json     the same as they are sealed, and what was said of the attachments
//   names.txt         the name each attachment was sent under, made harmless for reading
//   attachment-N.EXT  the attachments, byte for byte; EXT from a short list by the declared type, else bin
//
// No name or path ever comes from the report. A file appears under its name when the whole envelope has verified; on any
// failure everything written is removed.
#pragma once

#include "desk/envelope_store.hpp"
#include "desk/forms.hpp"
#include "desk/report.hpp"

namespace amana::desk {

[[nodiscard]] std::string attachment_file_name(std::size_t number, std::string_view declared_type);
// What a file with this name is said to be: application/octet-stream, unless the end of its name is known.
[[nodiscard]] std::string declared_type(std::string_view name);

// `form`: the one the report answers, or nullptr. `out` must not exist or be empty.
[[nodiscard]] Result<void> save_report(const Records& records, const Report& report, const Form* form, const EnvelopeStore& store,
                                       const std::filesystem::path& out);

}  // namespace amana::desk

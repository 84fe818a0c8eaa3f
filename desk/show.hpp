// SPDX-License-Identifier: AGPL-3.0-or-later
// Reports on the screen, or as JSON for other programs. Everything a citizen wrote passes through desk/terminal.hpp, and is
// indented behind a bar, so that no story can pass for a heading of ours.
//
//   list --json   {"reports":[{"id","leaf","kind","urgent","lane","bytes","size_class","attachments","beginning",
//                  "same_sending_as"}],"unopened":{CLASS:COUNT}}
//   show --json   {"id","leaf","position","kind","urgent","lane","bytes","size_class","form":{"id","version"},"submission",
//                  "same_sending":[ID],"answers":{NAME:[TEXT or {COLUMN:TEXT}]},
//                  "attachments":[{"number","saved_as","name","type","size","sha256"}]}
#pragma once

#include "desk/forms.hpp"
#include "desk/report.hpp"
#include "desk/terminal.hpp"

namespace amana::desk {

enum class Format { text, json };
enum class Lane { all, calm, pressure };

[[nodiscard]] Result<void> list_reports(Casebook& casebook, const SecretBuffer& master, const Forms& forms, Format format,
                                        Output& out, Lane lane = Lane::all);
[[nodiscard]] Result<void> show_report(Casebook& casebook, const SecretBuffer& master, const Forms& forms, const Report& report,
                                       Format format, Output& out);

// "calm", "pressure 2".
[[nodiscard]] std::string lane_text(unsigned lane);
// "32 KiB", "1 MiB".
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace amana::desk

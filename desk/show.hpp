// SPDX-License-Identifier: AGPL-3.0-or-later
// Reports on the screen, or as JSON for other programs. Everything a citizen wrote passes through desk/terminal.hpp, and is
// indented behind a bar, so that no story can pass for a heading of ours.
//
//   list --json   {"reports":[{"id","leaf","kind","urgent","lane","bytes","size_class","attachments","beginning",
//                  "same_sending_as","report","believed","answerable","follow_ups","replies","newest_reply","forgotten"}],
//                  "unopened":{CLASS:COUNT}}
//   show --json   {"id","leaf","position","kind","urgent","lane","bytes","size_class","form":{"id","version"},"submission",
//                  "same_sending":[ID],"answers":{NAME:[TEXT or {COLUMN:TEXT}]},
//                  "attachments":[{"number","saved_as","name","type","size","sha256"}],"report","believed","answerable","follow_ups",
//                  "replies","newest_reply","forgotten","conversation":[{"id","kind","believed","text",
//                  "attachments":[{"name","type","size"}]} or
//                  {"reply","day","state","text","files":[{"name","type","size"}]}]}
//
// "report" is the first report of a conversation, null where there is none here; "newest_reply" how far it is, null without
// one; "believed" is false for a request to be forgotten that the inbox's key has not signed.
#pragma once

#include "desk/forms.hpp"
#include "desk/report.hpp"
#include "desk/terminal.hpp"

namespace amana::desk {

enum class Format { text, json };
enum class Lane { all, calm, pressure };

[[nodiscard]] Result<void> list_reports(const Records& records, const Forms& forms, Format format, Output& out, Lane lane = Lane::all);
[[nodiscard]] Result<void> show_report(const Records& records, const Forms& forms, const Report& report, Format format, Output& out);

// "calm", "pressure 2".
[[nodiscard]] std::string lane_text(unsigned lane);
// "32 KiB", "1 MiB".
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace amana::desk

// SPDX-License-Identifier: AGPL-3.0-or-later
// The sentences that the page's script says, by their keys in the catalogue; sealing.json names them by the same keys.
#pragma once

#include <array>
#include <string_view>

namespace amana::web {

// What may stand in braces in these sentences. The script fills it in, so in sealing.json each stands as it does here.
inline constexpr std::array<std::string_view, 8> sealing_places{"size", "done", "total", "number", "file", "limit", "day", "name"};

inline constexpr auto sealing_words = std::to_array<std::string_view>({
    "seal_here", "seal_how", "seal_protects", "seal_not_script", "seal_not_address", "seal_not_network", "seal_not_device",
    "seal_cover", "seal_cover_what", "seal_cover_cost", "seal_cover_wait", "seal_cover_files", "seal_cover_saving",
    "seal_cover_off", "seal_cover_over", "seal_linger", "seal_waiting", "seal_at_once", "seal_at_once_shows", "seal_preparing",
    "seal_sending", "seal_progress", "seal_megabytes", "seal_cost", "seal_cost_why", "seal_stay", "seal_cancel", "seal_stop",
    "seal_cancelled", "seal_perhaps", "seal_not_yet", "seal_unknown", "seal_from_start", "seal_busy", "seal_wait", "line_before", "line_minutes",
    "seal_new_keys", "seal_false", "seal_false_advice", "seal_failed", "seal_failed_advice", "seal_unable", "seal_unable_advice", "seal_unable_files",
    "seal_unsealed", "seal_photos", "seal_cleaning", "seal_clean", "seal_removed", "seal_what_place", "seal_what_time",
    "seal_what_camera", "seal_what_text", "seal_what_preview", "seal_what_other", "seal_keep", "seal_uncleanable",
    "seal_as_it_is", "seal_leave_out", "seal_choose", "seal_choose_advice", "seal_unreadable", "seal_unreadable_advice",
    "seal_short_advice", "problem_empty_story", "problem_empty_story_advice", "problem_short_story", "problem_long_story",
    "problem_long_story_advice", "problem_long_answer", "problem_long_answer_advice", "problem_too_large",
    "problem_too_large_advice", "problem_too_many_parts", "problem_too_many_parts_advice", "problem_storage_full",
    "problem_storage_full_advice", "room_text", "room_text_advice", "problem_closed", "problem_closed_advice",
    "go_to_field", "received_title", "received_sealed", "received_thanks",
    "received_urgent", "received_next", "received_history", "received_files", "received_close", "received_limits",
    "received_another", "safe_more", "proof_title", "proof_warning", "proof_once", "proof_save", "proof_copy", "proof_later",
    "proof_checker", "proof_none",
    "receipt_title", "receipt_what", "receipt_keep", "receipt_keep_paper", "receipt_keep_split", "receipt_keep_apart", "receipt_print",
    "receipt_qr", "receipt_qr_save", "receipt_where", "receipt_when", "inbox_link",
    "inbox_count", "inbox_check", "inbox_empty", "inbox_empty_why", "inbox_answers", "inbox_day", "inbox_notice", "inbox_file",
    "inbox_file_get", "inbox_file_warning", "inbox_damaged", "inbox_write", "inbox_write_what", "inbox_write_text", "inbox_write_files",
    "inbox_write_nothing", "inbox_send", "inbox_sent", "inbox_sent_what", "inbox_erase", "inbox_erase_what", "inbox_erase_sure",
    "inbox_erase_no", "inbox_erased", "inbox_erased_what", "inbox_hidden", "inbox_opening", "inbox_broken"});

}  // namespace amana::web

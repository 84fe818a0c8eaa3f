// SPDX-License-Identifier: AGPL-3.0-or-later
#include "web/page_builder.hpp"

#include <fmt/format.h>

namespace amana::web {

namespace {

// A browser counts UTF-16 units, and one of them takes at most three bytes as it is sealed.
constexpr std::size_t most_units = max_answers_bytes / 3;

// A slot is marked by one of these while its page is made: they are in no catalogue and no template. By InboxSlot.
constexpr std::string_view marks = "\x03\x04\x05\x06\x07\x08\x0e\x0f\x10\x11";

std::string mark(InboxSlot slot)
{
    return std::string(1, marks[static_cast<std::size_t>(slot)]);
}

InboxPieces cut(std::string_view rendered)
{
    InboxPieces pieces;
    for (;;) {
        const auto at = rendered.find_first_of(marks);
        if (at == std::string_view::npos) break;
        pieces.push_back({std::string(rendered.substr(0, at)), static_cast<InboxSlot>(marks.find(rendered[at]))});
        rendered.remove_prefix(at + 1);
    }
    pieces.push_back({std::string(rendered), std::nullopt});
    return pieces;
}

// The flag of the template for what is said.
constexpr std::array<const char*, inbox_said> flags{"count", "check", "empty", "damaged", "opened", "write", "failed", "sent", "sure", "erased"};
// Whoever has a code may write on and be forgotten, answered or not.
bool converses(InboxSaid what)
{
    return what == InboxSaid::opened || what == InboxSaid::empty;
}
// What is sent from it takes what there is room for, and waits under pressure.
bool sends(std::size_t said)
{
    const auto what = static_cast<InboxSaid>(said);
    return converses(what) || what == InboxSaid::write || what == InboxSaid::sure;
}

}  // namespace

Result<void> PageBuilder::add_inbox_problems(InboxPages& made, const Catalogue& catalogue, Values values) const
{
    for (const auto what : all_problems) {
        if (const auto added = add_problem(values, catalogue, what, Room::all); !added) return added.error();
        values.set("advised", what != Problem::empty_story);
        if (what == Problem::empty_story) {
            auto nothing = catalogue.find("inbox_write_nothing");
            if (!nothing) return nothing.error();
            values.set("problem_title", *std::move(nothing));
        }
        auto alert = sources_.templates.render("inbox_alert", catalogue, values);
        if (!alert) return alert.error();
        made.alerts.at(static_cast<std::size_t>(what)) = *alert;
        auto with_alert = values;
        with_alert.set("inbox_alert", *std::move(alert));
        auto page_with = page("inbox", catalogue, with_alert);
        if (!page_with) return page_with.error();
        made.problems.at(static_cast<std::size_t>(what)) = *std::move(page_with);
    }
    return {};
}

Result<void> PageBuilder::add_letter(InboxPages& made, const Catalogue& catalogue, Values values) const
{
    const auto size = catalogue.with({{"number", mark(InboxSlot::size)}}).find("seal_megabytes");
    if (!size) return size.error();
    const auto speaking = catalogue.with({{"day", mark(InboxSlot::day)}, {"name", mark(InboxSlot::name)}, {"size", *size}});
    values.set("code", mark(InboxSlot::code));
    values.set("number", mark(InboxSlot::number));
    values.set("text", mark(InboxSlot::text));
    values.set("files", mark(InboxSlot::files));
    values.set("notice", false);
    const auto add = [&](InboxPieces& pieces, const char* name) -> Result<void> {
        const auto rendered = sources_.templates.render(name, speaking, values);
        if (!rendered) return rendered.error();
        pieces = cut(*rendered);
        return {};
    };
    if (auto added = add(made.message, "inbox_message"); !added) return added;
    if (auto added = add(made.file, "inbox_file"); !added) return added;
    values.set("notice", true);
    return add(made.notice, "inbox_message");
}

Result<InboxPages> PageBuilder::inbox(const Catalogue& catalogue, Values values) const
{
    InboxPages made;
    auto digits = catalogue.digits("0123456789");
    if (!digits) return digits.error();
    made.digits = *std::move(digits);
    values.set("behind", "inbox");
    values.set("inbox_alert", "");
    values.set("most", std::to_string(most_units));
    values.set("asked", true);
    values.set("look", false);
    values.set("code", "");
    for (const auto* flag : flags) values.set(flag, false);
    values.set("conversing", false);
    values.set("scripted", true);
    values.set("inbox_script_hash", sources_.scripts.inbox.hash);
    values.set("inbox_worker_script_hash", sources_.scripts.inbox_worker.hash);
    auto empty = page("inbox", catalogue, values);
    if (!empty) return empty.error();
    made.page = *std::move(empty);
    values.set("scripted", false);
    if (const auto added = add_inbox_problems(made, catalogue, values); !added) return added.error();
    if (const auto added = add_letter(made, catalogue, values); !added) return added.error();

    // Going elsewhere would lose what was typed.
    for (const auto* elsewhere : {"few_languages", "many_languages", "awaiting"}) values.set(elsewhere, false);
    values.set("inbox_alert", mark(InboxSlot::alert));
    values.set("code", mark(InboxSlot::code));
    values.set("token", mark(InboxSlot::token));
    values.set("letter", mark(InboxSlot::letter));
    values.set("text", mark(InboxSlot::text));
    for (std::size_t said = 0; said < inbox_said; ++said) {
        auto in_state = values;
        in_state.set(flags.at(said), true);
        const auto what = static_cast<InboxSaid>(said);
        in_state.set("conversing", converses(what));
        // Where the code is known, it is typed no more.
        in_state.set("asked", what == InboxSaid::count || what == InboxSaid::check);
        in_state.set("look", what == InboxSaid::empty || what == InboxSaid::damaged || what == InboxSaid::again || what == InboxSaid::write || what == InboxSaid::sent);
        for (const auto state : all_form_states) {
            auto& pieces = made.said.at(said).at(index_of(state));
            if (!sends(said) && index_of(state) > 0) {
                pieces = made.said.at(said).front();
                continue;
            }
            const auto speaking = of_room(catalogue, state.room);
            if (!speaking) return speaking.error();
            add_state(in_state, state);
            const auto rendered = sources_.templates.render("inbox", *speaking, in_state);
            if (!rendered) return rendered.error();
            pieces = cut(*rendered);
        }
    }
    return made;
}

}  // namespace amana::web

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "web/page_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace amana::web {

namespace {

using List = kainjow::mustache::list;

// The holes of a page are marked by this and the next characters while it is made: they are in no catalogue and no template.
constexpr char first_mark = '\x03';
constexpr std::size_t most_marks = 6;
// What a proof takes, in both its forms (server/wire: max_promise_bytes, three and six times).
constexpr std::size_t most_in_holes = 2048;
// And a code: its digits, an address as most are, and twice its picture (server/front/receipt_card.hpp).
constexpr std::size_t receipt_in_holes = 160 + 128 + 2 * 856;
// More other languages than these go behind a button.
constexpr std::size_t few_languages = 3;

// What files may come to where there is room for small ones.
std::uint64_t small_files(const SiteSettings& settings)
{
    return std::min(settings.max_files_bytes, small_files_bytes);
}

std::string in_groups_of_four(std::string_view fingerprint)
{
    std::string out;
    std::size_t count = 0;
    for (const char character : fingerprint) {
        if (character == ' ') continue;
        if (count != 0 && count % 4 == 0) out += ' ';
        out += character;
        ++count;
    }
    return out;
}

}  // namespace

Result<Values> PageBuilder::common_values(const Catalogue& catalogue) const
{
    Values values;
    values.set("lang", catalogue.language());
    values.set("style", sources_.style.text);
    values.set("script", sources_.script.text);
    values.set("languages", sources_.links);
    values.set("fingerprint", in_groups_of_four(sources_.settings->root_fingerprint));
    values.set("exit", sources_.settings->exit);
    values.set("behind", "");
    values.set("logo", !sources_.settings->logo.empty());
    values.set("logo_data", "data:image/png;base64," + to_base64(sources_.settings->logo));
    for (const auto* flag : {"again", "kept", "proof", "proof_none", "receipt", "urgent", "sealing", "scripted", "pressed", "small_files", "text_only", "called", "stale"})
        values.set(flag, false);
    for (const auto* text : {"receipt_code", "receipt_address", "receipt_picture", "proof_link", "proof_note", "token", "place", "minutes"})
        values.set(text, "");
    values.set("small_bytes", std::to_string(small_files(*sources_.settings)));

    List others;
    for (std::size_t i = 0; i < sources_.catalogues.size(); ++i)
        if (sources_.catalogues[i].language() != catalogue.language()) others.push_back(sources_.links[i]);
    values.set("few_languages", !others.empty() && others.size() <= few_languages);
    values.set("many_languages", others.size() > few_languages);
    values.set("other_languages", std::move(others));
    if (const auto added = add_texts(values, catalogue); !added) return added.error();
    return values;
}

// What the page says that depends on the moment.
void PageBuilder::add_state(Values& values, FormState state)
{
    values.set("pressed", state.pressed);
    values.set("small_files", state.room == Room::small_files);
    values.set("text_only", state.room == Room::text_only);
}

Result<void> PageBuilder::add_texts(Values& values, const Catalogue& catalogue) const
{
    const auto configured = sources_.settings->texts.find(catalogue.language());
    const auto texts = configured == sources_.settings->texts.end() ? SiteTexts() : configured->second;
    values.set("numbers", !texts.numbers.empty());
    values.set("numbers_text", texts.numbers);
    const auto say = [&](const char* name, const std::string& own, Result<std::string> otherwise) -> Result<void> {
        if (own.empty() && !otherwise) return otherwise.error();
        values.set(name, own.empty() ? *std::move(otherwise) : own);
        return {};
    };
    if (auto said = say("name", texts.name, catalogue.find("ministry")); !said) return said;
    if (auto said = say("law", texts.law, catalogue.find("deceived_law")); !said) return said;
    if (auto said = say("embassy", texts.embassy, catalogue.find("abroad")); !said) return said;
    if (auto said = say("exit_two", {}, catalogue.find("exit_press", 2)); !said) return said;
    if (auto said = say("exit_one", {}, catalogue.find("exit_press", 1)); !said) return said;
    auto review = catalogue.find("review");
    if (!review) return review.error();
    values.set("awaiting", *review != "done");
    const auto hours = static_cast<std::uint32_t>(sources_.settings->read_every.count());
    const bool in_days = hours % 24 == 0;
    return say("reading", {}, catalogue.find(in_days ? "read_every_days" : "read_every_hours", in_days ? hours / 24 : hours));
}

Result<void> PageBuilder::add_problem(Values& values, const Catalogue& catalogue, Problem what, Room room) const
{
    // Where none are taken, fewer or smaller ones would not be either.
    const bool no_files = room == Room::text_only && (what == Problem::too_large || what == Problem::too_many_parts);
    const auto key = no_files ? "room_text" : fmt::format("problem_{}", problem_name(what));
    auto title = catalogue.find(key);
    if (!title) return title.error();
    const auto* story = sources_.questionnaire->find(story_id);
    // Whichever number it is told with; most have none.
    auto advice = what == Problem::short_story ? catalogue.find(key + "_advice", story == nullptr ? 1 : story->least)
                                               : catalogue.find(key + "_advice");
    if (!advice) return advice.error();
    values.set("problem_title", *std::move(title));
    values.set("problem_advice", *std::move(advice));
    return {};
}

Result<StaticPage> PageBuilder::page(const char* name, const Catalogue& catalogue, const Values& values) const
{
    auto plain = sources_.templates.render(name, catalogue, values);
    if (!plain) return plain.error();
    const std::string_view whole = *plain;
    auto packed = PackedPage::pack({&whole, 1}).whole();
    if (!packed) return Error{fmt::format("{} in {}: {}", name, catalogue.language(), packed.error().message), packed.error().hint};
    return StaticPage{*std::move(packed), *std::move(plain)};
}

Result<HoledPage> PageBuilder::page(const char* name, const Catalogue& catalogue, Values values, const std::vector<std::string>& holes,
                                   std::size_t in_holes) const
{
    std::string marks;
    for (std::size_t i = 0; i < holes.size(); ++i) {
        const auto same = std::ranges::find(holes, holes[i]) - holes.begin();
        marks += static_cast<char>(first_mark + same);
        values.set(holes[i], marks.substr(i));
    }
    const auto whole = sources_.templates.render(name, catalogue, values);
    if (!whole) return whole.error();
    HoledPage made;
    std::string found;
    for (std::string_view rest = *whole;;) {
        const auto at = std::ranges::find_if(rest, [](char c) { return c >= first_mark && c < first_mark + static_cast<char>(most_marks); });
        const auto length = static_cast<std::size_t>(at - rest.begin());
        made.parts.emplace_back(rest.substr(0, length));
        if (at == rest.end()) break;
        found += *at;
        rest.remove_prefix(length + 1);
    }
    if (found != marks) return Error{fmt::format("{}.mustache must hold {{{{{}}}}}, in this order and no more", name, fmt::join(holes, "}}, {{")), {}};
    made.packed = PackedPage::pack(std::vector<std::string_view>(made.parts.begin(), made.parts.end()));
    const auto least = made.packed.least_bytes(in_holes);
    if (least > packed_page_bytes)
        return Error{fmt::format("{} in {}: a page takes {} bytes more than the {} it may have on the wire", name, catalogue.language(),
                                 least - packed_page_bytes, packed_page_bytes),
                     "Shorten its texts or logo."};
    return made;
}

Result<Catalogue> PageBuilder::of_room(const Catalogue& catalogue, Room room) const
{
    if (room != Room::small_files) return catalogue;
    const auto limit = catalogue.digits(megabytes(small_files(*sources_.settings)));
    if (!limit) return limit.error();
    return catalogue.with({{"limit", *limit}});
}

Result<StaticPage> PageBuilder::index() const
{
    const auto& catalogue = sources_.catalogues.front();
    const auto values = common_values(catalogue);
    if (!values) return values.error();
    return page("index", catalogue, *values);
}

Result<FormPage> PageBuilder::form(const Catalogue& catalogue, Values values, FormState state) const
{
    if (const auto added = add_questions(values, *sources_.questionnaire, catalogue, false); !added) return added.error();
    add_state(values, state);
    values.set("sealing", true);
    values.set("page_script_hash", sources_.scripts.page.hash);
    values.set("worker_script_hash", sources_.scripts.worker.hash);
    const std::vector<std::string> holes(state.pressed ? 2 : 1, "token");
    return page("form", catalogue, std::move(values), holes, holes.size() * token_text_bytes);
}

Result<LinePage> PageBuilder::line(const Catalogue& catalogue, Values values) const
{
    auto digits = catalogue.digits("0123456789");
    if (!digits) return digits.error();
    LinePage made{{}, {}, {}, *std::move(digits)};
    const auto in_holes = token_text_bytes + 2 * made.number(0).size();
    auto waiting = page("line", catalogue, values, {"token", "place", "minutes"}, in_holes);
    if (!waiting) return waiting.error();
    made.waiting = *std::move(waiting);
    values.set("called", true);
    auto called = page("line", catalogue, values, {"token"}, in_holes);
    if (!called) return called.error();
    made.called = *std::move(called);
    values.set("called", false);
    values.set("stale", true);
    auto stale = page("line", catalogue, values);
    if (!stale) return stale.error();
    made.stale = *std::move(stale);
    return made;
}

Result<AgainPage> PageBuilder::again(const Catalogue& catalogue, Values values, FormState state) const
{
    if (const auto added = add_questions(values, *sources_.questionnaire, catalogue, true); !added) return added.error();
    add_state(values, state);
    values.set("again", true);
    // Going elsewhere would lose what was typed.
    values.set("few_languages", false);
    values.set("many_languages", false);
    values.set("awaiting", false);
    const auto whole = sources_.templates.render("form", catalogue, values);
    if (!whole) return whole.error();
    AgainPage page;
    auto pieces = cut_at_marks(*sources_.questionnaire, *whole);
    if (!pieces) return pieces.error();
    page.pieces = *std::move(pieces);
    for (const auto what : all_problems) {
        if (const auto added = add_problem(values, catalogue, what, state.room); !added) return added.error();
        values.set("kept", what != Problem::empty_story && what != Problem::wrong_encoding);
        auto alert = sources_.templates.render("alert", catalogue, values);
        if (!alert) return alert.error();
        page.alerts.at(static_cast<std::size_t>(what)) = *std::move(alert);
    }
    for (const auto& section : sources_.questionnaire->sections())
        for (const auto& field : section.fields) {
            auto label = form_sentence(*sources_.questionnaire, catalogue, field.id);
            if (!label) return label.error();
            values.set("field", field.id);
            values.set("label", *std::move(label));
            auto link = sources_.templates.render("to_field", catalogue, values);
            if (!link) return link.error();
            page.to_field.emplace(field.id, *std::move(link));
        }
    return page;
}

Result<Pages::Received> PageBuilder::received(const Catalogue& catalogue, Values values, bool urgent) const
{
    Pages::Received built;
    values.set("urgent", urgent);
    auto plain = page("received", catalogue, values);
    if (!plain) return plain.error();
    built.plain = *std::move(plain);
    for (const bool receipt : {false, true})
        for (const auto proof : all_proofs) {
            std::vector<std::string> holes;
            if (receipt) holes = {"receipt_code", "receipt_address", "receipt_picture", "receipt_picture"};
            if (proof == Proof::made) holes.insert(holes.end(), {"proof_link", "proof_note"});
            values.set("receipt", receipt);
            values.set("proof", proof == Proof::made);
            values.set("proof_none", proof == Proof::none);
            auto made = page("received", catalogue, values, holes, (receipt ? receipt_in_holes : 0) + (proof == Proof::made ? most_in_holes : 0));
            if (!made) return made.error();
            built.kept.at(receipt ? 1 : 0).at(static_cast<std::size_t>(proof)) = *std::move(made);
        }
    return built;
}

Result<Pages::Localised> PageBuilder::localised(const Catalogue& catalogue) const
{
    const auto values = common_values(catalogue);
    if (!values) return values.error();
    Pages::Localised built;
    for (const auto state : all_form_states) {
        const auto of_files = of_room(catalogue, state.room);
        if (!of_files) return of_files.error();
        auto empty = form(*of_files, *values, state);
        if (!empty) return empty.error();
        built.forms.at(index_of(state)) = *std::move(empty);
        auto filled = again(*of_files, *values, state);
        if (!filled) return filled.error();
        built.again.at(index_of(state)) = *std::move(filled);
    }
    auto in_line = line(catalogue, *values);
    if (!in_line) return in_line.error();
    built.line = *std::move(in_line);
    auto on_help = *values;
    on_help.set("behind", "help");
    auto help = page("help", catalogue, on_help);
    if (!help) return help.error();
    built.help = *std::move(help);
    auto inbox_pages = inbox(catalogue, *values);
    if (!inbox_pages) return inbox_pages.error();
    built.inbox = *std::move(inbox_pages);
    for (const bool urgent : {false, true}) {
        auto pages = received(catalogue, *values, urgent);
        if (!pages) return pages.error();
        built.received.at(urgent ? 1 : 0) = *std::move(pages);
    }
    for (const auto what : all_problems) {
        auto with_problem = *values;
        if (const auto added = add_problem(with_problem, catalogue, what, Room::all); !added) return added.error();
        auto problem = page("problem", catalogue, with_problem);
        if (!problem) return problem.error();
        built.problems.at(static_cast<std::size_t>(what)) = *std::move(problem);
    }
    return built;
}

}  // namespace amana::web

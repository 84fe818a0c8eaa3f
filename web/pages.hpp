// SPDX-License-Identifier: AGPL-3.0-or-later
// Every page a browser sees, built once at start and constant from then on.
//
// Rules the pages keep: one inline <script>, which only leads away (web/exit.mjs; the log's checker is apart), no external resource but the script
// that seals, at the end of the form, no cookie; one inline
// <style>, the same bytes on every page, so one CSP hash admits it; the same neutral title everywhere, so that a browser's history doesn't tell what was done; no
// sentence falls back to another language. What a citizen typed is on no page here: it goes between the pieces of the form
// that is sent again, in the caller's locked memory, and a code and a proof into the holes of a packed page.
#pragma once

#include "base/result.hpp"
#include "web/form_page.hpp"
#include "web/form_state.hpp"
#include "web/inbox_pages.hpp"
#include "web/log_pages.hpp"
#include "web/packed.hpp"
#include "web/problem.hpp"
#include "web/questionnaire.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace amana::web {

inline constexpr std::size_t max_logo_bytes = 2048;

// The ministry's own words in one language. What is empty is said by the catalogue.
struct SiteTexts {
    std::string name;
    std::string numbers;  // whom to call first
    std::string law;      // being deceived, and the law
    std::string embassy;  // already abroad
};

struct SiteSettings {
    std::filesystem::path data;                         // holds templates/, locale/, style.css and exit.js
    std::vector<std::string> languages = {"ar", "en"};  // in the order they are offered
    std::map<std::string, SiteTexts> texts;             // by language
    std::string questionnaire;                          // the file's content (docs/FORMS.md)
    std::string questionnaire_name = "questionnaire";   // what its mistakes are said of
    std::string root_fingerprint;                       // shown in groups of four characters
    std::uint64_t max_files_bytes = 64ULL << 20U;
    std::chrono::hours read_every{24};                  // how often the desk reads, at least
    std::string colour;                                 // "#rrggbb", else the style's
    Bytes logo;                                         // a PNG, or empty
    std::string exit = "https://www.wikipedia.org/";    // where the button leads that leaves
    std::chrono::seconds cover{45};                     // mean distance of cover bodies; 0: none are sent
};

// A script of its own file, with its source map, and "sha256-..." of it.
struct SealingScript {
    StaticPage file;
    std::string map;
    std::string hash;
};
struct Scripts {
    SealingScript page;
    SealingScript worker;
    SealingScript inbox;
    SealingScript inbox_worker;
};

// A page with holes, which the front fills anew for each who asks: packed for browsers, plain for programs that can't unpack.
struct HoledPage {
    PackedPage packed;
    std::vector<std::string> parts;  // before, between and behind the holes

    // Packed or plain, and the other left empty, with these in its holes: nothing secret, for it copies them, and no more than the page
    // was made for.
    [[nodiscard]] StaticPage filled(std::span<const std::string_view> holes, bool packed) const;
};
// A thank-you with what is shown once. Holes, as far as it has them: the code in groups, the address of the inbox, the code's picture
// in base64, and again; the log's note percent-encoded, and the note escaped.
using KeepsakePage = HoledPage;
// Hole: a token of token_text_bytes; under pressure two, with the same one: the address it is sent to, and that of the frame.
using FormPage = HoledPage;

// What a thank-you says of the log's promise: nothing, what it is, or that none could be made.
enum class Proof : std::uint8_t { unasked, made, none };
inline constexpr std::array all_proofs{Proof::unasked, Proof::made, Proof::none};

// Stands in the form's frame under pressure, and renews itself.
struct LinePage {
    HoledPage waiting;   // holes: the token, number() of the reports before this one, number() of the minutes that are left
    HoledPage called;    // it is this one's turn; hole: the token
    StaticPage stale;    // of a token of before a restart: it has no place, and renews itself no more
    std::string digits;  // zero to nine

    // In the language's digits, with spaces before it, which no browser shows: all are of one length. What is longer is said as
    // the largest there is.
    [[nodiscard]] std::string number(std::uint64_t value) const;
    inline static constexpr std::size_t most_digits = 5;
};

// The form once more, with what was typed.
struct AgainPage {
    Pieces pieces;
    std::array<std::string, all_problems.size()> alerts;       // what stands for Slot::Kind::alert
    std::map<std::string, std::string, std::less<>> to_field;  // and behind it: by a field's id, a link to it
};

class Pages {
public:
    // Fails on an unreadable or broken template, on a catalogue or configured text that lacks anything, naming language and
    // sentence, on a mistake in the questionnaire, and on a page that does not fit its size.
    [[nodiscard]] static Result<Pages> load(const SiteSettings& settings);

    [[nodiscard]] const std::vector<std::string>& languages() const { return languages_; }
    [[nodiscard]] bool speaks(std::string_view language) const { return by_language_.contains(language); }
    [[nodiscard]] const Questionnaire& questionnaire() const { return *questionnaire_; }

    // For the pages below: a language that isn't configured gives the first one's page, for a path is a stranger's text.
    [[nodiscard]] const StaticPage& index() const { return index_; }                                  // GET /
    [[nodiscard]] const FormPage& form(std::string_view language, FormState state) const;              // GET /{lang}/
    [[nodiscard]] const LinePage& line(std::string_view language) const;                              // GET /{lang}/line?TOKEN
    [[nodiscard]] const StaticPage& help(std::string_view language) const;                            // GET /{lang}/help
    [[nodiscard]] const StaticPage& received(std::string_view language, bool urgent) const;           // where a 303 leads
    // The same, as the answer itself, with what is shown once.
    [[nodiscard]] const KeepsakePage& received(std::string_view language, bool urgent, bool receipt, Proof proof) const;
    [[nodiscard]] const InboxPages& inbox(std::string_view language) const;                           // GET and POST /{lang}/inbox
    [[nodiscard]] const StaticPage& problem(std::string_view language, Problem what) const;
    [[nodiscard]] const AgainPage& form_again(std::string_view language, FormState state) const;

    [[nodiscard]] const LogPages& log() const { return *log_; }

    // What seals in the browser: the scripts, the same for every site, and what they are told (docs/SEALING.md, section 2).
    [[nodiscard]] const Scripts& scripts() const { return scripts_; }
    [[nodiscard]] const StaticPage& sealing(std::string_view language) const;

    // "sha256-..." of the style's and the script's bytes, without quotes, for the CSP.
    [[nodiscard]] const std::string& style_hash() const { return style_hash_; }
    [[nodiscard]] const std::string& script_hash() const { return script_hash_; }

private:
    struct Received {
        StaticPage plain;
        std::array<std::array<KeepsakePage, all_proofs.size()>, 2> kept;  // without a receipt, with one
    };
    struct Localised {
        std::array<FormPage, all_form_states.size()> forms;
        LinePage line;
        StaticPage sealing;
        StaticPage help;
        InboxPages inbox;
        std::array<Received, 2> received;  // not urgent, urgent
        std::array<StaticPage, all_problems.size()> problems;
        std::array<AgainPage, all_form_states.size()> again;
    };
    friend class PageBuilder;

    Pages() = default;
    [[nodiscard]] const Localised& in(std::string_view language) const;
    [[nodiscard]] Result<void> add_sealing(const SiteSettings& settings, const std::vector<Catalogue>& catalogues);

    std::vector<std::string> languages_;
    std::optional<Questionnaire> questionnaire_;  // slots point into its sections
    StaticPage index_;
    std::map<std::string, Localised, std::less<>> by_language_;
    std::string style_hash_;
    std::string script_hash_;
    std::optional<LogPages> log_;
    Scripts scripts_;
};

}  // namespace amana::web

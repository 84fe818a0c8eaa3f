// SPDX-License-Identifier: AGPL-3.0-or-later
// Every page a browser sees, built once at start and constant from then on.
//
// Rules the pages keep: no script (but for the log's checker, web/log_pages.hpp), no external resource, no cookie; one inline <style>, the same bytes on every page, so
// one CSP hash admits it; the same neutral title everywhere, so that a browser's history doesn't tell what was done; no
// sentence falls back to another language. What a citizen typed is on no page here: it passes between the halves of a
// SplitPage, in the caller's locked memory, and so does a proof between the parts of a ProofPage.
#pragma once

#include "base/result.hpp"
#include "web/log_pages.hpp"
#include "web/problem.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace amana::web {

inline constexpr std::size_t min_story_characters = 10;
inline constexpr std::size_t max_story_characters = 4000;

struct SiteSettings {
    std::filesystem::path data;                          // holds templates/, locale/ and style.css
    std::vector<std::string> languages = {"ar", "en"};   // in the order they are offered
    std::map<std::string, std::string> names;            // the ministry's name by language; else the catalogue's word
    std::string root_fingerprint;                        // shown in groups of four characters
    std::uint64_t max_files_bytes = 64ULL << 20U;
};

// A page that repeats what was typed: before, the escaped story, after. `before` ends with the newline that HTML drops
// after <textarea>, so a story that begins with one keeps it. The proof is asked for behind the story.
struct SplitPage {
    std::string before;
    std::string after;
    std::string after_asking_proof;

    [[nodiscard]] const std::string& after_story(bool asks_proof) const { return asks_proof ? after_asking_proof : after; }
};

// A page that shows a proof: before, the note percent-encoded, between, the note escaped, after.
struct ProofPage {
    std::string before;
    std::string between;
    std::string after;
};

class Pages {
public:
    // Fails on an unreadable or broken template, and on a catalogue that lacks anything, naming language and msgid.
    [[nodiscard]] static Result<Pages> load(const SiteSettings& settings);

    [[nodiscard]] const std::vector<std::string>& languages() const { return languages_; }
    [[nodiscard]] bool speaks(std::string_view language) const { return by_language_.contains(language); }

    // For the pages below: a language that isn't configured gives the first one's page, for a path is a stranger's text.
    [[nodiscard]] std::string_view index() const { return index_; }                       // GET /
    [[nodiscard]] std::string_view form(std::string_view language) const;                 // GET /{lang}/
    [[nodiscard]] std::string_view received(std::string_view language) const;             // where a 303 leads
    // The same, as the answer itself: with the proof that was asked for, or saying that there is none.
    [[nodiscard]] const ProofPage& received_with_proof(std::string_view language) const;
    [[nodiscard]] std::string_view received_without_proof(std::string_view language) const;
    [[nodiscard]] std::string_view problem(std::string_view language, Problem what) const;
    [[nodiscard]] const SplitPage& form_again(std::string_view language, Problem what) const;

    [[nodiscard]] const LogPages& log() const { return *log_; }

    // "sha256-..." of the style's bytes, without quotes, for the CSP.
    [[nodiscard]] const std::string& style_hash() const { return style_hash_; }

private:
    struct Localised {
        std::string form;
        std::string received;
        ProofPage received_with_proof;
        std::string received_without_proof;
        std::array<std::string, all_problems.size()> problems;
        std::array<SplitPage, all_problems.size()> again;
    };

    Pages() = default;
    [[nodiscard]] const Localised& in(std::string_view language) const;

    std::vector<std::string> languages_;
    std::string index_;
    std::map<std::string, Localised, std::less<>> by_language_;
    std::string style_hash_;
    std::optional<LogPages> log_;
};

}  // namespace amana::web

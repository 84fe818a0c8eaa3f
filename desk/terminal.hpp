// SPDX-License-Identifier: AGPL-3.0-or-later
// How foreign text reaches a terminal: nothing a stranger wrote can move the cursor, hide, reorder or forge a line.
//
// Everything invisible or commanding is shown as its name instead: controls, escapes, bidi controls, zero-width and other
// format characters, line and paragraph separators, private use, what is not UTF-8, and marks piled higher than any
// script piles them. The text itself is not changed anywhere but on the screen; `save` gives it back as it was sent.
#pragma once

#include "base/secret.hpp"

#include <array>
#include <string>
#include <string_view>

namespace amana::desk {

// Whether a code point may stand on a terminal as it is.
[[nodiscard]] bool is_harmless(char32_t point);

// How many combining marks may follow one another; real scripts need four.
inline constexpr unsigned max_marks = 8;

enum class Notation {
    terminal,  // U+202E becomes ⟨U+202E⟩, a byte that is no UTF-8 ⟨0xFF⟩
    json,      // the inside of a JSON string: \u202e, \" and \\; a byte that is no UTF-8 \ufffd
};

// Cuts foreign text into pieces that are safe to print.
class Neutraliser {
public:
    Neutraliser(std::string_view foreign, Notation notation) : rest_(foreign), notation_(notation) {}
    // The next piece, valid until the next call; empty at the end.
    [[nodiscard]] std::string_view next();

private:
    [[nodiscard]] bool stands_as_it_is(char32_t point);
    [[nodiscard]] std::string_view escaped(char32_t point);

    std::string_view rest_;
    Notation notation_;
    unsigned marks_ = 0;
    std::array<char, 16> escape_{};
};

// For text that is no secret: messages, file names.
[[nodiscard]] std::string neutralised(std::string_view foreign, Notation notation = Notation::terminal);

// Writes to a descriptor through locked memory, so that a report on its way to the screen leaves nothing in the heap.
class Output {
public:
    explicit Output(int fd) : fd_(fd) {}
    ~Output() { flush(); }
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    // Our own words.
    Output& text(std::string_view ours);
    // A stranger's.
    Output& foreign(std::string_view theirs, Notation notation = Notation::terminal);
    // The same as a JSON string, quotes included.
    Output& json_string(std::string_view theirs);

    void flush();
    // What went wrong with writing, if anything did; flushes.
    [[nodiscard]] Result<void> finish();

private:
    int fd_;
    SecretText buffer_{16 * 1024};
    bool failed_ = false;
    Error error_;
};

// A message on stderr, each of its lines neutralised.
void say(std::string_view message);

}  // namespace amana::desk

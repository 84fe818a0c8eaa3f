// SPDX-License-Identifier: AGPL-3.0-or-later
// The token of a form or of a puzzle (docs/ADMISSION.md, section 2): 32 bytes that only this process can make, nothing of which
// it keeps. What it says is when it was made, by a clock that nobody can set.
#pragma once

#include "crypto/work.hpp"

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

namespace amana::front {

using SteadyClock = std::chrono::steady_clock;

inline constexpr std::size_t token_text_bytes = 43;  // base64url without padding (RFC 4648, section 5)
// What names a token where it is remembered.
using TokenName = ByteArray<12>;
// How long it may begin something. What it has begun it may go on with, as long as its key is known: two of a form's ages at most.
inline constexpr auto max_form_age = std::chrono::hours(6);
inline constexpr auto max_puzzle_age = std::chrono::minutes(10);

// One that this process has made. Only Tokens makes it.
class Token {
public:
    [[nodiscard]] const TokenName& name() const { return name_; }
    // The zero bits that each part of its puzzle needs; 0: a form's.
    [[nodiscard]] unsigned bits() const { return bits_; }
    // Not too old to begin something.
    [[nodiscard]] bool fresh() const { return fresh_; }
    // Whether these numbers solve its puzzle. False for a form's.
    [[nodiscard]] bool solved_by(const crypto::WorkNumbers& numbers) const;

private:
    friend class Tokens;
    Token() = default;
    crypto::WorkToken bytes_{};
    TokenName name_{};
    unsigned bits_ = 0;
    bool fresh_ = false;
};

class Tokens {
public:
    explicit Tokens(SteadyClock::time_point now = SteadyClock::now());

    // `bits`: of each part of a puzzle, 0 for a form's token.
    [[nodiscard]] crypto::WorkToken make(unsigned bits, SteadyClock::time_point now);
    [[nodiscard]] std::optional<Token> check(ByteView bytes, SteadyClock::time_point now);
    // The same of its text. Nothing for a text of another form.
    [[nodiscard]] std::optional<Token> check_text(std::string_view text, SteadyClock::time_point now);

    [[nodiscard]] static std::string text(const crypto::WorkToken& token);

private:
    using Key = SecretBuffer;
    void change_keys(SteadyClock::time_point now);

    std::mutex mutex_;
    SteadyClock::time_point began_;
    SteadyClock::time_point changed_;
    Key key_;
    Key before_;
};

}  // namespace amana::front

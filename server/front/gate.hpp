// SPDX-License-Identifier: AGPL-3.0-or-later
// What stands before a report is received, all in one: pressure, tokens and the line (docs/ADMISSION.md). In calm it is open.
#pragma once

#include "server/front/line.hpp"
#include "server/front/pressure.hpp"

namespace amana::front {

class Gate {
public:
    struct Timing {
        Line::Timing line;
        Pressure::Timing pressure;
    };
    // `most`: as Pressure has it.
    explicit Gate(std::uint32_t most = 0) : Gate(most, Timing()) {}
    Gate(std::uint32_t most, const Timing& timing) : pressure_(most, timing.pressure), line_(timing.line), ask_again_(timing.line.ask) {}

    [[nodiscard]] unsigned step() const { return pressure_.step(); }
    [[nodiscard]] std::chrono::milliseconds ask_again() const { return ask_again_; }

    // The text of a fresh token, for a form.
    [[nodiscard]] std::string form_token() { return Tokens::text(tokens_.make(0, SteadyClock::now())); }
    // And of a puzzle of what this step costs.
    struct Puzzle {
        std::string token;
        unsigned bits;
    };
    [[nodiscard]] Puzzle puzzle();

    // Where the holder of a form's token stands, who keeps its place by that. Nothing when the token is not good.
    [[nodiscard]] std::optional<Line::Standing> ask(std::string_view token, std::uint64_t source);
    // Of a puzzle's. Nothing when it is not good, not solved, was used, or costs less than is asked now.
    [[nodiscard]] std::optional<Line::Standing> ask(const crypto::WorkToken& token, const crypto::WorkNumbers& numbers, std::uint64_t source);
    // For a report that may come in: in calm any may, else who was called.
    [[nodiscard]] std::optional<Line::Ticket> enter(std::string_view token);
    [[nodiscard]] std::optional<Line::Ticket> enter(const crypto::WorkToken& token);

    // A report was stored; a thread's timer came late.
    void stored() { pressure_.stored(); }
    void late(std::chrono::milliseconds by) { pressure_.late(by); }
    // For every thread to call ten times a second: one of them measures and calls. `room`: bytes above the keeper's reserve.
    void regulate(const Turns::Load& reports, std::uint64_t room);
    // How many might have been called and were not, of other sources than this one.
    [[nodiscard]] std::size_t due_beside(std::optional<std::uint64_t> source) const { return line_.due_beside(source); }

private:
    [[nodiscard]] std::optional<Line::Ticket> enter(const std::optional<Token>& token, SteadyClock::time_point now);

    Tokens tokens_;
    Pressure pressure_;
    Line line_;
    std::chrono::milliseconds ask_again_;
    std::mutex regulating_;
    std::optional<SteadyClock::time_point> called_at_;
    std::optional<SteadyClock::time_point> measured_at_;
};

}  // namespace amana::front

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/gate.hpp"

namespace amana::front {

namespace {

constexpr std::uint32_t calls_a_second = 10;
constexpr auto between_calls = std::chrono::milliseconds(90);
constexpr auto between_measures = std::chrono::milliseconds(990);

}  // namespace

Gate::Puzzle Gate::puzzle()
{
    const auto bits = std::max(1U, price_of(step()).bits);
    return {Tokens::text(tokens_.make(bits, SteadyClock::now())), bits};
}

std::optional<Line::Standing> Gate::ask(std::string_view text, std::uint64_t source)
{
    const auto now = SteadyClock::now();
    const auto token = tokens_.check_text(text, now);
    if (!token || token->bits() != 0) return std::nullopt;
    return line_.ask(token->name(), Line::lane_of(*token), source, token->fresh(), now);
}

// A puzzle that was begun a step before is taken: its solver could not know.
std::optional<Line::Standing> Gate::ask(const crypto::WorkToken& bytes, const crypto::WorkNumbers& numbers, std::uint64_t source)
{
    const auto now = SteadyClock::now();
    const auto token = tokens_.check(bytes, now);
    if (!token || !token->solved_by(numbers)) return std::nullopt;
    const auto least = price_of(step() > 0 ? step() - 1 : 0).bits;
    return line_.ask(token->name(), Line::lane_of(*token), source, token->fresh() && token->bits() >= least, now);
}

std::optional<Line::Ticket> Gate::enter(const std::optional<Token>& token, SteadyClock::time_point now)
{
    if (token)
        if (auto ticket = line_.enter(token->name(), now)) return ticket;
    if (step() == 0) return Line::Ticket();
    return std::nullopt;
}

std::optional<Line::Ticket> Gate::enter(std::string_view text)
{
    const auto now = SteadyClock::now();
    return enter(tokens_.check_text(text, now), now);
}

std::optional<Line::Ticket> Gate::enter(const crypto::WorkToken& bytes)
{
    const auto now = SteadyClock::now();
    return enter(tokens_.check(bytes, now), now);
}

void Gate::regulate(const Turns::Load& reports, std::uint64_t room)
{
    const std::unique_lock lock(regulating_, std::try_to_lock);
    if (!lock) return;
    const auto now = SteadyClock::now();
    if (called_at_ && now - *called_at_ < between_calls) return;
    called_at_ = now;
    if (!measured_at_ || now - *measured_at_ >= between_measures) {
        measured_at_ = now;
        pressure_.measure(reports, line_.backlog(), room, now);
    }
    // Who is called comes within some ten seconds, and most reports take less than one.
    const auto free = reports.places - std::min(reports.places, reports.taken + reports.waiting);
    const std::size_t some = (free + calls_a_second - 1) / calls_a_second;
    pressure_.called(line_.call(step(), std::min(some, pressure_.may_call(now)), now));
}

}  // namespace amana::front

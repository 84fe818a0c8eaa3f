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
    const auto standing = line_.ask(token->name(), source, Line::Lane::waited, now);
    if (standing.kind == Line::Standing::Kind::taken) return std::nullopt;
    return standing;
}

std::optional<Line::Standing> Gate::ask(const crypto::WorkToken& bytes, const crypto::WorkNumbers& numbers, std::uint64_t source)
{
    const auto now = SteadyClock::now();
    const auto token = tokens_.check(bytes, now);
    if (!token || !token->solved_by(numbers)) return std::nullopt;
    const auto standing = line_.ask(token->name(), source, Line::Lane::worked, now);
    if (standing.kind == Line::Standing::Kind::taken) return std::nullopt;
    return standing;
}

bool Gate::take(const std::optional<Token>& token)
{
    return token && line_.take(token->name(), SteadyClock::now());
}

bool Gate::called(std::string_view text)
{
    if (step() == 0) return true;
    const auto now = SteadyClock::now();
    const auto token = tokens_.check_text(text, now);
    return token && line_.called(token->name(), now);
}

bool Gate::enter(std::string_view token)
{
    return step() == 0 || take(tokens_.check_text(token, SteadyClock::now()));
}

bool Gate::enter(const crypto::WorkToken& token)
{
    return step() == 0 || take(tokens_.check(token, SteadyClock::now()));
}

void Gate::regulate(const Turns::Load& reports, std::uint32_t returns, std::uint64_t room)
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
    const auto free = reports.places - std::min(reports.places, reports.taken + reports.waiting + returns);
    const std::size_t some = (free + calls_a_second - 1) / calls_a_second;
    pressure_.called(line_.call(step(), std::min(some, pressure_.may_call(now)), now));
}

}  // namespace amana::front

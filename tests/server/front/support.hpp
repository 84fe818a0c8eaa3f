// SPDX-License-Identifier: AGPL-3.0-or-later
// What the front's tests share: seeded randomness, counts by tier, and coroutines run to their end.
#pragma once

#include "base/result.hpp"
#include "server/front/turns.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <random>
#include <stdexcept>
#include <string_view>

namespace amana::front::test {

namespace asio = boost::asio;

// What anything may take before the test gives up on it.
inline constexpr auto patience = std::chrono::seconds(60);

inline std::shared_ptr<const Source> source(std::uint64_t number = 1)
{
    return std::make_shared<Source>(SourceId{number});
}
// As many as anybody may want.
inline Turns& many_turns()
{
    static Turns turns(1000);
    return turns;
}

inline std::mt19937_64 seeded_generator()
{
    const char* given = std::getenv("AMANA_SEED");
    const auto seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::cout << "AMANA_SEED=" << seed << "\n";
    return std::mt19937_64(seed);
}

inline int tiered(int ci, int full)
{
    const char* tier = std::getenv("AMANA_TIER");
    const int count = tier != nullptr && std::string_view(tier) == "full" ? full : ci;
    std::cout << "count: " << count << "\n";
    return count;
}

inline std::size_t below(std::mt19937_64& random, std::size_t bound)
{
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
}

// What must have gone well for the test to make sense. (value() throws for Error only.)
template <typename T, typename E>
T must(Result<T, E> result)
{
    if (result.has_error()) throw std::runtime_error("something a test takes for granted failed");
    return std::move(*result);
}

// Lets everything on `context` run until `done`. False when the patience is over or nothing is left that could run.
template <typename Done>
bool run_until(asio::io_context& context, Done done)
{
    const auto until = std::chrono::steady_clock::now() + patience;
    context.restart();
    while (!done())
        if (context.run_one_until(until) == 0) return done();
    return true;
}

// Runs one coroutine to its end, with everything else that is on `context`.
template <typename T>
T run(asio::io_context& context, asio::awaitable<T> coroutine)
{
    std::optional<T> result;
    std::exception_ptr thrown;
    asio::co_spawn(context, std::move(coroutine), [&](std::exception_ptr exception, T value) {
        thrown = std::move(exception);
        result.emplace(std::move(value));
    });
    if (!run_until(context, [&] { return result.has_value(); })) throw std::runtime_error("a coroutine that does not end");
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*result);
}

inline void run(asio::io_context& context, asio::awaitable<void> coroutine)
{
    bool ended = false;
    std::exception_ptr thrown;
    asio::co_spawn(context, std::move(coroutine), [&](std::exception_ptr exception) {
        thrown = std::move(exception);
        ended = true;
    });
    if (!run_until(context, [&] { return ended; })) throw std::runtime_error("a coroutine that does not end");
    if (thrown) std::rethrow_exception(thrown);
}

}  // namespace amana::front::test

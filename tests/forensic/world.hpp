// SPDX-License-Identifier: AGPL-3.0-or-later
// One server of a pair: a real store, a real sequencer with its decoys, envelopes sealed for real, and a clock that the game
// moves. A hidden bit decides how the envelopes came. docs/FORENSICS.md.
#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace amana::forensic {

// What the bit decides.
enum class Game {
    times,      // at the tick's beginning, together, or at its end, one by one
    orders,     // small ones first, or large ones
    languages,  // Arabic or English
    mixes,      // one real report a tick, or two, in batches of the same size
    all,        // all of them at once
};
inline constexpr Game games[] = {Game::times, Game::orders, Game::languages, Game::mixes, Game::all};
[[nodiscard]] const char* name(Game game);

// A fault put into a world on purpose, for its bit to show.
enum class Leak { none, row_order, file_time, freelist, header_bytes, key_id, wal_order, growing_decoys, last_page };
inline constexpr Leak leaks[] = {Leak::row_order, Leak::file_time,      Leak::freelist, Leak::header_bytes, Leak::key_id,
                                 Leak::wal_order, Leak::growing_decoys, Leak::last_page};
[[nodiscard]] const char* name(Leak leak);

struct Setting {
    Game game = Game::all;
    Leak leak = Leak::none;
    bool pending = false;  // look before the last tick, not after it
    bool bit = false;
    std::uint64_t seed = 0;
};

// Plays it in `folder`, which it makes, and leaves there what a thief would find: the files of the running server, with the times
// they would have. Deterministic but for what SQLite draws itself.
void play(const std::filesystem::path& folder, const Setting& setting);

// The game's seconds: a tick, and when the last one was.
inline constexpr std::int64_t tick_seconds = 900;
inline constexpr int ticks = 2;  // the second makes a long batch
inline constexpr std::int64_t began = 1'800'000'000;

// From here on libsodium's random bytes come from this seed.
void seed_randomness(std::uint64_t seed);

}  // namespace amana::forensic

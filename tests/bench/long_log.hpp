// SPDX-License-Identifier: AGPL-3.0-or-later
// A server with a long log, and a desk that has seen it up to a point: made in minutes, by writing the rows that years of
// ticks would have written.
#pragma once

#include "crypto/note.hpp"
#include "desk/casebook.hpp"
#include "desk/directory.hpp"
#include "server/keeper/storage.hpp"

namespace amana::bench {

struct LongLog {
    std::uint64_t size = 0;      // of the log
    std::uint64_t contents = 0;  // how many of its newest entries are there whole
    std::uint64_t news = 0;      // how many of these the desk has not seen
};

// Makes `folder`/server and `folder`/desk. The newest entries are sealed envelopes of the text class; of the others there is
// what erasure leaves.
void make_long_log(const std::filesystem::path& folder, const LongLog& what);

[[nodiscard]] wire::KeeperSlice slice_of(const std::filesystem::path& folder);
[[nodiscard]] desk::DeskPaths desk_of(const std::filesystem::path& folder);
inline constexpr std::string_view passphrase = "correct horse battery staple";

// Takes back what an import of news wrote into the casebook, so that it can be measured again.
void forget_news(const std::filesystem::path& folder, std::uint64_t seen);

}  // namespace amana::bench

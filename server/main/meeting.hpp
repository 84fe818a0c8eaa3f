// SPDX-License-Identifier: AGPL-3.0-or-later
// What the warden and who attends it say to one another (rendezvous.hpp, attend.hpp), over a Unix socket of packets:
//
//   warden → attendant   "descriptors N", with at most 200 of them a packet, until they were N; in the order of server/wire/slices.hpp
//                        "signal N", SIGTERM or SIGKILL, for the program
//   attendant → warden   "ended W", as waitpid(2) says of the program; then it leaves
//
// Anything else, or the connection's end, means that the other is gone.
#pragma once

#include "base/file.hpp"

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include <sys/un.h>

namespace amana::server {

enum class Side { front, keeper };

// "front", "keeper": the program's name behind "amana-", and the socket's in the directory of the rendezvous.
[[nodiscard]] std::string_view name_of(Side side);

// An error where the path is too long for a socket.
[[nodiscard]] Result<sockaddr_un> meeting_point(const std::filesystem::path& directory, Side side);

[[nodiscard]] Result<void> hand_over(int connection, const std::vector<int>& descriptors);
// A word and a number; false when it could not be sent, and that is nobody's to repair.
bool say_number(int connection, std::string_view word, int number);

struct Packet {
    std::string_view word;  // of those above; empty: none of them
    int number = 0;
    std::vector<UniqueFd> descriptors;
};
enum class Heard { packet, nothing, end };
// What there is at once.
[[nodiscard]] Heard hear(int connection, Packet& packet);

}  // namespace amana::server

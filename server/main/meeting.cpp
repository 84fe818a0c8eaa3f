// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/meeting.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>

#include <sys/socket.h>

namespace amana::server {

namespace {

constexpr std::size_t most_in_a_packet = 200;  // SCM_MAX_FD is 253
constexpr std::size_t longest_packet = 64;
constexpr std::array<std::string_view, 3> words{"descriptors", "signal", "ended"};

union Control {
    std::array<char, CMSG_SPACE(most_in_a_packet * sizeof(int))> room;
    cmsghdr aligned;
};

// Taken, so that they are closed whatever is made of them.
std::vector<UniqueFd> descriptors_in(msghdr& message)
{
    std::vector<UniqueFd> all;
    for (auto* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const auto count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
            all.emplace_back(fd);
        }
    }
    return all;
}

bool send_packet(int connection, const std::string& text, const int* descriptors, std::size_t count)
{
    iovec part{const_cast<char*>(text.data()), text.size()};
    Control control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (count != 0) {
        message.msg_control = control.room.data();
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        auto* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        std::memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
    }
    return ::sendmsg(connection, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(text.size());
}

void parse(std::string_view text, Packet& packet)
{
    const auto space = text.find(' ');
    if (space == std::string_view::npos) return;
    const auto known = std::find(words.begin(), words.end(), text.substr(0, space));
    const auto* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data() + space + 1, end, packet.number);
    if (known != words.end() && error == std::errc{} && stopped == end && packet.number >= 0) packet.word = *known;
}

}  // namespace

std::string_view name_of(Side side)
{
    switch (side) {
    case Side::front:
        return "front";
    case Side::keeper:
        return "keeper";
    }
    return {};
}

Result<sockaddr_un> meeting_point(const std::filesystem::path& directory, Side side)
{
    const auto path = (directory / name_of(side)).string();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) return Error{path + " is too long for a socket", "Name a shorter directory with --rendezvous."};
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

Result<void> hand_over(int connection, const std::vector<int>& descriptors)
{
    for (std::size_t begin = 0; begin < descriptors.size(); begin += most_in_a_packet) {
        const auto count = std::min(most_in_a_packet, descriptors.size() - begin);
        if (!send_packet(connection, "descriptors " + std::to_string(descriptors.size()), &descriptors[begin], count))
            return system_error("can't hand descriptors over", errno);
    }
    return {};
}

bool say_number(int connection, std::string_view word, int number)
{
    return send_packet(connection, std::string(word) + " " + std::to_string(number), nullptr, 0);
}

Heard hear(int connection, Packet& packet)
{
    packet = {};
    std::array<char, longest_packet> text{};
    iovec part{text.data(), text.size()};
    Control control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.room.data();
    message.msg_controllen = control.room.size();
    ssize_t count = 0;
    do count = ::recvmsg(connection, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (count < 0 && errno == EINTR);
    if (count < 0) return errno == EAGAIN ? Heard::nothing : Heard::end;
    packet.descriptors = descriptors_in(message);
    if (count == 0) return Heard::end;
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0) parse({text.data(), static_cast<std::size_t>(count)}, packet);
    return Heard::packet;
}

}  // namespace amana::server

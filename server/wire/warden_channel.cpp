// SPDX-License-Identifier: AGPL-3.0-or-later
// A child's end of its way to the warden: descriptor 3.
#include "server/wire/slices.hpp"

#include "base/file.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>
#include <unistd.h>

namespace amana::wire {

Result<SecretBuffer> receive_slice(Behind behind)
{
    ByteArray<slice_length_bytes> head{};
    const auto head_read = read_full(warden_fd, head);
    if (!head_read) return head_read.error();
    const auto whole = slice_bytes(ByteView(head).first(*head_read));
    if (!whole) return whole.error();

    SecretBuffer slice(*whole);
    std::copy(head.begin(), head.end(), slice.data());
    const auto body_read = read_full(warden_fd, slice.span().subspan(head.size()));
    if (!body_read) return body_read.error();
    if (*body_read != *whole - head.size()) return not_a_slice();
    if (behind == Behind::more) return slice;
    // One byte more shows whether this is the end.
    ByteArray<1> more{};
    const auto more_read = read_full(warden_fd, more);
    if (!more_read) return more_read.error();
    if (*more_read != 0) return not_a_slice();
    return slice;
}

bool tell_warden(std::string_view line)
{
    const auto text = std::string(line) + '\n';
    return ::send(warden_fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(text.size());
}

void report_to_warden(std::string_view line)
{
    std::string text(line);
    std::replace(text.begin(), text.end(), '\n', ' ');
    text += '\n';
    // A warden that is gone reads nothing, and that must not end the child by SIGPIPE: it has its own way to notice.
    for (std::string_view rest = text; !rest.empty();) {
        const auto sent = ::send(warden_fd, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) break;
        rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    ::close(warden_fd);
}

}  // namespace amana::wire

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/storage_lock.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

namespace amana::server {

namespace {

// Whoever only looks holds the lock shared for an instant; that must not keep a server from starting.
constexpr int attempts = 20;
constexpr timespec between_attempts{0, 50'000'000};

std::string holder(int fd)
{
    ByteArray<16> text{};
    const auto count = ::pread(fd, text.data(), text.size(), 0);
    if (count <= 0) return "unknown";
    std::string number(as_text(ByteView(text).first(static_cast<std::size_t>(count))));
    number.resize(std::min(number.find('\n'), number.size()));
    const bool digits = std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
    return digits ? number : "unknown";
}

}  // namespace

Result<UniqueFd> lock_storage(const std::filesystem::path& storage)
{
    const auto path = storage / "lock";
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return system_error("can't open " + path.string(), errno);
    for (int attempt = 0; ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0; ++attempt) {
        if (errno != EWOULDBLOCK) return system_error("can't lock " + path.string(), errno);
        if (attempt == attempts)
            return Error{"another amana-server (process " + holder(fd.get()) + ") is using " + storage.string(),
                         "One server to a directory: stop the other, or give this one a directory of its own."};
        ::nanosleep(&between_attempts, nullptr);
    }
    // The number only helps people; a full disk must not keep the server from starting.
    if (::ftruncate(fd.get(), 0) == 0)
        [[maybe_unused]] const auto written = write_full(fd.get(), as_bytes(std::to_string(::getpid()) + "\n"));
    return fd;
}

std::optional<Running> running_server(const std::filesystem::path& storage)
{
    const UniqueFd fd(::open((storage / "lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd || ::flock(fd.get(), LOCK_SH | LOCK_NB) == 0) return std::nullopt;
    return Running{holder(fd.get())};
}

}  // namespace amana::server

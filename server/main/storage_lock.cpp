// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/storage_lock.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

namespace amana::server {

namespace {

// Whoever only looks holds the lock shared for an instant; that must not keep a server from starting.
constexpr int attempts = 20;
constexpr timespec between_attempts{0, 50'000'000};

Running read_holder(int fd)
{
    ByteArray<128> bytes{};
    const auto count = ::pread(fd, bytes.data(), bytes.size(), 0);
    std::string_view text = as_text(ByteView(bytes).first(static_cast<std::size_t>(std::max<ssize_t>(count, 0))));
    const auto line = [&] {
        const auto end = std::min(text.find('\n'), text.size());
        const auto found = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        return found.substr(0, found.find_last_not_of(' ') + 1);
    };
    Running running{std::string(line()), {}, {}, {}};
    const auto digits = [](std::string_view number) { return std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; }); };
    if (running.process.empty() || !digits(running.process)) running.process = "unknown";
    if (const auto pressure = line(); pressure.size() == 1 && digits(pressure)) running.told.pressure = static_cast<unsigned>(pressure[0] - '0');
    if (const auto* found = std::find(storage_steps.begin(), storage_steps.end(), line()); found != storage_steps.end())
        running.told.storage = static_cast<unsigned>(found - storage_steps.begin());
    if (const auto restarts = line(); !restarts.empty() && restarts.size() <= 6 && digits(restarts))
        for (const char digit : restarts) running.told.restarts = running.told.restarts * 10 + static_cast<unsigned>(digit - '0');
    for (int i = 0; i < 2; ++i)
        if (const auto process = line(); !process.empty() && process != "0" && digits(process)) running.attending.emplace_back(process);
    running.store = wire::parse_store_facts(line());
    return running;
}

}  // namespace

Result<UniqueFd> lock_storage(const std::filesystem::path& own)
{
    const auto path = own / "lock";
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return system_error("can't open " + path.string(), errno);
    for (int attempt = 0; ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0; ++attempt) {
        if (errno != EWOULDBLOCK) return system_error("can't lock " + path.string(), errno);
        if (attempt == attempts)
            return Error{"another amana-server (process " + read_holder(fd.get()).process + ") is using " + own.string(),
                         "One server to a directory: stop the other, or give this one a directory of its own."};
        ::nanosleep(&between_attempts, nullptr);
    }
    // What it says only helps people; a full disk must not keep the server from starting.
    if (::ftruncate(fd.get(), 0) == 0) show(fd, {});
    return fd;
}

void show(const UniqueFd& lock, const Shown& shown)
{
    const auto padded = [](std::string text, std::size_t width) {
        text.resize(std::max(width, text.size()), ' ');
        return text + "\n";
    };
    const auto& [told, attending, store] = shown;
    constexpr std::size_t widest = 11;
    constexpr std::size_t longest_process = 7;  // PID_MAX_LIMIT
    const auto text = std::to_string(::getpid()) + "\n" + std::to_string(told.pressure) + "\n" + padded(std::string(storage_steps.at(told.storage)), widest) +
                      padded(std::to_string(std::min(told.restarts, Steps::most_restarts)), 6) + padded(std::to_string(attending.front), longest_process) +
                      padded(std::to_string(attending.keeper), longest_process) + padded(store ? wire::to_line(*store) : "", wire::max_store_line_bytes);
    [[maybe_unused]] const auto written = ::pwrite(lock.get(), text.data(), text.size(), 0);
    // When it was is nobody's affair.
    constexpr std::array<timespec, 2> never{};
    ::futimens(lock.get(), never.data());
}

std::optional<Running> running_server(const std::filesystem::path& own)
{
    const UniqueFd fd(::open((own / "lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd || ::flock(fd.get(), LOCK_SH | LOCK_NB) == 0) return std::nullopt;
    return read_holder(fd.get());
}

}  // namespace amana::server

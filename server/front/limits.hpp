// SPDX-License-Identifier: AGPL-3.0-or-later
// Who may come in: connections, requests and reports under way, counted over all threads. Requests and reports hold locked
// memory, which is scarce, and a SecretBuffer that can't be locked ends the process; so each needs its place.
#pragma once

#include "base/process.hpp"
#include "server/front/pressure.hpp"
#include "server/wire/slices.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

namespace amana::front {

// Locked memory that one report may come to hold beside its read buffer: a chunk being sealed, the text and the manifest
// while they grow, a part's head, and whole pages around each.
inline constexpr std::size_t locked_bytes_per_report = 448 * 1024;
// The read buffer of one request under way (server/front/http.hpp), in whole pages.
inline constexpr std::size_t locked_bytes_per_request = 20 * 1024;
// What all read buffers may take together.
inline constexpr std::size_t locked_bytes_requests = 1024 * 1024;
// What the front locks once: TLS records, keys.
inline constexpr std::size_t locked_bytes_base = 1536 * 1024;

// One taken place, given back when dropped.
class Place {
public:
    [[nodiscard]] static std::optional<Place> take(std::atomic<std::uint32_t>& left)
    {
        auto now = left.load();
        while (now > 0)
            if (left.compare_exchange_weak(now, now - 1)) return Place(left);
        return std::nullopt;
    }
    Place(Place&& other) noexcept : left_(std::exchange(other.left_, nullptr)) {}
    Place& operator=(Place&& other) noexcept
    {
        std::swap(left_, other.left_);
        return *this;
    }
    ~Place()
    {
        if (left_ != nullptr) ++*left_;
    }

private:
    explicit Place(std::atomic<std::uint32_t>& left) : left_(&left) {}
    std::atomic<std::uint32_t>* left_;
};

// How many may read the log at one moment, over all threads. A quarter of the requests that fit, if that is fewer, so that
// readers, however slow, keep nobody from reporting.
inline constexpr std::uint32_t max_log_reads = 16;

class Limits;

// A report that may be received.
class Admitted {
private:
    friend class Limits;
    explicit Admitted(Place place, std::optional<Place> returned = std::nullopt) : place_(std::move(place)), returned_(std::move(returned)) {}
    Place place_;
    std::optional<Place> returned_;
};

class Limits {
public:
    Limits(const wire::Limits& config, const MemoryProtection& protection);

    [[nodiscard]] std::optional<Place> connection() { return Place::take(connections_); }
    // Nothing when as many requests are under way as there is memory for.
    [[nodiscard]] std::optional<Place> request() { return Place::take(requests_); }
    // Nothing when as many read the log as may.
    [[nodiscard]] std::optional<Place> log_read() { return Place::take(log_reads_); }
    // Nothing when as many reports are under way as there is memory, or config, for.
    [[nodiscard]] std::optional<Admitted> report();
    // For a form that only goes back to its sender: of these places a quarter, and always one, may be for such.
    [[nodiscard]] std::optional<Admitted> returned();
    [[nodiscard]] ReportLoad report_load() const;
    [[nodiscard]] std::uint32_t returns() const { return all_returns_; }

    // Somebody waits for a report's place, since then; until it goes.
    class Waiting {
    public:
        explicit Waiting(Limits& limits);
        ~Waiting();
        Waiting(const Waiting&) = delete;
        Waiting& operator=(const Waiting&) = delete;

    private:
        Limits& limits_;
        std::chrono::steady_clock::time_point since_;
    };

private:
    std::atomic<std::uint32_t> connections_;
    std::atomic<std::uint32_t> requests_;
    std::atomic<std::uint32_t> log_reads_;
    std::atomic<std::uint32_t> reports_;
    std::uint32_t all_reports_;
    std::uint32_t all_returns_;
    std::atomic<std::uint32_t> returns_;
    mutable std::mutex waiting_mutex_;
    std::multiset<std::chrono::steady_clock::time_point> waiting_;
};

}  // namespace amana::front

// SPDX-License-Identifier: AGPL-3.0-or-later
// Who may come in (docs/ADMISSION.md, sections 4 and 5): connections, handshakes, requests and reports under way, counted over all
// threads, by turns of the sources they come from. Requests and reports hold locked memory, which is scarce, and a SecretBuffer
// that can't be locked ends the process; so each needs its place.
#pragma once

#include "base/process.hpp"
#include "server/front/connections.hpp"
#include "server/front/turns.hpp"
#include "server/wire/slices.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

namespace amana::front {

// Locked memory that one report may come to hold beside its read buffer: a chunk being sealed, the text and the manifest
// while they grow, a part's head, and whole pages around each.
inline constexpr std::size_t locked_bytes_per_report = 448 * 1024;
// The read buffer of one request under way (server/front/http.hpp), in whole pages.
inline constexpr std::size_t locked_bytes_per_request = 20 * 1024;
// What all read buffers may take together.
inline constexpr std::size_t locked_bytes_requests = 1024 * 1024;
// What opening an inbox for somebody takes: the letter, what is parsed of it and while it is parsed, a page being written.
inline constexpr std::size_t locked_bytes_per_opening = 768 * 1024;
inline constexpr std::uint32_t openings_where_scarce = 2;
inline constexpr std::uint32_t openings = 16;
inline constexpr std::size_t locked_bytes_openings = openings_where_scarce * locked_bytes_per_opening;
// What the front locks once: TLS records, keys.
inline constexpr std::size_t locked_bytes_base = 1536 * 1024;

// How many may read the log at one moment, over all threads, by turns, a quarter of them at a time of one source. A quarter of the
// requests that fit, if that is fewer, so that readers, however slow, keep nobody from reporting.
inline constexpr std::uint32_t max_log_reads = 16;
// The same of the outbox, by scripts: by turns, some at a time of one source.
inline constexpr std::uint32_t max_outbox_reads = 48;
inline constexpr std::uint32_t most_outbox_reads_of_one = 24;
// Files are long, so that they have places of their own.
inline constexpr std::uint32_t max_outbox_files = 8;
inline constexpr std::uint32_t most_outbox_files_of_one = 2;
// Openings of inboxes under way at a time for one source: with the pause before each, so many guesses a second (docs/INBOX.md, section 4).
inline constexpr std::uint32_t most_openings_of_one = 2;  // 1 where there are no more in all

class Limits;

// A report that may be received.
class Admitted {
public:
    // So much of it has come.
    void received(std::size_t bytes) { record_->bytes += bytes; }
    // How it ends, should it have to give way to one of another source: called at most once, on any thread.
    void ends_by(std::function<void()> end);

private:
    friend class Limits;
    struct Record : std::enable_shared_from_this<Record> {
        std::shared_ptr<const Source> source;
        bool returned = false;
        std::atomic<bool> told = false;  // to end
        Turns::Clock::time_point since = Turns::Clock::now();
        std::atomic<std::uint64_t> bytes = 0;
        std::mutex mutex;
        std::function<void()> end;
    };
    Admitted(Turns::Place place, std::shared_ptr<Record> record) : place_(std::move(place)), record_(std::move(record)) {}

    Turns::Place place_;
    std::shared_ptr<Record> record_;
};

class Limits {
public:
    struct Timing {
        std::chrono::milliseconds patience = std::chrono::seconds(2);  // of who has less than its share of the reports' places
        std::chrono::milliseconds grace = std::chrono::seconds(10);    // of a report whose source has more
        std::chrono::milliseconds round = std::chrono::seconds(1);     // between two looks at who has more
        std::chrono::milliseconds most = std::chrono::minutes(5);      // of a report where no source has more, or its key has changed
        std::chrono::milliseconds opening_wait = std::chrono::seconds(60);  // for the turn to open an inbox
        std::chrono::milliseconds opening_pause{500};                       // before it is begun
        std::chrono::milliseconds read_wait = std::chrono::seconds(30);     // for the turn to read log or outbox
    };
    Limits(const wire::Limits& config, const MemoryProtection& protection) : Limits(config, protection, Timing()) {}
    Limits(const wire::Limits& config, const MemoryProtection& protection, const Timing& timing);

    [[nodiscard]] Sources& sources() { return sources_; }
    [[nodiscard]] Connections& connections() { return connections_; }
    [[nodiscard]] Turns& handshakes() { return handshakes_; }
    // As many as there is memory for.
    [[nodiscard]] Turns& requests() { return requests_; }
    // Nothing when its turn had not come in time.
    [[nodiscard]] asio::awaitable<std::optional<Turns::Place>> opening(std::shared_ptr<const Source> source, Turns::Bell bell);
    [[nodiscard]] bool openings_waiting() const { return openings_.waiting() > 0; }
    [[nodiscard]] std::chrono::milliseconds opening_pause() const { return timing_.opening_pause; }
    // To read the log, or the outbox. The same.
    [[nodiscard]] asio::awaitable<std::optional<Turns::Place>> log_read(std::shared_ptr<const Source> source, Turns::Bell bell);
    [[nodiscard]] asio::awaitable<std::optional<Turns::Place>> outbox_read(std::shared_ptr<const Source> source, Turns::Bell bell, bool file);
    // Nothing when as many reports are under way as there is memory, or config, for.
    [[nodiscard]] std::optional<Admitted> report(const std::shared_ptr<const Source>& source);
    // Nothing when its turn had not come by then. `returned`: for a form that only goes back to its sender: those have places of their
    // own, a quarter of all.
    [[nodiscard]] asio::awaitable<std::optional<Admitted>> report(std::shared_ptr<const Source> source, Turns::Bell bell,
                                                                  Turns::Clock::time_point until, bool returned);
    [[nodiscard]] Turns::Load report_load() const { return reports_.load(); }
    // Somebody waits for memory, or to report: then no body may be slower than the slowest that config allows.
    [[nodiscard]] bool crowded() const
    {
        return requests_.waiting() > 0 || reports_.waiting() > 0 || returns_.waiting() > 0 || openings_.waiting() > 0 || line_waits_;
    }

    // To be called now and then, on whichever threads: renews the sources' key, and once a second, so that who was told has gone,
    // has reports of a source that holds more than its share give way, the slowest first, to those of others that have waited.
    // `in_line`: how many wait in the line to be called, of other sources than one.
    void tend(const Turns::Elsewhere& in_line = {});

private:
    [[nodiscard]] Admitted admitted(Turns::Place place, const std::shared_ptr<const Source>& source, bool returned);
    [[nodiscard]] std::vector<std::shared_ptr<Admitted::Record>> who_gives_way(const Turns::Excess& excess, bool returned);

    Timing timing_;
    Sources sources_;
    Connections connections_;
    Turns handshakes_;
    Turns requests_;
    Turns log_reads_;
    Turns outbox_reads_;
    Turns outbox_files_;
    Turns openings_;
    Turns reports_;
    Turns returns_;
    std::atomic<bool> line_waits_ = false;  // somebody there might have been called
    std::mutex mutex_;
    std::unordered_set<Admitted::Record*> records_;
    Turns::Clock::time_point looked_at_ = Turns::Clock::now();
};

}  // namespace amana::front

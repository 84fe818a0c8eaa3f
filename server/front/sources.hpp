// SPDX-License-Identifier: AGPL-3.0-or-later
// From which source a connection came: the /24 of an IPv4 address or the /48 of an IPv6 address, as SipHash-2-4 of it under
// a random key that is in memory only and is renewed every five minutes. The address is asked of the kernel once, hashed and
// wiped; of a source nothing stays when its last connection has gone. A source is many people, so nothing is ever refused
// for it: it says only whose turn is next.
#pragma once

#include "base/secret.hpp"

#include <atomic>
#include <chrono>
#include <compare>
#include <map>
#include <memory>
#include <mutex>

struct sockaddr_storage;

namespace amana::front {

struct SourceId {
    std::uint64_t value = 0;
    friend auto operator<=>(const SourceId&, const SourceId&) = default;
};

// Held by the connections that came from it. What is passed on is this: a number that is copied stays where it was copied to.
class Source {
public:
    explicit Source(SourceId id, std::uint32_t key = 1) : id_(id), key_(key) {}
    [[nodiscard]] const SourceId& id() const { return id_; }

private:
    friend class Sources;
    SourceId id_;
    std::uint32_t key_;  // which one, counted
};

class Sources {
public:
    using Clock = std::chrono::steady_clock;

    explicit Sources(std::chrono::milliseconds renewed_every = std::chrono::minutes(5)) : renewed_every_(renewed_every) { renew(Clock::now()); }
    Sources(const Sources&) = delete;
    Sources& operator=(const Sources&) = delete;

    // Of a connection's other end. It outlives what it gives.
    [[nodiscard]] std::shared_ptr<const Source> of(int connection);
    [[nodiscard]] std::shared_ptr<const Source> of(const sockaddr_storage& address);
    // A new key when the old one's time is over. What is connected keeps the source it has.
    void tend();
    // Of the key that those who come now have.
    [[nodiscard]] bool current(const Source& source) const { return keys_ == source.key_; }
    // Not of a key before the last: whoever stays longer would be one more source with every key.
    [[nodiscard]] bool recent(const Source& source) const { return keys_ - source.key_ <= 1; }
    [[nodiscard]] std::size_t size() const;

private:
    using Known = std::map<SourceId, std::weak_ptr<const Source>, std::less<>, WipingAllocator<std::pair<const SourceId, std::weak_ptr<const Source>>>>;

    void renew(Clock::time_point now);
    void forget(const Source* source);

    std::chrono::milliseconds renewed_every_;
    mutable std::mutex mutex_;
    SecretBuffer key_;
    std::atomic<std::uint32_t> keys_ = 0;
    Clock::time_point renewed_at_;
    Known known_;
};

}  // namespace amana::front

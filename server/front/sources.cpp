// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/sources.hpp"

#include <sodium/crypto_shorthash.h>
#include <sodium/randombytes.h>
#include <sodium/utils.h>

#include <algorithm>
#include <cstring>

#include <netinet/in.h>
#include <sys/socket.h>

namespace amana::front {

namespace {

constexpr std::size_t network_bytes_4 = 3;  // /24
constexpr std::size_t network_bytes_6 = 6;  // /48
// What our own calls left on the stack below is overwritten: an idle thread would keep it.
constexpr std::size_t stack_bytes = 4096;

// The family and the network's bytes.
using Network = SecretArray<1 + network_bytes_6>;

void network_of(const sockaddr_storage& address, Network& network)
{
    auto* const out = network.data();
    if (address.ss_family == AF_INET) {
        const auto& ip = reinterpret_cast<const sockaddr_in&>(address).sin_addr;
        out[0] = 4;
        std::memcpy(out + 1, &ip, network_bytes_4);
    } else if (address.ss_family == AF_INET6) {
        const auto& ip = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
        const bool mapped = IN6_IS_ADDR_V4MAPPED(&ip);
        out[0] = mapped ? 4 : 6;
        if (mapped) std::memcpy(out + 1, ip.s6_addr + 12, network_bytes_4);
        else std::memcpy(out + 1, ip.s6_addr, network_bytes_6);
    }
}

[[gnu::noinline]] void hash(const sockaddr_storage& address, const SecretBuffer& key, SourceId& id)
{
    Network network;
    network_of(address, network);
    ByteArray<crypto_shorthash_BYTES> hashed{};
    crypto_shorthash(hashed.data(), network.data(), network.size(), key.data());
    std::memcpy(&id.value, hashed.data(), sizeof id.value);
    wipe(hashed);
}

}  // namespace

std::shared_ptr<const Source> Sources::of(int connection)
{
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(connection, reinterpret_cast<sockaddr*>(&address), &size) != 0) address.ss_family = AF_UNSPEC;
    auto source = of(address);
    sodium_memzero(&address, sizeof address);
    return source;
}

std::shared_ptr<const Source> Sources::of(const sockaddr_storage& address)
{
    std::shared_ptr<const Source> source;
    {
        const std::lock_guard lock(mutex_);
        SourceId id;
        hash(address, key_, id);
        auto& known = known_[id];
        source = known.lock();
        if (!source) {
            source = std::shared_ptr<const Source>(new Source(id, keys_), [this](const Source* gone) { forget(gone); });
            known = source;
        }
        sodium_memzero(&id, sizeof id);
    }
    sodium_stackzero(stack_bytes);
    return source;
}

// Another may have come of it meanwhile, which then is the one that is known.
void Sources::forget(const Source* source)
{
    {
        const std::lock_guard lock(mutex_);
        const auto found = known_.find(source->id());
        if (found != known_.end() && found->second.expired()) known_.erase(found);
    }
    wipe({reinterpret_cast<Byte*>(const_cast<Source*>(source)), sizeof *source});
    delete source;
    sodium_stackzero(stack_bytes);
}

void Sources::tend()
{
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    if (now - renewed_at_ >= renewed_every_) renew(now);
}

void Sources::renew(Clock::time_point now)
{
    SecretBuffer fresh(crypto_shorthash_KEYBYTES);
    randombytes_buf(fresh.data(), fresh.size());
    key_ = std::move(fresh);
    ++keys_;
    renewed_at_ = now;
}

std::size_t Sources::size() const
{
    const std::lock_guard lock(mutex_);
    return known_.size();
}

}  // namespace amana::front

// SPDX-License-Identifier: AGPL-3.0-or-later
// How slices are written. Each has one description of its bytes (`put`), run twice: to count them and to write them, so
// that a private key is only ever copied into locked memory of the right size.
#include "server/wire/slice_format.hpp"

#include "base/reader.hpp"
#include "base/require.hpp"
#include "server/wire/messages.hpp"

#include <algorithm>

namespace amana::wire {

namespace {

class Counter {
public:
    void bytes(ByteView bytes) { count_ += bytes.size(); }
    [[nodiscard]] std::size_t count() const { return count_; }

private:
    std::size_t count_ = 0;
};

class Filler {
public:
    explicit Filler(MutableBytes out) : rest_(out) {}
    void bytes(ByteView bytes)
    {
        require(bytes.size() <= rest_.size(), "a slice outgrew its count");
        std::copy(bytes.begin(), bytes.end(), rest_.begin());
        rest_ = rest_.subspan(bytes.size());
    }
    [[nodiscard]] bool full() const { return rest_.empty(); }

private:
    MutableBytes rest_;
};

template <std::unsigned_integral T>
void put_integer(auto& sink, T value)
{
    sink.bytes(Writer{}.integer(value).take());
}

void put_counted(auto& sink, ByteView bytes)
{
    put_integer(sink, static_cast<std::uint32_t>(bytes.size()));
    sink.bytes(bytes);
}

void put_seconds(auto& sink, std::chrono::seconds value)
{
    require(value.count() >= 0, "a negative duration in a slice");
    put_integer(sink, static_cast<std::uint64_t>(value.count()));
}

void put_head(auto& sink, Byte which)
{
    put_integer(sink, version);
    put_integer(sink, which);
}

void put_site(auto& sink, const SiteSlice& site)
{
    require(site.languages.size() == site.texts.size(), "texts for each language, and for no other");
    put_counted(sink, as_bytes(site.data));
    put_integer(sink, static_cast<std::uint32_t>(site.languages.size()));
    for (std::size_t i = 0; i < site.languages.size(); ++i) {
        put_counted(sink, as_bytes(site.languages[i]));
        for (const auto* text : {&site.texts[i].name, &site.texts[i].numbers, &site.texts[i].law, &site.texts[i].embassy})
            put_counted(sink, as_bytes(*text));
    }
    put_counted(sink, as_bytes(site.questionnaire_name));
    put_counted(sink, site.questionnaire);
    put_counted(sink, site.logo);
    put_counted(sink, as_bytes(site.colour));
    put_counted(sink, as_bytes(site.exit));
    put_seconds(sink, site.read_every);
    put_seconds(sink, site.cover);
    put_counted(sink, as_bytes(site.security_contact));
    put_counted(sink, site.manifest);
    put_counted(sink, site.release);
}

// Items of a kind, counted.
void put_each(auto& sink, const auto& items, auto put_one)
{
    put_integer(sink, static_cast<std::uint32_t>(items.size()));
    for (const auto& item : items) put_one(item);
}

void put_tls(auto& sink, const TlsSlice& slice)
{
    put_each(sink, slice.certificates, [&](const auto& certificates) {
        put_each(sink, certificates, [&](const Certificate& certificate) {
            put_counted(sink, certificate.chain.view());
            put_counted(sink, certificate.private_key.view());
        });
    });
}

void put_flag(auto& sink, bool flag)
{
    put_integer(sink, static_cast<Byte>(flag ? 1 : 0));
}

void put_listener(auto& sink, const ListenerSlice& listener)
{
    for (const bool flag : {listener.tls, listener.proxy, listener.redirect, listener.local}) put_flag(sink, flag);
    put_counted(sink, as_bytes(listener.forwarded));
    put_each(sink, listener.peers, [&](const Network& network) {
        put_flag(sink, network.ipv6);
        sink.bytes(network.ip);
        put_integer(sink, network.bits);
    });
    put_each(sink, listener.addresses, [&](std::uint32_t address) { put_integer(sink, address); });
}

void put_address(auto& sink, const AddressSlice& address)
{
    for (const auto* text : {&address.url, &address.onion_location, &address.exit}) put_counted(sink, as_bytes(*text));
    put_counted(sink, address.manifest);
}

void put(auto& sink, const TlsSlice& slice)
{
    put_head(sink, tls_slice);
    put_tls(sink, slice);
}

void put(auto& sink, const FrontSlice& slice)
{
    put_head(sink, front_slice);
    put_integer(sink, slice.channels);
    put_each(sink, slice.listeners, [&](const auto& listener) { put_listener(sink, listener); });
    put_each(sink, slice.addresses, [&](const auto& address) { put_address(sink, address); });
    put_tls(sink, slice.tls);
    put_counted(sink, slice.keyset);
    put_counted(sink, as_bytes(slice.root_fingerprint));
    put_site(sink, slice.site);
    put_integer(sink, slice.limits.max_files_bytes);
    put_integer(sink, slice.limits.max_connections);
    put_integer(sink, slice.limits.max_uploads);
    put_integer(sink, slice.limits.pace);
    put_seconds(sink, slice.limits.header_timeout);
    put_seconds(sink, slice.limits.idle_timeout);
    put_seconds(sink, slice.limits.body_timeout);
    put_seconds(sink, slice.limits.drain_timeout);
    put_integer(sink, slice.limits.max_handshakes);
    put_integer(sink, slice.limits.max_requests);
    put_integer(sink, slice.limits.slowest);
}

void put(auto& sink, const KeeperSlice& slice)
{
    put_head(sink, keeper_slice);
    put_integer(sink, slice.channels);
    put_counted(sink, as_bytes(slice.directory));
    put_counted(sink, as_bytes(slice.origin));
    put_seconds(sink, slice.tick);
    put_integer(sink, slice.file_ticks);
    put_integer(sink, slice.batch);
    put_integer(sink, slice.large_cover);
    put_seconds(sink, slice.retention);
    put_integer(sink, slice.reserve_bytes);
    put_counted(sink, slice.keyset);
    put_counted(sink, as_bytes(slice.root_fingerprint));
}

template <typename Buffer, typename Slice>
Buffer encode_into(const Slice& slice)
{
    Counter counter;
    put(counter, slice);
    require(counter.count() <= max_slice_bytes, "a slice larger than a child would read");
    Buffer buffer(sizeof(std::uint32_t) + counter.count());
    Filler filler({buffer.data(), buffer.size()});
    put_integer(filler, static_cast<std::uint32_t>(counter.count()));
    put(filler, slice);
    require(filler.full(), "a slice smaller than its count");
    return buffer;
}

}  // namespace

SecretBuffer encode(const FrontSlice& slice)
{
    return encode_into<SecretBuffer>(slice);
}

SecretBuffer encode(const TlsSlice& slice)
{
    return encode_into<SecretBuffer>(slice);
}

Bytes encode(const KeeperSlice& slice)
{
    return encode_into<Bytes>(slice);
}

}  // namespace amana::wire

// SPDX-License-Identifier: AGPL-3.0-or-later
// How slices are read: held to their bounds, and whole or not at all.
#include "server/wire/slice_format.hpp"

#include "base/reader.hpp"
#include "server/wire/messages.hpp"

#include <algorithm>

namespace amana::wire {

namespace {

std::string take_text(Reader& reader, std::size_t max)
{
    return std::string(as_text(reader.counted(max)));
}

std::chrono::seconds take_seconds(Reader& reader, bool& sound)
{
    const auto value = reader.integer<std::uint64_t>();
    if (value > longest_seconds) sound = false;
    return std::chrono::seconds(sound ? static_cast<std::int64_t>(value) : 0);
}

bool take_head(Reader& reader, Byte which, std::size_t whole)
{
    const auto length = reader.integer<std::uint32_t>();
    const auto found_version = reader.integer<std::uint16_t>();
    const auto found_which = reader.integer<Byte>();
    return reader.ok() && length == whole - sizeof(length) && found_version == version && found_which == which;
}

SiteSlice take_site(Reader& reader, bool& sound)
{
    SiteSlice site;
    site.data = take_text(reader, max_path_bytes);
    const auto languages = reader.integer<std::uint32_t>();
    if (languages == 0 || languages > max_languages) sound = false;
    for (std::uint32_t i = 0; sound && reader.ok() && i < languages; ++i) {
        site.languages.push_back(take_text(reader, max_language_bytes));
        auto& texts = site.texts.emplace_back();
        for (auto* text : {&texts.name, &texts.numbers, &texts.law, &texts.embassy}) *text = take_text(reader, max_text_bytes);
    }
    site.questionnaire_name = take_text(reader, max_path_bytes);
    append(site.questionnaire, reader.counted(max_questionnaire_bytes));
    append(site.logo, reader.counted(max_logo_bytes));
    site.colour = take_text(reader, max_address_bytes);
    site.exit = take_text(reader, max_address_bytes);
    site.read_every = take_seconds(reader, sound);
    site.cover = take_seconds(reader, sound);
    site.security_contact = take_text(reader, max_address_bytes);
    append(site.manifest, reader.counted(max_manifest_bytes));
    append(site.release, reader.counted(max_manifest_bytes));
    return site;
}

// So many items as are said, as long as they can be read.
std::uint32_t take_count(Reader& reader, std::uint32_t most, bool& sound)
{
    const auto count = reader.integer<std::uint32_t>();
    if (count > most) sound = false;
    return sound ? count : 0;
}

TlsSlice take_tls(Reader& reader, bool& sound)
{
    TlsSlice slice;
    const auto addresses = take_count(reader, max_addresses, sound);
    for (std::uint32_t i = 0; reader.ok() && i < addresses; ++i) {
        auto& own = slice.certificates.emplace_back();
        const auto count = take_count(reader, max_certificates, sound);
        for (std::uint32_t j = 0; reader.ok() && j < count; ++j) {
            auto& certificate = own.emplace_back();
            certificate.chain = SecretBuffer::copy_of(reader.counted(max_certificate_bytes));
            certificate.private_key = SecretBuffer::copy_of(reader.counted(max_private_key_bytes));
        }
    }
    return slice;
}

bool take_flag(Reader& reader, bool& sound)
{
    const auto flag = reader.integer<Byte>();
    if (flag > 1) sound = false;
    return flag == 1;
}

ListenerSlice take_listener(Reader& reader, bool& sound)
{
    ListenerSlice listener;
    for (auto* flag : {&listener.tls, &listener.proxy, &listener.redirect, &listener.local}) *flag = take_flag(reader, sound);
    listener.forwarded = take_text(reader, max_header_name_bytes);
    const auto peers = take_count(reader, max_peers, sound);
    for (std::uint32_t i = 0; reader.ok() && i < peers; ++i) {
        auto& network = listener.peers.emplace_back();
        network.ipv6 = take_flag(reader, sound);
        const auto ip = reader.bytes(network.ip.size());
        std::copy(ip.begin(), ip.end(), network.ip.begin());
        network.bits = reader.integer<std::uint8_t>();
        if (network.bits > most_bits(network.ipv6)) sound = false;
    }
    const auto addresses = take_count(reader, max_addresses, sound);
    for (std::uint32_t i = 0; reader.ok() && i < addresses; ++i) listener.addresses.push_back(reader.integer<std::uint32_t>());
    return listener;
}

AddressSlice take_address(Reader& reader)
{
    AddressSlice address;
    for (auto* text : {&address.url, &address.onion_location, &address.exit}) *text = take_text(reader, max_address_bytes);
    append(address.manifest, reader.counted(max_manifest_bytes));
    return address;
}

// Each listener serves something that there is, and what ends TLS has a certificate for it.
bool serves_something(const FrontSlice& slice)
{
    if (slice.addresses.empty() || slice.tls.certificates.size() != slice.addresses.size() || slice.listeners.empty()) return false;
    return std::ranges::all_of(slice.listeners, [&](const ListenerSlice& listener) {
        return !listener.addresses.empty() && std::ranges::all_of(listener.addresses, [&](std::uint32_t address) { return address < slice.addresses.size(); });
    });
}

}  // namespace

Error not_a_slice()
{
    return Error{"the warden's config slice is damaged or of another version",
                 "amana-server, amana-front and amana-keeper must come from one package; restart amana-server."};
}

Result<FrontSlice> decode_front(ByteView bytes)
{
    Reader reader(bytes);
    bool sound = take_head(reader, front_slice, bytes.size());
    FrontSlice slice;
    slice.channels = reader.integer<std::uint32_t>();
    const auto listeners = take_count(reader, max_listeners, sound);
    for (std::uint32_t i = 0; reader.ok() && i < listeners; ++i) slice.listeners.push_back(take_listener(reader, sound));
    const auto addresses = take_count(reader, max_addresses, sound);
    for (std::uint32_t i = 0; reader.ok() && i < addresses; ++i) slice.addresses.push_back(take_address(reader));
    slice.tls = take_tls(reader, sound);
    append(slice.keyset, reader.counted(crypto::max_keyset_bytes));
    slice.root_fingerprint = take_text(reader, fingerprint_bytes);
    slice.site = take_site(reader, sound);
    slice.limits.max_files_bytes = reader.integer<std::uint64_t>();
    slice.limits.max_connections = reader.integer<std::uint32_t>();
    slice.limits.max_uploads = reader.integer<std::uint32_t>();
    slice.limits.pace = reader.integer<std::uint32_t>();
    slice.limits.header_timeout = take_seconds(reader, sound);
    slice.limits.idle_timeout = take_seconds(reader, sound);
    slice.limits.body_timeout = take_seconds(reader, sound);
    slice.limits.drain_timeout = take_seconds(reader, sound);
    slice.limits.max_handshakes = reader.integer<std::uint32_t>();
    slice.limits.max_requests = reader.integer<std::uint32_t>();
    slice.limits.slowest = reader.integer<std::uint64_t>();
    if (slice.channels == 0 || slice.channels > max_channels) sound = false;
    if (!serves_something(slice)) sound = false;
    if (slice.root_fingerprint.size() != fingerprint_bytes || slice.limits.slowest == 0) sound = false;
    if (!sound || !reader.done()) return not_a_slice();
    return slice;
}

Result<TlsSlice> decode_tls(ByteView bytes)
{
    Reader reader(bytes);
    bool sound = take_head(reader, tls_slice, bytes.size());
    auto slice = take_tls(reader, sound);
    if (!sound || !reader.done()) return not_a_slice();
    return slice;
}

Result<KeeperSlice> decode_keeper(ByteView bytes)
{
    Reader reader(bytes);
    bool sound = take_head(reader, keeper_slice, bytes.size());
    KeeperSlice slice;
    slice.channels = reader.integer<std::uint32_t>();
    slice.directory = take_text(reader, max_path_bytes);
    slice.origin = take_text(reader, max_origin_bytes);
    slice.tick = take_seconds(reader, sound);
    slice.file_ticks = reader.integer<std::uint32_t>();
    slice.batch = reader.integer<std::uint64_t>();
    slice.large_cover = reader.integer<std::uint64_t>();
    slice.retention = take_seconds(reader, sound);
    slice.reserve_bytes = reader.integer<std::uint64_t>();
    append(slice.keyset, reader.counted(crypto::max_keyset_bytes));
    slice.root_fingerprint = take_text(reader, fingerprint_bytes);
    if (slice.channels == 0 || slice.channels > max_channels) sound = false;
    if (slice.tick.count() == 0 || slice.batch == 0 || slice.file_ticks == 0) sound = false;
    if (!sound || !reader.done()) return not_a_slice();
    return slice;
}

Result<std::size_t> slice_bytes(ByteView length)
{
    const auto bytes = Reader(length).integer<std::uint32_t>();
    if (length.size() != slice_length_bytes || bytes > max_slice_bytes) return not_a_slice();
    return slice_length_bytes + bytes;
}

}  // namespace amana::wire

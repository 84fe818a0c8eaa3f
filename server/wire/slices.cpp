// SPDX-License-Identifier: AGPL-3.0-or-later
// How slices travel. Each slice has one description of its bytes (`put`), run twice: to count them and to write them, so
// that the private key is only ever copied into locked memory of the right size.
#include "server/wire/slices.hpp"

#include "base/file.hpp"
#include "base/reader.hpp"
#include "base/require.hpp"
#include "crypto/keyset.hpp"
#include "server/wire/messages.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>
#include <unistd.h>

namespace amana::wire {

namespace {

constexpr Byte front_slice = 1;
constexpr Byte keeper_slice = 2;
constexpr std::size_t fingerprint_bytes = 64;
constexpr std::size_t max_origin_bytes = 128;
constexpr std::size_t max_slice_bytes = crypto::max_keyset_bytes + max_certificate_bytes + max_private_key_bytes +
                                        2 * max_path_bytes + max_languages * (max_language_bytes + 4 * max_text_bytes + 20) +
                                        max_questionnaire_bytes + max_logo_bytes + 2 * max_manifest_bytes + 3 * max_address_bytes +
                                        1024;
constexpr std::uint64_t longest_seconds = 100ull * 366 * 24 * 3600;

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

void put(auto& sink, const FrontSlice& slice)
{
    put_head(sink, front_slice);
    put_integer(sink, slice.channels);
    put_integer(sink, slice.listeners);
    put_counted(sink, slice.certificate.view());
    put_counted(sink, slice.private_key.view());
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

Error not_a_slice()
{
    return Error{"the warden's config slice is damaged or of another version",
                 "amana-server, amana-front and amana-keeper must come from one package; restart amana-server."};
}

}  // namespace

SecretBuffer encode(const FrontSlice& slice)
{
    return encode_into<SecretBuffer>(slice);
}

Bytes encode(const KeeperSlice& slice)
{
    return encode_into<Bytes>(slice);
}

Result<FrontSlice> decode_front(ByteView bytes)
{
    Reader reader(bytes);
    bool sound = take_head(reader, front_slice, bytes.size());
    FrontSlice slice;
    slice.channels = reader.integer<std::uint32_t>();
    slice.listeners = reader.integer<std::uint32_t>();
    slice.certificate = SecretBuffer::copy_of(reader.counted(max_certificate_bytes));
    slice.private_key = SecretBuffer::copy_of(reader.counted(max_private_key_bytes));
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
    if (slice.listeners == 0 || slice.listeners > max_listeners) sound = false;
    if (slice.root_fingerprint.size() != fingerprint_bytes || slice.limits.slowest == 0) sound = false;
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

Result<SecretBuffer> receive_slice()
{
    ByteArray<sizeof(std::uint32_t)> head{};
    const auto head_read = read_full(warden_fd, head);
    if (!head_read) return head_read.error();
    const auto length = Reader(head).integer<std::uint32_t>();
    if (*head_read != head.size() || length > max_slice_bytes) return not_a_slice();

    SecretBuffer slice(head.size() + length);
    std::copy(head.begin(), head.end(), slice.data());
    const auto body_read = read_full(warden_fd, slice.span().subspan(head.size()));
    if (!body_read) return body_read.error();
    // One byte more shows whether this is the end.
    ByteArray<1> more{};
    const auto more_read = read_full(warden_fd, more);
    if (!more_read) return more_read.error();
    if (*body_read != length || *more_read != 0) return not_a_slice();
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

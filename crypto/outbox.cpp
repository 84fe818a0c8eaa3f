// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/outbox.hpp"

#include "base/reader.hpp"
#include "base/require.hpp"
#include "crypto/lines.hpp"

#include <algorithm>
#include <bit>

namespace amana::crypto {

namespace {

constexpr std::string_view title = "amana outbox v1";

// Takes a line that is `name`, a space, and what is given back; nothing when it is another.
std::optional<std::string_view> take_member(std::string_view& text, std::string_view name)
{
    auto line = take_line(text);
    if (!line.starts_with(name) || line.substr(name.size(), 1) != " ") return std::nullopt;
    return line.substr(name.size() + 1);
}

std::optional<std::uint64_t> take_number(std::string_view& text, std::string_view name)
{
    const auto value = take_member(text, name);
    return value ? parse_decimal(*value) : std::nullopt;
}

std::optional<OutboxNote::Files> read_files(std::string_view line)
{
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    const auto size_class = parse_decimal(line.substr(0, space));
    const auto count = parse_decimal(line.substr(space + 1));
    if (!size_class || !count || *count < 1 || *count > max_outbox_files || answer_file_class(*size_class) != *size_class) return std::nullopt;
    return OutboxNote::Files{static_cast<std::uint32_t>(*size_class), static_cast<std::uint32_t>(*count)};
}

std::optional<OutboxNote> read_text(std::string_view text)
{
    OutboxNote note;
    if (take_line(text) != title) return std::nullopt;
    const auto deployment = take_member(text, "deployment");
    const auto serial = take_number(text, "serial");
    const auto seen = take_number(text, "seen");
    const auto expires = take_number(text, "expires");
    const auto buckets = take_number(text, "buckets");
    if (!deployment || !serial || *serial < 1 || !seen || !expires || !buckets || *buckets > max_buckets || !std::has_single_bit(*buckets))
        return std::nullopt;
    note.deployment = *deployment;
    note.serial = *serial;
    note.seen = *seen;
    note.expires = static_cast<UnixTime>(*expires);
    note.buckets = static_cast<std::uint32_t>(*buckets);
    while (text.starts_with("files ")) {
        const auto files = read_files(*take_member(text, "files"));
        if (!files || (!note.files.empty() && note.files.back().size_class >= files->size_class)) return std::nullopt;
        note.files.push_back(*files);
    }
    const auto hash = take_member(text, "hash");
    const auto body = hash ? from_base64(*hash, hash_bytes) : Result<Bytes>(Error{"", ""});
    if (!body || body->size() != hash_bytes || !text.empty()) return std::nullopt;
    std::copy(body->begin(), body->end(), note.body.begin());
    return note;
}

}  // namespace

std::string OutboxNote::signer(std::string_view deployment)
{
    return std::string(deployment) + "/courier";
}

std::string OutboxNote::text() const
{
    std::string text = std::string(title) + "\ndeployment " + deployment + "\nserial " + std::to_string(serial) + "\nseen " +
                       std::to_string(seen) + "\nexpires " + std::to_string(expires) + "\nbuckets " + std::to_string(buckets) + "\n";
    for (const auto& [size_class, count] : files) text += "files " + std::to_string(size_class) + " " + std::to_string(count) + "\n";
    return text + "hash " + to_base64(body) + "\n";
}

std::string OutboxNote::sign(ByteView courier_seed) const
{
    Note note{text(), {}};
    note.sign(signer(deployment), courier_seed);
    return note.encode();
}

Result<OutboxNote> OutboxNote::parse(ByteView bytes, std::string_view deployment, const SigningPublicKey& courier)
{
    const auto note = Note::parse(bytes, max_outbox_note_bytes);
    if (!note) return note.error();
    if (!note->verified_by({signer(deployment), courier}))
        return Error{"the outbox is not signed by the courier of deployment " + std::string(deployment),
                     "Either it is another deployment's, or the server's key set is not the desk's latest: 'amana-desk public' prints that."};
    auto read = read_text(note->text);
    if (!read || read->deployment != deployment) return Error{"a signed note that is not this deployment's outbox", ""};
    return *std::move(read);
}

std::uint64_t OutboxNote::file_count() const
{
    std::uint64_t sum = 0;
    for (const auto& [size_class, count] : files) sum += count;
    return sum;
}

std::uint64_t OutboxNote::file_at(std::uint64_t file) const
{
    auto at = entry_at(file_count());
    for (const auto& [size_class, count] : files) {
        const auto here = std::min<std::uint64_t>(file, count);
        at += here * answer_file_bytes(size_class);
        file -= here;
    }
    require(file == 0, "a file that the outbox has not");
    return at;
}

std::uint32_t OutboxNote::class_of(std::uint64_t file) const
{
    for (const auto& [size_class, count] : files) {
        if (file < count) return size_class;
        file -= count;
    }
    require(false, "a file that the outbox has not");
    return 0;
}

Bytes outbox_preamble(std::size_t note_bytes)
{
    return Writer().bytes(as_bytes(outbox_magic)).integer(outbox_version).integer(static_cast<std::uint32_t>(note_bytes)).take();
}

Result<std::size_t> parse_outbox_preamble(ByteView preamble)
{
    Reader reader(preamble);
    const auto magic = as_text(reader.bytes(outbox_magic.size()));
    const auto version = reader.integer<std::uint16_t>();
    const std::size_t note_bytes = reader.integer<std::uint32_t>();
    if (!reader.done() || magic != outbox_magic) return Error{"it does not begin as one", "An outbox is what 'amana-desk outbox' writes."};
    if (version != outbox_version)
        return Error{"an outbox of version " + std::to_string(version) + ", which this program does not know", "Bring desk and server to the same version."};
    if (note_bytes == 0 || note_bytes > max_outbox_note_bytes) return Error{"an outbox whose note is too long", ""};
    return note_bytes;
}

}  // namespace amana::crypto

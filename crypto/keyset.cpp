// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/keyset.hpp"

#include "base/require.hpp"
#include "crypto/envelope.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace amana::crypto {

namespace {

constexpr std::string_view first_line = "amana keys v1";
constexpr std::string_view root_name = "amana-root";
// 9999-12-31: no certificate of ours outlives it, and no arithmetic on it overflows.
constexpr UnixTime latest_time = 253402300799;

// The lines of the note's text, each split at single spaces.
using Words = std::vector<std::string_view>;

std::vector<Words> split_lines(std::string_view text)
{
    std::vector<Words> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        Words words;
        for (auto space = line.find(' '); space != std::string_view::npos; space = line.find(' ')) {
            words.push_back(line.substr(0, space));
            line.remove_prefix(space + 1);
        }
        words.push_back(line);
        lines.push_back(std::move(words));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::optional<std::uint64_t> parse_number(std::string_view text)
{
    std::uint64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size() || (text.size() > 1 && text.front() == '0'))
        return std::nullopt;
    return value;
}

std::optional<Validity> parse_validity(std::string_view not_before, std::string_view not_after)
{
    const auto from = parse_number(not_before);
    const auto to = parse_number(not_after);
    if (!from || !to || *from >= *to || *to > static_cast<std::uint64_t>(latest_time)) return std::nullopt;
    return Validity{static_cast<UnixTime>(*from), static_cast<UnixTime>(*to)};
}

template <std::size_t N>
bool parse_key(std::string_view text, ByteArray<N>& out)
{
    const auto bytes = from_base64(text, N);
    if (!bytes || bytes->size() != N) return false;
    std::copy(bytes->begin(), bytes->end(), out.begin());
    return true;
}

bool parse_certificate(const Words& words, std::string_view role, SigningCertificate& out)
{
    if (words.size() != 4 || words[0] != role) return false;
    const auto validity = parse_validity(words[1], words[2]);
    if (!validity || !parse_key(words[3], out.key)) return false;
    out.validity = *validity;
    return true;
}

// False when line `i` is not what the format has there.
bool parse_line(std::size_t i, const Words& words, KeySet& keys)
{
    switch (i) {
    case 0: return words == Words{"amana", "keys", "v1"};
    case 1:
        if (words.size() != 2 || words[0] != "deployment" || !is_note_name(words[1])) return false;
        keys.deployment = words[1];
        return true;
    case 2: {
        const auto serial = words.size() == 2 && words[0] == "serial" ? parse_number(words[1]) : std::nullopt;
        if (!serial || *serial == 0) return false;
        keys.serial = *serial;
        return true;
    }
    case 3: return words.size() == 2 && words[0] == "root" && parse_key(words[1], keys.root);
    case 4: return parse_certificate(words, "courier", keys.courier);
    case 5: return parse_certificate(words, "witness", keys.witness);
    default: break;
    }
    if (words.size() != 5 || words[0] != "epoch" || !is_note_name(words[1]) || keys.epochs.size() == max_epochs) return false;
    EpochKey epoch;
    const auto validity = parse_validity(words[2], words[3]);
    if (!validity || !parse_key(words[4], epoch.key)) return false;
    epoch.recipient = words[1];
    epoch.validity = *validity;
    keys.epochs.push_back(std::move(epoch));
    return true;
}

}  // namespace

UnixTime epoch_start(UnixTime time)
{
    // 1970-01-05 was the first Monday.
    constexpr UnixTime first_monday = 4 * one_day;
    auto into = (time - first_monday) % epoch_length;
    if (into < 0) into += epoch_length;
    return time - into;
}

std::string root_fingerprint(const SigningPublicKey& root)
{
    return to_hex(sha256(root));
}

std::string KeySet::encode(ByteView root_seed) const
{
    require(signing_public_key(root_seed) == root, "a key set is signed by its own root");
    auto text = fmt::format("{}\ndeployment {}\nserial {}\nroot {}\n", first_line, deployment, serial, to_base64(root));
    const auto add = [&](std::string_view role, const Validity& validity, ByteView key) {
        text += fmt::format("{} {} {} {}\n", role, validity.not_before, validity.not_after, to_base64(key));
    };
    add("courier", courier.validity, courier.key);
    add("witness", witness.validity, witness.key);
    for (const auto& epoch : epochs) add("epoch " + epoch.recipient, epoch.validity, epoch.key);
    Note note{std::move(text), {}};
    note.sign(std::string(root_name), root_seed);
    return note.encode();
}

Result<KeySet> KeySet::parse(ByteView bytes, std::string_view fingerprint)
{
    const auto note = Note::parse(bytes, max_keyset_bytes);
    if (!note) return Error{"not a key set: " + note.error().message, "It is the file that 'amana-desk public' writes."};
    KeySet keys;
    const auto lines = split_lines(note->text);
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (!parse_line(i, lines[i], keys))
            return Error{"line " + std::to_string(i + 1) + " of the key set is not what belongs there",
                         "It is the file that 'amana-desk public' writes."};
    if (keys.epochs.empty()) return Error{"a key set without an epoch key", ""};
    if (keys.recipients().size() > max_slots) return Error{"a key set with more than four recipients", ""};
    if (root_fingerprint(keys.root) != fingerprint)
        return Error{"the key set is of another root key, whose fingerprint is " + root_fingerprint(keys.root),
                     "Compare with the fingerprint on paper before you change anything."};
    if (!note->verified_by({std::string(root_name), keys.root}))
        return Error{"the root's signature on the key set is not good", "Do not use this file; ask the desk for it again."};
    return keys;
}

std::vector<std::string> KeySet::recipients() const
{
    std::vector<std::string> names;
    for (const auto& epoch : epochs)
        if (std::find(names.begin(), names.end(), epoch.recipient) == names.end()) names.push_back(epoch.recipient);
    return names;
}

std::optional<std::vector<XWingPublicKey>> KeySet::sealing_keys(UnixTime time) const
{
    std::vector<XWingPublicKey> keys;
    for (const auto& name : recipients()) {
        const EpochKey* latest = nullptr;
        for (const auto& epoch : epochs)
            if (epoch.recipient == name && epoch.validity.contains(time) &&
                (latest == nullptr || epoch.validity.not_before > latest->validity.not_before))
                latest = &epoch;
        if (latest == nullptr) return std::nullopt;
        keys.push_back(latest->key);
    }
    return keys;
}

std::vector<XWingPublicKey> KeySet::sealing_keys_or_last(UnixTime time) const
{
    if (auto keys = sealing_keys(time)) return *std::move(keys);
    std::vector<XWingPublicKey> keys;
    for (const auto& name : recipients()) {
        const EpochKey* latest = nullptr;
        for (const auto& epoch : epochs)
            if (epoch.recipient == name && (latest == nullptr || epoch.validity.not_before > latest->validity.not_before))
                latest = &epoch;
        keys.push_back(latest->key);  // a recipient is known by its epochs
    }
    return keys;
}

UnixTime KeySet::sealing_ends(UnixTime time) const
{
    // Validity changes only where some key's ends; at most max_epochs steps.
    while (sealing_keys(time)) {
        auto next = latest_time;
        for (const auto& epoch : epochs)
            if (epoch.validity.contains(time)) next = std::min(next, epoch.validity.not_after);
        time = next;
    }
    return time;
}

}  // namespace amana::crypto

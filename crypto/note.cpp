// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/note.hpp"

#include "base/reader.hpp"
#include "base/utf8.hpp"

#include <algorithm>

namespace amana::crypto {

namespace {

constexpr std::string_view signature_prefix = "\xe2\x80\x94 ";  // an em dash and a space
constexpr std::size_t max_signature_bytes = 8 * 1024;            // other algorithms' may be long

// Text of a note: UTF-8, no control characters but newlines, ending with one.
bool is_note_text(std::string_view text)
{
    return !text.empty() && text.back() == '\n' && utf8_length(text) &&
           std::none_of(text.begin(), text.end(), [](char c) {
               return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f;
           });
}

Result<NoteSignature> parse_signature(std::string_view line)
{
    const Error bad{"a note's signature line is not one", ""};
    if (!line.starts_with(signature_prefix)) return bad;
    line.remove_prefix(signature_prefix.size());
    const auto space = line.find(' ');
    if (space == std::string_view::npos || !is_note_name(line.substr(0, space))) return bad;
    const auto bytes = from_base64(line.substr(space + 1), max_signature_bytes);
    if (!bytes || bytes->size() <= note_key_id_bytes) return bad;
    NoteSignature signature{std::string(line.substr(0, space)), {}, {}};
    std::copy_n(bytes->begin(), note_key_id_bytes, signature.id.begin());
    signature.signature.assign(bytes->begin() + note_key_id_bytes, bytes->end());
    return signature;
}

NoteKeyId key_id(const NoteVerifier& verifier, Byte algorithm)
{
    const ByteArray<2> tail{'\n', algorithm};
    const auto digest = Sha256().update(as_bytes(verifier.name)).update(tail).update(verifier.key).finish();
    NoteKeyId id;
    std::copy_n(digest.begin(), id.size(), id.begin());
    return id;
}

std::string key_text(const NoteVerifier& verifier, Byte algorithm, const NoteKeyId& id)
{
    Bytes tagged{algorithm};
    append(tagged, verifier.key);
    return verifier.name + "+" + to_hex(id) + "+" + to_base64(tagged);
}

// What a witness signs (C2SP tlog-cosignature).
std::string cosigned_text(const std::string& text, std::uint64_t time)
{
    return "cosignature/v1\ntime " + std::to_string(time) + "\n" + text;
}

}  // namespace

bool is_note_name(std::string_view name)
{
    return !name.empty() && name.size() <= 128 &&
           std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '+'; });
}

NoteKeyId NoteVerifier::id() const
{
    return key_id(*this, note_ed25519);
}

NoteKeyId NoteVerifier::cosigner_id() const
{
    return key_id(*this, note_cosignature);
}

std::string NoteVerifier::text() const
{
    return key_text(*this, note_ed25519, id());
}

std::string NoteVerifier::cosigner_text() const
{
    return key_text(*this, note_cosignature, cosigner_id());
}

Result<NoteVerifier> NoteVerifier::parse(std::string_view text)
{
    const Error bad{"not a verifier key", "It is one line, NAME+HEXID+BASE64, as 'amana-server status' prints it."};
    const auto first = text.find('+');
    if (first == std::string_view::npos) return bad;
    const auto second = text.find('+', first + 1);
    if (second == std::string_view::npos || !is_note_name(text.substr(0, first))) return bad;
    const auto tagged = from_base64(text.substr(second + 1), 1 + ed25519_public_bytes);
    if (!tagged || tagged->size() != 1 + ed25519_public_bytes || tagged->front() != note_ed25519) return bad;
    NoteVerifier verifier{std::string(text.substr(0, first)), {}};
    std::copy(tagged->begin() + 1, tagged->end(), verifier.key.begin());
    if (to_hex(verifier.id()) != text.substr(first + 1, second - first - 1)) return bad;
    return verifier;
}

Result<Note> Note::parse(ByteView bytes, std::size_t max)
{
    if (bytes.size() > max) return Error{"a signed note longer than it may be", ""};
    const auto whole = as_text(bytes);
    const auto split = whole.rfind("\n\n");
    if (split == std::string_view::npos) return Error{"not a signed note: no blank line before signatures", ""};
    Note note{std::string(whole.substr(0, split + 1)), {}};
    auto rest = whole.substr(split + 2);
    if (!is_note_text(note.text) || rest.empty()) return Error{"not a signed note", ""};
    while (!rest.empty()) {
        const auto end = rest.find('\n');
        if (end == std::string_view::npos) return Error{"a signed note that is cut off", ""};
        auto signature = parse_signature(rest.substr(0, end));
        if (!signature) return signature.error();
        if (note.signatures.size() == max_note_signatures) return Error{"a note with too many signatures", ""};
        note.signatures.push_back(std::move(*signature));
        rest.remove_prefix(end + 1);
    }
    return note;
}

std::string Note::encode() const
{
    std::string out = text + "\n";
    for (const auto& signature : signatures) {
        Bytes bytes(signature.id.begin(), signature.id.end());
        append(bytes, signature.signature);
        out += std::string(signature_prefix) + signature.name + " " + to_base64(bytes) + "\n";
    }
    return out;
}

void Note::sign(const std::string& name, ByteView seed)
{
    const auto signature = crypto::sign(seed, as_bytes(text));
    signatures.push_back({name, NoteVerifier{name, signing_public_key(seed)}.id(), Bytes(signature.begin(), signature.end())});
}

void Note::cosign(const std::string& name, ByteView seed, std::uint64_t time)
{
    const NoteVerifier witness{name, signing_public_key(seed)};
    const auto signature = crypto::sign(seed, as_bytes(cosigned_text(text, time)));
    signatures.push_back({name, witness.cosigner_id(), Writer().integer(time).bytes(signature).take()});
}

bool Note::cosigned_by(const NoteVerifier& witness) const
{
    const auto id = witness.cosigner_id();
    bool found = false;
    for (const auto& signature : signatures) {
        if (signature.name != witness.name || signature.id != id) continue;
        Reader reader(signature.signature);
        const auto time = reader.integer<std::uint64_t>();
        if (!reader.ok() || !verify(witness.key, as_bytes(cosigned_text(text, time)), reader.rest())) return false;
        found = true;
    }
    return found;
}

bool Note::verified_by(const NoteVerifier& verifier) const
{
    // A signature that claims to be this key's and is not spoils the note, as the specification advises.
    const auto id = verifier.id();
    bool found = false;
    for (const auto& signature : signatures) {
        if (signature.name != verifier.name || signature.id != id) continue;
        if (!verify(verifier.key, as_bytes(text), signature.signature)) return false;
        found = true;
    }
    return found;
}

}  // namespace amana::crypto

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/checkpoint.hpp"

#include <charconv>

namespace amana::crypto {

namespace {

// Up to the next newline, which is taken off too.
std::string_view take_line(std::string_view& text)
{
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

}  // namespace

std::string Checkpoint::text() const
{
    return origin + "\n" + std::to_string(size) + "\n" + to_base64(root) + "\n";
}

std::string Checkpoint::sign(ByteView log_seed) const
{
    Note note{text(), {}};
    note.sign(origin, log_seed);
    return note.encode();
}

Result<Checkpoint> Checkpoint::parse(ByteView bytes, const NoteVerifier& log)
{
    const auto note = Note::parse(bytes, max_checkpoint_bytes);
    if (!note) return note.error();
    if (!note->verified_by(log)) {
        std::string signers;
        for (const auto& signature : note->signatures) signers += " " + signature.name + "+" + to_hex(signature.id);
        return Error{"the checkpoint is not signed by " + log.name + "+" + to_hex(log.id()), "It names:" + signers};
    }
    std::string_view rest = note->text;
    const Error bad{"a signed checkpoint that is not written as one", ""};
    Checkpoint checkpoint;
    checkpoint.origin = take_line(rest);
    const auto size = take_line(rest);
    const auto root = from_base64(take_line(rest), hash_bytes);
    // Further lines are extensions, which the specification lets a reader ignore.
    const auto [end, failed] = std::from_chars(size.data(), size.data() + size.size(), checkpoint.size);
    if (failed != std::errc{} || end != size.data() + size.size() || (size.size() > 1 && size.front() == '0')) return bad;
    if (!root || root->size() != hash_bytes || checkpoint.origin != log.name) return bad;
    std::copy(root->begin(), root->end(), checkpoint.root.begin());
    return checkpoint;
}

}  // namespace amana::crypto

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/checkpoint.hpp"

#include "crypto/lines.hpp"
namespace amana::crypto {

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
    const auto size = parse_decimal(take_line(rest));
    const auto root = from_base64(take_line(rest), hash_bytes);
    // Further lines are extensions, which the specification lets a reader ignore.
    if (!size || !root || root->size() != hash_bytes || checkpoint.origin != log.name) return bad;
    checkpoint.size = *size;
    std::copy(root->begin(), root->end(), checkpoint.root.begin());
    return checkpoint;
}

}  // namespace amana::crypto

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/promise.hpp"

#include "crypto/lines.hpp"

namespace amana::crypto {

namespace {

constexpr std::string_view title = "amana promise v1";

}  // namespace

std::string Promise::text() const
{
    return std::string(title) + "\n" + origin + "\n" + std::to_string(from) + "\n" + std::to_string(by) + "\n" +
           to_base64(leaf) + "\n";
}

std::string Promise::sign(ByteView log_seed) const
{
    Note note{text(), {}};
    note.sign(origin, log_seed);
    return note.encode();
}

Result<Promise> Promise::parse(ByteView bytes, const NoteVerifier& log)
{
    const auto note = Note::parse(bytes, max_promise_bytes);
    if (!note) return note.error();
    if (!note->verified_by(log)) return Error{"the promise is not signed by " + log.name + "+" + to_hex(log.id()), ""};
    std::string_view rest = note->text;
    const auto found_title = take_line(rest);
    Promise promise;
    promise.origin = take_line(rest);
    const auto from = parse_decimal(take_line(rest));
    const auto by = parse_decimal(take_line(rest));
    const auto leaf = from_base64(take_line(rest), hash_bytes);
    if (found_title != title || promise.origin != log.name || !from || !by || *by <= *from || !leaf ||
        leaf->size() != hash_bytes || !rest.empty())
        return Error{"a signed note that is not a promise", ""};
    promise.from = *from;
    promise.by = *by;
    std::copy(leaf->begin(), leaf->end(), promise.leaf.begin());
    return promise;
}

}  // namespace amana::crypto

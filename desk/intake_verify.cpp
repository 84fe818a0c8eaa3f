// SPDX-License-Identifier: AGPL-3.0-or-later
// The first reading of a bundle: is it whole, is it ours, and does it agree with what this desk has seen?
#include "desk/intake.hpp"

#include <fmt/format.h>

namespace amana::desk {

namespace {

constexpr const char* evidence =
    "Nothing was imported. Keep this bundle and the earlier ones: they are evidence. Tell whoever answers for the server, "
    "and carry nothing back to it until this is explained.";

std::string signers(const crypto::Note& note)
{
    std::string names;
    for (const auto& signature : note.signatures)
        names += (names.empty() ? "" : ", ") + signature.name + "+" + to_hex(signature.id);
    return names;
}

Result<crypto::Checkpoint> trusted_checkpoint(ByteView bytes, const crypto::NoteVerifier& log)
{
    const auto note = crypto::Note::parse(bytes, crypto::max_checkpoint_bytes);
    if (!note) return Error{"the bundle's checkpoint is damaged: " + note.error().message, "Copy the bundle from the server again."};
    auto checkpoint = crypto::Checkpoint::parse(bytes, log);
    if (checkpoint) return checkpoint;
    const auto trusted = log.name + "+" + to_hex(log.id());
    for (const auto& signature : note->signatures)
        if (signature.name == log.name && signature.id == log.id())
            return Error{"the checkpoint's signature by " + trusted + " is not good: the bundle was damaged or forged",
                         "Copy the bundle from the server again; if it stays so, do not use it."};
    return Error{"the bundle comes from a log this desk does not know: it is signed by " + signers(*note) +
                     ", and this desk trusts " + trusted,
                 "If it is from another deployment, it belongs to another desk. If the server's log key was replaced on "
                 "purpose, compare the new one with 'amana-server status' and run: amana-desk trust DIR VERIFIER --replace"};
}

Error contradiction(const crypto::Checkpoint& checkpoint, std::uint64_t seen, const std::string& what)
{
    return Error{fmt::format("THE LOG'S PAST WAS CHANGED. This desk has seen {} entries of {}; this bundle's signed checkpoint "
                             "of {} entries contradicts them: {}",
                             seen, checkpoint.origin, checkpoint.size, what),
                 evidence};
}

// Compares what passes with what this desk saw at the same place.
class Comparison final : public EntryVisitor {
public:
    Comparison(Casebook& casebook, std::uint64_t seen) : casebook_(casebook), seen_(seen) {}

    Result<void> begin(std::uint64_t, std::uint64_t) override { return {}; }
    Result<void> piece(ByteView) override { return {}; }
    Result<void> end(std::uint64_t position, const crypto::Hash& leaf) override
    {
        if (position >= seen_) return {};
        const auto known = casebook_.leaf_at(position);
        if (!known) return known.error();
        if (*known != leaf && !differs_) differs_ = position;
        return {};
    }
    [[nodiscard]] const std::optional<std::uint64_t>& differs() const { return differs_; }

private:
    Casebook& casebook_;
    std::uint64_t seen_;
    std::optional<std::uint64_t> differs_;
};

// A checkpoint of no more than this desk has seen must be one of the tree it has seen. Its signature alone proves a fork.
Result<void> check_against_seen(Casebook& casebook, const crypto::Checkpoint& checkpoint, std::uint64_t seen)
{
    if (checkpoint.size > seen) return {};
    const auto ours = casebook.frontier_at(checkpoint.size);
    if (!ours) return ours.error();
    if (ours->root() == checkpoint.root) return {};
    return contradiction(checkpoint, seen, "at that size the root was " + to_base64(ours->root()) + " and is now said to be " +
                                               to_base64(checkpoint.root) + ".");
}

Error wrong_root(const BundleFile::Head& head, std::uint64_t seen)
{
    const auto* const cause = "an entry is changed, missing, added or moved";
    if (head.first == 0)
        return Error{std::string("the bundle's entries are not the ones its checkpoint is signed over: ") + cause,
                     "Copy the bundle from the server again; if it stays so, do not use it and keep it as evidence."};
    // From the middle of a log, a rewritten past and a damaged bundle look the same.
    return Error{fmt::format("the bundle does not continue the log this desk has seen ({} entries): {}, or the log's past was "
                             "changed", seen, cause),
                 "Copy the bundle again. If it stays so, let the server export the whole log, from its first entry: the desk "
                 "can then tell which it is. Nothing was imported."};
}

}  // namespace

Result<VerifiedBundle> VerifiedBundle::verify(BundleFile file, Casebook& casebook, const Progress& progress)
{
    const auto pinned = casebook.pinned();
    if (!pinned) return pinned.error();
    if (!*pinned)
        return Error{"this desk does not know the server's log key yet",
                     "'amana-server status' prints it; then run: amana-desk trust DIR VERIFIER"};
    auto head = file.read_head();
    if (!head) return head.error();
    auto checkpoint = trusted_checkpoint(head->note, **pinned);
    if (!checkpoint) return checkpoint.error();
    const auto seen = casebook.seen();
    if (!seen) return seen.error();

    if (head->first > checkpoint->size) return Error{"the bundle begins behind its own end", "Copy it from the server again."};
    if (head->first > seen->size())
        return Error{fmt::format("the bundle begins at entry {}, but this desk has seen only {}", head->first, seen->size()),
                     "Import the bundles that came before it first, or let the server export the whole log."};
    if (const auto checked = check_against_seen(casebook, *checkpoint, seen->size()); !checked) return checked.error();

    auto before = casebook.frontier_at(head->first);
    if (!before) return before.error();
    auto tree = *before;
    Comparison comparison(casebook, seen->size());
    if (const auto read = file.read_entries(checkpoint->size - head->first, tree, comparison, progress); !read)
        return read.error();
    if (tree.root() != checkpoint->root) return wrong_root(*head, seen->size());
    if (comparison.differs())
        return contradiction(*checkpoint, seen->size(), fmt::format("entry {} is another one.", *comparison.differs()));
    return VerifiedBundle(std::move(file), std::move(*head), std::move(*checkpoint), std::move(*before), seen->size());
}

}  // namespace amana::desk

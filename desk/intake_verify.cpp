// SPDX-License-Identifier: AGPL-3.0-or-later
// The first reading of a bundle: is it ours, does it continue what this desk has seen, and is everything in it?
#include "desk/intake.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace amana::desk {

namespace {

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
            return Error{"the checkpoint's signature by " + trusted + " is not good: the bundle was forged",
                         "Copy the bundle from the server again; if it stays so, do not use it."};
    return Error{"the bundle comes from a log this desk does not know: it is signed by " + signers(*note) +
                     ", and this desk trusts " + trusted,
                 "If it is from another deployment, it belongs to another desk. If the server's log key was replaced on "
                 "purpose, compare the new one with 'amana-server status' and run: amana-desk trust DIR VERIFIER --replace"};
}

// The leaves that a bundle lists: those that were seen are held to them, the others are appended to them.
class Listed {
public:
    Listed(Casebook& casebook, const crypto::Frontier& seen) : casebook_(casebook), tree_(seen), seen_(seen.size()) {}

    Result<void> read(const Bundle& bundle)
    {
        return bundle.for_each_leaf([&](std::uint64_t position, const crypto::Hash& leaf) -> Result<void> {
            if (position >= seen_) {
                tree_.append(leaf);
            } else if (!first_difference_) {
                const auto known = casebook_.leaf_at(position);
                if (!known) return known.error();
                if (*known != leaf) first_difference_ = position;
            }
            return {};
        });
    }

    [[nodiscard]] const crypto::Frontier& tree() const { return tree_; }

    // What was done to the part that was seen, from the first leaf that differs.
    Result<std::vector<Finding>> findings(const Bundle& bundle) const
    {
        if (!first_difference_) return std::vector<Finding>{};
        const auto from = *first_difference_;
        std::vector<crypto::Hash> ours;
        std::vector<crypto::Hash> theirs;
        for (auto at = from; at < seen_ && ours.size() < max_differences; ++at) {
            const auto known = casebook_.leaf_at(at);
            if (!known) return known.error();
            ours.push_back(*known);
        }
        const auto read = bundle.for_each_leaf([&](std::uint64_t position, const crypto::Hash& leaf) -> Result<void> {
            if (position >= from && theirs.size() < max_differences) theirs.push_back(leaf);
            return {};
        });
        if (!read) return read.error();
        return classify_lists(ours, theirs, from);
    }

private:
    Casebook& casebook_;
    crypto::Frontier tree_;
    std::uint64_t seen_;
    std::optional<std::uint64_t> first_difference_;
};

// Holds each entry to the leaf that is listed for it.
class EntryCheck final : public EntryVisitor {
public:
    EntryCheck(Casebook& casebook, std::uint64_t seen, Erased erased) : casebook_(casebook), seen_(seen), erased_(erased) {}

    Result<void> begin(std::uint64_t, const crypto::BundleEntryHead&) override { return {}; }
    Result<void> piece(ByteView) override { return {}; }
    Result<void> end(std::uint64_t position, const crypto::Hash& listed, const std::optional<crypto::Hash>& found) override
    {
        if (found == listed) return {};
        if (!found) {
            if (position < seen_ || erased_ == Erased::accepted) return {};
            const auto known = casebook_.has_envelope(listed);
            if (!known) return known.error();
            if (*known) return {};
        }
        if (differences_.size() < max_differences) differences_.push_back({position, listed, found});
        return {};
    }
    [[nodiscard]] const std::vector<Difference>& differences() const { return differences_; }

private:
    Casebook& casebook_;
    std::uint64_t seen_;
    Erased erased_;
    std::vector<Difference> differences_;
};

Error accusation(const std::vector<Finding>& found, const crypto::Checkpoint& claimed, std::uint64_t seen)
{
    std::string hint = "Nothing was imported; what was found is kept as evidence (amana-desk audit). Keep this medium, tell "
                       "whoever answers for the server, and carry nothing back to it until this is explained.";
    if (found.size() == 1 && found.front().what == Misdeed::rolled_back)
        hint = "It is an older bundle of the same log: an old medium, or the server has lost entries. If it was exported "
               "just now, entries are missing on the server. " + hint;
    return Error{fmt::format("THE LOG IS NOT WHAT WAS SIGNED: {}. This desk has seen {} entries of {}; the bundle's checkpoint "
                             "is of {}.",
                             describe(found), seen, claimed.origin, claimed.size),
                 hint};
}

class Verification {
public:
    Verification(const Bundle& bundle, Casebook& casebook, Erased erased, const crypto::Checkpoint& claimed, SeenLog seen)
        : bundle_(bundle), casebook_(casebook), erased_(erased), claimed_(claimed), seen_(std::move(seen))
    {
    }

    // What is wrong with the log; an error is something else that is wrong.
    Result<std::vector<Finding>> run(const Progress& progress)
    {
        Listed listed(casebook_, seen_.frontier);
        if (const auto read = listed.read(bundle_); !read) return read.error();
        if (const auto looked = look_at_tree(listed.tree()); !looked) return looked.error();
        auto past = listed.findings(bundle_);
        if (!past) return past.error();
        merge(*std::move(past));

        EntryCheck check(casebook_, seen_.size(), erased_);
        if (const auto read = bundle_.read_entries(check, progress); !read) return read.error();
        merge(classify(check.differences()));
        return std::move(found_);
    }

private:
    // Signed: the claim. Known: the leaves seen. Both can't be when the one is not the beginning of the other.
    Result<void> look_at_tree(const crypto::Frontier& continued)
    {
        if (claimed_.size > seen_.size()) {
            if (continued.root() != claimed_.root) found_.push_back({Misdeed::forked, {}});
            return {};
        }
        const auto ours = casebook_.frontier_at(claimed_.size);
        if (!ours) return ours.error();
        if (ours->root() != claimed_.root) found_.push_back({Misdeed::forked, {}});
        else if (claimed_.size < seen_.size()) found_.push_back({Misdeed::rolled_back, {}});
        return {};
    }

    void merge(std::vector<Finding> more)
    {
        for (auto& finding : more) {
            const auto known = std::find_if(found_.begin(), found_.end(), [&](const auto& other) { return other.what == finding.what; });
            if (known == found_.end()) found_.push_back(std::move(finding));
            else known->at.insert(known->at.end(), finding.at.begin(), finding.at.end());
        }
    }

    const Bundle& bundle_;
    Casebook& casebook_;
    Erased erased_;
    const crypto::Checkpoint& claimed_;
    SeenLog seen_;
    std::vector<Finding> found_;
};

}  // namespace

Result<VerifiedBundle> VerifiedBundle::verify(Bundle bundle, Casebook& casebook, Erased erased,
                                              std::optional<NewEvidence>& evidence, const Progress& progress)
{
    const auto pinned = casebook.pinned();
    if (!pinned) return pinned.error();
    if (!*pinned)
        return Error{"this desk does not know the server's log key yet",
                     "'amana-server status' prints it; then run: amana-desk trust DIR VERIFIER"};
    auto checkpoint = trusted_checkpoint(bundle.note(), **pinned);
    if (!checkpoint) return checkpoint.error();
    auto seen = casebook.seen();
    if (!seen) return seen.error();
    const auto seen_size = seen->size();
    if (bundle.end() != checkpoint->size)
        return Error{fmt::format("the bundle ends at entry {}, its checkpoint at {}", bundle.end(), checkpoint->size),
                     "Let the server export it again."};
    if (bundle.first() > seen_size)
        return Error{fmt::format("the bundle begins at entry {}, but this desk has seen only {}", bundle.first(), seen_size),
                     "Import the bundles that came before it first, or let the server export the whole log."};

    const TreeClaim ours{seen_size, seen->frontier.root()};
    const auto our_note = seen->checkpoint;
    auto found = Verification(bundle, casebook, erased, *checkpoint, *std::move(seen)).run(progress);
    if (!found) return found.error();
    if (!found->empty()) {
        const auto error = accusation(*found, *checkpoint, seen_size);
        const auto note = bundle.note();
        evidence = NewEvidence{*std::move(found), ours, {checkpoint->size, checkpoint->root}, our_note,
                               Bytes(note.begin(), note.end()), bundle.source()};
        return error;
    }
    return VerifiedBundle(std::move(bundle), std::move(*checkpoint), seen_size);
}

}  // namespace amana::desk

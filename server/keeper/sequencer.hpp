// SPDX-License-Identifier: AGPL-3.0-or-later
// The sequencer: on a tick, what is pending goes into the log in an order that a cryptographic generator chose, and the
// tree that results is signed. One group of the store: it happens whole or not at all.
#pragma once

#include "base/secret.hpp"
#include "crypto/checkpoint.hpp"
#include "server/keeper/store.hpp"

#include <string>

namespace amana::keeper {

class Sequencer {
public:
    // An error when `origin` is no name for a log. `seed`: the log key.
    [[nodiscard]] static Result<Sequencer> create(std::string origin, SecretBuffer seed);

    // Signs the empty tree of a store that has none yet; an error when the store's tree is not this sequencer's, or
    // not whole. Leaves nothing uncommitted.
    [[nodiscard]] Result<void> adopt(Store& store) const;

    // Commits; on failure all is as it was. Returns how many entries were appended.
    [[nodiscard]] Stored<std::uint64_t> tick(Store& store) const;

    // The log's signed word that an envelope which is pending now will be in it.
    [[nodiscard]] std::string promise(const Tree& tree, const crypto::Hash& leaf) const;

    [[nodiscard]] const crypto::NoteVerifier& verifier() const { return verifier_; }

private:
    Sequencer(crypto::NoteVerifier verifier, SecretBuffer seed) : verifier_(std::move(verifier)), seed_(std::move(seed)) {}

    [[nodiscard]] Result<Tree> extend(const Tree& before, const std::vector<PendingEnvelope>& entries) const;
    [[nodiscard]] Stored<std::uint64_t> run(Store& store, const Arrange& arrange) const;
    [[nodiscard]] Result<void> check(const Tree& tree) const;

    crypto::NoteVerifier verifier_;
    SecretBuffer seed_;
};

}  // namespace amana::keeper

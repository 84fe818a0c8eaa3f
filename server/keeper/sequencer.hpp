// SPDX-License-Identifier: AGPL-3.0-or-later
// The sequencer: on a tick, what is pending goes into the log together with decoys, in an order that a cryptographic
// generator chose, and the tree that results is signed. One group of the store: it happens whole or not at all.
// docs/LOG.md, sections 2 and 4.1.
#pragma once

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "crypto/checkpoint.hpp"
#include "crypto/promise.hpp"
#include "server/keeper/store.hpp"

#include <optional>
#include <string>

namespace amana::keeper {

// A promise's BY is this much above its FROM.
inline constexpr std::uint64_t promise_window = 4096;

// Which decoys join a batch (server/keeper/storage.cpp; tests have others).
struct Cover {
    // How many, for so many waiting envelopes of a class.
    std::function<std::uint64_t(std::uint64_t size_class, std::uint64_t waiting)> count;
    // Stages and accepts one, in the store's open group.
    std::function<Stored<void>(Store&, std::uint64_t size_class)> make;
    std::uint32_t file_ticks = 24;  // a long batch on every so many
    // Why no batch can be made, if none can.
    std::optional<Error> missing;
};

// What a batch takes.
enum class Take {
    due,  // text, and files when a long batch is due
    all,  // everything: before an export
};

class Sequencer {
public:
    // An error when `origin` is no name for a log. `seed`: the log key.
    [[nodiscard]] static Result<Sequencer> create(std::string origin, SecretBuffer seed, Cover cover, Clock clock);

    // Signs the empty tree of a store that has none yet; an error when the store's tree is not this sequencer's, or
    // not whole. Leaves nothing uncommitted.
    [[nodiscard]] Result<void> adopt(Store& store) const;

    // For a log that has lost its end, and so can't go on under its key: the tree there is, signed by `lost`, becomes the
    // beginning of a new log under this sequencer's. What a witness co-signed keeps its size; its note is the lost log's.
    [[nodiscard]] Result<void> begin_from(Store& store, const crypto::NoteVerifier& lost) const;

    // Commits; on failure all is as it was. Returns how many entries were appended, decoys included.
    [[nodiscard]] Stored<std::uint64_t> tick(Store& store, Take take = Take::due) const;

    // The log's signed word that an envelope which is pending now will be in it.
    [[nodiscard]] std::string promise(const Tree& tree, const crypto::Hash& leaf) const;

    [[nodiscard]] const crypto::NoteVerifier& verifier() const { return verifier_; }
    [[nodiscard]] std::int64_t today() const { return clock_() / one_day; }

private:
    struct Plan;
    Sequencer(crypto::NoteVerifier verifier, SecretBuffer seed, Cover cover, Clock clock)
        : verifier_(std::move(verifier)), seed_(std::move(seed)), cover_(std::move(cover)), clock_(std::move(clock))
    {
    }

    [[nodiscard]] Stored<Plan> plan(Store& store, Take take) const;
    [[nodiscard]] Stored<void> add_decoys(Store& store, const Plan& plan) const;
    [[nodiscard]] Result<Batch> extend(Store& store, const Tree& before, const std::vector<PendingEnvelope>& entries) const;
    [[nodiscard]] Stored<std::uint64_t> run(Store& store, const Arrange& arrange) const;
    [[nodiscard]] static Result<void> check(const Tree& tree, const crypto::NoteVerifier& log);

    crypto::NoteVerifier verifier_;
    SecretBuffer seed_;
    Cover cover_;
    Clock clock_;
};

}  // namespace amana::keeper

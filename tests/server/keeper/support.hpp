// SPDX-License-Identifier: AGPL-3.0-or-later
// What the keeper's tests share: sealed envelopes, a sequencer of their own, and a reader of bundles that uses nothing of the keeper's.
#pragma once

#include "base/file.hpp"
#include "crypto/bundle.hpp"
#include "server/keeper/batch_policy.hpp"
#include "server/keeper/sequencer.hpp"
#include "server/keeper/store.hpp"
#include "server/wire/slices.hpp"

#include <map>
#include <random>
#include <set>

namespace amana::keeper::test {

class Scratch {
public:
    Scratch();
    ~Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

// AMANA_SEED, or one that is printed.
[[nodiscard]] std::mt19937_64 seeded_generator();
// `full` in the full tier, `ci` otherwise.
[[nodiscard]] int tiered(int ci, int full);

struct SealedEnvelope {
    std::vector<Bytes> chunks;  // the header first
    std::uint64_t size_class = 0;
    crypto::Hash leaf{};
};
[[nodiscard]] SealedEnvelope seal_envelope(std::uint64_t size_class = crypto::text_class, std::size_t recipients = 1);

// A sequencer of the test's log. Without `cover` it adds no decoys, so that what is counted is what was sent.
[[nodiscard]] Sequencer test_sequencer(Byte seed = 5, const std::string& origin = "test.example/log", Clock clock = system_clock());
[[nodiscard]] Sequencer covered_sequencer(const BatchPolicy& policy);
// A key set of one recipient, whose secret is_decoy() has, in a slice.
void give_keys(wire::KeeperSlice& slice);
[[nodiscard]] bool is_decoy(ByteView envelope);

[[nodiscard]] UploadKey stage(Store& store, const SealedEnvelope& envelope);
[[nodiscard]] UploadKey stage_and_accept(Store& store, const SealedEnvelope& envelope);

using Leaves = std::multiset<crypto::Hash>;
[[nodiscard]] Leaves leaves_of(const std::vector<SealedEnvelope>& envelopes);
// Of every entry of the log, computed from its chunks.
[[nodiscard]] Leaves leaves_in_log(Store& store);

// Of the entries from `first` on.
[[nodiscard]] std::vector<unsigned> lanes_in_log(Store& store, std::uint64_t first = 0);

// Reads a whole bundle: the leaf hashes in order. Throws when the checkpoint is not `log`'s, or, for a bundle from 0,
// when its root is not that of the entries.
struct BundleRead {
    std::uint64_t first = 0;
    std::uint64_t erased = 0;
    std::uint64_t decoys = 0;
    Leaves reports;  // all others
    std::uint16_t part = 0;
    std::uint16_t parts = 0;
    std::uint64_t tree_size = 0;
    std::vector<crypto::Hash> leaves;
    std::vector<unsigned> lanes;
};
[[nodiscard]] BundleRead read_bundle(const std::filesystem::path& path, const crypto::NoteVerifier& log);

}  // namespace amana::keeper::test

// SPDX-License-Identifier: AGPL-3.0-or-later
// What the keeper's tests share: sealed envelopes, a fake front, a keeper as a process, and a reader of bundles that uses
// nothing of the keeper's.
#pragma once

#include "base/file.hpp"
#include "crypto/bundle.hpp"
#include "server/keeper/batch_policy.hpp"
#include "server/keeper/sequencer.hpp"
#include "server/keeper/store.hpp"
#include "server/wire/messages.hpp"
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

struct SocketPair {
    SocketPair();
    UniqueFd ours;
    UniqueFd theirs;
};

// The front's end of a channel. Blocking; every wait is bounded, and ends in an exception.
class FakeFront {
public:
    explicit FakeFront(UniqueFd socket);

    // One envelope on its way.
    struct Sending {
        Sending(const SealedEnvelope& what, wire::UploadId begun_as = 0, std::size_t sent = 0)
            : envelope(&what), id(begun_as), next(sent)
        {
        }
        const SealedEnvelope* envelope;
        wire::UploadId id;  // 0: not begun
        std::size_t next;
        std::uint32_t credit = wire::upload_window;
        bool stored = false;
        std::optional<wire::Refusal> refused;
        [[nodiscard]] bool over() const { return stored || refused; }
    };
    // Sends all of them, interleaved, until each is stored or refused. False: the channel has ended.
    bool send(std::vector<Sending>& all);
    Sending send(const SealedEnvelope& envelope);

    void say(wire::Kind kind, wire::UploadId id, ByteView body = {});
    void say_raw(ByteView bytes);
    // Sends until the channel has been full for a while; returns how many bytes went.
    std::size_t say_what_fits(ByteView bytes);
    // The next frame but for those that tell of room; nothing at the end of the channel.
    [[nodiscard]] std::optional<wire::Frame> hear();
    std::optional<std::uint64_t> room;  // as it was told last
    // Hears until the channel ends.
    void hear_the_end();
    void close() { socket_.reset(); }
    wire::UploadId next_id = 1;

private:
    bool advance(Sending& sending);
    void flush();

    UniqueFd socket_;
    wire::FrameReader reader_;
    Bytes out_;
};

// Forwards to another store, and fails when it is told to.
class FaultyStore final : public Store {
public:
    explicit FaultyStore(Store& inner) : inner_(inner) {}

    // How many of the next stage(), accept(), discard() or commit() calls fail, and how; of commits, those that have anything to
    // commit.
    int fail_stage = 0;
    int fail_accept = 0;
    int fail_commit = 0;
    int fail_discard = 0;
    bool full = true;
    int commits = 0;

    Stored<void> stage(UploadKey key, std::uint32_t number, ByteView chunk) override;
    Stored<void> accept(const PendingEnvelope& envelope) override;
    Stored<std::size_t> discard(UploadKey key, std::size_t max) override;
    Stored<void> begin() override { return inner_.begin(); }
    Stored<void> press(unsigned now, unsigned highest) override
    {
        changed_ = true;
        return inner_.press(now, highest);
    }
    Stored<std::uint64_t> sequence(const Arrange& arrange) override { return inner_.sequence(arrange); }
    Stored<std::size_t> erase(std::uint64_t below, std::size_t max) override { return inner_.erase(below, max); }
    Stored<void> set_witnessed(ByteView note, std::uint64_t size) override { return inner_.set_witnessed(note, size); }
    Stored<void> commit() override;
    void roll_back() override { inner_.roll_back(); }
    Stored<std::vector<UploadKey>> orphans() override { return inner_.orphans(); }
    Stored<Tree> tree() override { return inner_.tree(); }
    Stored<std::vector<PendingEnvelope>> pending() override { return inner_.pending(); }
    Stored<Bytes> tile(unsigned level, std::uint64_t index) override { return inner_.tile(level, index); }
    Stored<bool> read(std::uint64_t index, const EntrySink& sink) override { return inner_.read(index, sink); }
    Stored<std::uint64_t> size_class(std::uint64_t index) override { return inner_.size_class(index); }
    Stored<std::uint64_t> size_on(std::int64_t day) override { return inner_.size_on(day); }
    Stored<void> read_pending(const PendingEnvelope& envelope, const EntrySink& sink) override
    {
        return inner_.read_pending(envelope, sink);
    }
    Stored<void> freeze() override { return inner_.freeze(); }
    void thaw() override { inner_.thaw(); }
    Stored<std::vector<std::string>> damage() override { return inner_.damage(); }
    Stored<Stats> stats() override { return inner_.stats(); }
    Stored<bool> settle() override { return inner_.settle(); }
    Stored<void> reclaim() override { return inner_.reclaim(); }

private:
    Store& inner_;
    bool changed_ = false;
};

}  // namespace amana::keeper::test

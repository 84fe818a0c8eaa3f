// SPDX-License-Identifier: AGPL-3.0-or-later
// What the keeper asks of a store of envelopes: stage one chunk by chunk, accept it, and on a tick append what was accepted
// to the log. One suite of tests (tests/server/keeper) holds every implementation to this.
//
// Rules every store keeps:
//   - nothing in it tells a time, an address, a language or an order of arrival: uploads lie under random keys;
//   - changes collect in a group; commit() returns when all of them are on disk, and a group is there whole or not at all;
//   - one envelope of any size passes in constant memory;
//   - what is deleted is overwritten, and settle() takes it out of the store's own journals, too.
#pragma once

#include "crypto/envelope.hpp"
#include "crypto/inbox.hpp"
#include "crypto/merkle.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

namespace amana::keeper {

// 51 random bits, so that a key and a chunk's number fit into one 63-bit row key.
enum class UploadKey : std::uint64_t {};
inline constexpr unsigned upload_key_bits = 51;
// The header is chunk 0; the sealed chunks follow.
inline constexpr std::uint64_t chunk_numbers = 4096;
static_assert(1 + crypto::largest_class / crypto::chunk_bytes < chunk_numbers);

// What a batch takes of the disk, at most, for each byte it moves: the log's copy and the overwritten staged row in the
// store's own journal, and the copy itself.
inline constexpr std::uint64_t tick_factor = 3;

[[nodiscard]] UploadKey random_upload_key();

// Why a store could not do something. After a failed change the caller rolls the group back: none of it is kept.
struct StoreFailure {
    StoreFailure() = default;
    StoreFailure(bool for_want_of_space, Error what) : full(for_want_of_space), error(std::move(what)) {}

    bool full = false;  // for want of space: the same may succeed later
    Error error;
};
[[noreturn]] inline void throw_exception_from_error(const StoreFailure& failure, const boost::source_location& where)
{
    throw_exception_from_error(failure.error, where);
}
template <typename T>
using Stored = Result<T, StoreFailure>;

struct PendingEnvelope {
    UploadKey key{};
    std::uint64_t size_class = 0;
    crypto::Hash leaf{};
    unsigned lane = 0;  // that its batch gives it
};

// What marks batches: steps of pressure (docs/LOG.md, section 2.5).
struct Lanes {
    unsigned now = 0;    // in force
    unsigned peak = 0;   // the highest since the last batch
    unsigned text = 0;   // and in the span before that batch
    unsigned files = 0;  // and from the span before the last long batch on

    // Of a batch that is made now.
    [[nodiscard]] unsigned of(std::uint64_t size_class) const { return std::max(peak, size_class == crypto::text_class ? text : files); }
    void close(bool long_batch)
    {
        text = peak;
        files = long_batch ? peak : std::max(files, peak);
        peak = now;
    }
};

// The log's tree after the last batch, and what goes with it (docs/LOG.md).
struct Tree {
    std::uint64_t size = 0;
    Bytes frontier;                   // crypto::Frontier::hashes()
    Bytes checkpoint;                 // the signed note; empty only before the first batch
    std::uint64_t long_from = 0;      // the size after the last long batch
    std::uint32_t ticks_to_long = 0;  // until the next one; 0 and 1: the next tick's is one
    Bytes witnessed;                  // the last co-signed checkpoint; empty before the first
    std::uint64_t witnessed_size = 0;
    std::uint64_t erased_below = 0;   // entries below have no content any more
    Lanes lanes;
};

// Hashes of the tree (docs/LOG.md, section 3): 256, or fewer at the right edge.
struct Tile {
    unsigned level = 0;
    std::uint64_t index = 0;
    Bytes hashes;
};
inline constexpr unsigned tile_levels = 8;
inline constexpr std::size_t tile_width = 256;

// What a batch makes of the tree.
struct Batch {
    Tree tree;
    std::vector<Tile> tiles;  // all that changed
    std::int64_t day = 0;     // since 1970, UTC: the day's first batch leaves a mark
};

struct LogEntry {
    std::uint64_t size_class = 0;
    unsigned lane = 0;
};

// The outbox that was taken last (docs/INBOX.md, section 2).
struct TakenOutbox {
    std::uint64_t serial = 0;  // 0: none ever was
    crypto::Hash note{};       // SHA-256 of its signed note
};

// A key whose inbox was erased, kept until the desk must have heard of it (docs/INBOX.md, section 5).
struct ErasedKey {
    crypto::SigningPublicKey key{};
    std::uint32_t bucket = 0;    // of so many
    std::uint32_t buckets = 1;
    std::uint64_t log_size = 0;  // when it was erased
};
inline constexpr std::size_t max_erased_keys = 100'000;

struct Stats {
    std::uint64_t pending = 0;
    std::uint64_t pending_bytes = 0;      // payload, by size class
    std::uint64_t log_size = 0;
    std::uint64_t erased_below = 0;       // of these, how many have no content any more
    std::uint64_t witnessed_size = 0;     // how many a witness has co-signed
    std::uint64_t reclaimable_bytes = 0;  // what reclaim() could give back
};

// Puts the pending envelopes into log order, gives each its lane, drops those that shall go on waiting, and gives the tree as it is then.
using Arrange = std::function<Result<Batch>(const Tree& before, std::vector<PendingEnvelope>& pending)>;
// Takes an entry's next chunk; the first is the header.
using EntrySink = std::function<Result<void>(const LogEntry& entry, ByteView chunk)>;

class Store {
public:
    Store() = default;
    virtual ~Store() = default;
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    // --- changes: part of the open group until commit() ---------------------------------------------------------------
    // Opens the group before its first change, so that what is asked before a change still holds with it.
    [[nodiscard]] virtual Stored<void> begin() = 0;
    [[nodiscard]] virtual Stored<void> stage(UploadKey key, std::uint32_t number, ByteView chunk) = 0;
    // All of its chunks are staged: from the commit on, the envelope is kept.
    [[nodiscard]] virtual Stored<void> accept(const PendingEnvelope& envelope) = 0;
    // Deletes at most `max` staged chunks of an upload that was not accepted, so that a large one costs many small groups;
    // returns how many. Fewer than `max`: none is left.
    [[nodiscard]] virtual Stored<std::size_t> discard(UploadKey key, std::size_t max) = 0;
    // Of the step of pressure: the one in force, and the highest there was since this was called last.
    [[nodiscard]] virtual Stored<void> press(unsigned now, unsigned highest) = 0;
    // Appends what `arrange` leaves, in its order; returns how many entries that were.
    [[nodiscard]] virtual Stored<std::uint64_t> sequence(const Arrange& arrange) = 0;
    // One step of taking the content of the entries below `below` away: at most `max` chunks are changed; returns how many. Fewer
    // than `max`: none is left. From the first call on the entries count as erased.
    [[nodiscard]] virtual Stored<std::size_t> erase(std::uint64_t below, std::size_t max) = 0;
    [[nodiscard]] virtual Stored<void> set_witnessed(ByteView note, std::uint64_t size) = 0;

    [[nodiscard]] virtual Stored<void> set_outbox(const TakenOutbox& taken) = 0;
    // Again, it takes the place of the same key. False, and nothing is kept: there are `most` or more.
    [[nodiscard]] virtual Stored<bool> keep_erased(const ErasedKey& erased, std::size_t most) = 0;
    // What these keys could erase in the outbox of this serial is erased.
    [[nodiscard]] virtual Stored<void> mark_held(std::uint64_t serial, std::span<const crypto::SigningPublicKey> keys) = 0;
    // The same of all keys; but those that were erased when the log was smaller than `seen` are forgotten.
    [[nodiscard]] virtual Stored<void> all_held(std::uint64_t serial, std::uint64_t seen) = 0;

    [[nodiscard]] virtual Stored<void> commit() = 0;
    virtual void roll_back() = 0;

    // --- questions ----------------------------------------------------------------------------------------------------
    // Uploads that were begun and neither accepted nor discarded. Only for a keeper that has none under way itself.
    [[nodiscard]] virtual Stored<std::vector<UploadKey>> orphans() = 0;
    [[nodiscard]] virtual Stored<Tree> tree() = 0;
    [[nodiscard]] virtual Stored<std::vector<PendingEnvelope>> pending() = 0;
    // The hashes there are of a tile, 32 bytes each; empty when there is none. Of an open group as it is in it.
    [[nodiscard]] virtual Stored<Bytes> tile(unsigned level, std::uint64_t index) = 0;
    // False when the entry's content was erased. An error for an index that is not in the log, or one from the sink.
    [[nodiscard]] virtual Stored<bool> read(std::uint64_t index, const EntrySink& sink) = 0;
    // The size class of an entry whose content is there; 0 when it was erased.
    [[nodiscard]] virtual Stored<std::uint64_t> size_class(std::uint64_t index) = 0;
    // The tree's size after the first batch of the last day on or before `day` that had one; 0 when none had. Less, where the clock was
    // wrong for a while: never more than was there by then.
    [[nodiscard]] virtual Stored<std::uint64_t> size_on(std::int64_t day) = 0;
    [[nodiscard]] virtual Stored<void> read_pending(const PendingEnvelope& envelope, const EntrySink& sink) = 0;
    [[nodiscard]] virtual Stored<Stats> stats() = 0;
    [[nodiscard]] virtual Stored<TakenOutbox> outbox() = 0;
    // All that are kept; of them those that the outbox of this serial was not held against.
    [[nodiscard]] virtual Stored<std::vector<ErasedKey>> erased_keys(std::optional<std::uint64_t> unheld_by = {}) = 0;

    // Until thaw() every question is answered from one moment. Delays nobody but settle(). Never while a group is open.
    [[nodiscard]] virtual Stored<void> freeze() = 0;
    virtual void thaw() = 0;
    // What the store itself finds wrong: its file, and rows that belong to nothing. One line each, the first hundred.
    [[nodiscard]] virtual Stored<std::vector<std::string>> damage() = 0;

    // A copy of one moment in a file that is new or empty, which open() takes: rows alone, nothing of what was deleted. Not yet on disk. It ends
    // with a failure once `go_on` says so. Delays nobody but settle(). Never while a group is open.
    [[nodiscard]] virtual Stored<void> copy_to(const std::filesystem::path& file, const std::function<bool()>& go_on) = 0;

    // --- upkeep: never while a group is open ----------------------------------------------------------------------------
    // Empties the journals of what was deleted. False: somebody reads just now; try again later.
    [[nodiscard]] virtual Stored<bool> settle() = 0;
    // Gives some of the space that deleted rows took back to the disk.
    [[nodiscard]] virtual Stored<void> reclaim() = 0;
};

}  // namespace amana::keeper

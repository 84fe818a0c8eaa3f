// SPDX-License-Identifier: AGPL-3.0-or-later
// The store in one SQLite file, <directory>/amana.db: WAL, synchronous=FULL, secure_delete. Several processes may have it
// open (an export beside the serving keeper): every group is one BEGIN IMMEDIATE transaction.
//
// Why chunks are copied on a batch and not only renumbered: a row's pages lie where they were when it came, so the file's
// layout would tell the order of arrival for ever. Copies are written in log order; the staged rows are then deleted, and
// overwritten, in the order of their random keys, so the list of free pages tells nothing of either.
#pragma once

#include "base/sqlite.hpp"
#include "server/keeper/store.hpp"

#include <filesystem>
#include <optional>

namespace amana::keeper {

class SqliteStore final : public Store {
public:
    // The directory must exist. Creates the file (mode by umask) when it is not there.
    [[nodiscard]] static Result<std::unique_ptr<SqliteStore>> open(const std::filesystem::path& directory);

    [[nodiscard]] Stored<void> begin() override { return open_group(); }
    [[nodiscard]] Stored<void> stage(UploadKey key, std::uint32_t number, ByteView chunk) override;
    [[nodiscard]] Stored<void> accept(const PendingEnvelope& envelope) override;
    [[nodiscard]] Stored<std::size_t> discard(UploadKey key, std::size_t max) override;
    [[nodiscard]] Stored<void> press(unsigned now, unsigned highest) override;
    [[nodiscard]] Stored<std::uint64_t> sequence(const Arrange& arrange) override;
    [[nodiscard]] Stored<std::size_t> erase(std::uint64_t below, std::size_t max) override;
    [[nodiscard]] Stored<void> set_witnessed(ByteView note, std::uint64_t size) override;
    [[nodiscard]] Stored<void> set_outbox(const TakenOutbox& taken) override;
    [[nodiscard]] Stored<bool> keep_erased(const ErasedKey& erased, std::size_t most) override;
    [[nodiscard]] Stored<void> mark_held(std::uint64_t serial, std::span<const crypto::SigningPublicKey> keys) override;
    [[nodiscard]] Stored<void> all_held(std::uint64_t serial, std::uint64_t seen) override;
    [[nodiscard]] Stored<void> commit() override;
    void roll_back() override;
    [[nodiscard]] Stored<std::vector<UploadKey>> orphans() override;
    [[nodiscard]] Stored<Tree> tree() override;
    [[nodiscard]] Stored<std::vector<PendingEnvelope>> pending() override;
    [[nodiscard]] Stored<Bytes> tile(unsigned level, std::uint64_t index) override;
    [[nodiscard]] Stored<bool> read(std::uint64_t index, const EntrySink& sink) override;
    [[nodiscard]] Stored<std::uint64_t> size_class(std::uint64_t index) override;
    [[nodiscard]] Stored<std::uint64_t> size_on(std::int64_t day) override;
    [[nodiscard]] Stored<void> read_pending(const PendingEnvelope& envelope, const EntrySink& sink) override;
    [[nodiscard]] Stored<Stats> stats() override;
    [[nodiscard]] Stored<TakenOutbox> outbox() override;
    [[nodiscard]] Stored<std::vector<ErasedKey>> erased_keys(std::optional<std::uint64_t> unheld_by) override;
    [[nodiscard]] Stored<void> freeze() override;
    void thaw() override;
    [[nodiscard]] Stored<std::vector<std::string>> damage() override;
    [[nodiscard]] Stored<void> copy_to(const std::filesystem::path& file, const std::function<bool()>& go_on) override;
    [[nodiscard]] Stored<bool> settle() override;
    [[nodiscard]] Stored<void> reclaim() override;

    // For tests: a disk that holds no more than this, or, with 0, one without limit.
    [[nodiscard]] Result<void> limit_file_bytes(std::uint64_t bytes);

private:
    struct Statements {
        explicit Statements(Database& database);
        Statement stage;
        Statement accept;
        Statement discard;
        Statement next_orphan;
        Statement pending;
        Statement log_entry;
        Statement log_chunks;
        Statement delete_staged;
        Statement delete_pending;
        Statement tree;
        Statement set_tree;
        Statement press;
        Statement set_witnessed;
        Statement set_erased;
        Statement erase_entries;
        Statement last_to_blank;
        Statement blank_chunks;
        Statement erase_chunks;
        Statement tile;
        Statement set_tile;
        Statement mark;
        Statement size_on;
        Statement entry;
        Statement chunk;
        Statement staged;
        Statement stats;
        Statement changes;
        Statement outbox;
        Statement set_outbox;
        Statement keep_erased;
        Statement mark_held;
        Statement forget_erased;
        Statement all_held;
        Statement erased_keys;
    };

    SqliteStore(std::filesystem::path directory, std::unique_ptr<Database> database);

    [[nodiscard]] Stored<void> open_group();
    [[nodiscard]] StoreFailure failed(const Error& error) const;
    [[nodiscard]] Stored<void> done(const Result<void>& outcome) const;
    [[nodiscard]] Stored<std::int64_t> number(const std::string& pragma);
    [[nodiscard]] Stored<void> append_entry(std::uint64_t index, const PendingEnvelope& envelope);
    [[nodiscard]] Stored<void> forget_staged(const std::vector<PendingEnvelope>& sequenced);
    [[nodiscard]] Stored<void> keep(const Batch& batch);
    // Of size class 0 when its content was erased.
    [[nodiscard]] Stored<LogEntry> entry(std::uint64_t index);
    [[nodiscard]] Stored<void> read_chunks(Statement& statement, std::int64_t first, const LogEntry& entry, const EntrySink& sink);
    [[nodiscard]] Stored<std::size_t> count_changes();
    [[nodiscard]] Stored<std::size_t> blank(std::int64_t below, std::size_t max);

    std::filesystem::path directory_;
    std::unique_ptr<Database> database_;
    Statements statements_;
    std::optional<Transaction> group_;
    std::int64_t blanked_below_ = 0;  // the row from which on chunks still hold what they held
};

}  // namespace amana::keeper

// SPDX-License-Identifier: AGPL-3.0-or-later
// The casebook: an SQLite file that knows which log this desk has seen, how far, and what each envelope held.
//
// Nothing a citizen wrote stands in it in the clear, nor whether an envelope was a report or a decoy: that is inside a
// sealed record (desk/report.hpp). In the clear are leaf hashes, sizes and whether an envelope opened.
#pragma once

#include "base/sqlite.hpp"
#include "crypto/checkpoint.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace amana::desk {

// What this desk has seen of the log.
struct SeenLog {
    crypto::Frontier frontier;
    Bytes checkpoint;      // the note of the last import; empty before the first
    std::int64_t day = 0;  // of the last import, since 1970, UTC

    [[nodiscard]] std::uint64_t size() const { return frontier.size(); }
};

struct EnvelopeRow {
    crypto::Hash leaf{};
    std::uint64_t bytes = 0;
    std::uint64_t size_class = 0;  // 0 when it did not open
    unsigned lane = 0;             // how much pressure it came under, as the server says; 0: calm
    std::string status;            // "opened", or the name of the failure class
    Bytes record;                  // sealed; empty when it did not open
};
inline constexpr std::string_view status_opened = "opened";

class Casebook {
public:
    // `path` must not exist.
    [[nodiscard]] static Result<void> create(const std::filesystem::path& path);
    [[nodiscard]] static Result<Casebook> open(const std::filesystem::path& path);

    // The log's verifier key, as text; nothing before `trust`.
    [[nodiscard]] Result<std::optional<crypto::NoteVerifier>> pinned();
    [[nodiscard]] Result<void> pin(const crypto::NoteVerifier& log);
    // Forgets the log seen so far, not the reports in it.
    [[nodiscard]] Result<void> forget_log();

    [[nodiscard]] Result<SeenLog> seen();
    // The leaf at a position below seen().size().
    [[nodiscard]] Result<crypto::Hash> leaf_at(std::uint64_t position);

    // The tree's right edge when it had `size` entries, of those seen.
    [[nodiscard]] Result<crypto::Frontier> frontier_at(std::uint64_t size);

    // One import is one transaction.
    [[nodiscard]] Result<Transaction> begin() { return Transaction::begin(*database_); }
    [[nodiscard]] Result<void> add_leaf(std::uint64_t position, const crypto::Hash& leaf);
    [[nodiscard]] Result<void> add_envelope(const EnvelopeRow& row);
    [[nodiscard]] Result<void> set_seen(const SeenLog& seen);

    // Whether this leaf was seen at `from` or behind it.
    [[nodiscard]] Result<bool> has_leaf(const crypto::Hash& leaf, std::uint64_t from);
    // How many leaves were seen whose content this desk never had.
    [[nodiscard]] Result<std::uint64_t> count_without_content();

    // Sealed records of the canaries that were made (desk/canaries.hpp).
    [[nodiscard]] Result<void> add_canary(std::int64_t number, ByteView record);
    [[nodiscard]] Result<void> for_each_canary(const std::function<Result<void>(std::int64_t number, ByteView record)>& visit);

    // Sealed records of messages (desk/messages.hpp), numbered from 1.
    [[nodiscard]] Result<std::int64_t> message_rows();
    [[nodiscard]] Result<void> put_message(std::int64_t number, ByteView record);
    // Empty when there is no such row.
    [[nodiscard]] Result<Bytes> message(std::int64_t number);
    [[nodiscard]] Result<void> for_each_message(const std::function<Result<void>(std::int64_t number, ByteView record)>& visit);
    // The sealed record of the last outbox (desk/messages.hpp); empty before the first.
    [[nodiscard]] Result<Bytes> outbox();
    [[nodiscard]] Result<void> set_outbox(ByteView record);

    [[nodiscard]] Result<bool> has_envelope(const crypto::Hash& leaf);
    // In the order of their first import. The row lives as long as the call.
    [[nodiscard]] Result<void> for_each_opened(const std::function<Result<void>(const EnvelopeRow&)>& visit);
    // How many envelopes are of this status, for each that occurs.
    [[nodiscard]] Result<std::vector<std::pair<std::string, std::uint64_t>>> count_by_status();
    // The row of this leaf, which is there.
    [[nodiscard]] Result<EnvelopeRow> envelope(const crypto::Hash& leaf);
    // Every envelope whose leaf hash begins with these hexadecimal digits; at most `most`.
    [[nodiscard]] Result<std::vector<EnvelopeRow>> find(std::string_view hex_prefix, std::size_t most);
    // The shortest beginning of this leaf, of 8 digits or more, that no other envelope has.
    [[nodiscard]] Result<std::string> short_id(const crypto::Hash& leaf);
    // Where in the log; nothing when the log it was in has been forgotten.
    [[nodiscard]] Result<std::optional<std::uint64_t>> position(const crypto::Hash& leaf);

private:
    explicit Casebook(std::unique_ptr<Database> database) : database_(std::move(database)) {}
    [[nodiscard]] Result<crypto::Hash> root_over(unsigned level, std::uint64_t number, std::uint64_t count);
    [[nodiscard]] Result<void> close_subtrees(std::uint64_t size);
    [[nodiscard]] Result<void> migrate(std::int64_t version);

    std::unique_ptr<Database> database_;
};

}  // namespace amana::desk

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/casebook.hpp"

#include "base/file.hpp"
#include "desk/casebook_rows.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>

namespace amana::desk {

namespace {

constexpr std::int64_t schema_version = 4;
constexpr std::size_t short_id_digits = 8;

// A rollback journal, so that nothing but the one file is left behind; it is truncated, never renamed about.
constexpr const char* settings = "PRAGMA journal_mode = DELETE;"
                                 "PRAGMA synchronous = EXTRA;"
                                 "PRAGMA temp_store = MEMORY;"
                                 "PRAGMA secure_delete = ON;"
                                 "PRAGMA trusted_schema = OFF;"
                                 "PRAGMA cell_size_check = ON;";

// Roots of full subtrees over 256^level leaves, so that a question about the tree costs the same however long the log. The
// key is level * 2^56 + number.
constexpr const char* schema =
    "CREATE TABLE log(id INTEGER PRIMARY KEY CHECK (id = 1), verifier BLOB NOT NULL, size INTEGER NOT NULL,"
    "  edge BLOB NOT NULL, checkpoint BLOB NOT NULL, day INTEGER NOT NULL DEFAULT 0) STRICT;"
    "INSERT INTO log(id, verifier, size, edge, checkpoint) VALUES (1, x'', 0, x'', x'');"
    "CREATE TABLE leaf(position INTEGER PRIMARY KEY, leaf BLOB NOT NULL) STRICT;"
    "CREATE INDEX leaf_by_hash ON leaf(leaf);"
    "CREATE TABLE subtree(key INTEGER PRIMARY KEY, root BLOB NOT NULL) STRICT;"
    "CREATE TABLE canary(number INTEGER PRIMARY KEY, record BLOB NOT NULL) STRICT;"
    "CREATE TABLE envelope(number INTEGER PRIMARY KEY, leaf BLOB NOT NULL UNIQUE, bytes INTEGER NOT NULL,"
    "  size_class INTEGER NOT NULL, status BLOB NOT NULL, record BLOB NOT NULL, lane INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE TABLE message(number INTEGER PRIMARY KEY, record BLOB NOT NULL) STRICT;"
    "CREATE TABLE outbox(id INTEGER PRIMARY KEY CHECK (id = 1), record BLOB NOT NULL) STRICT;"
    "PRAGMA user_version = 4;";

// Of every question that row_from() reads.
constexpr const char* select_envelope = "SELECT leaf, bytes, size_class, status, record, lane FROM envelope ";

EnvelopeRow row_from(const Statement& statement)
{
    const auto record = statement.blob(4);
    return {hash_from(statement.blob(0)), static_cast<std::uint64_t>(statement.integer(1)),
            static_cast<std::uint64_t>(statement.integer(2)), static_cast<unsigned>(statement.integer(5)), std::string(as_text(statement.blob(3))),
            Bytes(record.begin(), record.end())};
}

// The smallest or largest hash that begins with these digits.
crypto::Hash bound(std::string_view hex_prefix, char fill)
{
    std::string hex(hex_prefix);
    hex.resize(crypto::hash_bytes * 2, fill);
    crypto::Hash hash{};
    return from_hex(hex, hash) ? hash : crypto::Hash{};
}

Result<std::int64_t> single_integer(Database& database, std::string_view sql)
{
    auto statement = database.prepare(sql);
    const auto row = statement.step();
    if (!row) return row.error();
    const auto value = *row ? statement.integer(0) : 0;
    return value;
}

}  // namespace

Result<void> Casebook::create(const std::filesystem::path& path)
{
    // SQLite would make it with the process's umask.
    const UniqueFd made(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!made) return system_error("can't create " + path.string(), errno);
    auto database = Database::open(path, Database::Mode::read_write_create);
    if (!database) return database.error();
    if (const auto set = (*database)->execute(settings); !set) return set.error();
    auto transaction = Transaction::begin(**database);
    if (!transaction) return transaction.error();
    if (const auto filled = (*database)->execute(schema); !filled) return filled.error();
    return transaction->commit();
}

Result<Casebook> Casebook::open(const std::filesystem::path& path)
{
    std::error_code failed;
    if (!std::filesystem::is_regular_file(std::filesystem::symlink_status(path, failed)))
        return Error{"the casebook " + path.string() + " is missing", "Put it back from your backup."};
    auto database = Database::open(path, Database::Mode::read_write_create);
    if (!database) return database.error();
    if (const auto set = (*database)->execute(settings); !set)
        return Error{"the casebook " + path.string() + " can't be read: " + set.error().message,
                     "Put it back from your backup."};
    const auto version = single_integer(**database, "PRAGMA user_version");
    if (!version) return version.error();
    if (*version > schema_version)
        return Error{"this desk was written by a newer amana-desk", "Install that version again, or a later one."};
    Casebook casebook(std::move(*database));
    if (*version >= 1 && *version < schema_version)
        if (const auto migrated = casebook.migrate(*version); !migrated) return migrated.error();
    if (*version < 1)
        return Error{"the casebook " + path.string() + " is not one", "Put it back from your backup."};
    return casebook;
}

Result<std::optional<crypto::NoteVerifier>> Casebook::pinned()
{
    auto statement = database_->prepare("SELECT verifier FROM log");
    const auto row = statement.step();
    if (!row) return row.error();
    if (!*row || statement.blob(0).empty()) return std::optional<crypto::NoteVerifier>{};
    auto verifier = crypto::NoteVerifier::parse(as_text(statement.blob(0)));
    if (!verifier) return verifier.error();
    return std::optional(std::move(*verifier));
}

Result<void> Casebook::pin(const crypto::NoteVerifier& log)
{
    const auto text = log.text();
    return database_->prepare("UPDATE log SET verifier = ?").bind(1, as_bytes(text)).run();
}

Result<void> Casebook::forget_log()
{
    auto transaction = begin();
    if (!transaction) return transaction.error();
    if (const auto forgotten = database_->execute("DELETE FROM leaf; DELETE FROM subtree; UPDATE log SET size = 0, edge = x'', checkpoint = x''");
        !forgotten)
        return forgotten.error();
    return transaction->commit();
}

Result<SeenLog> Casebook::seen()
{
    auto statement = database_->prepare("SELECT size, edge, checkpoint, day FROM log");
    const auto row = statement.step();
    if (!row) return row.error();
    if (!*row) return Error{"the casebook has lost its place in the log", "Put it back from your backup."};
    auto frontier = crypto::Frontier::restore(static_cast<std::uint64_t>(statement.integer(0)), statement.blob(1));
    if (!frontier) return frontier.error();
    const auto checkpoint = statement.blob(2);
    return SeenLog{std::move(*frontier), Bytes(checkpoint.begin(), checkpoint.end()), statement.integer(3)};
}

Result<crypto::Hash> Casebook::leaf_at(std::uint64_t position)
{
    auto statement = database_->prepare("SELECT leaf FROM leaf WHERE position = ?");
    const auto row = statement.bind(1, static_cast<std::int64_t>(position)).step();
    if (!row) return row.error();
    if (!*row) return Error{"the casebook lacks an entry of the log it has seen", "Put it back from your backup."};
    return hash_from(statement.blob(0));
}

Result<void> Casebook::add_envelope(const EnvelopeRow& row)
{
    return database_->prepare("INSERT INTO envelope(leaf, bytes, size_class, status, record, lane) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(1, row.leaf)
        .bind(2, static_cast<std::int64_t>(row.bytes))
        .bind(3, static_cast<std::int64_t>(row.size_class))
        .bind(4, as_bytes(row.status))
        .bind(5, row.record)
        .bind(6, std::int64_t{row.lane})
        .run();
}

Result<void> Casebook::set_seen(const SeenLog& seen)
{
    const auto edge = seen.frontier.hashes();
    return database_->prepare("UPDATE log SET size = ?, edge = ?, checkpoint = ?, day = ?")
        .bind(1, static_cast<std::int64_t>(seen.size()))
        .bind(2, edge)
        .bind(3, seen.checkpoint)
        .bind(4, seen.day)
        .run();
}

Result<void> Casebook::add_canary(std::int64_t number, ByteView record)
{
    return database_->prepare("INSERT INTO canary VALUES (?, ?)").bind(1, number).bind(2, record).run();
}

Result<void> Casebook::for_each_canary(const std::function<Result<void>(std::int64_t number, ByteView record)>& visit)
{
    auto statement = database_->prepare("SELECT number, record FROM canary ORDER BY number");
    for (;;) {
        const auto row = statement.step();
        if (!row) return row.error();
        if (!*row) return {};
        if (const auto visited = visit(statement.integer(0), statement.blob(1)); !visited) return visited.error();
    }
}

Result<std::uint64_t> Casebook::count_without_content()
{
    const auto count = single_integer(*database_, "SELECT count(*) FROM leaf WHERE leaf NOT IN (SELECT leaf FROM envelope)");
    if (!count) return count.error();
    return static_cast<std::uint64_t>(*count);
}

Result<bool> Casebook::has_leaf(const crypto::Hash& leaf, std::uint64_t from)
{
    return database_->prepare("SELECT 1 FROM leaf WHERE leaf = ? AND position >= ?")
        .bind(1, leaf)
        .bind(2, static_cast<std::int64_t>(from))
        .step();
}

Result<bool> Casebook::has_envelope(const crypto::Hash& leaf)
{
    return database_->prepare("SELECT 1 FROM envelope WHERE leaf = ?").bind(1, leaf).step();
}

Result<void> Casebook::for_each_opened(const std::function<Result<void>(const EnvelopeRow&)>& visit)
{
    auto statement = database_->prepare(std::string(select_envelope) + "WHERE status = ? ORDER BY number");
    statement.bind(1, as_bytes(status_opened));
    for (;;) {
        const auto row = statement.step();
        if (!row) return row.error();
        if (!*row) return {};
        if (const auto visited = visit(row_from(statement)); !visited) return visited.error();
    }
}

Result<std::vector<std::pair<std::string, std::uint64_t>>> Casebook::count_by_status()
{
    std::vector<std::pair<std::string, std::uint64_t>> counts;
    auto statement = database_->prepare("SELECT status, count(*) FROM envelope GROUP BY status ORDER BY status");
    for (;;) {
        const auto row = statement.step();
        if (!row) return row.error();
        if (!*row) return counts;
        counts.emplace_back(as_text(statement.blob(0)), static_cast<std::uint64_t>(statement.integer(1)));
    }
}

Result<std::vector<EnvelopeRow>> Casebook::find(std::string_view hex_prefix, std::size_t most)
{
    std::vector<EnvelopeRow> found;
    const auto low = bound(hex_prefix, '0');
    const auto high = bound(hex_prefix, 'f');
    auto statement = database_->prepare(std::string(select_envelope) + "WHERE leaf BETWEEN ? AND ? ORDER BY leaf LIMIT ?");
    statement.bind(1, low).bind(2, high).bind(3, static_cast<std::int64_t>(most));
    for (;;) {
        const auto row = statement.step();
        if (!row) return row.error();
        if (!*row) return found;
        found.push_back(row_from(statement));
    }
}

Result<std::string> Casebook::short_id(const crypto::Hash& leaf)
{
    const auto hex = to_hex(leaf);
    auto digits = short_id_digits;
    for (const auto* sql : {"SELECT leaf FROM envelope WHERE leaf < ? ORDER BY leaf DESC LIMIT 1",
                            "SELECT leaf FROM envelope WHERE leaf > ? ORDER BY leaf LIMIT 1"}) {
        auto statement = database_->prepare(sql);
        const auto row = statement.bind(1, leaf).step();
        if (!row) return row.error();
        if (!*row) continue;
        const auto neighbour = to_hex(statement.blob(0));
        const auto [ours, theirs] = std::mismatch(hex.begin(), hex.end(), neighbour.begin(), neighbour.end());
        digits = std::max(digits, static_cast<std::size_t>(ours - hex.begin()) + 1);
    }
    return Result<std::string>(boost::system::in_place_value, hex, 0, digits);
}

Result<std::optional<std::uint64_t>> Casebook::position(const crypto::Hash& leaf)
{
    auto statement = database_->prepare("SELECT min(position), count(*) FROM leaf WHERE leaf = ?");
    const auto row = statement.bind(1, leaf).step();
    if (!row) return row.error();
    if (!*row || statement.integer(1) == 0) return std::optional<std::uint64_t>{};
    return std::optional(static_cast<std::uint64_t>(statement.integer(0)));
}

}  // namespace amana::desk

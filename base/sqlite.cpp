// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/sqlite.hpp"

#include "base/require.hpp"

#include <sqlite3.h>

#include <cerrno>

namespace amana {

namespace {

constexpr int busy_timeout_milliseconds = 30'000;
constexpr int steps_between_questions = 1000;  // of SQLite's virtual machine: some milliseconds

int ends(void* go_on)
{
    return (*static_cast<const std::function<bool()>*>(go_on))() ? 0 : 1;
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const
{
    sqlite3_finalize(statement);
}

Statement& Statement::bind(int parameter, std::int64_t value)
{
    require(sqlite3_bind_int64(statement_.get(), parameter, value) == SQLITE_OK, "binding an integer");
    return *this;
}

Statement& Statement::bind(int parameter, ByteView value)
{
    // A null pointer would bind NULL; an empty blob is a blob.
    static constexpr Byte nothing = 0;
    const void* data = value.empty() ? &nothing : value.data();
    require(sqlite3_bind_blob64(statement_.get(), parameter, data, value.size(), SQLITE_STATIC) == SQLITE_OK,
            "binding a blob");
    return *this;
}

Result<bool> Statement::step()
{
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) {
        reset();
        return false;
    }
    auto error = database_->failure("can't run a statement");
    reset();
    return error;
}

Result<void> Statement::run()
{
    const auto row = step();
    if (!row) return row.error();
    require(!*row, "a statement returned a row that nobody reads");
    return {};
}

void Statement::reset()
{
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
}

std::int64_t Statement::integer(int column) const
{
    return sqlite3_column_int64(statement_.get(), column);
}

ByteView Statement::blob(int column) const
{
    const auto* data = static_cast<const Byte*>(sqlite3_column_blob(statement_.get(), column));
    const int size = sqlite3_column_bytes(statement_.get(), column);
    return data == nullptr ? ByteView{} : ByteView{data, static_cast<std::size_t>(size)};
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& path, Mode mode)
{
    const int flags = mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE, nullptr);
    std::unique_ptr<Database> database(new Database(handle));
    if (code != SQLITE_OK) return database->failure("can't open " + path.string());
    sqlite3_busy_timeout(handle, busy_timeout_milliseconds);
    return database;
}

Database::~Database()
{
    // _v2: statements that still live keep the connection until they go.
    sqlite3_close_v2(handle_);
}

Result<void> Database::execute(const std::string& sql)
{
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return failure("can't run a statement");
    return {};
}

Statement Database::prepare(std::string_view sql)
{
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &statement, nullptr);
    require(code == SQLITE_OK && statement != nullptr, sqlite3_errmsg(handle_));
    return Statement(*this, statement);
}

Result<void> Database::copy_to(const std::filesystem::path& file, const std::function<bool()>& go_on)
{
    std::string quoted;
    for (const char c : file.native()) quoted += c == '\'' ? std::string("''") : std::string(1, c);
    auto asked = go_on;
    sqlite3_progress_handler(handle_, steps_between_questions, ends, &asked);
    auto copied = execute("VACUUM INTO '" + quoted + "'");
    sqlite3_progress_handler(handle_, 0, nullptr, nullptr);
    if (!copied) return Error{"can't copy the database to " + file.string() + ": " + copied.error().message, copied.error().hint};
    return {};
}

Result<bool> Database::empty_wal()
{
    // Not waited for: whoever reads may read for long.
    sqlite3_busy_timeout(handle_, 0);
    const int code = sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    sqlite3_busy_timeout(handle_, busy_timeout_milliseconds);
    if (code == SQLITE_OK) return true;
    if ((code & 0xff) == SQLITE_BUSY) return false;
    return failure("can't empty the write-ahead log");
}

Error Database::failure(std::string_view attempted)
{
    const int code = sqlite3_extended_errcode(handle_);
    out_of_space_ = (code & 0xff) == SQLITE_FULL || sqlite3_system_errno(handle_) == ENOSPC;
    return Error{std::string(attempted) + ": " + sqlite3_errmsg(handle_), ""};
}

Result<Transaction> Transaction::begin(Database& database)
{
    if (const auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return begun.error();
    return Transaction(database);
}

Transaction::~Transaction()
{
    // After some failures (a full disk) SQLite has rolled back by itself; then this does nothing.
    if (database_ != nullptr) (void)database_->execute("ROLLBACK");
}

Result<void> Transaction::commit()
{
    if (const auto committed = database_->execute("COMMIT"); !committed) return committed.error();
    database_ = nullptr;
    return {};
}

}  // namespace amana

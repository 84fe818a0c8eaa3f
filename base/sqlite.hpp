// SPDX-License-Identifier: AGPL-3.0-or-later
// SQLite, owned: a connection, statements, a transaction. Everything that can fail returns a Result; a statement that is
// wrong (a bug of ours) ends the process.
#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace amana {

class Database;

// One prepared statement. Bind, step, read columns, reset; parameters are numbered from 1, columns from 0.
class Statement {
public:
    Statement& bind(int parameter, std::int64_t value);
    // The bytes must stay alive until the next reset().
    Statement& bind(int parameter, ByteView value);

    // True: a row is there. False: done, and the statement is reset.
    [[nodiscard]] Result<bool> step();
    // For statements that return no row.
    [[nodiscard]] Result<void> run();
    void reset();

    [[nodiscard]] std::int64_t integer(int column) const;
    // Valid until the next step() or reset().
    [[nodiscard]] ByteView blob(int column) const;

private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    Statement(Database& database, sqlite3_stmt* statement) : database_(&database), statement_(statement) {}

    Database* database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
public:
    enum class Mode { read_write_create, read_only };

    // Connections are not moved once opened: statements point at them.
    [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::filesystem::path& path, Mode mode);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    [[nodiscard]] Result<void> execute(const std::string& sql);
    [[nodiscard]] Statement prepare(std::string_view sql);

    // Writes a copy of one moment into a file that is new or empty: tables and rows, without the pages that are free. Not durable. `go_on` is asked
    // now and then; false ends it with an error.
    [[nodiscard]] Result<void> copy_to(const std::filesystem::path& file, const std::function<bool()>& go_on);

    // Writes the whole WAL back and empties its file. False: another connection is in the way just now.
    [[nodiscard]] Result<bool> empty_wal();

    // Whether the last failure was for want of space on the disk.
    [[nodiscard]] bool out_of_space() const { return out_of_space_; }

private:
    friend class Statement;
    explicit Database(sqlite3* handle) : handle_(handle) {}
    Error failure(std::string_view attempted);

    sqlite3* handle_;
    bool out_of_space_ = false;
};

// BEGIN IMMEDIATE until commit(); rolled back when dropped.
class Transaction {
public:
    [[nodiscard]] static Result<Transaction> begin(Database& database);
    Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();

    [[nodiscard]] Result<void> commit();

private:
    explicit Transaction(Database& database) : database_(&database) {}
    Database* database_;
};

}  // namespace amana

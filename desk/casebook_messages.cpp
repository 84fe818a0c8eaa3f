// SPDX-License-Identifier: AGPL-3.0-or-later
// The casebook's rows of messages and of the last outbox: numbers and sealed bytes.
#include "desk/casebook.hpp"

namespace amana::desk {

namespace {

Bytes copied(ByteView blob)
{
    return {blob.begin(), blob.end()};
}

}  // namespace

Result<std::int64_t> Casebook::message_rows()
{
    auto statement = database_->prepare("SELECT count(*) FROM message");
    const auto row = statement.step();
    if (!row) return row.error();
    const auto rows = *row ? statement.integer(0) : 0;
    return rows;
}

Result<void> Casebook::put_message(std::int64_t number, ByteView record)
{
    return database_->prepare("INSERT INTO message VALUES (?, ?) ON CONFLICT (number) DO UPDATE SET record = excluded.record")
        .bind(1, number)
        .bind(2, record)
        .run();
}

Result<Bytes> Casebook::message(std::int64_t number)
{
    auto statement = database_->prepare("SELECT record FROM message WHERE number = ?");
    const auto row = statement.bind(1, number).step();
    if (!row) return row.error();
    return *row ? copied(statement.blob(0)) : Bytes();
}

Result<void> Casebook::for_each_message(const std::function<Result<void>(std::int64_t number, ByteView record)>& visit)
{
    auto statement = database_->prepare("SELECT number, record FROM message ORDER BY number");
    for (;;) {
        const auto row = statement.step();
        if (!row) return row.error();
        if (!*row) return {};
        if (const auto visited = visit(statement.integer(0), statement.blob(1)); !visited) return visited.error();
    }
}

Result<Bytes> Casebook::outbox()
{
    auto statement = database_->prepare("SELECT record FROM outbox");
    const auto row = statement.step();
    if (!row) return row.error();
    return *row ? copied(statement.blob(0)) : Bytes();
}

Result<void> Casebook::set_outbox(ByteView record)
{
    return database_->prepare("INSERT INTO outbox VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record").bind(1, record).run();
}

Result<EnvelopeRow> Casebook::envelope(const crypto::Hash& leaf)
{
    auto rows = find(to_hex(leaf), 1);
    if (!rows) return rows.error();
    if (rows->empty()) return Error{"the casebook has lost the envelope " + to_hex(leaf), "Put the desk back from your backup."};
    return std::move(rows->front());
}

}  // namespace amana::desk

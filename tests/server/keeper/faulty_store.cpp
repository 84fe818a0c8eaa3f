// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/server/keeper/faulty_store.hpp"

namespace amana::keeper::test {

namespace {

bool due(int& count)
{
    if (count <= 0) return false;
    --count;
    return true;
}

}  // namespace

Stored<void> FaultyStore::stage(UploadKey key, std::uint32_t number, ByteView chunk)
{
    changed_ = true;
    if (due(fail_stage)) return StoreFailure{full, Error{"staging fails, as asked", ""}};
    return inner_.stage(key, number, chunk);
}

Stored<void> FaultyStore::accept(const PendingEnvelope& envelope)
{
    changed_ = true;
    if (due(fail_accept)) return StoreFailure{full, Error{"accepting fails, as asked", ""}};
    return inner_.accept(envelope);
}

Stored<std::size_t> FaultyStore::discard(UploadKey key, std::size_t max)
{
    changed_ = true;
    if (due(fail_discard)) return StoreFailure{full, Error{"discarding fails, as asked", ""}};
    return inner_.discard(key, max);
}

Stored<void> FaultyStore::commit()
{
    // A round in which nothing came commits too.
    if (std::exchange(changed_, false) && due(fail_commit)) return StoreFailure{full, Error{"committing fails, as asked", ""}};
    ++commits;
    return inner_.commit();
}

}  // namespace amana::keeper::test

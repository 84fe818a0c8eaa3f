// SPDX-License-Identifier: AGPL-3.0-or-later
// Uploads of chunks that mean nothing, for tests of the way to the keeper.
#pragma once

#include "tests/server/front/fake_keeper.hpp"

namespace amana::front::test {

inline const Bytes chunk(1000, 7);

// Sends `chunks` chunks; how many were taken, and what became of the whole.
struct Sent {
    int chunks = 0;
    Upload::Outcome outcome = Upload::Outcome::failed;
};
inline asio::awaitable<Sent> send_all(Upload& upload, int chunks, ByteView body = chunk)
{
    Sent sent;
    for (bool taken = true; sent.chunks < chunks; ++sent.chunks) {
        taken = co_await upload.send(body);
        if (!taken) break;
    }
    sent.outcome = co_await upload.finish();
    co_return sent;
}

}  // namespace amana::front::test

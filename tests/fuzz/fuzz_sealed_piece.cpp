// SPDX-License-Identifier: AGPL-3.0-or-later
// The head of a piece from a browser: what is taken says one thing only, and is written again as it came. Input: the body's
// length (8 bytes), then the head.
#include "base/reader.hpp"
#include "base/require.hpp"
#include "crypto/envelope.hpp"
#include "tests/server/front/sealed_body.hpp"

using namespace amana;               // NOLINT(google-build-using-namespace): one function, one file
using namespace amana::front;        // NOLINT(google-build-using-namespace)
using namespace amana::front::test;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Reader reader(ByteView(data, size));
    const auto body_bytes = reader.integer<std::uint64_t>();
    if (!reader.ok()) return 0;
    const auto head = reader.rest();
    const auto piece = SealedPiece::parse(head, body_bytes);
    if (!piece) return 0;
    require(head.size() == sealed_head_bytes && body_bytes == sealed_head_bytes + (piece->asks() ? 0 : piece->size()), "the length it says");
    require(piece->size() > 0 && piece->size() <= sealed_piece_bytes, "a piece of its bounds");
    require(piece->total() <= crypto::max_envelope_bytes && piece->offset() <= piece->total() - piece->size(), "within its envelope");
    require(piece->asks() || piece->last() || piece->size() == sealed_piece_bytes, "only the last is shorter");
    SealedHead again;
    again.kind = piece->cover() ? 0 : 1;
    again.promise = piece->wants_promise() ? 1 : 0;
    again.upload = piece->upload();
    again.token = piece->token();
    again.solution = piece->solution();
    again.total = piece->total();
    again.offset = piece->offset();
    again.keys = piece->keys();
    const auto written = again.bytes();
    require(ByteView(written).size() == head.size() && std::equal(head.begin(), head.end(), written.begin()), "one head, one meaning");
    return 0;
}

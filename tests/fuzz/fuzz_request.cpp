// SPDX-License-Identifier: AGPL-3.0-or-later
// Requests behind one another: whole, and cut anywhere, the same ones are read, each with the same body. Input: how often to
// cut (1 byte) and where (2 bytes each); then the stream.
#include "base/reader.hpp"
#include "base/require.hpp"
#include "tests/server/front/http_parsing.hpp"

#include <algorithm>

using namespace amana;               // NOLINT(google-build-using-namespace): one function, one file
using namespace amana::front::test;  // NOLINT(google-build-using-namespace)

namespace {

// Of a request cut off, a few bytes of the body may still be waiting to be read.
void drop_unfinished(ReadStream& read)
{
    if (!read.requests.empty() && !read.requests.back().whole) read.requests.back().body.clear();
    read.end = ReadStream::End::open;  // a fault may be seen sooner or later
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Reader reader(ByteView(data, size));
    std::vector<std::size_t> cuts(reader.integer<Byte>() % 32);
    for (auto& cut : cuts) cut = reader.integer<std::uint16_t>();
    if (!reader.ok()) return 0;
    const auto stream = as_text(reader.rest());
    for (auto& cut : cuts) cut = stream.empty() ? 0 : cut % (stream.size() + 1);
    std::sort(cuts.begin(), cuts.end());

    auto whole = read_stream(stream);
    for (const auto& request : whole.requests) {
        require(request.target.size() <= front::max_head_bytes && request.content_type.size() <= front::max_head_bytes, "bounds");
        if (request.whole && request.content_length) require(request.body.size() == *request.content_length, "a body of its length");
    }
    // Whether a head of more than half the buffer is too large may depend on its pieces.
    if (stream.size() > front::max_head_bytes) return 0;
    auto cut_up = read_stream(stream, cuts);
    drop_unfinished(whole);
    drop_unfinished(cut_up);
    require(whole == cut_up, "in pieces as in whole");
    return 0;
}

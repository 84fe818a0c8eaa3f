// SPDX-License-Identifier: AGPL-3.0-or-later
// What a proxy begins a connection with: read alike in any cut, never beyond its end, never longer than it may be. Input: the size
// of the pieces (1 byte), then the bytes.
#include "base/reader.hpp"
#include "base/require.hpp"
#include "server/front/forwarded.hpp"
#include "server/front/proxy_header.hpp"

#include <algorithm>
#include <cstring>

using namespace amana;         // NOLINT(google-build-using-namespace): one function, one file
using namespace amana::front;  // NOLINT(google-build-using-namespace)

namespace {

std::size_t read(ProxyHeader& header, ByteView bytes, std::size_t piece)
{
    std::size_t taken = 0;
    while (header.state() == ProxyHeader::State::unfinished && taken < bytes.size()) {
        const auto offered = bytes.subspan(taken, std::min(piece, bytes.size() - taken));
        const auto count = header.put(offered);
        require(count > 0 && count <= offered.size(), "some of what was offered, and no more");
        taken += count;
    }
    return taken;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Reader reader(ByteView(data, size));
    const std::size_t piece = reader.integer<Byte>() % 64U + 1U;
    const auto bytes = reader.rest();
    ProxyHeader whole;
    ProxyHeader cut;
    const auto taken = read(whole, bytes, bytes.size() + 1);
    const auto taken_cut = read(cut, bytes, piece);
    require(taken <= proxy_head_bytes + max_proxy_values_bytes, "bounds");
    require(whole.state() == cut.state(), "in pieces as in whole");
    if (whole.state() == ProxyHeader::State::done)
        require(taken == taken_cut && std::memcmp(&whole.source(), &cut.source(), sizeof(sockaddr_storage)) == 0, "one header, one source");
    (void)beginning_of(bytes);
    Forwarded forwarded;
    forwarded.read(as_text(bytes));
    require((forwarded.source().ss_family == AF_UNSPEC) == (forwarded.state() != Forwarded::State::known), "an address, or none");
    return 0;
}

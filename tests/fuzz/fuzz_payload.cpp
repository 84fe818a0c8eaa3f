// SPDX-License-Identifier: AGPL-3.0-or-later
// Payload reader: whatever stands inside a seal, in one piece and in many, gives one result; what is good is as listed.
#include "base/require.hpp"
#include "tests/crypto/opening.hpp"

using namespace amana;          // NOLINT(google-build-using-namespace): one function, one file
using namespace amana::crypto;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const ByteView payload(data, size);
    const auto whole = testing::read_payload(payload);

    std::uint64_t handed_on = 0;
    PayloadReader reader([&](std::size_t index, ByteView bytes) -> Result<void> {
        require(index < max_attachments && !bytes.empty(), "a sink is given bytes of an attachment");
        handed_on += bytes.size();
        return {};
    });
    Result<void, OpenFailure> fed;
    const std::size_t piece = size == 0 ? 1 : 1 + data[size - 1] % 64;
    for (auto rest = payload; !rest.empty() && fed; rest = rest.subspan(std::min(piece, rest.size())))
        fed = reader.feed(rest.first(std::min(piece, rest.size())));
    require(handed_on <= size, "no more comes out than went in");
    if (!fed) {
        require(!whole && whole.error() == fed.error(), "one payload, one result");
        return 0;
    }
    const auto finished = reader.finish();
    require(finished.has_value() == whole.has_value(), "one payload, one result");
    if (!finished) require(finished.error() == whole.error(), "one payload, one result");
    if (whole)
        for (std::size_t i = 0; i < whole->attachments.size(); ++i)
            require(whole->attachments[i].size() == whole->manifest.attachments()[i].size, "an attachment as listed");
    return 0;
}

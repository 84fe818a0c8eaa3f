// SPDX-License-Identifier: AGPL-3.0-or-later
// Header and opener. The fuzzer can't forge a seal, so an input says how an envelope is made and then spoilt: what was
// sealed opens to what went in, unless a byte was changed, and then it does not open.
//
//   slots (1) ‖ class (1) ‖ position (4) ‖ change (1) ‖ cut (4) ‖ payload          or, with slots 0, an envelope as it is
#include "base/reader.hpp"
#include "base/require.hpp"
#include "tests/crypto/opening.hpp"

#include <array>

using namespace amana;          // NOLINT(google-build-using-namespace): one function, one file
using namespace amana::crypto;  // NOLINT(google-build-using-namespace)

namespace {

const std::array<testing::Recipient, 4>& recipients()
{
    using testing::Recipient;
    using testing::seeded_bytes;
    static const std::array<Recipient, 4> all{Recipient(seeded_bytes("a", 32)), Recipient(seeded_bytes("b", 32)),
                                              Recipient(seeded_bytes("c", 32)), Recipient(seeded_bytes("d", 32))};
    return all;
}

// The padded payload, or why there is none.
Result<Bytes, OpenFailure> open(ByteView envelope, const testing::Recipient& by)
{
    const auto header = Header::parse(envelope);
    if (!header) return header.error();
    const auto secret = by.view();
    const auto file_key = unwrap_file_key(*header, {&secret, 1});
    if (!file_key) return file_key.error();
    auto opener = Opener::create(*header, *file_key, envelope.size());
    if (!opener) return opener.error();
    Bytes out;
    auto rest = envelope.subspan(header->size());
    while (!opener->done()) {
        const auto size = opener->next_chunk();
        const auto chunk = opener->open(rest.first(size));
        if (!chunk) return chunk.error();
        append(out, *chunk);
        rest = rest.subspan(size);
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const ByteView input(data, size);
    Reader reader(input);
    const std::size_t slots = reader.integer<Byte>();
    if (slots == 0 || slots > max_slots) {
        const std::array secrets{recipients()[0].view(), recipients()[1].view()};
        const auto opened = testing::open_envelope(input, secrets);
        if (const auto header = Header::parse(input)) (void)padded_payload(*header, size);
        require(!opened, "an envelope that nobody sealed");
        return 0;
    }
    const auto padded = size_classes.at(reader.integer<Byte>() % 3);
    const auto position = reader.integer<std::uint32_t>();
    const auto change = reader.integer<Byte>();
    const auto cut = reader.integer<std::uint32_t>();
    if (!reader.ok() || reader.rest().size() > padded) return 0;

    std::vector<XWingPublicKey> keys;
    keys.reserve(slots);
    for (std::size_t i = 0; i < slots; ++i) keys.push_back(recipients().at(i).public_key);
    const auto randomness = testing::seeded_bytes("randomness", 64 + 64 * slots);
    auto envelope = testing::seal_all(Sealer::create_deterministic(keys, randomness).value(), reader.rest(), padded);
    const auto whole = envelope.size();
    require(whole == envelope_bytes(slots, padded), "size of an envelope");
    envelope[position % whole] ^= change;
    envelope.resize(whole - cut % whole);
    const auto opened = open(envelope, recipients().at(slots - 1));
    if (envelope.size() == whole && change == 0) {
        Bytes expected(reader.rest().begin(), reader.rest().end());
        expected.resize(padded);
        require(opened && *opened == expected, "an envelope opens to what went in");
    } else {
        require(!opened, "a changed envelope does not open");
    }
    return 0;
}

// SPDX-License-Identifier: AGPL-3.0-or-later
// Key sets. The input is the text, which is signed here: the parser's own checks are what is looked for, not Ed25519's.
// In place of a key's base64 an input may write '@' and a letter, so that the fuzzer's keys have the right length.
#include "base/require.hpp"
#include "crypto/envelope.hpp"
#include "crypto/keyset.hpp"
#include "tests/crypto/opening.hpp"

using namespace amana;          // NOLINT(google-build-using-namespace): one function, one file
using namespace amana::crypto;  // NOLINT(google-build-using-namespace)

namespace {

std::string with_keys(std::string_view text, const SigningPublicKey& root)
{
    static const auto signing = to_base64(Bytes(ed25519_public_bytes, 1));
    static const auto epoch = to_base64(xwing_public_key(testing::seeded_bytes("epoch", 32)));
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char next = text[i] == '@' && i + 1 < text.size() ? text[++i] : '\0';
        if (next == 'r') out += to_base64(root);
        else if (next == 's') out += signing;
        else if (next == 'e') out += epoch;
        else out += text[i];
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const auto seed = testing::seeded_bytes("root", 32);
    static const auto root = signing_public_key(seed);
    static const auto fingerprint = root_fingerprint(root);
    const ByteView input(data, size);
    (void)KeySet::parse(input, fingerprint);

    Note note{with_keys(as_text(input), root), {}};
    note.sign("amana-root", seed);
    const auto encoded = note.encode();
    const auto keys = KeySet::parse(as_bytes(encoded), fingerprint);
    if (!keys) return 0;
    require(keys->encode(seed) == encoded, "one key set, one text");
    require(keys->serial > 0 && !keys->epochs.empty() && keys->recipients().size() <= max_slots, "bounds");
    for (const auto& epoch : keys->epochs)
        for (const auto time : {epoch.validity.not_before, epoch.validity.not_after - 1, epoch.validity.not_after}) {
            const auto ends = keys->sealing_ends(time);
            require(ends >= time && !keys->sealing_keys(ends), "nothing is sealed when sealing has ended");
            if (const auto now = keys->sealing_keys(time)) require(now->size() == keys->recipients().size() && ends > time, "a key for each");
        }
    return 0;
}

// SPDX-License-Identifier: AGPL-3.0-or-later
// What minting a code costs of a processor, beside what sealing one report's envelope to one recipient costs; and its picture.
#include "crypto/inbox.hpp"
#include "server/front/receipt_card.hpp"
#include "tests/support/catch.hpp"

#include <ctime>
#include <iostream>

using namespace amana;  // NOLINT(google-build-using-namespace): one program, one file

namespace {

// Microseconds of this thread's processor time for one.
template <typename Do>
double microseconds(Do one)
{
    constexpr int rounds = 500;
    const auto now = [] {
        std::timespec time{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return 1e6 * static_cast<double>(time.tv_sec) + 1e-3 * static_cast<double>(time.tv_nsec);
    };
    one();
    const auto begun = now();
    for (int i = 0; i < rounds; ++i) one();
    return (now() - begun) / rounds;
}

}  // namespace

TEST_CASE("what a code costs")
{
    const crypto::Hash root{};
    const auto mint = [&](const crypto::Receipt& receipt) { return crypto::InboxAddress::of(receipt.keys(root)).id[0]; };
    unsigned sum = 0;
    std::cout << "a code, random, its keys and address: " << microseconds([&] { sum += mint(crypto::Receipt::make()); }) << " us\n";
    const SecretArray<crypto::key_bytes> seed;
    std::cout << "the same from a seed:                 " << microseconds([&] { sum += mint(crypto::Receipt::of_seed(seed.view())); }) << " us\n";
    const auto receipt = crypto::Receipt::make();
    std::cout << "its picture:                          " << microseconds([&] { sum += static_cast<unsigned>(front::picture_of(receipt.digits()).size()); }) << " us\n";
    const auto to = crypto::xwing_public_key(seed.view());
    crypto::XWingCiphertext ciphertext;
    SecretArray<crypto::xwing_shared_bytes> shared;
    std::cout << "to compare, one encapsulation:        " << microseconds([&] { sum += crypto::xwing_encapsulate(to, ciphertext, shared.span()) ? 1U : 0U; })
              << " us\n";
    CHECK(sum > 0);
}

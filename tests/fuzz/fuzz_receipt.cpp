// SPDX-License-Identifier: AGPL-3.0-or-later
// What somebody types for a receipt code. What is read is read again alike, and a slip in it is caught.
#include "base/require.hpp"
#include "crypto/receipt.hpp"

#include <string>

using namespace amana;          // NOLINT(google-build-using-namespace): one function, one file
using namespace amana::crypto;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto receipt = Receipt::read(as_text(ByteView(data, size)));
    if (!receipt) return 0;
    std::string digits(receipt->digits());
    const auto again = Receipt::read(digits);
    require(again && again->digits() == digits, "one code, one text");
    auto& slip = digits.at(size % receipt_digits);
    slip = static_cast<char>('0' + (slip - '0' + 1 + static_cast<int>(size % 9)) % 10);
    require(!Receipt::read(digits), "a wrong digit is caught");
    return 0;
}

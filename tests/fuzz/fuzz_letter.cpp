// SPDX-License-Identifier: AGPL-3.0-or-later
// The text of a letter: what is accepted is within its bounds, and writing it again gives the same bytes.
#include "base/require.hpp"
#include "crypto/letter.hpp"

using namespace amana;          // NOLINT(google-build-using-namespace): one function, one file
using namespace amana::crypto;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const ByteView text(data, size);
    if (size > max_letter_text_bytes) return 0;
    const auto letter = Letter::parse(text);
    if (!letter) return 0;
    require(letter->messages().size() <= max_messages, "bounds");
    for (const auto& message : letter->messages())
        require(message.text.size() <= max_message_bytes && message.files.size() <= max_message_files, "bounds");
    SecretText again(max_letter_text_bytes);
    require(write_letter(again, letter->messages(), letter->notice()), "a letter fits where it fitted");
    require(again.text() == as_text(text), "one meaning, one text");
    return 0;
}

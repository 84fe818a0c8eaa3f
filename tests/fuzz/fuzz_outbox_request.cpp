// SPDX-License-Identifier: AGPL-3.0-or-later
// What a script asks of the outbox: what is taken says one thing only. And what a stranger calls a file: whatever it is, its name in a
// header is harmless.
#include "base/reader.hpp"
#include "base/require.hpp"
#include "server/front/inbox_visit.hpp"
#include "server/front/outbox_answer.hpp"

#include <algorithm>

using namespace amana;         // NOLINT(google-build-using-namespace): one function, one file
using namespace amana::front;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const ByteView input(data, size);
    wire::Ask bucket{};
    if (parse_bucket_request(input, bucket))
        require(std::ranges::equal(Writer().integer(bucket.serial).integer(bucket.bucket).take(), input), "one request, one meaning");
    wire::Ask file{};
    if (parse_file_request(input, file))
        require(std::ranges::equal(Writer().integer(file.serial).bytes(file.file).take(), input), "one request, one meaning");
    const SafeFileName safe(as_text(input));
    const auto name = safe.text();
    require(!name.empty() && name.size() <= 80 && name.front() != '.', "a name of its bounds");
    require(std::ranges::all_of(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_'; }), "harmless");
    return 0;
}

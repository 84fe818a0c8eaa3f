// SPDX-License-Identifier: AGPL-3.0-or-later
// Pages of a site that is looked at, through libgumbo, policies, and what is remembered of it. A script of ours put before any
// input is found.
#include "base/require.hpp"
#include "desk/site_headers.hpp"
#include "desk/site_page.hpp"
#include "desk/site_seen.hpp"

#include <algorithm>

using namespace amana;        // NOLINT(google-build-using-namespace): one function, one file
using namespace amana::desk;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const ByteView input(data, size);
    if (const auto uses = uses_of_page(input)) {
        std::size_t bytes = 0;
        for (const auto& use : *uses) bytes += use.value.size();
        // Replacement characters take three bytes for one.
        require(bytes <= 3 * size + 64 * uses->size(), "no more comes out than went in");
    }
    const auto behind = std::string("<script>planted()</script>") + std::string(as_text(input));
    if (const auto uses = uses_of_page(as_bytes(behind)))
        require(std::any_of(uses->begin(), uses->end(), [](const PageUse& use) { return use.value == "planted()"; }), "a script before all else is found");

    const auto text = as_text(input);
    const auto half = text.size() / 2;
    require(!policy_differences(text.substr(0, half), text.substr(half)).empty(), "two policies that are compared differ");
    require(excerpt(text).size() <= 163, "an excerpt is short");
    if (const auto seen = SeenSite::parse(text)) require(seen->text() == text, "one memory, one text");
    return 0;
}

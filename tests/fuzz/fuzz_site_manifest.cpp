// SPDX-License-Identifier: AGPL-3.0-or-later
// The manifests of release and site. What is read is written again to the byte, and what stands in it is fit for a path, a
// header and a terminal.
#include "base/require.hpp"
#include "crypto/keyset.hpp"
#include "crypto/site_manifest.hpp"
#include "tests/crypto/opening.hpp"

#include <algorithm>

using namespace amana;          // NOLINT(google-build-using-namespace): one function, one file
using namespace amana::crypto;  // NOLINT(google-build-using-namespace)

namespace {

bool is_plain(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool leads_out(std::string_view path)
{
    return path.find("//") != std::string_view::npos || ("/" + std::string(path) + "/").find("/../") != std::string::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const auto seed = testing::seeded_bytes("root", 32);
    static const auto root = signing_public_key(seed);
    static const auto fingerprint = root_fingerprint(root);
    const auto input = as_text(ByteView(data, size));
    if (const auto release = ReleaseManifest::parse(input)) {
        require(release->text().value() == input, "one release, one text");
        for (const auto& file : release->files) require(is_plain(file.path) && !leads_out(file.path), "a path is one");
    }
    if (const auto site = SiteManifest::parse(input)) {
        require(site->text().value() == input, "one site, one text");
        for (const auto& page : site->pages) require(is_plain(page.path) && !leads_out(page.path), "an address is one");
        for (const auto& header : site->headers) require(is_plain(header.value), "a header is one line");
    }
    // '@' stands for the root's key, so that a mutated text can be signed.
    std::string text(input);
    if (const auto at = text.find('@'); at != std::string::npos) text.replace(at, 1, to_base64(root));
    Note note{text, {}};
    note.sign(std::string(site_signer), seed);
    const auto opened = SiteManifest::open(note, fingerprint);
    require(opened.has_value() == (SiteManifest::parse(text).has_value() && SiteManifest::parse(text)->root == root), "signed by the root it names");
    // A form's differs from another kind's where it has a token, and then only there.
    const ByteView body(data, size);
    if (page_hash(body, form_kind) != page_hash(body))
        require(input.find("/report?") != std::string_view::npos && size >= 8 + 43 + 1, "a token stands behind an address");
    return 0;
}

// SPDX-License-Identifier: AGPL-3.0-or-later
// Manifests: what is accepted is within its bounds, and writing its parts again gives the same bytes.
#include "base/require.hpp"
#include "base/utf8.hpp"
#include "crypto/manifest.hpp"

using namespace amana;          // NOLINT(google-build-using-namespace): one function, one file
using namespace amana::crypto;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const ByteView text(data, size);
    const auto manifest = Manifest::parse(text);
    if (!manifest) return 0;
    require(as_text(manifest->canonical()) == as_text(text), "a manifest keeps its text");
    require(utf8_length(as_text(text)).has_value(), "a manifest is UTF-8");
    require(manifest->answers().size() <= max_answers && manifest->attachments().size() <= max_attachments, "bounds");

    std::vector<Answer> answers;
    bool plain = true;
    for (const auto& field : manifest->answers()) {
        require(field.values.empty() != field.rows.empty(), "texts or rows");
        require(field.values.size() <= max_values && field.rows.size() <= max_values, "bounds");
        plain = plain && field.values.size() == 1 && field.rows.empty();
        if (plain) answers.push_back({field.name, field.values.front()});
    }
    for (const auto& entry : manifest->attachments())
        require(entry.name.size() <= max_attachment_name_bytes && entry.type.size() <= max_attachment_type_bytes, "bounds");
    if (!plain) return 0;
    SecretText again(max_manifest_bytes);
    require(write_manifest(again, {manifest->kind(), manifest->form_id(), manifest->form_version(), manifest->submission(),
                                    manifest->inbox() ? &*manifest->inbox() : nullptr},
                           answers,
                           manifest->attachments()),
            "a manifest fits where it fitted");
    // A list of one text reads like a text, and is written otherwise.
    if (again.size() == size) require(again.text() == as_text(text), "one meaning, one text");
    else require(as_text(text).find("[\"") != std::string_view::npos, "one meaning, one text");
    return 0;
}

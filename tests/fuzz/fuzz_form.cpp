// SPDX-License-Identifier: AGPL-3.0-or-later
// Forms: any Content-Type, any body, cut anywhere, read as a naive reader reads the whole of it. Input: the Content-Type on a
// line; then how often to cut (1 byte) and where (2 bytes each); then the body.
#include "base/reader.hpp"
#include "base/require.hpp"
#include "tests/server/front/form_reading.hpp"

#include <algorithm>

using namespace amana;               // NOLINT(google-build-using-namespace): one function, one file
using namespace amana::front::test;  // NOLINT(google-build-using-namespace)

namespace {

constexpr std::string_view usual = "multipart/form-data; boundary=";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto text = as_text(ByteView(data, size));
    const auto line = std::min(text.find('\n'), text.size());
    const auto content_type = text.substr(0, line);
    Reader reader(as_bytes(text.substr(std::min(line + 1, text.size()))));
    std::vector<std::size_t> cuts(reader.integer<Byte>() % 32);
    for (auto& cut : cuts) cut = reader.integer<std::uint16_t>();
    if (!reader.ok()) return 0;
    const auto body = as_text(reader.rest());
    for (auto& cut : cuts) cut = body.empty() ? 0 : cut % (body.size() + 1);
    std::sort(cuts.begin(), cuts.end());

    const auto form = read_form(content_type, body, cuts);
    if (form.end == ReadForm::End::no_form) return 0;
    require(form.parts.size() <= front::max_parts, "bounds");
    if (!content_type.starts_with(usual) || content_type.find_first_of("\"; \t", usual.size()) != std::string_view::npos) return 0;
    require(form == read_naively(content_type.substr(usual.size()), body), "in pieces as in whole");
    return 0;
}

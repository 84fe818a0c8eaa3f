// SPDX-License-Identifier: AGPL-3.0-or-later
// Names of controls and what stands in them, held to the shipped questionnaire: whatever is taken can be sealed in the size
// that reports without files have, and given back. Input: names and values, each to the end of its line; a value holds
// \x1e where a line ends.
#include "base/file.hpp"
#include "base/require.hpp"
#include "base/utf8.hpp"
#include "server/front/answers.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>

using namespace amana;  // NOLINT(google-build-using-namespace): one function, one file

namespace {

const web::Questionnaire& questionnaire()
{
    static const auto parsed = [] {
        const char* source = std::getenv("AMANA_SOURCE");
        require(source != nullptr, "set AMANA_SOURCE, as ctest does");
        const auto file = read_file(std::string(source) + "/web/forms/recruitment-2.toml", web::max_questionnaire_bytes).value();
        return web::Questionnaire::parse(as_text(file)).value();
    }();
    return parsed;
}

std::string_view take_line(std::string_view& text)
{
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    auto input = as_text(ByteView(data, size));
    SecretText text(64 * 1024);
    front::Answers answers(questionnaire(), text);
    while (!input.empty()) {
        const auto begun = answers.begin(take_line(input));
        std::string value(take_line(input));
        std::replace(value.begin(), value.end(), '\x1e', '\n');
        if (begun == front::Answers::Begun::taken) (void)answers.append(as_bytes(value));
    }
    const auto wrong = answers.check();
    (void)answers.urgent();
    for (const auto& section : questionnaire().sections())
        for (const auto& field : section.fields)
            for (std::uint32_t row = 0; row <= field.rows; ++row) require(utf8_length(answers.text(field, row)).has_value(), "what is given back is UTF-8");
    if (wrong) return 0;
    const auto sealed = answers.sealed();
    SecretText manifest(web::max_answers_bytes + 512);
    require(crypto::write_manifest(manifest, {crypto::Kind::report, questionnaire().id(), questionnaire().version(), {}}, sealed, {}), "every legal answer fits");
    const auto read = crypto::Manifest::parse(manifest.view());
    require(read.has_value() && read->answers().size() == sealed.size(), "what is sealed can be opened");
    return 0;
}

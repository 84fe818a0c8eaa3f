// SPDX-License-Identifier: AGPL-3.0-or-later
#include "web/catalogue.hpp"

#include "base/bytes.hpp"
#include "base/file.hpp"
#include "base/utf8.hpp"

#include <boost/locale/gnu_gettext.hpp>
#include <fmt/args.h>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <vector>

namespace amana::web {

namespace {

constexpr std::size_t max_catalogue_bytes = 4U << 20U;
constexpr auto domain = "amana";

using Messages = boost::locale::message_format<char>;

// A language becomes part of file names and of addresses.
bool well_formed(const std::string& language)
{
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'; };
    return language.size() >= 2 && language.size() <= 16 && language.front() != '-' && std::ranges::all_of(language, plain);
}

std::locale parse(const Bytes& bytes, const std::string& language)
{
    namespace gettext = boost::locale::gnu_gettext;
    gettext::messages_info info;
    info.language = language;
    info.encoding = "UTF-8";
    info.domains.emplace_back(domain);
    info.paths.emplace_back("");
    info.callback = [&bytes](const std::string&, const std::string&) {
        return std::vector<char>(bytes.begin(), bytes.end());
    };
    return {std::locale::classic(), gettext::create_messages_facet<char>(info)};  // which the locale then owns
}

}  // namespace

Result<Catalogue> Catalogue::load(const std::filesystem::path& locale_directory, const std::string& language,
                                  MessageValues values)
{
    if (!well_formed(language)) {
        return Error{fmt::format("\"{}\" is not a language code", language), "Write it as ar, en or pt-BR."};
    }
    const auto path = locale_directory / language / "LC_MESSAGES" / (std::string(domain) + ".mo");
    const auto bytes = read_file(path, max_catalogue_bytes);
    if (!bytes) {
        return Error{fmt::format("the language {} has no readable catalogue: {}", language, bytes.error().message),
                     "Remove the language from the configuration, or install its catalogue."};
    }
    try {
        return Catalogue(language, parse(*bytes, language), std::move(values));
    } catch (const std::exception& damaged) {
        return Error{fmt::format("{} is not a gettext catalogue: {}", path.string(), damaged.what()),
                     "Compile it again with msgfmt."};
    }
}

Catalogue Catalogue::with(const MessageValues& further) const
{
    auto other = *this;
    for (const auto& [name, value] : further) other.values_.insert_or_assign(name, value);
    return other;
}

Result<std::string> Catalogue::find(const std::string& msgid) const
{
    const auto& messages = std::use_facet<Messages>(messages_);
    return fill(msgid, messages.get(messages.domain(domain), nullptr, msgid.c_str()), nullptr);
}

Result<std::string> Catalogue::find(const std::string& msgid, std::uint32_t number) const
{
    const auto written = digits(std::to_string(number));
    if (!written) return written.error();
    const auto& messages = std::use_facet<Messages>(messages_);
    const auto id = messages.domain(domain);
    const char* form = messages.get(id, nullptr, msgid.c_str(), static_cast<int>(number));
    // A sentence with a number in it that has but one form.
    if (form == nullptr) form = messages.get(id, nullptr, msgid.c_str());
    return fill(msgid, form, &*written);
}

Result<std::string> Catalogue::digits(std::string_view number) const
{
    const auto all = find("digits");
    if (!all) return all.error();
    // Ten characters of one length each, as all the digits of a script are.
    const auto width = all->size() / 10;
    if (all->size() % 10 != 0 || utf8_length(*all) != 10)
        return Error{fmt::format("in the {} catalogue, \"digits\" is not ten characters", language_), "Write zero to nine, without spaces."};
    std::string out;
    for (const char c : number) {
        if (c < '0' || c > '9') out += c;
        else out.append(*all, static_cast<std::size_t>(c - '0') * width, width);
    }
    return Result<std::string>(boost::system::in_place_value, std::move(out));
}

Result<std::string> Catalogue::fill(const std::string& msgid, const char* sentence, const std::string* number) const
{
    if (sentence == nullptr || *sentence == '\0') {
        return Error{fmt::format("the {} catalogue lacks \"{}\"", language_, msgid),
                     fmt::format("Translate it in web/locale/{}.po; an entry marked fuzzy counts as missing.", language_)};
    }
    fmt::dynamic_format_arg_store<fmt::format_context> arguments;
    for (const auto& [name, value] : values_) arguments.push_back(fmt::arg(name.c_str(), value));
    if (number != nullptr) arguments.push_back(fmt::arg("n", *number));
    try {
        // Said in full: an Error could be made of a string too, so a bare string would be ambiguous.
        return Result<std::string>(boost::system::in_place_value, fmt::vformat(sentence, arguments));
    } catch (const fmt::format_error& mistake) {
        return Error{fmt::format("in the {} catalogue, \"{}\" has a mistake in its braces: {}", language_, msgid,
                                 mistake.what()),
                     "Keep the {names} of the English text as they are."};
    }
}

}  // namespace amana::web

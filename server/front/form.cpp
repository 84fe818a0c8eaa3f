// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/form.hpp"

#include <algorithm>

namespace amana::front {

namespace {

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_ignoring_case(std::string_view a, std::string_view b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::size_t common_prefix(std::string_view a, std::string_view b)
{
    const auto end = std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())), b.begin());
    return static_cast<std::size_t>(end.first - a.begin());
}

std::string_view trim(std::string_view text)
{
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Takes `; name=value` off the front of a field value. A quoted value ends at its quote: browsers write a quote inside it
// as %22 (HTML, "multipart/form-data encoding algorithm").
struct Parameter {
    std::string_view name;
    std::string_view value;
};
std::optional<Parameter> take_parameter(std::string_view& rest)
{
    rest = trim(rest);
    if (!rest.starts_with(';')) return std::nullopt;
    rest = trim(rest.substr(1));
    const auto equals = rest.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    Parameter parameter{trim(rest.substr(0, equals)), {}};
    rest.remove_prefix(equals + 1);
    if (rest.starts_with('"')) {
        const auto quote = rest.find('"', 1);
        if (quote == std::string_view::npos) return std::nullopt;
        parameter.value = rest.substr(1, quote - 1);
        rest.remove_prefix(quote + 1);
    } else {
        const auto end = std::min(rest.find(';'), rest.size());
        parameter.value = trim(rest.substr(0, end));
        rest.remove_prefix(end);
    }
    return parameter;
}

bool is_boundary(std::string_view text)
{
    constexpr std::string_view others = "'()+_,-./:=? ";
    return !text.empty() && text.size() <= max_boundary_bytes && text.back() != ' ' &&
           std::all_of(text.begin(), text.end(), [&](char c) {
               return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || others.find(c) != others.npos;
           });
}

// The last component of whatever path an old browser may send.
std::string_view without_path(std::string_view filename)
{
    const auto slash = filename.find_last_of("/\\");
    return slash == std::string_view::npos ? filename : filename.substr(slash + 1);
}

// Undoes %22, %0D and %0A, which is all that the encoding escapes.
bool unescape(std::string_view text, SecretText& out)
{
    out.truncate(0);
    while (!text.empty()) {
        char c = text.front();
        std::size_t taken = 1;
        for (const auto& [escaped, plain] : {std::pair{"%22", '"'}, std::pair{"%0D", '\r'}, std::pair{"%0A", '\n'}})
            if (same_ignoring_case(text.substr(0, 3), escaped)) {
                c = plain;
                taken = 3;
            }
        if (!out.append({&c, 1})) return false;
        text.remove_prefix(taken);
    }
    return true;
}

}  // namespace

std::optional<FormReader> FormReader::create(std::string_view content_type)
{
    const auto semicolon = content_type.find(';');
    if (semicolon == std::string_view::npos) return std::nullopt;
    if (!same_ignoring_case(trim(content_type.substr(0, semicolon)), "multipart/form-data")) return std::nullopt;
    auto rest = content_type.substr(semicolon);
    std::optional<std::string_view> boundary;
    while (const auto parameter = take_parameter(rest)) {
        if (!same_ignoring_case(parameter->name, "boundary")) continue;
        if (boundary || !is_boundary(parameter->value)) return std::nullopt;
        boundary = parameter->value;
    }
    // What can't be read whole may mean another boundary to another reader.
    if (!boundary || !trim(rest).empty()) return std::nullopt;
    return FormReader("\r\n--" + std::string(*boundary));
}

FormReader::Event FormReader::fail(Event event)
{
    state_ = State::failed;
    head_.truncate(0);
    return event;
}

FormReader::Event FormReader::next()
{
    for (;;) {
        if (state_ == State::failed) return Event::malformed;
        if (state_ == State::epilogue) {
            input_ = {};  // whatever follows the last delimiter means nothing
            if (std::exchange(ended_, true)) return Event::need_input;
            return Event::done;
        }
        if (input_.empty()) return Event::need_input;
        const auto event = state_ == State::head              ? read_head()
                           : state_ == State::after_delimiter ? after_delimiter()
                                                              : scan();
        if (event != Event::need_input) return event;  // else: look again, in the state it left
    }
}

// Looks for the next delimiter. Of a match that ran into the end of an input nothing is kept: its bytes are the
// delimiter's own beginning. They begin no second match, for a delimiter holds one CR, its first byte.
FormReader::Event FormReader::scan()
{
    const bool in_body = state_ == State::body;
    if (matched_ > 0) {
        const auto further = common_prefix(as_text(input_), std::string_view(delimiter_).substr(matched_));
        if (matched_ + further == delimiter_.size()) return delimiter_found(further);
        if (further == input_.size()) {
            matched_ += further;
            input_ = {};
            return Event::need_input;
        }
        data_ = as_bytes(delimiter_).first(std::exchange(matched_, 0));
        if (in_body) return Event::data;
    }

    const auto text = as_text(input_);
    std::size_t at = 0;
    std::size_t match = 0;
    for (; at < text.size(); ++at) {
        at = std::min(text.find('\r', at), text.size());
        match = common_prefix(text.substr(at), delimiter_);
        if (match == delimiter_.size() || at + match == text.size()) break;
    }
    if (in_body && at > 0) {
        data_ = input_.first(at);
        input_ = input_.subspan(at);
        return Event::data;
    }
    if (match == delimiter_.size()) return delimiter_found(at + match);
    matched_ = match;
    input_ = {};
    return Event::need_input;
}

FormReader::Event FormReader::delimiter_found(std::size_t taken)
{
    const bool in_body = state_ == State::body;
    input_ = input_.subspan(taken);
    matched_ = 0;
    tail_.clear();
    state_ = State::after_delimiter;
    return in_body ? Event::part_end : Event::need_input;
}

// Behind a delimiter: "--" ends the form, a line's end begins a part; blanks between are allowed (RFC 2046).
FormReader::Event FormReader::after_delimiter()
{
    while (!input_.empty()) {
        const auto byte = static_cast<char>(input_.front());
        input_ = input_.subspan(1);
        if ((byte == ' ' || byte == '\t') && tail_.empty()) continue;
        tail_ += byte;
        if (tail_ == "--") {
            state_ = State::epilogue;
            return Event::need_input;
        }
        if (tail_ == "\r\n") {
            if (++parts_ > max_parts) return fail(Event::too_many);
            state_ = State::head;
            head_.truncate(0);
            return Event::need_input;
        }
        if (tail_ != "-" && tail_ != "\r") return fail();
    }
    return Event::need_input;
}

FormReader::Event FormReader::read_head()
{
    while (!input_.empty()) {
        const auto text = as_text(input_);
        const auto newline = text.find('\n');
        const auto count = newline == std::string_view::npos ? text.size() : newline + 1;
        if (!head_.append(input_.first(count))) return fail();
        input_ = input_.subspan(count);
        const auto so_far = head_.text();
        if (so_far == "\r\n" || so_far.ends_with("\r\n\r\n")) {
            if (!parse_head()) return fail();
            state_ = State::body;
            return Event::part;
        }
    }
    return Event::need_input;
}

bool FormReader::parse_head()
{
    part_ = {};
    auto rest = head_.text();
    while (!rest.starts_with("\r\n")) {
        const auto end = rest.find("\r\n");
        if (end == std::string_view::npos || !parse_head_line(rest.substr(0, end))) return false;
        rest.remove_prefix(end + 2);
    }
    return part_.name.data() != nullptr;
}

bool FormReader::parse_head_line(std::string_view line)
{
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || line.find('\n') != std::string_view::npos) return false;
    const auto field = line.substr(0, colon);
    auto value = trim(line.substr(colon + 1));
    if (same_ignoring_case(field, "content-type")) {
        part_.content_type = value;
        return true;
    }
    if (!same_ignoring_case(field, "content-disposition")) return true;
    if (part_.name.data() != nullptr) return false;
    const auto semicolon = std::min(value.find(';'), value.size());
    if (!same_ignoring_case(trim(value.substr(0, semicolon)), "form-data")) return false;
    value.remove_prefix(semicolon);
    while (const auto parameter = take_parameter(value)) {
        if (same_ignoring_case(parameter->name, "name")) {
            // A name without quotes that is empty is no token (RFC 9110, 5.6.2), and trim() leaves nothing of it.
            if (part_.name.data() != nullptr || parameter->value.data() == nullptr) return false;
            part_.name = parameter->value;
        } else if (same_ignoring_case(parameter->name, "filename")) {
            if (part_.filename || !unescape(without_path(parameter->value), filename_)) return false;
            part_.filename = filename_.text();
        }
    }
    return part_.name.data() != nullptr;
}

}  // namespace amana::front

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/server/front/form_reading.hpp"

#include "base/require.hpp"

#include <algorithm>
#include <cctype>
#include <ostream>

namespace amana::front::test {

namespace {

// Drives one reader over one piece after another; true until the form has ended in failure.
class Driver {
public:
    explicit Driver(FormReader reader) : reader_(std::move(reader)) {}

    void feed(std::string_view piece)
    {
        // A copy of exactly this size, gone after the next piece: reads beyond it or after it are seen.
        Bytes input(piece.begin(), piece.end());
        reader_.feed(input);
        while (step()) {}
        piece_ = std::move(input);
    }
    [[nodiscard]] ReadForm form() && { return std::move(form_); }

private:
    [[nodiscard]] bool step()
    {
        const auto event = reader_.next();
        const bool over = form_.end != ReadForm::End::unfinished;
        switch (event) {
        case FormReader::Event::need_input: require(form_.end <= ReadForm::End::unfinished, "a failed form goes on"); return false;
        case FormReader::Event::part:
            require(!over && !open(), "a part where none can begin");
            keep(reader_.part());
            return true;
        case FormReader::Event::data:
            require(!over && open() && !reader_.data().empty(), "data outside a part, or none");
            form_.parts.back().data += as_text(reader_.data());
            return true;
        case FormReader::Event::part_end:
            require(!over && open(), "the end of no part");
            form_.parts.back().ended = true;
            return true;
        case FormReader::Event::done:
            require(!over && !open(), "an end within a part");
            form_.end = ReadForm::End::done;
            return true;
        case FormReader::Event::malformed:
            require(form_.end != ReadForm::End::done, "malformed after the end");
            if (!over) form_.end = ReadForm::End::malformed;
            return false;
        case FormReader::Event::too_many:
            require(!over, "too many twice");
            form_.end = ReadForm::End::too_many;
            return true;
        }
        return false;
    }
    void keep(const Part& part)
    {
        form_.parts.push_back({std::string(part.name), std::nullopt, std::string(part.content_type), {}, false});
        if (part.filename) form_.parts.back().filename = std::string(*part.filename);
    }
    [[nodiscard]] bool open() const { return !form_.parts.empty() && !form_.parts.back().ended; }

    FormReader reader_;
    ReadForm form_;
    Bytes piece_;
};

std::string lowered(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return c < 128 ? std::tolower(c) : c; });
    return text;
}

std::string trimmed(std::string text)
{
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.pop_back();
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.erase(0, 1);
    return text;
}

std::string plain_filename(std::string text)
{
    text.erase(0, text.find_last_of("/\\") + 1);  // npos + 1 is 0
    for (const auto& [escape, plain] : {std::pair{"%22", "\""}, {"%0d", "\r"}, {"%0a", "\n"}})
        for (std::size_t at = 0; (at = lowered(text).find(escape, at)) != std::string::npos; ++at) text.replace(at, 3, plain);
    return text;
}

// The parameters of a Content-Disposition, into `part`; false when it names none, or one twice.
bool read_disposition(std::string value, ReadPart& part)
{
    bool named = false;
    if (lowered(trimmed(value.substr(0, value.find(';')))) != "form-data") return false;
    value.erase(0, std::min(value.find(';'), value.size()));
    for (value = trimmed(value); value.starts_with(';'); value = trimmed(value)) {
        value = trimmed(value.substr(1));
        const auto equals = value.find('=');
        if (equals == std::string::npos) break;
        const auto key = lowered(trimmed(value.substr(0, equals)));
        value.erase(0, equals + 1);
        std::string text;
        bool quoted = false;
        if (value.starts_with('"')) {
            const auto quote = value.find('"', 1);
            if (quote == std::string::npos) break;
            text = value.substr(1, quote - 1);
            value.erase(0, quote + 1);
            quoted = true;
        } else {
            text = trimmed(value.substr(0, value.find(';')));
            value.erase(0, std::min(value.find(';'), value.size()));
        }
        if (key == "name") {
            if (std::exchange(named, true) || (text.empty() && !quoted)) return false;
            part.name = text;
        } else if (key == "filename") {
            if (part.filename) return false;
            part.filename = plain_filename(text);
        }
    }
    return named;
}

// `head` without its empty line.
std::optional<ReadPart> read_head(std::string head)
{
    ReadPart part;
    bool named = false;
    while (!head.empty()) {
        const auto line = head.substr(0, head.find("\r\n"));
        head.erase(0, line.size() + 2);
        const auto colon = line.find(':');
        if (colon == std::string::npos || line.find('\n') != std::string::npos) return std::nullopt;
        const auto field = lowered(line.substr(0, colon));
        const auto value = trimmed(line.substr(colon + 1));
        if (field == "content-type") part.content_type = value;
        if (field != "content-disposition") continue;
        if (std::exchange(named, true) || !read_disposition(value, part)) return std::nullopt;
    }
    if (!named) return std::nullopt;
    return part;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const ReadForm& form)
{
    out << "end " << static_cast<int>(form.end) << ", " << form.parts.size() << " parts";
    for (const auto& part : form.parts)
        out << "\n  " << part.name << " (" << part.filename.value_or("-") << ", " << part.content_type << ") " << part.data.size()
            << (part.ended ? " bytes: " : " bytes and open: ") << to_hex(as_bytes(part.data));
    return out;
}

ReadForm read_form(std::string_view content_type, std::string_view body, const std::vector<std::size_t>& cuts)
{
    auto reader = FormReader::create(content_type);
    if (!reader) return {{}, ReadForm::End::no_form};
    Driver driver(std::move(*reader));
    std::size_t begin = 0;
    for (const auto cut : cuts) {
        driver.feed(body.substr(begin, cut - begin));
        begin = cut;
    }
    driver.feed(body.substr(begin));
    return std::move(driver).form();
}

ReadForm read_naively(std::string_view boundary, std::string_view body)
{
    const auto delimiter = "\r\n--" + std::string(boundary);
    const auto text = "\r\n" + std::string(body);  // the body's beginning is a line's
    ReadForm form;
    auto found = text.find(delimiter);
    while (found != std::string::npos) {
        if (!form.parts.empty()) form.parts.back().ended = true;
        const auto tail = text.find_first_not_of(" \t", found + delimiter.size());
        if (tail == std::string::npos) return form;
        const auto behind = text.substr(tail, 2);
        if (behind == "--") {
            form.end = ReadForm::End::done;
            return form;
        }
        if (behind == "-" || behind == "\r") return form;
        if (behind != "\r\n") {
            form.end = ReadForm::End::malformed;
            return form;
        }
        if (form.parts.size() == max_parts) {
            form.end = ReadForm::End::too_many;
            return form;
        }
        const auto head = tail + 2;
        const bool empty = text.compare(head, 2, "\r\n") == 0;
        const auto head_end = empty ? head : text.find("\r\n\r\n", head);
        if (head_end == std::string::npos) {
            // Of a head too long only what stands before the line that makes it so can be known.
            if (text.size() - head > max_part_head_bytes) form.end = ReadForm::End::malformed;
            return form;
        }
        auto part = head_end + 4 - head > max_part_head_bytes ? std::nullopt : read_head(text.substr(head, head_end - head));
        if (!part) {
            form.end = ReadForm::End::malformed;
            return form;
        }
        form.parts.push_back(std::move(*part));
        const auto data = head_end + 4;
        found = text.find(delimiter, data);
        form.parts.back().data = text.substr(data, found == std::string::npos ? found : found - data);
        // What may be the beginning of a delimiter is not yet data.
        if (found == std::string::npos)
            for (auto cut = std::min(delimiter.size(), text.size() - data); cut > 0; --cut)
                if (form.parts.back().data.ends_with(delimiter.substr(0, cut))) {
                    form.parts.back().data.resize(form.parts.back().data.size() - cut);
                    break;
                }
    }
    return form;
}

}  // namespace amana::front::test

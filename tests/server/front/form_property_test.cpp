// SPDX-License-Identifier: AGPL-3.0-or-later
// The streaming reader against a naive one that searches the whole body, over random bodies in random cuts.
#include "tests/server/front/form_reading.hpp"
#include "tests/server/front/support.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

namespace amana::front::test {

namespace {

template <typename Choices>
auto one_of(std::mt19937_64& random, const Choices& choices)
{
    return choices[below(random, std::size(choices))];
}

// Boundaries that are hard to tell from what stands around them.
const std::vector<std::string> boundaries{"X", "XX", "-", "--", "-X", "X-X-X", "----X", "0123456789012345678901234567890123456789"};

// What bodies are made of: everything that the reader looks for, whole and in part.
std::string piece(std::mt19937_64& random, const std::string& boundary)
{
    const auto delimiter = "\r\n--" + boundary;
    switch (below(random, 16)) {
    case 0:
    case 1:
    case 2: return delimiter + "\r\n";
    case 3: return delimiter.substr(0, 1 + below(random, delimiter.size()));
    case 4: return delimiter.substr(below(random, delimiter.size()));
    case 5: return delimiter + one_of(random, std::vector<std::string>{"--", "-", " ", "\t\r\n", "X", "\r", "\n", "--\r\n"});
    case 6: return "\r\n";
    case 7: return one_of(random, std::vector<std::string>{"\r", "\n", "-", "--", "X", " ", std::string(1, '\0'), "\xff"});
    case 8:
    case 9:
    case 10: return "Content-Disposition: form-data; name=\"a\"\r\n\r\n";
    case 11: return "Content-Disposition: form-data; name=files; filename=\"C:\\%22x%0d" + boundary + "\"\r\nContent-Type: a/b \r\n\r\n";
    case 12:
        return "content-disposition:form-data" + one_of(random, std::vector<std::string>{";", "; name", "; name=", "; name=\"", "; name=\"\""}) +
               one_of(random, std::vector<std::string>{"\r\n", "\r\n\r\n", ";filename=\"", "; filename=x;\r\n\r\n", "\n\r\n"});
    case 13: return one_of(random, std::vector<std::string>{"Content-Type: x\r\n", "X: y\r\n", ": \r\n", "y\r\n"});
    case 14: return "\r\n\r\n";
    default: return std::string(below(random, 40), static_cast<char>('a' + below(random, 26)));
    }
}

std::vector<std::size_t> random_cuts(std::mt19937_64& random, std::size_t size)
{
    std::vector<std::size_t> cuts(below(random, 12));
    for (auto& cut : cuts) cut = below(random, size + 1);
    std::sort(cuts.begin(), cuts.end());
    return cuts;
}

}  // namespace

TEST_CASE("Random bodies in random cuts read as a naive reader reads them whole")
{
    auto random = seeded_generator();
    int whole = 0;
    int with_data = 0;
    const int count = tiered(20'000, 1'000'000);
    for (int i = 0; i < count; ++i) {
        const auto boundary = one_of(random, boundaries);
        std::string body = below(random, 4) == 0 ? "" : "--" + boundary + "\r\n";
        for (auto pieces = below(random, 24); pieces > 0; --pieces) body += piece(random, boundary);
        if (below(random, 2) == 0) body += "\r\n--" + boundary + "--";
        const auto expected = read_naively(boundary, body);
        const auto read = read_form("multipart/form-data; boundary=\"" + boundary + "\"", body, random_cuts(random, body.size()));
        if (!(read == expected)) FAIL("round " << i << ": " << read << "\nnot " << expected << "\nof " << to_hex(as_bytes(body)));
        whole += read.end == ReadForm::End::done ? 1 : 0;
        with_data += !read.parts.empty() && !read.parts[0].data.empty() ? 1 : 0;
    }
    // The bodies are such that the comparison means something.
    CHECK(whole > count / 20);
    CHECK(with_data > count / 20);
}

TEST_CASE("Random parts come back as they were written")
{
    auto random = seeded_generator();
    const int count = tiered(5'000, 200'000);
    for (int i = 0; i < count; ++i) {
        const auto boundary = one_of(random, boundaries);
        const auto delimiter = "\r\n--" + boundary;
        ReadForm written;
        std::string body;
        for (auto parts = below(random, 6); parts > 0; --parts) {
            std::string data;
            for (auto pieces = below(random, 6); pieces > 0; --pieces) data += piece(random, boundary);
            // Whoever writes a form chooses a boundary that is not in its data.
            for (auto at = data.find(delimiter); at != std::string::npos; at = data.find(delimiter)) data.erase(at, 1);
            body += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n\"\r\n\r\n" + data + "\r\n";
            written.parts.push_back({"f", "n", "", data, true});
        }
        body += "--" + boundary + "--\r\n";
        written.end = ReadForm::End::done;
        const auto read = read_form("multipart/form-data; boundary=\"" + boundary + "\"", body, random_cuts(random, body.size()));
        if (!(read == written)) FAIL("round " << i << ": " << read << "\nnot " << written << "\nof " << to_hex(as_bytes(body)));
    }
}

}  // namespace amana::front::test

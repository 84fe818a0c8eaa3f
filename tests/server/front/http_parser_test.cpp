// SPDX-License-Identifier: AGPL-3.0-or-later
// Which bytes are which request: what is read alike everywhere is taken, what two readers could read differently is not.
#include "tests/server/front/http_parsing.hpp"
#include "tests/server/front/support.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <numeric>

namespace amana::front::test {

namespace {

using End = ReadStream::End;
using namespace std::string_literals;

const std::string get = "GET /ar/ HTTP/1.1\r\nHost: a.example\r\n\r\n";

std::string post(const std::string& fields, const std::string& body)
{
    return "POST /ar/report HTTP/1.1\r\nHost: a.example\r\n" + fields + "\r\n" + body;
}
std::string chunked(const std::string& body)
{
    return post("Transfer-Encoding: chunked\r\n", body);
}

// The one request of a stream, which must be whole.
ReadRequest only(const std::string& stream)
{
    const auto read = read_stream(stream);
    INFO(read);
    REQUIRE(read.end == End::open);
    REQUIRE(read.requests.size() == 1);
    REQUIRE(read.requests[0].whole);
    return read.requests[0];
}

// Refused, with no request whole before the refusal: nothing is taken for the next request, either.
bool refused(const std::string& stream)
{
    const auto read = read_stream(stream + get);
    const bool whole = !read.requests.empty() && read.requests.front().whole;
    return read.end == End::malformed && !whole;
}
bool refused_fields(const std::string& fields, const std::string& body = "")
{
    return refused(post(fields, body));
}

void reads_the_same_in_any_cut(const std::string& stream)
{
    const auto whole = read_stream(stream);
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        const auto cut_in_two = read_stream(stream, {cut});
        if (!(cut_in_two == whole)) FAIL("cut at " << cut << ": " << cut_in_two << "\nnot " << whole);
    }
    std::vector<std::size_t> everywhere(stream.size());
    std::iota(everywhere.begin(), everywhere.end(), 0);
    CHECK(read_stream(stream, everywhere) == whole);
}

}  // namespace

TEST_CASE("Heads")
{
    const auto request = only("POST /en/report?a=b HTTP/1.1\r\nhost: a\r\nCONTENT-TYPE:  text/plain ;x \t\r\nContent-Length: 3\r\n"
                              "Expect: 100-Continue\r\nX-Else: \xd8\xa7\r\n\r\nabc");
    CHECK(request.verb == http::verb::post);
    CHECK(request.target == "/en/report?a=b");
    CHECK(request.content_type == "text/plain ;x");
    CHECK(request.content_length == 3u);
    CHECK(request.expects_continue);
    CHECK(request.body == "abc");
    CHECK(only(get).content_length == std::nullopt);
    CHECK(!only(get).expects_continue);
    CHECK(only("BREW / HTTP/1.1\r\nHost: a\r\n\r\n").verb == http::verb::unknown);
}

TEST_CASE("Who keeps the connection")
{
    const auto keeps = [](const std::string& version, const std::string& fields) {
        return only("GET / HTTP/" + version + "\r\nHost: a\r\n" + fields + "\r\n").keeps_alive;
    };
    CHECK(keeps("1.1", ""));
    CHECK(keeps("1.1", "Connection: keep-alive\r\n"));
    CHECK(!keeps("1.1", "Connection: close\r\n"));
    CHECK(!keeps("1.1", "Connection: upgrade, Close\r\nUpgrade: h2c\r\n"));
    CHECK(!keeps("1.0", ""));
    CHECK(keeps("1.0", "Connection: keep-alive\r\n"));
}

TEST_CASE("Requests behind one another")
{
    const auto stream = get + post("Content-Length: 5\r\n", "hello") + get + chunked("3\r\nabc\r\n0\r\n\r\n") +
                        post("Content-Length: 0\r\n", "") + get + "GET /cut";
    const auto read = read_stream(stream);
    INFO(read);
    CHECK(read.end == End::open);
    REQUIRE(read.requests.size() == 6);
    CHECK(read.requests[1].body == "hello");
    CHECK(read.requests[2].body.empty());
    CHECK(read.requests[3].body == "abc");
    for (const auto& request : read.requests) CHECK(request.whole);
    reads_the_same_in_any_cut(stream);
}

TEST_CASE("Chunked bodies")
{
    CHECK(only(chunked("0\r\n\r\n")).body.empty());
    CHECK(only(chunked("5\r\nhello\r\n00a\r\n, my world\r\n0\r\n\r\n")).body == "hello, my world");
    CHECK(only(chunked("A\r\n0123456789\r\n0\r\n\r\n")).body == "0123456789");
    CHECK(only(chunked("1;a=b;c=\"d;\\\"\"\r\nx\r\n0;last\r\n\r\n")).body == "x");
    CHECK(only(chunked("2\r\n\r\n\r\n0\r\n\r\n")).body == "\r\n");
    CHECK(only(chunked("1\r\nx\r\n0\r\nX-Trailer: y\r\n\r\n")).body == "x");
    reads_the_same_in_any_cut(chunked("5;ext=1\r\nhello\r\nb\r\n, my wor\r\nld\r\n0;z\r\nX-Trailer: y\r\n\r\n") + get);
    reads_the_same_in_any_cut(chunked("0\r\n\r\n") + get);
}

TEST_CASE("Chunked bodies that are none")
{
    CHECK(refused(chunked("\r\n\r\n")));
    CHECK(refused(chunked("g\r\n")));
    CHECK(refused(chunked("-1\r\n")));
    CHECK(refused(chunked("+1\r\nx\r\n0\r\n\r\n")));
    CHECK(refused(chunked("0x1\r\nx\r\n0\r\n\r\n")));
    CHECK(refused(chunked(" 1\r\nx\r\n0\r\n\r\n")));
    CHECK(refused(chunked("1\nx\r\n0\r\n\r\n")));
    CHECK(refused(chunked("1\r\nxy\r\n0\r\n\r\n")));
    CHECK(refused(chunked("1\r\nx\n0\r\n\r\n")));
    CHECK(refused(chunked("1\r\nx0\r\n\r\n")));
    CHECK(refused(chunked("1 junk\r\nx\r\n0\r\n\r\n")));
    CHECK(refused(chunked("1;\r\nx\r\n0\r\n\r\n")));
    CHECK(refused(chunked("10000000000000001\r\nx")));
    CHECK(refused(chunked("fffffffffffffffffffffffff\r\nx")));
    CHECK(refused(chunked("1\r\nx\r\n0\r\nnot a field\r\n\r\n")));
    // What frames a message does not come behind it.
    CHECK(refused(chunked("0\r\nContent-Length: 3\r\n\r\n")));
    CHECK(refused(chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n")));
    CHECK(refused(chunked("0\r\nHost: b\r\n\r\n")));
    // An extension, or trailers, without end.
    CHECK(refused(chunked("1;" + std::string(read_buffer_bytes, 'x'))));
    CHECK(refused(chunked("0\r\nX: " + std::string(read_buffer_bytes, 'x'))));
}

TEST_CASE("A length and a coding that others could read otherwise")
{
    CHECK(refused_fields("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"));
    CHECK(refused_fields("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"));
    CHECK(refused_fields("Content-Length: 5, 5\r\n", "hello"));
    CHECK(refused_fields("Content-Length: 5,\r\n", "hello"));
    CHECK(refused_fields("Content-Length: +5\r\n", "hello"));
    CHECK(refused_fields("Content-Length: -5\r\n", "hello"));
    CHECK(refused_fields("Content-Length: 0x5\r\n", "hello"));
    CHECK(refused_fields("Content-Length: 5 5\r\n", "hello"));
    CHECK(refused_fields("Content-Length: 5\r\n 5\r\n", "hello"));
    CHECK(refused_fields("Content-Length:\r\n", "hello"));
    CHECK(refused_fields("Content-Length: 18446744073709551616\r\n", "hello"));
    CHECK(refused_fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"));
    CHECK(refused_fields("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"));
    CHECK(refused_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"));
    CHECK(refused_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"));
    CHECK(refused_fields("Transfer-Encoding: identity\r\n", "0\r\n\r\n"));
    CHECK(refused_fields("Transfer-Encoding: gzip\r\n", "0\r\n\r\n"));
    CHECK(refused_fields("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"));
    CHECK(refused_fields("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"));
    CHECK(refused_fields("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"));
    CHECK(refused_fields("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"));
    CHECK(refused_fields("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"));
    CHECK(refused_fields("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"));
    CHECK(refused_fields("Transfer-Encoding:\r\n", "0\r\n\r\n"));
    CHECK(refused_fields("Transfer-Encoding: \x0b" "chunked\r\n", "0\r\n\r\n"));
    CHECK(refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
    CHECK(!refused_fields("Content-Length: 5\r\n", "hello"));
    CHECK(!refused_fields("Transfer-Encoding: Chunked\r\n", "0\r\n\r\n"));
    // The largest length there is, is one; its request is only never whole.
    CHECK(read_stream(post("Content-Length: 18446744073709551615\r\n", "hello")).requests.at(0).content_length == UINT64_MAX);
}

TEST_CASE("Fields that may stand once")
{
    CHECK(refused("GET / HTTP/1.1\r\n\r\n"));
    CHECK(refused("GET / HTTP/1.1\r\nX-Host: a\r\n\r\n"));
    CHECK(refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"));
    CHECK(refused("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"));
    CHECK(refused("GET / HTTP/1.0\r\nHost: a\r\nhOST: a\r\n\r\n"));
    CHECK(refused_fields("Content-Type: a/b\r\nContent-Type: a/b\r\n"));
    CHECK(only("GET / HTTP/1.0\r\n\r\n").whole);
    CHECK(only("GET / HTTP/1.1\r\nHost:\r\n\r\n").whole);
}

TEST_CASE("Lines that are not as they should be")
{
    CHECK(refused("GET / HTTP/1.1\nHost: a\n\n"));
    CHECK(refused("GET / HTTP/1.1\r\nHost: a\n\r\n"));
    CHECK(refused("GET / HTTP/1.1\r\nHost: a\r\nX: y\nContent-Length: 5\r\n\r\n"));
    CHECK(refused("GET / HTTP/1.1\r\nHost: a\r\n\n"));
    CHECK(refused("GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n"));
    CHECK(refused("GET / HTTP/1.1\r\nHost : a\r\n\r\n"));
    CHECK(refused("GET / HTTP/1.1\r\n Host: a\r\n\r\n"));
    CHECK(refused("GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n"));
    CHECK(refused("GET / HTTP/1.1\r\nHost: a\r\n: no name\r\n\r\n"));
    CHECK(refused("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(1, '\0') + "\r\n\r\n"));
    CHECK(refused("GET / HTTP/1.1\r\nHost: a\r\nX\x01: y\r\n\r\n"));
    CHECK(refused("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(refused("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(refused("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"));
    CHECK(refused("GET /\r\n\r\n"));
    CHECK(refused("GET / HTTP/2.0\r\nHost: a\r\n\r\n"));
    CHECK(refused("GET / HTTP/0.9\r\nHost: a\r\n\r\n"));
    CHECK(refused("GET / http/1.1\r\nHost: a\r\n\r\n"));
    CHECK(refused("G@T / HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(refused("\x16\x03\x01\x02 / HTTP/1.1\r\nHost: a\r\n\r\n"));
    // A field that goes on in a further line, which others may take for another field (RFC 9112, section 5.2).
    CHECK(refused(post("Content-Type: multipart/form-data;\r\n\t boundary=x\r\n", "")));
    CHECK(refused(post("X: a\r\n Content-Length: 5\r\n", "")));
    CHECK(refused(post("X:\r\n y\r\n", "")));
    CHECK(refused(post("X: a\r\n \r\n", "")));
    CHECK(refused(post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n")));
    CHECK(refused(chunked("0\r\nX: a\r\n b\r\n\r\n")));
    CHECK(only(post("X: \t \r\nY:\r\n", "")).whole);
}

TEST_CASE("Requests that two readers in a row have read differently")
{
    // Each as it was published, by its name: what is behind it must never be a request of its own.
    const std::string hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
    const auto with = [&](const std::string& fields, const std::string& body) { return post(fields, body) + hidden; };
    for (const auto& [name, stream] : std::vector<std::pair<const char*, std::string>>{
             {"CL.TE", with("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG")},
             {"TE.CL", with("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "5c\r\n")},
             {"TE.TE, another", with("Transfer-Encoding: chunked\r\nTransfer-encoding: cow\r\n", "0\r\n\r\n")},
             {"TE.TE, x", with("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")},
             {"TE.TE, space before the colon", with("Transfer-Encoding : chunked\r\n", "0\r\n\r\n")},
             {"TE.TE, a line before it", with("X: X\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
             {"TE.TE, folded", with("Transfer-Encoding\r\n : chunked\r\n", "0\r\n\r\n")},
             {"TE.TE, a space before it", with(" Transfer-Encoding: chunked\r\n", "0\r\n\r\n")},
             {"TE.TE, vertical tab", with("Transfer-Encoding:\x0b" "chunked\r\n", "0\r\n\r\n")},
             {"TE.TE, quoted", with("Transfer-Encoding: 'chunked'\r\n", "0\r\n\r\n")},
             {"CL.CL", with("Content-Length: 8\r\nContent-Length: 7\r\n", "12345\r\na")},
             {"CL, signed", with("Content-Length: +0\r\n", "")},
             {"CL, a space in it", with("Content-Length: 1 0\r\n", "")},
             {"CL, space before the colon", with("Content-Length : 44\r\n", "")},
             {"CL, a line end alone", with("X: y\rContent-Length: 44\r\n", "")},
             {"chunk, line feed alone", with("Transfer-Encoding: chunked\r\n", "1\nx\r\n0\r\n\r\n")},
             {"chunk, extension with a line feed", with("Transfer-Encoding: chunked\r\n", "1;a\nx\r\n0\r\n\r\n")},
             {"chunk, extension with a carriage return", with("Transfer-Encoding: chunked\r\n", "1;a\rx\r\nx\r\n0\r\n\r\n")},
             {"chunk, hexadecimal prefix", with("Transfer-Encoding: chunked\r\n", "0x1\r\nx\r\n0\r\n\r\n")},
             {"chunk, too large a size", with("Transfer-Encoding: chunked\r\n", "10000000000000000\r\n\r\n")},
             {"chunk, something behind it", with("Transfer-Encoding: chunked\r\n", "1\r\nxx\r\n0\r\n\r\n")},
             {"trailer that frames", with("Transfer-Encoding: chunked\r\n", "0\r\nContent-Length: 5\r\n\r\n")},
             {"HTTP/1.0 with chunks", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden},
             {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + hidden},
             {"a host in user information", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n" + hidden},
             {"a host and a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n" + hidden},
             {"a target for another host", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n" + hidden},
             {"a target without its scheme", "GET a/ HTTP/1.1\r\nHost: a\r\n\r\n" + hidden},
             {"a target with a fragment of a version", "GET / HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n" + hidden},
             {"a NUL in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\0: y\r\n\r\n"s + hidden},
         }) {
        INFO(name);
        const auto read = read_stream(stream);
        CHECK(read.end == End::malformed);
        for (const auto& request : read.requests) CHECK((request.target != "/hidden" && !request.whole));
    }
    // Where one reader passes a body over that the other reads, there is none to be read as a request here: 0.CL and CL.0.
    const auto zero = read_stream(with("Content-Length: " + std::to_string(hidden.size()) + "\r\n", ""));
    REQUIRE(zero.requests.size() == 1);
    CHECK((zero.requests[0].whole && zero.requests[0].body == hidden));
    const auto of_get = read_stream("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(hidden.size()) + "\r\n\r\n" + hidden);
    CHECK((of_get.requests.size() == 1 && of_get.requests[0].body == hidden));
}

TEST_CASE("A head is bounded")
{
    const std::string first = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    const auto head = [&](std::size_t bytes) { return first + std::string(bytes - first.size() - 4, 'x') + "\r\n\r\n"; };
    CHECK(only(head(max_head_bytes)).whole);
    // Beast counts the first line and the fields apart; together they are bounded by the buffer.
    CHECK(read_stream(head(max_head_bytes + first.size() + 1)).end == End::head_too_large);
    CHECK(read_stream("GET /" + std::string(max_head_bytes, 'x')).end == End::head_too_large);
    CHECK(read_stream(std::string(max_head_bytes, 'A')).end != End::open);
    std::string many = first;
    while (many.size() < max_head_bytes + first.size()) many += "\r\nX: y";
    CHECK(read_stream(many).end == End::head_too_large);
    reads_the_same_in_any_cut(first + std::string(300, 'x') + "\r\n\r\n");
}

TEST_CASE("What stands beside a head's first fields and a body's chunks is bounded")
{
    const auto with_fields = [](std::uint32_t count) {
        std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
        for (std::uint32_t i = 1; i < count; ++i) head += "X: y\r\n";
        return head + "\r\n";
    };
    CHECK(only(with_fields(max_head_fields)).whole);
    CHECK(read_stream(with_fields(max_head_fields + 1)).end == End::head_too_large);

    const auto extended = [](std::size_t bytes) { return "1;" + std::string(bytes - 1, 'e') + "\r\nx\r\n"; };
    CHECK(only(chunked(extended(max_aside_bytes) + "0\r\n\r\n")).body == "x");
    CHECK(refused(chunked(extended(max_aside_bytes + 1) + "0\r\n\r\n")));
    std::string many;
    for (std::size_t i = 0; i < max_asides_bytes / max_aside_bytes; ++i) many += extended(max_aside_bytes);
    CHECK(only(chunked(many + "0\r\n\r\n")).whole);
    CHECK(refused(chunked(many + "1;e\r\nx\r\n0\r\n\r\n")));
    CHECK(refused(chunked(many + "0\r\nX: y\r\n\r\n")));

    const auto trailer = [](std::size_t bytes) { return "X: " + std::string(bytes - 1, 'y') + "\r\n"; };
    CHECK(only(chunked("0\r\n" + trailer(max_aside_bytes) + "\r\n")).whole);
    CHECK(refused(chunked("0\r\n" + trailer(max_aside_bytes + 1) + "\r\n")));
    std::string trailers;
    for (std::size_t i = 0; i < max_asides_bytes / max_aside_bytes; ++i) trailers += trailer(max_aside_bytes);
    CHECK(only(chunked("0\r\n" + trailers + "\r\n")).whole);
    CHECK(refused(chunked("0\r\n" + trailers + trailer(10) + "\r\n")));
    // What a head has once does not stand behind its body.
    CHECK(refused(chunked("0\r\nHost: b\r\n\r\n")));
}

TEST_CASE("A stream cut off anywhere is not whole")
{
    const auto stream = chunked("5;ext=1\r\nhello\r\n0;z\r\nX-Trailer: y\r\n\r\n");
    for (std::size_t size = 0; size < stream.size(); ++size) {
        const auto read = read_stream(stream.substr(0, size));
        INFO(size << " bytes: " << read);
        CHECK(read.end == End::open);
        CHECK((read.requests.empty() || !read.requests[0].whole));
    }
}

TEST_CASE("Random streams read the same in any pieces")
{
    auto random = seeded_generator();
    const std::vector<std::string> pieces{"GET ", "/ar/", " HTTP/1.1\r\n", "Host: a\r\n", "\r\n", "\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\n",
        "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "Content-Type: a\r\n", "Connection: close\r\n", "3\r\nabc\r\n", "0\r\n",
        "0\r\n\r\n", "abc", ";x=y", "\r", "\n", " ", ":", "\t", "Expect: 100-continue\r\n", get, chunked("2\r\nhi\r\n0\r\n\r\n")};
    int requests = 0;
    const int count = tiered(20'000, 1'000'000);
    for (int i = 0; i < count; ++i) {
        std::string stream = below(random, 4) == 0 ? "" : below(random, 2) == 0 ? get : chunked("");
        for (auto n = 1 + below(random, 12); n > 0; --n) stream += pieces[below(random, pieces.size())];
        std::vector<std::size_t> cuts(1 + below(random, 8));
        for (auto& cut : cuts) cut = below(random, stream.size() + 1);
        std::sort(cuts.begin(), cuts.end());
        auto whole = read_stream(stream);
        auto cut_up = read_stream(stream, cuts);
        // In pieces a fault may be seen sooner or later, and the last few bytes of a body cut off may still be waiting; but
        // nothing else is ever read.
        if (whole.requests.size() == cut_up.requests.size() && !whole.requests.empty() && !whole.requests.back().whole) {
            auto& a = whole.requests.back().body;
            auto& b = cut_up.requests.back().body;
            const auto common = std::min(a.size(), b.size());
            if (std::max(a.size(), b.size()) - common < 5) a.resize(common), b.resize(common);
        }
        if (cut_up.end == End::open || whole.end == End::open) cut_up.end = whole.end;
        if (!(cut_up == whole)) FAIL("round " << i << ": " << cut_up << "\nnot " << whole << "\nof " << to_hex(as_bytes(stream)));
        requests += static_cast<int>(whole.requests.size());
    }
    CHECK(requests > count / 4);
}

TEST_CASE("Who can unpack")
{
    for (const auto* yes : {"gzip", "GZip", "gzip, deflate, br", "br,gzip", "deflate ,\tgzip;q=1.0", "gzip;q=0.001", "gzip ; q=0.5", "gzip;q=1", "br;q=0, gzip",
                            "identity, *;q=0, gzip", ",,gzip,"}) {
        INFO(yes);
        CHECK(accepts_gzip(yes));
    }
    // "*" may mean it and is not taken so; plain is always right.
    for (const auto* no : {"", " ", ",", "identity", "br", "*", "x-gzip", "gzipped", "gzip2", "gz", "gzip;q=0", "gzip;q=0.0", "gzip;q=0.000", "gzip; q=0",
                           "gzip;Q=0", "deflate;q=1, gzip;q=0", "gzip/1", "\"gzip\"", "deflate gzip"}) {
        INFO(no);
        CHECK_FALSE(accepts_gzip(no));
    }
    RequestParser parser;
    parser.eager(true);
    boost::beast::error_code failed;
    const std::string stream = "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\nAccept-Encoding: gzip\r\n\r\n";
    parser.put(boost::asio::buffer(stream), failed);
    CHECK(!failed);
    CHECK(parser.request.accepts_gzip);
}

}  // namespace amana::front::test

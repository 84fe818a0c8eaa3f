// SPDX-License-Identifier: AGPL-3.0-or-later
// The form as it streams: what browsers really send, every way it may be cut, and every way it may be wrong.
#include "base/file.hpp"
#include "tests/server/front/form_reading.hpp"
#include "tests/support/catch.hpp"

#include <cstdlib>
#include <numeric>

namespace amana::front::test {

namespace {

using End = ReadForm::End;

const std::string type = "multipart/form-data; boundary=XX";

std::string part(const std::string& head, const std::string& data)
{
    return "--XX\r\n" + head + "\r\n\r\n" + data + "\r\n";
}
std::string story(const std::string& data)
{
    return part("Content-Disposition: form-data; name=\"story\"", data);
}
std::string file(const std::string& filename, const std::string& data)
{
    return part("Content-Disposition: form-data; name=\"files\"; filename=\"" + filename + "\"\r\nContent-Type: image/png", data);
}

// What one part's data is, when the body is that part alone.
std::string data_of(const std::string& body)
{
    const auto form = read_form(type, body);
    INFO(form);
    REQUIRE(form.end == End::done);
    REQUIRE(form.parts.size() == 1);
    return form.parts[0].data;
}

std::optional<std::string> filename_of(const std::string& disposition)
{
    const auto form = read_form(type, part(disposition, "x") + "--XX--");
    INFO(form);
    REQUIRE(form.end == End::done);
    return form.parts.at(0).filename;
}

End end_of(const std::string& body)
{
    return read_form(type, body).end;
}

// However it is cut into two, and fed byte by byte, a body reads the same.
void reads_the_same_in_any_cut(const std::string& content_type, const std::string& body)
{
    const auto whole = read_form(content_type, body);
    for (std::size_t cut = 0; cut <= body.size(); ++cut) {
        const auto cut_in_two = read_form(content_type, body, {cut});
        if (!(cut_in_two == whole)) FAIL("cut at " << cut << ": " << cut_in_two << "\nnot " << whole);
    }
    std::vector<std::size_t> everywhere(body.size());
    std::iota(everywhere.begin(), everywhere.end(), 0);
    CHECK(read_form(content_type, body, everywhere) == whole);
}

struct Recorded {
    std::string content_type;
    std::string body;
};
// Recorded from a form like ours: the Content-Type on the first line, then the body.
Recorded recorded(const std::string& name)
{
    const char* source = std::getenv("AMANA_SOURCE");
    REQUIRE(source != nullptr);
    const auto bytes = read_file(std::string(source) + "/tests/server/front/bodies/" + name, 1 << 20).value();
    const auto text = std::string(as_text(bytes));
    const auto line = text.find('\n');
    return {text.substr(0, line), text.substr(line + 1)};
}

const std::string recorded_story =
    "أخي سافر\r\nقبل شهر.\r\n\r\n\"اتصل\" <به> رجل 😀 & قال: 100%22";

struct SentFile {
    std::string name;
    std::string data;
};
const std::vector<SentFile> recorded_files{
    {"صورة من الهاتف.jpg", {"\xff\xd8\xff\xe0\0\x10\r\n--\r\r\n--\r", 16}},
    {"say \"hi\"; x=y.txt", "lookalikes\r\n----\r\n------WebKitFormBoundary\r\n------geckoformboundary\r\r\n--\n\r"},
    {"line\nbreak.ogg", {"OggS\0", 5}},
    {"slash.bin", "\r\n"},  // the file's name was back\slash.bin, which is a path where browsers sent paths
    {"100\".txt", "x"},     // 100%22.txt: browsers escape no percent sign
    {"empty.dat", ""},
};

}  // namespace

TEST_CASE("What browsers send")
{
    const std::string browser = GENERATE("chromium", "firefox", "curl");
    INFO(browser);
    const auto [content_type, body] = recorded(browser + "-files");
    const auto form = read_form(content_type, body);
    REQUIRE(form.end == End::done);
    REQUIRE(form.parts.size() == 1 + recorded_files.size());
    CHECK(form.parts[0] == ReadPart{"story", std::nullopt, "", recorded_story, true});
    for (std::size_t i = 0; i < recorded_files.size(); ++i) {
        const auto& read = form.parts[i + 1];
        CHECK(read.name == "files");
        CHECK(read.filename == recorded_files[i].name);
        CHECK(read.data == recorded_files[i].data);
        CHECK(read.ended);
    }
    CHECK(form.parts[1].content_type == "image/jpeg");
    CHECK(form.parts[2].content_type == "text/plain");
    CHECK(form.parts[6].content_type == "application/octet-stream");
    reads_the_same_in_any_cut(content_type, body);
}

TEST_CASE("What browsers send when no file is chosen")
{
    const std::string browser = GENERATE("chromium", "firefox", "curl");
    INFO(browser);
    const auto [content_type, body] = recorded(browser + "-none");
    const auto form = read_form(content_type, body);
    REQUIRE(form.end == End::done);
    REQUIRE(!form.parts.empty());
    CHECK(form.parts[0] == ReadPart{"story", std::nullopt, "", recorded_story, true});
    // curl sends no part where there is nothing; browsers send one without a name.
    if (browser == "curl") {
        CHECK(form.parts.size() == 1);
    } else {
        REQUIRE(form.parts.size() == 2);
        CHECK(form.parts[1] == ReadPart{"files", "", "application/octet-stream", "", true});
    }
    reads_the_same_in_any_cut(content_type, body);
}

TEST_CASE("Data that looks like a delimiter")
{
    const std::string data = GENERATE(
        "\r\n--X", "\r\n--", "\r\n-", "\r\n", "\r", "\n", "\r\r", "\r\n\r", "\r\n\r\n", "\r\n--X\r\n--X", "\r\n--Y\r\n", "--XX",
        "--XX--", "\n--XX\r\n", "\r--XX\r\n", "\r\n-XX", "\r\n --XX", "\r\n--xx", "\r\r\n--X", "a\r\n--X\r", "\r\n--\r\n--X\r\n", "-", "X");
    const auto body = file("n", data) + "--XX--\r\n";
    INFO(to_hex(as_bytes(data)));
    CHECK(data_of(body) == data);
    reads_the_same_in_any_cut(type, body);
    // The CR before a real delimiter is data, too.
    CHECK(data_of("--XX\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n" + data + "\r\r\n--XX--") == data + "\r");
}

TEST_CASE("Before the first delimiter and behind the last is nothing")
{
    const auto one = story("s");
    CHECK(data_of("\r\n" + one + "--XX--") == "s");
    CHECK(data_of("This is a message in MIME format.\r\n" + one + "--XX--") == "s");
    CHECK(data_of("\r\n--X\r\n" + one + "--XX--") == "s");
    CHECK(data_of("-\r\n" + one + "--XX--") == "s");
    CHECK(read_form(type, "-" + one + "--XX--").parts.empty());  // no delimiter: it does not begin a line
    CHECK(data_of(one + "--XX--\r\n") == "s");
    CHECK(data_of(one + "--XX--\r\nepilogue\r\n--XX\r\nContent-Disposition: form-data; name=\"late\"\r\n\r\n\r\n--XX--") == "s");
    CHECK(data_of(one + "--XX \t--") == "s");
    CHECK(data_of("--XX  \t\r\n" + one.substr(6) + "--XX--") == "s");
    CHECK(end_of("--XX--") == End::done);
    CHECK(end_of("") == End::unfinished);
    CHECK(end_of(one) == End::unfinished);
    CHECK(end_of(one + "--XX") == End::unfinished);
    CHECK(end_of(one + "--XX-") == End::unfinished);
    CHECK(end_of(one + "--XXX--") == End::malformed);
    CHECK(end_of(one + "--XX\r\r\n") == End::malformed);
    CHECK(end_of(one + "--XX\n") == End::malformed);
    CHECK(end_of(one + "--XX-\r\n") == End::malformed);
    reads_the_same_in_any_cut(type, "preamble\r\n--X\r\n" + one + "--XX \r\n" + one.substr(6) + "--XX--epilogue\r\n--XX\r\n");
}

TEST_CASE("File names: escapes, paths, none")
{
    const std::string head = "Content-Disposition: form-data; name=\"files\"";
    CHECK(filename_of(head) == std::nullopt);
    CHECK(filename_of(head + "; filename=\"\"") == "");
    CHECK(filename_of(head + "; filename=") == "");
    CHECK(filename_of(head + "; filename=plain.png") == "plain.png");
    CHECK(filename_of(head + "; FileName=\"a.png\"") == "a.png");
    CHECK(filename_of("content-DISPOSITION:form-data;filename=\"a;b=c.png\" ; name=files") == "a;b=c.png");
    CHECK(filename_of(head + "; filename=\"%22%0D%0a%0A%41%2\"") == "\"\r\n\n%41%2");
    CHECK(filename_of(head + "; filename=\"%%222\"") == "%\"2");
    CHECK(filename_of(head + "; filename=\"/etc/passwd\"") == "passwd");
    CHECK(filename_of(head + "; filename=\"..\\..\\C:\\Users\\me\\photo.jpg\"") == "photo.jpg");
    CHECK(filename_of(head + "; filename=\"../\"") == "");
    CHECK(filename_of(head + "; filename*=utf-8''a.png") == std::nullopt);
    CHECK(filename_of(head + "; filename=\"بلا.png\"") == "بلا.png");
    // The last component of the path is what was sent, not what an escape makes of it.
    CHECK(filename_of(head + "; filename=\"a%22/b\"") == "b");
}

TEST_CASE("Part heads that are none")
{
    const auto ends = [](const std::string& head) { return end_of("--XX\r\n" + head + "\r\n\r\nx\r\n--XX--"); };
    CHECK(ends("Content-Disposition: form-data; name=\"a\"") == End::done);
    CHECK(ends("Content-Disposition: form-data; name=a\r\nX-Unknown: ; = \"") == End::done);
    CHECK(ends("Content-Disposition: form-data; name=\"\"") == End::done);
    CHECK(ends("") == End::malformed);
    CHECK(ends("\r\nContent-Disposition: form-data; name=\"a\"") == End::malformed);
    CHECK(ends("Content-Type: text/plain") == End::malformed);
    CHECK(ends("Content-Disposition: form-data") == End::malformed);
    CHECK(ends("Content-Disposition: form-data; filename=\"a\"") == End::malformed);
    CHECK(ends("Content-Disposition: form-data; name=") == End::malformed);
    CHECK(ends("Content-Disposition: form-data; name=\"a\"; name=") == End::malformed);
    CHECK(ends("Content-Disposition: form-data; name= ; name=a") == End::malformed);
    CHECK(ends("Content-Disposition: form-data; name=\"a") == End::malformed);
    CHECK(ends("Content-Disposition: attachment; name=\"a\"") == End::malformed);
    CHECK(ends("Content-Disposition: form-data; name=\"a\"; name=\"b\"") == End::malformed);
    CHECK(ends("Content-Disposition: form-data; name=\"a\"; filename=\"b\"; filename=\"c\"") == End::malformed);
    CHECK(ends("Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"a\"") == End::malformed);
    CHECK(ends("Content-Disposition form-data; name=\"a\"") == End::malformed);
    CHECK(ends("Content-Disposition: form-data;\n name=\"a\"") == End::malformed);
    CHECK(ends("Content-Disposition: form-data;\r\n name=\"a\"") == End::malformed);
    CHECK(ends("Content-Disposition: form-data; name=\"a\"\nX: y") == End::malformed);
}

TEST_CASE("A part's head is bounded, and so is their number")
{
    const std::string head = "Content-Disposition: form-data; name=\"a\"\r\nX: ";
    const auto body = [&](std::size_t bytes) { return "--XX\r\n" + head + std::string(bytes - head.size() - 4, 'x') + "\r\n\r\n\r\n--XX--"; };
    CHECK(end_of(body(max_part_head_bytes)) == End::done);
    CHECK(end_of(body(max_part_head_bytes + 1)) == End::malformed);
    CHECK(end_of("--XX\r\n" + std::string(max_part_head_bytes, 'x')) == End::unfinished);
    CHECK(end_of("--XX\r\n" + std::string(max_part_head_bytes + 1, 'x')) == End::malformed);

    std::string many;
    for (std::size_t i = 0; i < max_parts; ++i) many += story("");
    auto form = read_form(type, many + "--XX--");
    CHECK(form.end == End::done);
    CHECK(form.parts.size() == max_parts);
    form = read_form(type, many + story("one too many") + "--XX--");
    CHECK(form.end == End::too_many);
    CHECK(form.parts.size() == max_parts);
}

TEST_CASE("Which Content-Type is a form")
{
    const auto is_form = [](const std::string& content_type) { return FormReader::create(content_type).has_value(); };
    const std::string form = "multipart/form-data; boundary=";
    CHECK(is_form(form + "XX"));
    CHECK(is_form("Multipart/Form-Data;BOUNDARY=\"XX\""));
    CHECK(is_form("multipart/form-data ; charset=utf-8 ; boundary=XX;"));
    CHECK(is_form(form + "\"'()+_,-./:=? x\""));
    CHECK(is_form(form + std::string(70, 'b')));
    CHECK(!is_form(form + std::string(71, 'b')));
    CHECK(!is_form(form));
    CHECK(!is_form(form + "\"\""));
    CHECK(!is_form(form + "\"XX"));
    CHECK(!is_form(form + "\"XX\"X"));
    CHECK(!is_form(form + "\"XX \""));
    CHECK(!is_form(form + "XX; boundary=YY"));
    CHECK(!is_form(form + "XX; boundary=XX"));
    CHECK(!is_form(form + "XX; junk"));
    CHECK(!is_form(form + "X\tX"));
    CHECK(!is_form(form + "X\rX"));
    CHECK(!is_form(form + "X@X"));
    CHECK(!is_form(form + "\xd8\xa7"));
    CHECK(!is_form("multipart/form-data"));
    CHECK(!is_form("multipart/form-data; charset=utf-8"));
    CHECK(!is_form("multipart/mixed; boundary=XX"));
    CHECK(!is_form("application/x-www-form-urlencoded"));
    CHECK(!is_form("multipart/form-data boundary=XX"));
    CHECK(!is_form(""));
    // A quoted boundary is the same boundary.
    CHECK(read_form("multipart/form-data; boundary=\"XX\"", story("s") + "--XX--") == read_form(type, story("s") + "--XX--"));
}

}  // namespace amana::front::test

// SPDX-License-Identifier: AGPL-3.0-or-later
// The code after sending: shown once, in the answer itself, of one size whatever it is; and the same of what is sent twice.
#include "server/front/qr_code.hpp"
#include "server/front/receipt_card.hpp"
#include "tests/server/front/asking.hpp"
#include "tests/server/front/fake_outbox.hpp"
#include "tests/support/catch.hpp"
#include "tests/web/gunzip.hpp"

#include <qrencode.h>

#include <algorithm>
#include <set>

namespace amana::front::test {

namespace {

const std::string gzip = "Accept-Encoding: gzip\r\n";

Front::Options with_keys()
{
    Front::Options options;
    options.keys = FakeOutbox::key_set();
    return options;
}

std::string page_of(const Client::Answer& answer)
{
    const bool packed = answer.head.find("Content-Encoding: gzip") != std::string::npos;
    return packed ? amana::test::gunzipped(answer.body).value_or("damaged") : answer.body;
}

std::string between(const std::string& text, const std::string& open, const std::string& close)
{
    const auto from = text.find(open);
    REQUIRE(from != std::string::npos);
    return text.substr(from + open.size(), text.find(close, from + open.size()) - from - open.size());
}

std::string shown_in(const std::string& page)
{
    return between(page, "<p class=\"receipt-code\" id=\"receipt-code\" dir=\"ltr\" tabindex=\"0\">", "</p>");
}

crypto::testing::Opened opened(ByteView envelope)
{
    const auto desk = FakeOutbox::desk();
    return crypto::testing::must(crypto::testing::open_envelope(envelope, std::array{desk.view()}));
}

}  // namespace

TEST_CASE("A report's code is that of the inbox in its manifest, in groups of the page's digits")
{
    Front front(with_keys());
    for (const std::string language : {"en", "ar"})
        for (const bool packed : {false, true})
            for (const bool proof : {false, true}) {
                INFO(language << (packed ? " packed" : "") << (proof ? " proof" : ""));
                FormBody form;
                form.story(story);
                if (proof) form.answer("proof", "1");
                const auto answer = front.ask(post_form(form.end(), packed ? gzip : "", "/" + language + "/report"));
                REQUIRE(status(answer) == 200);
                CHECK(answer.head.size() == page_head_bytes);
                CHECK(answer.body.size() == (packed ? web::packed_page_bytes : large_page_bytes));
                CHECK(has(answer, "Cache-Control: no-store"));
                const auto page = page_of(answer);
                const auto code = shown_in(page);
                CHECK(std::ranges::count(code, ' ') == 6);
                CHECK((code.find_first_of("0123456789") == std::string::npos) == (language == "ar"));
                const auto receipt = crypto::Receipt::read(code);
                REQUIRE(receipt.has_value());
                const auto report = opened(front.envelopes().back());
                REQUIRE(report.manifest.inbox().has_value());
                CHECK(*report.manifest.inbox() == crypto::InboxAddress::of(FakeOutbox::keys_of(*receipt)));
                CHECK(answer.head.find(receipt->digits()) == std::string::npos);
                CHECK(page.find("<b dir=\"ltr\">https://a/" + language + "/inbox</b>") != std::string::npos);
                const auto picture = picture_of(receipt->digits());
                CHECK(between(page, "<img src=\"data:image/png;base64,", "\"") == picture.text());
                CHECK(between(page, "<a href=\"data:image/png;base64,", "\" download=\"picture.png\"") == picture.text());
            }
}

TEST_CASE("Who wants no code gets none, and its report has no inbox")
{
    Front front(with_keys());
    CHECK(status(front.ask(post_form(FormBody().story(story).answer("no_receipt", "1").end()))) == 303);
    CHECK_FALSE(opened(front.envelopes().back()).manifest.inbox().has_value());
    const auto again = front.ask(post_form(FormBody().story("short").answer("no_receipt", "1").end()));
    CHECK(again.body.find("name=\"no_receipt\" value=\"1\" aria-describedby=\"receipt-what\" checked>") != std::string::npos);
}

TEST_CASE("What names no host is refused")
{
    Front front(with_keys());
    for (const auto& host : {std::string("a\"><script>"), std::string("a b"), std::string("a/b"), std::string(256, 'a')}) {
        auto request = post_form(FormBody().story(story).end());
        request.replace(request.find("Host: a"), 7, "Host: " + host);
        CHECK(status(front.ask(request)) == 400);
    }
}

TEST_CASE("The same from the same page is one sending with one code; other content, another page or none is another")
{
    Front front(with_keys());
    const auto send = [&](const std::string& token, const std::string& file, const std::string& text = story) {
        const auto answer = front.ask(post_form(FormBody().story(text).file("f", file).end(), gzip, "/en/report" + token));
        return std::pair(to_hex(opened(front.envelopes().back()).manifest.submission()), shown_in(page_of(answer)));
    };
    const std::string token = "?" + std::string(43, 'x'), other = "?" + std::string(43, 'y');
    const auto first = send(token, "one");
    CHECK(send(token, "one") == first);
    std::set<std::string> ids{first.first}, codes{first.second};
    for (const auto& one : {send(token, "two"), send(token, "one", story + "."), send(other, "one"), send("", "one"), send("", "one"),
                            send("?" + std::string(web::no_token), "one"), send("?" + std::string(web::no_token), "one")}) {
        CHECK(ids.insert(one.first).second);
        CHECK(codes.insert(one.second).second);
    }
}

TEST_CASE("A code's picture is libqrencode's, but for the mask")
{
    std::size_t longest = 0;
    for (int i = 0; i < 300; ++i) {
        const auto receipt = crypto::Receipt::make();
        const std::string digits(receipt.digits());
        QrModules ours;
        draw_qr(digits, ours);
        auto* input = QRinput_new2(1, QR_ECLEVEL_M);
        REQUIRE(QRinput_append(input, QR_MODE_NUM, static_cast<int>(digits.size()), reinterpret_cast<const unsigned char*>(digits.data())) == 0);
        auto* theirs = QRcode_encodeInput(input);
        REQUIRE((theirs != nullptr && theirs->width == static_cast<int>(qr_side)));
        const auto dark = [&](std::size_t x, std::size_t y) { return (theirs->data[y * qr_side + x] & 1U) != 0; };
        // Which mask they took stands in the format, itself under a mask: bits 12 to 10 at (8, 2..4) and so on (ISO/IEC 18004, 7.9).
        unsigned mask = 0;
        for (const std::size_t x : {2U, 3U, 4U}) mask = mask << 1U | (dark(x, 8) ? 1U : 0U);
        mask ^= 0b101U;
        const auto masked = [mask](std::size_t x, std::size_t y) {
            switch (mask) {
            case 0: return (x + y) % 2 == 0;
            case 1: return y % 2 == 0;
            case 2: return x % 3 == 0;
            case 3: return (x + y) % 3 == 0;
            case 4: return (y / 2 + x / 3) % 2 == 0;
            case 5: return x * y % 2 + x * y % 3 == 0;
            case 6: return (x * y % 2 + x * y % 3) % 2 == 0;
            default: return ((x + y) % 2 + x * y % 3) % 2 == 0;
            }
        };
        for (std::size_t y = 0; y < qr_side; ++y)
            for (std::size_t x = 0; x < qr_side; ++x) {
                // The lowest of their bits says dark, the others where it stands: 0x80 not data, 0x04 format.
                const auto where = theirs->data[y * qr_side + x];
                const bool ours_dark = ours.view()[y * qr_side + x] != 0;
                if ((where & 0x04U) != 0) continue;
                const bool wanted = (where & 0x80U) != 0 ? dark(x, y) : dark(x, y) != masked(x, y);
                const bool got = (where & 0x80U) != 0 ? ours_dark : ours_dark != ((x + y) % 2 == 0);
                if (got != wanted) FAIL("module " << x << ", " << y << " of " << digits << ", mask " << mask);
            }
        QRcode_free(theirs);
        QRinput_free(input);
        longest = std::max(longest, picture_of(digits).size());
    }
    std::cout << "longest picture: " << longest << " bytes of base64\n";
    CHECK(longest <= (max_picture_bytes + 2) / 3 * 4);
}

}  // namespace amana::front::test

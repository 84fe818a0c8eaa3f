// SPDX-License-Identifier: AGPL-3.0-or-later
// The ministry's own on the pages: colour, logo, texts, the way out, and what stands inside the pages instead of being fetched.
#include "tests/support/catch.hpp"
#include "tests/web/site.hpp"
#include "web/colour.hpp"
#include "web/inline.hpp"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <random>

namespace amana {

namespace {

using Catch::Contains;

Bytes png(std::size_t size)
{
    Bytes bytes{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    bytes.resize(size, 'x');
    return bytes;
}

// WCAG 2.2's, written a second time, from its text.
double luminance(const std::string& colour)
{
    double sum = 0;
    const double weights[] = {0.2126, 0.7152, 0.0722};
    for (std::size_t i = 0; i < 3; ++i) {
        const double channel = std::stoi(colour.substr(1 + 2 * i, 2), nullptr, 16) / 255.0;
        sum += weights[i] * (channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4));
    }
    return sum;
}
double contrast(const std::string& a, const std::string& b)
{
    const auto [low, high] = std::minmax({luminance(a), luminance(b)});
    return (high + 0.05) / (low + 0.05);
}

struct Colours {
    std::string light, on_light, dark, on_dark;
};
Colours colours_of(const std::string& style)
{
    const auto dark = style.find("prefers-color-scheme:dark");
    REQUIRE(dark != std::string::npos);
    const auto of = [&](const std::string& name, std::size_t from) {
        const auto at = style.find(name, from);
        REQUIRE(at != std::string::npos);
        return style.substr(at + name.size(), 7);
    };
    return {of("--main:", 0), of("--on-main:", 0), of("--main:", dark), of("--on-main:", dark)};
}

web::SiteSettings in_english()
{
    auto settings = test::shipped_settings();
    settings.languages = {"en"};
    return settings;
}

}  // namespace

TEST_CASE("a colour is taken as it is in the light, and made readable in the dark", "[web]")
{
    CHECK(web::colour_style("#0B5C63").value() == web::colour_style("#0b5c63").value());
    CHECK(colours_of(web::colour_style("#0B5C63").value()).light == "#0b5c63");
    std::mt19937 random(5);
    int taken = 0;
    int refused = 0;
    for (int round = 0; round < 3000; ++round) {
        char written[8];
        std::snprintf(written, sizeof(written), "#%06x", static_cast<unsigned>(random() & 0xffffff));
        INFO(written);
        const auto style = web::colour_style(written);
        // Text in it stands on white, and on the soft ground too.
        CHECK(style.has_value() == (contrast(written, "#eef4f4") >= 4.5));
        if (!style) {
            ++refused;
            continue;
        }
        ++taken;
        const auto colours = colours_of(*style);
        CHECK(colours.light == written);
        CHECK(contrast(colours.light, colours.on_light) >= 4.5);
        CHECK(contrast(colours.light, "#ffffff") >= 4.5);
        CHECK(contrast(colours.dark, "#121819") >= 4.5);
        CHECK(contrast(colours.dark, "#1e2829") >= 4.5);
        CHECK(contrast(colours.dark, colours.on_dark) >= 4.5);
    }
    CHECK((taken > 500 && refused > 500));
    std::cout << taken << " colours taken, " << refused << " refused\n";
    // The grounds are those of the style.
    const auto style = test::read_text(test::source_directory() / "web" / "style.css");
    for (const auto* ground : {"--ground: #fff;", "--soft: #eef4f4;", "--ground: #121819;", "--soft: #1e2829;"}) CHECK_THAT(style, Contains(ground));
}

TEST_CASE("what is no colour, or too pale", "[web]")
{
    for (const auto* wrong : {"", "#", "0b5c63", "#0b5c6", "#0b5c633", "#0b5c6g", "##0b5c6", "red", "#fff", "rgb(0,0,0)", "#0b5c63;}", "#0b 5c6"}) {
        INFO(wrong);
        const auto style = web::colour_style(wrong);
        REQUIRE(style.has_error());
        CHECK_THAT(style.error().message, Contains("is not a colour"));
    }
    for (const auto* pale : {"#ffffff", "#ffff00", "#6fd0d8", "#808080"}) {
        INFO(pale);
        const auto style = web::colour_style(pale);
        REQUIRE(style.has_error());
        CHECK_THAT(style.error().message, Contains("too pale") && Contains("4.5"));
    }
    auto settings = in_english();
    settings.colour = "#ffff00";
    CHECK_THAT(test::refusal(settings), Contains("too pale"));
    settings.colour = "#7a1f1f";
    CHECK_THAT(test::form_page(web::Pages::load(settings).value(), "en"), Contains(":root{--main:#7a1f1f;--on-main:#ffffff}"));
}

TEST_CASE("a logo is a small PNG, inside every page", "[web]")
{
    auto settings = in_english();
    CHECK(test::form_page(web::Pages::load(settings).value(), "en").find("<img") == std::string::npos);
    settings.logo = png(600);
    const auto loaded = web::Pages::load(settings).value();
    const auto image = "<img src=\"data:image/png;base64," + to_base64(settings.logo) + "\" alt=\"\" height=\"32\">";
    for (const auto& page : test::all_pages(loaded))
        if (page.name != "index") CHECK(test::count(page.html, image) == 1);
    settings.logo = {'G', 'I', 'F', '8', '9', 'a', 0, 0, 0, 0};
    CHECK_THAT(test::refusal(settings), Contains("not a PNG"));
    settings.logo = png(8);
    CHECK_THAT(test::refusal(settings), Contains("not a PNG"));
    settings.logo = png(web::max_logo_bytes + 1);
    CHECK_THAT(test::refusal(settings), Contains("the logo has 2049 bytes; at most 2048"));
}

TEST_CASE("the ministry's texts stand where the catalogue's would, escaped", "[web]")
{
    auto settings = in_english();
    settings.languages = {"en", "ar"};
    settings.texts["en"] = {"Ministry of <Tests> & Trials", "112 <1>", "The \"law\"", "Embassy of <X>"};
    settings.texts["ar"] = {"", "112", "القانون عندنا", "سفارتنا"};
    settings.max_files_bytes = 5ULL << 19U;
    settings.exit = "https://example.org/?a=1&b=\"";
    const auto changed = web::Pages::load(settings).value();
    const auto& form = test::form_page(changed, "en");
    CHECK_THAT(form, Contains("<b>Ministry of &lt;Tests&gt; &amp; Trials</b>") && Contains("Up to 2.5 MB"));
    CHECK_THAT(form, Contains("<b>112 &lt;1&gt;</b>") && Contains("<p>The &quot;law&quot;</p>") && Contains("<p>Embassy of &lt;X&gt;</p>"));
    CHECK_THAT(form, Contains("href=\"https://example.org/?a=1&amp;b=&quot;\""));
    CHECK_THAT(form, !Contains(test::escaped(test::read_catalogue("en").at("deceived_law").text)));
    CHECK_THAT(changed.help("ar").plain, Contains("القانون عندنا") && Contains("سفارتنا") && Contains("وزارة الخارجية"));
    CHECK(changed.speaks("ar"));
    CHECK_FALSE(changed.speaks("fr"));
    CHECK(test::form_page(changed, "fr") == test::form_page(changed, "en"));
    CHECK(test::form_page(changed, "<x>") == test::form_page(changed, "en"));
    settings.languages = {"ar", "en"};
    const auto arabic_first = web::Pages::load(settings).value();
    CHECK(test::form_page(arabic_first, "fr") == test::form_page(arabic_first, "ar"));
}

TEST_CASE("a text that keeps people safe is said to all of them or to nobody", "[web]")
{
    auto settings = in_english();
    settings.languages = {"en", "ar", "fr"};
    for (const auto& [name, member] : {std::pair{"numbers", &web::SiteTexts::numbers}, {"law", &web::SiteTexts::law}, {"embassy", &web::SiteTexts::embassy}}) {
        settings.texts.clear();
        settings.texts["en"].*member = "text";
        CHECK_THAT(test::refusal(settings), Contains("'" + std::string(name) + "' is configured for some languages, and not for ar, fr") && Contains("[texts.ar]"));
        settings.texts["ar"].*member = "text";
        CHECK_THAT(test::refusal(settings), Contains("not for fr"));
        settings.texts["fr"].*member = "text";
        CHECK(web::Pages::load(settings).has_value());
    }
    // A name differs by language, or is the catalogue's.
    settings.texts.clear();
    settings.texts["en"].name = "Ministry";
    CHECK(web::Pages::load(settings).has_value());
}

TEST_CASE("how often the desk reads is said in days where it can be", "[web]")
{
    auto settings = in_english();
    const auto said = [&](int hours) {
        settings.read_every = std::chrono::hours(hours);
        return test::form_page(web::Pages::load(settings).value(), "en");
    };
    CHECK_THAT(said(1), Contains("at least once an hour"));
    CHECK_THAT(said(12), Contains("at least every 12 hours"));
    CHECK_THAT(said(24), Contains("at least once a day"));
    CHECK_THAT(said(36), Contains("at least every 36 hours"));
    CHECK_THAT(said(72), Contains("at least every 3 days"));
}

TEST_CASE("a translation that awaits its second reader says so, and leads to the English page", "[web]")
{
    const test::DataCopy copy;
    auto settings = copy.settings();
    settings.languages = {"ar", "en"};
    copy.compile("ar", test::replaced(test::po("ar"), "msgid \"review\"\nmsgstr \"done\"", "msgid \"review\"\nmsgstr \"awaiting\""));
    const auto loaded = web::Pages::load(settings).value();
    const auto awaiting = test::escaped(test::read_catalogue("ar").at("awaiting_review").text);
    for (const auto& page : test::all_pages(loaded)) {
        if (page.name == "index") continue;
        INFO(page.name << " in " << page.language);
        const std::string behind = page.name == "help" ? "help" : page.name.starts_with("inbox") ? "inbox" : "";
        // Going elsewhere would lose what was typed.
        const bool typed = page.name.starts_with("again") || page.name.starts_with("inbox said");
        const auto marked = "<p class=\"awaiting\">" + awaiting + " <a href=\"/en/" + behind + "\" hreflang=\"en\" lang=\"en\" dir=\"ltr\">English</a>";
        CHECK(test::count(page.html, marked) == (page.language == "ar" && !typed ? 1 : 0));
    }
    settings.languages = {"ar", "fr"};
    CHECK_THAT(test::refusal(settings), Contains("the ar translation awaits a second reader") && Contains("Add \"en\""));
    copy.compile("ar", test::replaced(test::po("ar"), "msgid \"review\"\nmsgstr \"done\"", "msgid \"review\"\nmsgstr \"soon\""));
    CHECK_THAT(test::refusal(settings), Contains("neither done nor awaiting"));
}

TEST_CASE("the style is one line without comments, and what would fetch or end it is refused", "[web]")
{
    const test::DataCopy copy;
    const auto path = copy.path() / "style.css";
    test::write_text(path, "/* a */\na {\n  b: c;\n}\n/* x\n y */ d,\ne { f: g }\n");
    const auto style = web::load_style(path, ":root{--main:#000}").value();
    CHECK(style.text == "a {b: c;}d,e { f: g }:root{--main:#000}");
    CHECK(style.hash == web::source_hash(style.text));
    CHECK(web::source_hash("") == "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    for (const std::string wrong : {"</style>", "a{b:url(c)}", "@import 'x';", "</"}) {
        INFO(wrong);
        test::write_text(path, "a{b:c}");
        CHECK(web::load_style(path, wrong).has_error());
        test::write_text(path, wrong);
        CHECK(web::load_style(path).has_error());
        test::write_text(path, "/* " + wrong + " */a{b:c}");
        CHECK(web::load_style(path).has_value());
    }
    CHECK(web::load_style(copy.path() / "none.css").has_error());
    const auto script = copy.path() / "exit.js";
    for (const std::string wrong : {"'</script>'", "x = '<!--'", "a </ b"}) {
        test::write_text(script, wrong);
        CHECK(web::load_script(script).has_error());
        CHECK_THAT(test::refusal(copy.settings()), Contains("exit.js holds"));
    }
    test::write_text(script, "  x();\n");
    CHECK(web::load_script(script).value().text == "  x();\n");
}

}  // namespace amana

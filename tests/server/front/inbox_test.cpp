// SPDX-License-Identifier: AGPL-3.0-or-later
// The inbox without a script: what is said to a code, what is written on, and what is erased.
#include "tests/server/front/asking.hpp"
#include "tests/server/front/fake_outbox.hpp"
#include "server/front/inbox_visit.hpp"
#include "tests/support/catch.hpp"
#include "tests/web/html.hpp"

#include <future>

namespace amana::front::test {

namespace {

using crypto::Message;

struct Inbox {
    explicit Inbox(std::uint32_t buckets = 4) : outbox(7, buckets)
    {
        options.keys = FakeOutbox::key_set();
        options.log = [this](const wire::Ask& ask) { return there ? outbox.answer(ask) : std::optional<Bytes>(Bytes{}); };
    }
    Client::Answer ask(const FormBody& form, const std::string& target = "/en/inbox")
    {
        if (!front) front.emplace(options);
        return front->ask(post_form(form.end(), "Accept-Encoding: gzip\r\n", target));
    }
    Client::Answer open(const crypto::Receipt& of) { return ask(FormBody().answer("code", of.digits()).answer("do", "open")); }

    FakeOutbox outbox;
    bool there = true;
    Front::Options options;
    std::optional<Front> front;
    crypto::Receipt receipt = crypto::Receipt::make();
};

// Each page has a token of its own, whatever it says.
std::string without(std::string text, std::string_view code)
{
    for (auto at = text.find("/en/inbox?"); at != std::string::npos; at = text.find("/en/inbox?", at + 1))
        text.replace(at + 10, web::token_text_bytes, web::no_token);
    for (auto at = text.find(code); at != std::string::npos; at = text.find(code)) text.replace(at, code.size(), "CODE");
    return text;
}

std::string token_in(const std::string& page)
{
    const auto at = page.find("/en/inbox?");
    REQUIRE(at != std::string::npos);
    return page.substr(at, 10 + web::token_text_bytes);
}

crypto::testing::Opened opened(ByteView envelope)
{
    const auto desk = FakeOutbox::desk();
    return crypto::testing::must(crypto::testing::open_envelope(envelope, std::array{desk.view()}));
}

const std::string hostile = "<script>alert(1)</script> & \"q\" 'a' \x01\x1b[31m \u202Eevil\u202C\nline";

}  // namespace

TEST_CASE("The code is in hidden fields and nowhere else, and every page of an inbox has one size")
{
    Inbox inbox;
    inbox.outbox.put(inbox.receipt, {Message{20'787, "An answer.", {inbox.outbox.file("a.txt", "x")}}});
    const std::string code(inbox.receipt.digits());
    for (const std::string wish : {"open", "forget"}) {
        const auto answer = inbox.ask(FormBody().answer("code", code).answer("do", wish));
        REQUIRE(status(answer) == 200);
        CHECK(answer.head.size() == page_head_bytes);
        CHECK(answer.body.size() == large_page_bytes);
        CHECK(answer.head.find(code) == std::string::npos);
        CHECK(has(answer, "Cache-Control: no-store"));
        std::size_t fields = 0;
        for (const auto& token : amana::test::scan_html(answer.body)) {
            CHECK(token.text.find(code) == std::string::npos);
            for (const auto& [name, value] : token.attributes) {
                if (value.find(code) == std::string::npos) continue;
                CHECK((token.tag == "input" && name == "value" && token.attributes.at("type") == "hidden" && token.attributes.at("name") == "code"));
                ++fields;
            }
        }
        CHECK(fields > 0);
        CHECK(without(answer.body, code).find(code.substr(0, 8)) == std::string::npos);
    }
}

TEST_CASE("A code that nobody has, an empty inbox, one that was erased and no outbox at all are one page")
{
    Inbox inbox;
    const auto erased = crypto::Receipt::make();
    const auto nobodys = crypto::Receipt::make();
    inbox.outbox.put(erased, {Message{20'000, "secret", {}}});
    CHECK(inbox.open(erased).body.find("secret") != std::string::npos);
    inbox.outbox.slots = FakeOutbox(7).slots;  // as the keeper erases: decoys
    std::set<std::string> pages;
    for (const crypto::Receipt* receipt : std::initializer_list<const crypto::Receipt*>{&erased, &nobodys, &inbox.receipt}) {
        const auto answer = inbox.open(*receipt);
        CHECK(status(answer) == 200);
        pages.insert(without(answer.body, receipt->digits()));
    }
    inbox.outbox.expires = 1;
    pages.insert(without(inbox.open(nobodys).body, nobodys.digits()));
    inbox.there = false;
    pages.insert(without(inbox.open(nobodys).body, nobodys.digits()));
    CHECK(pages.size() == 1);
    CHECK(pages.begin()->find("There is no answer for this code.") != std::string::npos);
}

TEST_CASE("What the desk writes is text: markup, marks of direction and control characters stay what they are")
{
    Inbox inbox;
    inbox.outbox.put(inbox.receipt, {Message{20'787, hostile, {inbox.outbox.file("<b>\"x\u202E.txt", "hello")}}, Message{20'790, "second", {}}}, "notice <i>");
    const auto answer = inbox.open(inbox.receipt);
    REQUIRE(status(answer) == 200);
    CHECK(answer.body.find("<div class=\"said\" dir=\"auto\">&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;q&quot; &#39;a&#39; \uFFFD\uFFFD[31m \u202Eevil\u202C\nline</div>") !=
          std::string::npos);
    CHECK(answer.body.find("<bdi>&lt;b&gt;&quot;x\u202E.txt</bdi>") != std::string::npos);
    CHECK(answer.body.find("<bdi dir=\"ltr\">2026-11-30</bdi>") != std::string::npos);
    CHECK(answer.body.find("second") < answer.body.find("notice &lt;i&gt;"));
    CHECK(answer.body.find("<script>alert") == std::string::npos);
    const auto arabic = inbox.ask(FormBody().answer("code", inbox.receipt.digits()).answer("do", "open"), "/ar/inbox");
    CHECK(arabic.body.find("<bdi dir=\"ltr\">٢٠٢٦-١١-٣٠</bdi>") != std::string::npos);
}

TEST_CASE("A letter that is not the courier's, or damaged, is said to be so")
{
    Inbox inbox;
    inbox.outbox.put(inbox.receipt, {Message{1, "forged", {}}}, {}, crypto::testing::seeded_bytes("thief", crypto::ed25519_seed_bytes));
    auto answer = inbox.open(inbox.receipt);
    CHECK(answer.body.find("not signed by the ministry") != std::string::npos);
    CHECK(answer.body.find("forged") == std::string::npos);
}

TEST_CASE("Slips of the pen are told, with what was typed")
{
    Inbox inbox;
    std::string slip(inbox.receipt.digits());
    slip.back() = slip.back() == '9' ? '0' : static_cast<char>(slip.back() + 1);
    for (const auto& [typed, said] : {std::pair<std::string, std::string>{"12 <34>", "These are not 28 digits"}, {slip, "One digit is wrong"}, {std::string(5000, '1'), "These are not 28 digits"}}) {
        const auto answer = inbox.ask(FormBody().answer("code", typed).answer("do", "open"));
        CHECK(status(answer) == 200);
        CHECK(answer.body.find(said) != std::string::npos);
        CHECK(answer.body.size() == large_page_bytes);
    }
    CHECK(inbox.ask(FormBody().answer("code", "12 <34>").answer("do", "open")).body.find("value=\"12 &lt;34&gt;\"") != std::string::npos);
    CHECK(inbox.front->asked() == 0);
    CHECK(status(inbox.ask(FormBody().answer("code", inbox.receipt.digits()).answer("do", "nothing"))) == 400);
    CHECK(status(inbox.ask(FormBody().answer("code", inbox.receipt.digits()).answer("do", "file").answer("file", "x"))) == 400);
}

TEST_CASE("A file comes as an attachment of a harmless name, once all of it was found good")
{
    Inbox inbox;
    const std::string content(200'000, 'c');
    const auto good = inbox.outbox.file("خريطة \"x\".pdf", content);
    auto bad = inbox.outbox.file("bad", "content");
    bad.sha256 = {};
    auto damaged = inbox.outbox.file("damaged", content);
    inbox.outbox.files[damaged.id].back() ^= 1;
    inbox.outbox.put(inbox.receipt, {Message{1, "one", {bad}}, Message{2, "two", {good, damaged}}});
    const auto fetch = [&](const std::string& number) {
        return inbox.ask(FormBody().answer("code", inbox.receipt.digits()).answer("do", "file").answer("file", number));
    };
    const auto answer = fetch("1");
    CHECK(status(answer) == 200);
    CHECK(answer.body == content);
    CHECK(has(answer, "Content-Type: application/octet-stream"));
    CHECK(has(answer, "Content-Disposition: attachment; filename=\"_______x_.pdf\""));
    for (const auto* number : {"0", "2", "3", "99999999999"}) {
        INFO(number);
        const auto refused = fetch(number);
        CHECK(refused.body.find("not signed by the ministry") != std::string::npos);
        CHECK(refused.body.size() == large_page_bytes);
    }
    CHECK(SafeFileName("../../etc/passwd").text() == "_.._etc_passwd");
    CHECK(SafeFileName("...").text() == "file");
    CHECK(SafeFileName("a\r\nSet-Cookie: x").text() == "a__Set-Cookie__x");
    CHECK(SafeFileName("").text() == "file");
    CHECK(SafeFileName("تقرير.pdf").text() == "_____.pdf");
    const auto long_name = std::string(300, 'a') + ".png";
    CHECK(SafeFileName(long_name).text() == std::string(76, 'a') + ".png");
}

TEST_CASE("What is written on is sealed for the inbox, as the desk reads it; sent twice it is one")
{
    Inbox inbox;
    inbox.outbox.put(inbox.receipt, {Message{1, "one", {}}});
    const auto target = token_in(inbox.open(inbox.receipt).body);
    FormBody form;
    form.answer("code", inbox.receipt.digits()).answer("do", "send").answer("text", "It was\r\nnear <the> station").file("t.txt", "ticket");
    std::set<std::string> ids;
    for (int i = 1; i <= 2; ++i) {
        const auto answer = inbox.ask(form, target);
        CHECK(status(answer) == 200);
        CHECK(answer.body.find("Your message was sent.") != std::string::npos);
        REQUIRE(inbox.front->stored() == i);
        const auto read = opened(inbox.front->envelopes().back());
        CHECK(read.manifest.kind() == crypto::Kind::follow_up);
        CHECK((read.manifest.form_id() == "follow_up" && read.manifest.form_version() == 1));
        REQUIRE(read.manifest.answers().size() == 1);
        CHECK(read.manifest.answers()[0].name == "text");
        CHECK(read.manifest.answers()[0].values.at(0) == "It was\nnear <the> station");
        REQUIRE(read.manifest.inbox().has_value());
        CHECK(*read.manifest.inbox() == crypto::InboxAddress::of(FakeOutbox::keys_of(inbox.receipt)));
        CHECK(read.manifest.attachments().at(0).name == "t.txt");
        CHECK(as_text(read.attachments.at(0)) == "ticket");
        ids.insert(to_hex(read.manifest.submission()));
    }
    CHECK(ids.size() == 1);
}

TEST_CASE("What can't be sent comes back with its text")
{
    Inbox inbox;
    const auto target = "/en/inbox?" + std::string(43, 'x');
    const auto send = [&](std::string_view text, const std::string& to) {
        return inbox.ask(FormBody().answer("code", inbox.receipt.digits()).answer("do", "send").answer("text", text), to);
    };
    auto answer = send("  ", target);
    CHECK(status(answer) == 422);
    CHECK(answer.body.find("Write something, or choose a file.") != std::string::npos);
    answer = send(std::string(30'000, '<'), target);
    CHECK(status(answer) == 422);
    CHECK(answer.body.find("&lt;&lt;&lt;") != std::string::npos);
    CHECK(inbox.front->stored() == 0);
    // In calm a program may send without a page of ours.
    CHECK(status(send("text", "/en/inbox")) == 200);
    CHECK(inbox.front->stored() == 1);
}

TEST_CASE("Erasing asks first, then the desk is asked and the keeper erases")
{
    Inbox inbox;
    const auto file = inbox.outbox.file("a", "b");
    inbox.outbox.put(inbox.receipt, {Message{1, std::string(8000, 'x'), {file}}});
    const auto sure = inbox.ask(FormBody().answer("code", inbox.receipt.digits()).answer("do", "forget"));
    CHECK(sure.body.find("Do you really want to erase them?") != std::string::npos);
    CHECK(inbox.front->stored() == 0);
    const auto answer = inbox.ask(FormBody().answer("code", inbox.receipt.digits()).answer("do", "erase"), token_in(sure.body));
    CHECK(status(answer) == 200);
    CHECK(answer.body.find("The answers are erased.") != std::string::npos);
    REQUIRE(inbox.front->stored() == 1);
    const auto read = opened(inbox.front->envelopes().back());
    CHECK(read.manifest.kind() == crypto::Kind::erasure);
    CHECK((read.manifest.form_id() == "erasure" && read.manifest.form_version() == 1));
    REQUIRE(read.manifest.answers().size() == 1);
    CHECK(crypto::verify_forget(read.manifest.inbox().value(), FakeOutbox::root(), read.manifest.submission(), read.manifest.answers()[0].values.at(0)));
    const auto erases = inbox.front->erases();
    REQUIRE(erases.size() == 1);
    const auto erase = crypto::Erase::parse(erases[0], FakeOutbox::root()).value();
    const auto keys = FakeOutbox::keys_of(inbox.receipt);
    CHECK(erase.serial == 7);
    CHECK(erase.bucket == crypto::bucket_of(keys.inbox, 4));
    CHECK(erase.items.empty());  // its length tells nothing, and all of the key goes
    CHECK(erase.erasure == crypto::signing_public_key(keys.erasure.view()));
    // Of nobody's code the answer is the same.
    const auto nobody = inbox.ask(FormBody().answer("code", crypto::Receipt::make().digits()).answer("do", "erase"));
    CHECK(nobody.body == answer.body);
}

TEST_CASE("What the keeper could not erase is not said to be erased")
{
    Inbox inbox;
    inbox.options.erased = [](const Bytes&) { return std::optional<Bytes>(); };
    const auto answer = inbox.ask(FormBody().answer("code", inbox.receipt.digits()).answer("do", "erase"));
    CHECK(status(answer) == 500);
    CHECK(answer.body.find("Do you really want to erase them?") != std::string::npos);
    CHECK(answer.body.find("The answers are erased.") == std::string::npos);
}

TEST_CASE("Each opening takes its pause, and two of one source are under way; the others wait their turn")
{
    Inbox inbox;
    inbox.options.places.opening_pause = std::chrono::milliseconds(300);
    (void)inbox.open(inbox.receipt);
    const auto begun = std::chrono::steady_clock::now();
    std::vector<std::future<unsigned>> all;
    for (int i = 0; i < 6; ++i) all.push_back(std::async(std::launch::async, [&] { return status(inbox.open(inbox.receipt)); }));
    for (auto& one : all) CHECK(one.get() == 200);
    CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::milliseconds(900));
}

TEST_CASE("Where no turn comes in time, that is said, and nothing was opened")
{
    Inbox inbox;
    inbox.options.places.opening_pause = std::chrono::seconds(3);
    inbox.options.places.opening_wait = std::chrono::milliseconds(50);
    inbox.front.emplace(inbox.options);
    std::vector<std::future<unsigned>> all;
    for (int i = 0; i < 3; ++i) all.push_back(std::async(std::launch::async, [&] { return status(inbox.open(inbox.receipt)); }));
    int busy = 0;
    for (auto& one : all) busy += one.get() == 503 ? 1 : 0;
    CHECK(busy == 1);
}

}  // namespace amana::front::test

// SPDX-License-Identifier: AGPL-3.0-or-later
// The outbox as a server and its citizens read it: who finds what, who is left out, and what two of them have in common.
#include "desk/outbox_plan.hpp"
#include "tests/desk/answering.hpp"

#include <algorithm>
#include <set>
#include <unordered_set>

using namespace amana;
using namespace amana::desk;
using namespace amana::desk::testing;
namespace fs = std::filesystem;

namespace {

using Texts = std::vector<std::string>;

// The content of a file that came with an answer.
Bytes fetched(const ReadOutbox& outbox, const crypto::AnswerFile& file)
{
    auto sealed = outbox.file(file.id);
    REQUIRE(sealed.size() == crypto::answer_file_bytes(file.size_class));
    Bytes content(file.size_class);
    for (std::uint64_t at = 0; !sealed.empty(); ++at) {
        const auto chunk = sealed.first(crypto::chunk_bytes + crypto::aead_tag_bytes);
        sealed = sealed.subspan(chunk.size());
        REQUIRE(crypto::open_answer_chunk(file.key, at, sealed.empty(), chunk, MutableBytes(content).subspan(at * crypto::chunk_bytes, crypto::chunk_bytes)));
    }
    CHECK(std::all_of(content.begin() + static_cast<std::ptrdiff_t>(file.size), content.end(), [](Byte byte) { return byte == 0; }));
    content.resize(file.size);
    CHECK(crypto::sha256(content) == file.sha256);
    return content;
}

bool in_body(const ReadOutbox& outbox, ByteView piece)
{
    return std::search(outbox.body.begin(), outbox.body.end(), piece.begin(), piece.end()) != outbox.body.end();
}

// Somebody who was answered.
struct Answered : Answering {
    Citizen from = citizen();
    std::string id;

    Answered()
    {
        id = send("Report.", from);
        import();
        REQUIRE(reply(id, "Heard.").has_value());
    }
};

}  // namespace

TEST_CASE("every code opens its letter, with files and the notice, and nobody else's", "[outbox]")
{
    Answering desk;
    std::vector<Citizen> citizens;
    std::vector<std::string> ids;
    for (int i = 0; i < 40; ++i) {
        citizens.push_back(desk.citizen());
        ids.push_back(desk.send("Report " + std::to_string(i), citizens.back()));
    }
    desk.import();
    for (std::size_t i = 0; i < 30; ++i) REQUIRE(desk.reply(ids[i], "Answer " + std::to_string(i)).has_value());
    const auto photo = random_content(100'000);
    REQUIRE(write_durable(desk.session.path("map.JPG"), photo, 0600, DurableFile::Existing::refuse).has_value());
    REQUIRE(write_durable(desk.session.path("empty"), Bytes{}, 0600, DurableFile::Existing::refuse).has_value());
    desk.line.attachments = {desk.session.path("map.JPG"), desk.session.path("empty")};
    REQUIRE(desk.reply(ids[0], "With files.").has_value());
    desk.line.attachments.clear();
    REQUIRE(desk.reply(ids[1], "").has_value() == false);
    REQUIRE(desk.reply(ids[1], std::string(16'000, '\n') + "A letter of eight parts." + std::string(10'000, '"')).has_value() == false);
    REQUIRE(desk.reply(ids[1], "A letter of eight parts." + std::string(16'000, 'x')).has_value());
    REQUIRE(desk.reply(ids[1], std::string(6'500, 'y')).has_value());
    desk.line.text_file = desk.session.path("notice");
    REQUIRE(write_durable(desk.line.text_file, as_bytes("We move in May."), 0600, DurableFile::Existing::refuse).has_value());
    REQUIRE(desk.run(run_notice).has_value());

    const auto outbox = desk.outbox().value();
    CHECK_THAT(desk.session.said, Catch::Contains("30 letters and a notice") && !Catch::Contains("LEFT OUT"));
    for (std::size_t i = 2; i < 30; ++i) CHECK(desk.letter(outbox, citizens[i]) == Texts{"Answer " + std::to_string(i)});
    for (std::size_t i = 30; i < 40; ++i) CHECK(desk.letter(outbox, citizens[i]).empty());
    CHECK(desk.letter(outbox, citizens[0]) == Texts{"Answer 0", "With files."});
    CHECK(desk.letter(outbox, citizens[1]).size() == 3);
    CHECK(crypto::letter_tags(outbox.bucket(citizens[1].address.id), citizens[1].address.id, outbox.note.serial).size() == 8);

    const auto letter = crypto::open_letter(outbox.bucket(citizens[0].address.id), citizens[0].keys, desk.root, outbox.note.serial, desk.keys.courier.key).value();
    const auto& files = letter->messages().at(1).files;
    REQUIRE(files.size() == 2);
    CHECK(files[0].name == "map.JPG");
    CHECK(files[0].type == "image/jpeg");
    CHECK(files[0].size_class == 262144);
    CHECK(fetched(outbox, files[0]) == photo);
    CHECK(files[1].type == "application/octet-stream");
    CHECK(fetched(outbox, files[1]).empty());
    const auto notice = crypto::open_notice(ByteView(outbox.body).first(crypto::answer_slot_bytes), *letter->notice(), desk.root, outbox.note.serial, desk.keys.courier.key).value();
    CHECK(as_text(notice.text.view()) == "We move in May.");

    // The verifier beside each of a letter's slots, and beside its files, is the code's own; no other is.
    std::size_t own = 0;
    for (std::uint64_t slot = 0; slot < outbox.note.slots(); ++slot) {
        crypto::Item tag;
        std::copy_n(outbox.body.begin() + static_cast<std::ptrdiff_t>(outbox.note.slot_at(slot)), tag.size(), tag.begin());
        const auto verifier = ByteView(outbox.body).subspan(outbox.note.verifier_at(slot), crypto::hash_bytes);
        for (const auto& citizen : citizens) own += std::ranges::equal(crypto::verifier(citizen.address.erasure, tag), verifier) ? 1U : 0U;
    }
    std::size_t parts = 0;
    for (const auto& citizen : citizens) parts += crypto::letter_tags(outbox.bucket(citizen.address.id), citizen.address.id, outbox.note.serial).size();
    CHECK(own == parts);
    CHECK(outbox.note.file_count() == 2);
    CHECK(std::ranges::equal(crypto::verifier(citizens[0].address.erasure, files[0].id), ByteView(outbox.body).subspan(outbox.note.entry_at(1) + crypto::item_bytes, crypto::hash_bytes)));

    // Nothing of it is in the next but under other keys.
    const auto next = desk.outbox().value();
    CHECK(next.note.serial == outbox.note.serial + 1);
    CHECK(desk.letter(next, citizens[5]) == Texts{"Answer 5"});
    std::set<std::string> slots;
    for (std::uint64_t slot = 0; slot < outbox.note.slots(); ++slot) slots.insert(std::string(as_text(ByteView(outbox.body).subspan(outbox.note.slot_at(slot), 16))));
    for (std::uint64_t slot = 0; slot < next.note.slots(); ++slot) CHECK_FALSE(slots.contains(std::string(as_text(ByteView(next.body).subspan(next.note.slot_at(slot), 16)))));
    CHECK_FALSE(in_body(next, files[0].id));

    desk.line.withdraw = true;
    REQUIRE(desk.run(run_notice).has_value());
    const auto without = desk.outbox().value();
    const auto last = crypto::open_letter(without.bucket(citizens[5].address.id), citizens[5].keys, desk.root, without.note.serial, desk.keys.courier.key).value();
    CHECK_FALSE(last->notice().has_value());
    // Files go up the ladder.
    CHECK(without.note.files == std::vector<crypto::OutboxNote::Files>{{65536, 1}, {262144, 1}});
}

TEST_CASE("two outboxes of the same answers, and an envelope, have no 16 bytes in common", "[outbox]")
{
    Answering desk;
    std::string id;
    for (int i = 0; i < 40; ++i) {
        id = desk.send("Report.", desk.citizen());
        desk.import();
        if (i == 39) desk.line.attachments = {desk.session.path("bundle")};
        REQUIRE(desk.reply(id, "The same to all.").has_value());
    }
    desk.line.text_file = desk.session.path("text");
    REQUIRE(desk.run(run_notice).has_value());
    const auto first = desk.outbox().value();
    std::unordered_set<std::string> runs;
    const auto add = [&](ByteView bytes) {
        for (std::size_t i = 0; i + 16 <= bytes.size(); ++i) runs.insert(std::string(as_text(bytes.subspan(i, 16))));
    };
    const auto common = [&](ByteView bytes) {
        std::size_t found = 0;
        for (std::size_t i = 0; i + 16 <= bytes.size(); ++i) found += runs.contains(std::string(as_text(bytes.subspan(i, 16)))) ? 1U : 0U;
        return found;
    };
    add(first.body);
    CHECK(common(ByteView(first.body).first(100)) == 85);
    CHECK(common(desk.outbox().value().body) == 0);
    for (const auto& envelope : desk.log.entries) CHECK(common(envelope) == 0);
}

TEST_CASE("files go up the ladder, and each code has its own", "[outbox]")
{
    Answering desk;
    const auto first = desk.citizen();
    const auto second = desk.citizen();
    const auto id = desk.send("Twice.", first, {3});
    desk.send("Twice.", second, {3});
    desk.import();
    REQUIRE(write_durable(desk.session.path("a.txt"), as_bytes("abc"), 0600, DurableFile::Existing::refuse).has_value());
    desk.line.attachments.assign(3, desk.session.path("a.txt"));
    REQUIRE(desk.reply(id, "Three files.").has_value());
    const auto outbox = desk.outbox().value();
    CHECK(outbox.note.files == std::vector<crypto::OutboxNote::Files>{{65536, 16}});
    std::set<crypto::Item> names;
    for (const auto* citizen : {&first, &second}) {
        const auto letter = crypto::open_letter(outbox.bucket(citizen->address.id), citizen->keys, desk.root, outbox.note.serial, desk.keys.courier.key).value();
        for (const auto& file : letter->messages().at(0).files) {
            names.insert(file.id);
            CHECK(as_text(fetched(outbox, file)) == "abc");
        }
    }
    CHECK(names.size() == 6);
    std::vector<Bytes> entries;
    for (std::uint64_t i = 0; i < 16; ++i) {
        const auto entry = ByteView(outbox.body).subspan(outbox.note.entry_at(i), crypto::item_bytes);
        entries.emplace_back(entry.begin(), entry.end());
    }
    CHECK(std::ranges::is_sorted(entries));
}

TEST_CASE("inboxes that share a prefix by intent are left out and named, and hurt nobody else", "[outbox]")
{
    Answering desk;
    std::vector<Citizen> crowd;
    std::vector<std::string> ids;
    for (int i = 0; i < 40; ++i) {
        crowd.push_back(desk.citizen(Bytes{0xAB, 0xCD, 0xEF, 0x01}));
        ids.push_back(desk.send("Of the crowd.", crowd.back()));
    }
    const auto honest = desk.citizen(Bytes{0x12});
    ids.push_back(desk.send("Alone.", honest));
    desk.import();
    for (const auto& id : ids) REQUIRE(desk.reply(id, "Heard.").has_value());
    const auto outbox = desk.outbox().value();
    CHECK(outbox.note.buckets == 8);  // an eighth of 41, as a power of two
    CHECK(desk.letter(outbox, honest) == Texts{"Heard."});
    std::size_t held = 0;
    std::size_t named = 0;
    for (std::size_t i = 0; i < crowd.size(); ++i) {
        const bool there = !desk.letter(outbox, crowd[i]).empty();
        const bool said = desk.session.said.find("LEFT OUT: " + ids[i].substr(0, 8)) != std::string::npos;
        CHECK(there != said);
        held += there ? 1 : 0;
        named += said ? 1 : 0;
    }
    CHECK(held == 32);
    CHECK(named == 8);
    // One that was left out waits on; the others are in.
    CHECK_THAT(desk.listed(), Catch::Contains("[answer: waiting for the next outbox]") && Catch::Contains("[answer: in outbox"));
}

TEST_CASE("the number of buckets is the smallest that fits, and never shrinks", "[outbox]")
{
    std::vector<std::uint32_t> slots(crypto::max_buckets);
    CHECK(choose_buckets(slots, 1) == 1);
    slots[0] = 32;
    CHECK(choose_buckets(slots, 1) == 1);
    slots[32768] = 1;
    CHECK(choose_buckets(slots, 1) == 2);
    CHECK(choose_buckets(slots, 16) == 16);
    slots[1] = 1;
    CHECK(choose_buckets(slots, 1) == 8);  // 34 wanted: a cap of 8, though 65,536 would fit them
    CHECK(choose_buckets(slots, crypto::max_buckets) == crypto::max_buckets);
    std::ranges::fill(slots, 1);
    CHECK(choose_buckets(slots, 1) == 2048);
    std::ranges::fill(slots, 32);
    CHECK(choose_buckets(slots, 1) == crypto::max_buckets);

    Answering desk;
    std::vector<std::string> ids;
    for (int i = 0; i < 40; ++i) ids.push_back(desk.send("Report.", desk.citizen()));
    desk.import();
    for (const auto& id : ids) REQUIRE(desk.reply(id, "Heard.").has_value());
    const auto many = desk.outbox().value().note.buckets;
    CHECK(many >= 2);
    for (desk.line.message = 1; desk.line.message <= 128; ++desk.line.message) (void)desk.run(run_unsend);
    CHECK(desk.outbox().value().note.buckets == many);
    CHECK_THAT(desk.session.said, Catch::StartsWith("Outbox ") && Catch::Contains(": 0 letters"));
}

TEST_CASE("a reply key that is none costs its own letter alone", "[outbox]")
{
    Answering desk;
    auto broken = desk.citizen();
    broken.address.reply.fill(0xFF);
    const auto sound = desk.citizen();
    const auto bad = desk.send("Broken key.", broken);
    const auto good = desk.send("Sound key.", sound);
    desk.import();
    REQUIRE(desk.reply(bad, "Heard.").has_value());
    REQUIRE(desk.reply(good, "Heard.").has_value());
    const auto outbox = desk.outbox().value();
    CHECK(desk.letter(outbox, sound) == Texts{"Heard."});
    CHECK_THAT(desk.session.said, Catch::Contains("LEFT OUT: " + bad.substr(0, 8)) && Catch::Contains("1 letter"));
    CHECK_THAT(desk.shown(bad), Catch::Contains("waiting for the next outbox"));
}

TEST_CASE("the serial rises, by the day at least, also at a desk that was restored", "[outbox]")
{
    Answering desk;
    const auto day = static_cast<std::uint64_t>(now / one_day);
    CHECK(desk.outbox("a").value().note.serial == day * 100);
    const auto backup = desk.session.path("backup");
    fs::copy(desk.line.directory, backup, fs::copy_options::recursive);
    CHECK(desk.outbox("b").value().note.serial == day * 100 + 1);
    CHECK(desk.outbox("c").value().note.serial == day * 100 + 2);
    fs::permissions(backup, fs::perms::owner_all);
    desk.line.directory = backup;
    desk.session.time = now + one_day;
    CHECK(desk.outbox("d").value().note.serial == (day + 1) * 100);
    // A serial is burnt even if nothing came of it.
    desk.line.out = desk.session.path("no/such/folder");
    CHECK_FALSE(desk.run(run_outbox).has_value());
    CHECK(desk.outbox("e").value().note.serial == (day + 1) * 100 + 2);
    desk.session.time = now - one_week + 8 * one_day;
    CHECK(desk.outbox("f").value().note.serial == (day + 1) * 100 + 3);
}

TEST_CASE("an answer is open for so many days from its first outbox on", "[outbox]")
{
    Answered desk;
    desk.session.time = now + 40 * one_day;  // it waited
    CHECK(desk.letter(desk.outbox().value(), desk.from) == Texts{"Heard."});
    desk.session.time = now + (40 + 89) * one_day;
    CHECK(desk.letter(desk.outbox().value(), desk.from) == Texts{"Heard."});
    desk.session.time = now + (40 + 90) * one_day;
    CHECK(desk.letter(desk.outbox().value(), desk.from).empty());
    CHECK_THAT(desk.shown(desk.id), Catch::Contains("no longer in an outbox"));
    desk.line.keep_days = 91;
    CHECK(desk.letter(desk.outbox().value(), desk.from) == Texts{"Heard."});
}

TEST_CASE("what is there stays, unless it is an older outbox of this desk; a courier who is not valid signs nothing", "[outbox]")
{
    Answering desk;
    const auto first = desk.outbox().value();
    const auto again = desk.outbox().value();
    CHECK(again.note.serial == first.note.serial + 1);
    const auto refused = [&](const std::string& reason) {
        const auto before = fs::exists(desk.line.out) ? read_text(desk.line.out) : "";
        const auto made = desk.run(run_outbox);
        REQUIRE_FALSE(made.has_value());
        CHECK_THAT(made.error().text(), Catch::Contains(reason));
        CHECK((fs::exists(desk.line.out) ? read_text(desk.line.out) : "") == before);
    };
    Answering other;
    other.session.time = now - one_day;
    const auto theirs = other.outbox("theirs").value();
    desk.line.out = other.line.out;
    refused("is not an older outbox of this desk");
    desk.line.out = desk.session.path("pass");
    refused("is not an older outbox of this desk");
    desk.line.out = desk.session.path("link");
    fs::create_symlink(desk.session.path("outbox"), desk.line.out);
    refused("is not an older outbox of this desk");
    desk.line.out = desk.session.path("later");
    CHECK_THAT(desk.session.said, !Catch::Contains("nobody believes"));
    desk.session.time = desk.keys.courier.validity.not_after - 1;
    REQUIRE(desk.outbox("soon").has_value());
    CHECK_THAT(desk.session.said, Catch::Contains("nobody believes the letters after that"));
    desk.session.time = desk.keys.courier.validity.not_after;
    refused("the courier's key is not valid today");
    for (const auto& entry : fs::directory_iterator(desk.session.path("pass").parent_path())) CHECK(entry.path().extension() != ".partial");
}

TEST_CASE("a crash between the record and the name: the answer counts as sent, is in the next outbox, and is not forgotten", "[outbox]")
{
    Answered desk;
    // The name can't be given: a folder has it, which appears after it was looked at.
    auto opened = Casebook::open(DeskPaths{desk.line.directory}.database()).value();
    (void)desk.outbox("first").value();
    const auto vault = Vault::open({desk.line.directory}, as_bytes(passphrase)).value();
    Messages messages({opened, vault.master()});
    auto last = messages.last_outbox().value();
    last.finished = false;
    REQUIRE(messages.set_last_outbox(last).has_value());
    const auto shown = desk.shown(desk.id);
    CHECK_THAT(shown, Catch::Contains(", if its file was written"));
    CHECK(desk.letter(desk.outbox("second").value(), desk.from) == Texts{"Heard."});
    desk.line.message = std::stoll(shown.substr(shown.rfind("answer ") + 7));
    REQUIRE(desk.run(run_unsend).has_value());
    CHECK_THAT(desk.shown(desk.id), Catch::Contains("taken back") && Catch::Contains("| Heard."));
}

// SPDX-License-Identifier: AGPL-3.0-or-later
// After an import no file of the desk holds 16 bytes in a row of what was sent, in any form it passes through.
#include "desk/save.hpp"
#include "tests/desk/answering.hpp"

#include <unordered_set>

using namespace amana;
using namespace amana::desk;
using namespace amana::desk::testing;

namespace {

constexpr std::size_t run_bytes = 16;

class Runs {
public:
    void add(ByteView text)
    {
        for (std::size_t i = 0; i + run_bytes <= text.size(); ++i) runs_.insert(std::string(as_text(text.subspan(i, run_bytes))));
    }
    [[nodiscard]] bool found_in(std::string_view file) const
    {
        for (std::size_t i = 0; i + run_bytes <= file.size(); ++i)
            if (runs_.contains(std::string(file.substr(i, run_bytes)))) return true;
        return false;
    }

private:
    std::unordered_set<std::string> runs_;
};

}  // namespace

TEST_CASE("no file of the desk holds plaintext", "[at-rest]")
{
    Log log;
    Desk desk(log);
    Sent sent{.story = "They took my cousin's passport at the airport in الخرطوم and told him to sign a paper in Russian.",
              .files = {{"cousin at the airport.jpg", "image/jpeg", random_content(150'000)}},
              .submission = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
    log.entries.push_back(seal(sent, desk.recipients()));
    log.entries.push_back(seal({.story = "A shorter story of another person."}, desk.recipients()));
    REQUIRE(desk.import(log.bundle()).value().reports == 2);
    const auto report = desk.find(to_hex(leaf_of(log.entries[0]))).value();

    Runs runs;
    runs.add(as_bytes(sent.story));
    runs.add(as_bytes("A shorter story of another person."));
    runs.add(as_bytes(sent.files[0].name));
    runs.add(sent.files[0].content);
    runs.add(sent.submission);
    runs.add(as_bytes(to_hex(sent.submission)));
    runs.add(report.manifest.canonical());
    runs.add(report.file_key.view());
    runs.add(as_bytes(passphrase));
    runs.add(desk.vault().master().view());
    const auto epochs = desk.vault().epochs(now).value();
    for (const auto& epoch : epochs) runs.add(epoch.seed.view());

    const auto files = files_below(desk.paths().directory);
    REQUIRE(files.size() >= 10);
    for (const auto& file : files) {
        INFO(file);
        CHECK_FALSE(runs.found_in(read_text(file)));
    }
    // The search does find what `save` is told to write.
    const auto out = desk.folder() / "out";
    REQUIRE(save_report(desk.records(), report, nullptr, desk.store(), out).has_value());
    CHECK(runs.found_in(read_text(out / "story.txt")));
    CHECK(runs.found_in(read_text(out / "attachment-1.jpg")));
}

TEST_CASE("nor of what the desk has written, nor whose code it goes to, nor how many were answered", "[at-rest]")
{
    Answering desk;
    const auto citizen = desk.citizen();
    const auto id = desk.send("A story that is answered.", citizen);
    desk.import();
    const DeskPaths paths{desk.line.directory};
    const auto rows = [&] { return Casebook::open(paths.database()).value().message_rows().value(); };
    const auto record_sizes = [&] {
        std::vector<std::size_t> sizes;
        auto casebook = Casebook::open(paths.database()).value();
        REQUIRE(casebook.for_each_message([&](std::int64_t, ByteView record) -> Result<void> { sizes.push_back(record.size()); return {}; }).has_value());
        sizes.push_back(casebook.outbox().value().size());
        return sizes;
    };
    // Before the first answer it looks as after it.
    CHECK(rows() == 16);
    const auto before = record_sizes();
    const std::string text = "The ministry has found your cousin, and writes so here.";
    const auto attached = desk.session.path("a map of the way.png");
    const auto content = random_content(80'000);
    REQUIRE(write_durable(attached, content, 0600, DurableFile::Existing::refuse).has_value());
    desk.line.attachments = {attached};
    REQUIRE(desk.reply(id, text).has_value());
    desk.line.attachments.clear();
    for (int i = 0; i < 15; ++i) REQUIRE(desk.reply(id, "Another answer, number " + std::to_string(i)).has_value());
    desk.line.text_file = desk.session.path("notice");
    REQUIRE(write_durable(desk.line.text_file, as_bytes("A notice for everybody who asked."), 0600, DurableFile::Existing::refuse).has_value());
    CHECK(rows() == 16);
    CHECK(record_sizes() == before);
    REQUIRE(desk.run(run_notice).has_value());
    CHECK(rows() == 32);
    REQUIRE(desk.outbox().has_value());

    Runs runs;
    const std::string name = attached.filename();
    for (const auto piece : {as_bytes(text), as_bytes("Another answer, number"), as_bytes("A notice for everybody who asked."), as_bytes(name), ByteView(content)})
        runs.add(piece);
    for (const auto key : {ByteView(citizen.address.id), ByteView(citizen.address.reply), ByteView(citizen.address.erasure)}) {
        runs.add(key);
        runs.add(as_bytes(to_hex(key)));
    }
    const auto vault = Vault::open(paths, as_bytes(passphrase)).value();
    auto casebook = Casebook::open(paths.database()).value();
    REQUIRE(Messages({casebook, vault.master()}).for_each([&](const StoredMessage& message) -> Result<void> {
        for (const auto& file : message.files) runs.add(file.key);
        return {};
    }).has_value());
    for (auto& file : files_below(paths.directory)) {
        INFO(file);
        CHECK_FALSE(runs.found_in(read_text(file)));
    }
    CHECK_FALSE(runs.found_in(read_text(desk.line.out)));
    CHECK(runs.found_in(read_text(attached)));
}

// SPDX-License-Identifier: AGPL-3.0-or-later
// An outbox of many letters at the desk: what it costs in time, memory and disk, printed. Each report has a code and an answer.
#include "desk/correspondence.hpp"
#include "desk/outbox_write.hpp"
#include "tests/desk/fixture.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <iostream>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace amana;                 // NOLINT(google-build-using-namespace): one program, one file
using namespace amana::desk;           // NOLINT(google-build-using-namespace)
using namespace amana::desk::testing;  // NOLINT(google-build-using-namespace)

namespace {

// As an import and `reply` leave them, without their envelopes. The last one's code can be opened.
crypto::Receipt::Keys fill(Desk& desk, std::size_t letters)
{
    auto keys = crypto::Receipt::make().keys(desk.records().root);
    const SecretBuffer file_key(crypto::key_bytes);
    auto transaction = desk.casebook().begin().value();
    Messages messages(desk.records());
    for (std::size_t i = 0; i < letters; ++i) {
        crypto::InboxAddress inbox;
        crypto::random_bytes(inbox.id);
        SecretBuffer secret(crypto::xwing_secret_bytes);
        crypto::random_bytes(secret.span());
        inbox.reply = crypto::xwing_public_key(secret.view());
        if (i + 1 == letters) inbox = crypto::InboxAddress::of(keys);
        crypto::ManifestFields fields{crypto::Kind::report, "recruitment", 2, {}, &inbox};
        crypto::random_bytes(fields.submission);
        SecretText text(crypto::max_manifest_bytes);
        const auto story = fmt::format("Report {}: they promised my brother a job as a cook.", i);
        const std::vector<crypto::Answer> answers{{"story", story}};
        REQUIRE(crypto::write_manifest(text, fields, answers, {}));
        const auto manifest = crypto::Manifest::parse(text.view());
        REQUIRE(manifest.has_value());
        crypto::Hash leaf;
        crypto::random_bytes(leaf);
        const auto record = seal_report(desk.vault().master(), leaf, file_key, *manifest);
        REQUIRE(desk.casebook().add_envelope({leaf, 34'000, 32'768, 0, std::string(status_opened), record}).has_value());

        StoredMessage message;
        message.number = static_cast<std::int64_t>(i) + 1;
        message.state = MessageState::answer;
        message.sequence = i + 1;
        message.day = 20'000;
        message.leaf = leaf;
        REQUIRE(message.text.append(fmt::format("Answer {}: thank you. Was it at the office near the station, or in the other town?", i)));
        REQUIRE(messages.put(message).has_value());
    }
    REQUIRE(transaction.commit().has_value());
    return keys;
}

double seconds_of(const std::function<void()>& what)
{
    const auto begin = std::chrono::steady_clock::now();
    what();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

long peak_mib()
{
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return used.ru_maxrss / 1024;
}

}  // namespace

TEST_CASE("an outbox of many letters", "[bench]")
{
    const char* tier = std::getenv("AMANA_TIER");
    const std::size_t letters = tier != nullptr && std::string_view(tier) == "full" ? 100'000 : 1000;
    const Log log;
    Desk desk(log);
    const auto keys = fill(desk, letters);
    const auto before = peak_mib();
    std::optional<Correspondence> all;
    const auto loading = seconds_of([&] { all.emplace(Correspondence::load(desk.records()).value()); });
    OutboxPlan plan;
    const auto planning = seconds_of([&] { plan = plan_outbox(desk.records(), all->conversations(), {20'001, default_keep_days, 1}).value(); });
    REQUIRE(plan.letters.size() == letters);
    REQUIRE(plan.left_out.empty());
    const auto seed = desk.vault().signing_key("courier").value();
    const auto path = desk.folder() / "outbox";
    auto file = DurableFile::create(path, 0600, DurableFile::Existing::refuse).value();
    crypto::OutboxNote note{desk.keys().deployment, 1, 0, now, plan.buckets, {}, {}};
    const auto writing = seconds_of([&] {
        note = write_outbox(plan, {desk.paths(), desk.records(), all->conversations(), seed.view(), note}, file, no_progress()).value();
    });
    REQUIRE(file.commit().has_value());

    Bytes bucket(crypto::bucket_bytes);
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const auto head = crypto::outbox_head_bytes(note.sign(seed.view()).size());
    const auto at = head + note.slot_at(std::uint64_t{crypto::bucket_of(keys.inbox, note.buckets)} * crypto::bucket_slots);
    REQUIRE(::pread(fd.get(), bucket.data(), bucket.size(), static_cast<off_t>(at)) == static_cast<ssize_t>(bucket.size()));
    CHECK(crypto::open_letter(bucket, keys, desk.records().root, 1, desk.keys().courier.key).value().has_value());
    std::cout << fmt::format("{} letters in {} places, {} MiB: casebook read in {:.1f} s, planned in {:.1f} s, written in {:.1f} s; memory +{} MiB at most\n",
                             letters, note.slots(), std::filesystem::file_size(path) / crypto::mebibyte, loading, planning, writing, peak_mib() - before);
}

// SPDX-License-Identifier: AGPL-3.0-or-later
// What a tick, an export and an audit of the newest entries cost with a long log, against what they cost with a short one.
//
//   log_bench FOLDER [--long N] [--short N] [--contents N] [--news N] [--rounds N]
//
// FOLDER must not exist; it is left there. Prints medians over the rounds, which take turns, and their ratio.
#include "desk/intake.hpp"
#include "server/keeper/exporter.hpp"
#include "server/keeper/fsck.hpp"
#include "tests/bench/long_log.hpp"
#include "tests/server/keeper/support.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>

#include <unistd.h>

using namespace amana;         // NOLINT(google-build-using-namespace): one program, one file
using namespace amana::bench;  // NOLINT(google-build-using-namespace)
namespace fs = std::filesystem;

namespace {

constexpr int reports_a_tick = 20;
constexpr int ticks_a_round = 8;

double seconds(const std::function<void()>& work)
{
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// One server and its desk, and what was measured there, by name.
class Measured {
public:
    Measured(fs::path folder, const LongLog& log) : folder_(std::move(folder)), log_(log)
    {
        const auto took = seconds([&] { make_long_log(folder_, log_); });
        std::cout << fmt::format("{:>10} entries, the newest {} with content: made in {:.1f} s", log.size, log.contents, took) << std::endl;
    }

    void round()
    {
        auto storage = keeper::open_storage(slice_of(folder_)).value();
        for (int i = 0; i < ticks_a_round; ++i) {
            for (int report = 0; report < reports_a_tick; ++report)
                (void)keeper::test::stage_and_accept(*storage.store, keeper::test::seal_envelope());
            storage.store->commit().value();
            std::uint64_t entries = 0;
            const auto took = seconds([&] {
                entries = storage.sequencer.tick(*storage.store).value();
                (void)storage.store->settle().value();
            });
            note("tick, each entry", took / static_cast<double>(entries));
        }
        const auto bundle = folder_ / "bundle";
        fs::remove(bundle);
        const auto first = log_.size - log_.news;
        keeper::ExportSummary summary;
        const auto exported = seconds([&] { summary = keeper::export_bundle(storage, {bundle, first, 0, {}}).value(); });
        const auto each = 1.0 / static_cast<double>(summary.entries);
        note("export, each entry", exported * each);

        const auto paths = desk_of(folder_);
        auto casebook = desk::Casebook::open(paths.database()).value();
        const auto vault = desk::Vault::open(paths, as_bytes(passphrase)).value();
        const auto store = desk::EnvelopeStore::open(paths).value();
        const desk::Progress silent = [](std::uint64_t, std::uint64_t) {};
        std::optional<desk::NewEvidence> evidence;
        std::optional<desk::VerifiedBundle> verified;
        note("verify at the desk, each entry", each * seconds([&] {
                 auto opened = desk::Bundle::open({bundle}, paths, silent).value();
                 verified.emplace(desk::VerifiedBundle::verify(std::move(opened), casebook, desk::Erased::named_dropped, evidence, silent).value());
             }));
        note("import at the desk, each entry", each * seconds([&] {
                 (void)desk::import_bundle(*std::move(verified), casebook, store, vault, system_clock()(), silent).value();
             }));
        forget_news(folder_, first);
    }

    [[nodiscard]] const std::map<std::string, std::vector<double>>& figures() const { return figures_; }

private:
    void note(const std::string& name, double value) { figures_[name].push_back(value); }

    fs::path folder_;
    LongLog log_;
    std::map<std::string, std::vector<double>> figures_;
};

}  // namespace

int main(int argc, char** argv)
try {
    CLI::App app{"What a tick, an export and an audit cost with a long log, against a short one."};
    fs::path folder;
    std::uint64_t long_size = 10'000'000;
    std::uint64_t short_size = 100'000;
    LongLog shape{0, 100'000, 10'000};
    int rounds = 5;
    app.add_option("FOLDER", folder, "made here, and left here")->required();
    app.add_option("--long", long_size, "entries of the long log");
    app.add_option("--short", short_size, "entries of the short log");
    app.add_option("--contents", shape.contents, "how many of the newest have content");
    app.add_option("--news", shape.news, "how many of these the desk has not seen");
    app.add_option("--rounds", rounds, "how often each is measured")->check(CLI::PositiveNumber);
    CLI11_PARSE(app, argc, argv);
    if (fs::exists(folder)) throw Error{folder.string() + " exists", "Name a folder that does not."};

    auto with_size = [&](std::uint64_t size) {
        auto log = shape;
        log.size = size;
        log.contents = std::min(log.contents, size);
        log.news = std::min(log.news, log.contents);
        return log;
    };
    Measured small(folder / "short", with_size(short_size));
    Measured large(folder / "long", with_size(long_size));
    for (int round = 0; round < rounds; ++round) {
        // The one that begins finds a colder machine: they take turns.
        (round % 2 == 0 ? small : large).round();
        (round % 2 == 0 ? large : small).round();
        std::cout << fmt::format("round {} of {}", round + 1, rounds) << std::endl;
    }
    std::cout << fmt::format("{:<34}{:>14}{:>14}{:>8}\n", "median", "short, us", "long, us", "ratio");
    for (const auto& [name, values] : small.figures()) {
        const auto baseline = median(values);
        const auto figure = median(large.figures().at(name));
        std::cout << fmt::format("{:<34}{:>14.1f}{:>14.1f}{:>8.2f}\n", name, baseline * 1e6, figure * 1e6, figure / baseline);
    }
    return 0;
} catch (const Error& error) {
    std::cerr << error.text() << "\n";
    return 1;
} catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
}

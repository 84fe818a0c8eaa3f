// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether a thief of the data directory can tell how its envelopes came: docs/FORENSICS.md. The attacker learns from half of the
// pairs and is judged on the others.
#include "tests/forensic/classifier.hpp"
#include "tests/forensic/features.hpp"
#include "tests/forensic/world.hpp"
#include "tests/support/catch.hpp"

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>

namespace amana::forensic {

namespace {

namespace fs = std::filesystem;

std::uint64_t seed()
{
    const char* given = std::getenv("AMANA_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : 20260101;
}

std::size_t tiered(std::size_t ci, std::size_t full)
{
    const char* tier = std::getenv("AMANA_TIER");
    return tier != nullptr && std::string_view(tier) == "full" ? full : ci;
}

// Where worlds are played: in memory, if that is there.
class Ground {
public:
    Ground()
    {
        std::error_code none;
        auto pattern = ((fs::is_directory("/dev/shm", none) ? fs::path("/dev/shm") : fs::temp_directory_path()) / "amana-forensic-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no folder to play in");
        path = pattern;
    }
    ~Ground()
    {
        std::error_code left;
        fs::remove_all(path, left);
    }
    Ground(const Ground&) = delete;
    Ground& operator=(const Ground&) = delete;
    fs::path path;
};

std::vector<Pair> play_pairs(Setting setting, std::size_t count)
{
    const Ground ground;
    std::mt19937_64 coin(seed());
    std::vector<Pair> pairs;
    for (std::size_t number = 0; number < count; ++number) {
        const auto look = [&](bool bit) {
            setting.bit = bit;
            setting.seed = seed() * 1'000'003 + number * 64 + static_cast<std::uint64_t>(setting.game) * 8 + (setting.pending ? 1 : 0) +
                           static_cast<std::uint64_t>(setting.leak) * 1'000'000;
            const auto folder = ground.path / "world";
            play(folder, setting);
            auto features = features_of(folder);
            fs::remove_all(folder);
            return features;
        };
        const bool first = (coin() & 1) != 0;
        const auto one = look(first);
        const auto other = look(!first);
        Pair pair{one.values, first};
        for (std::size_t i = 0; i < pair.difference.size(); ++i) pair.difference[i] -= other.values[i];
        pairs.push_back(std::move(pair));
    }
    return pairs;
}

Score report(const std::string& what, const Setting& setting, std::size_t count)
{
    const auto begun = std::chrono::steady_clock::now();
    std::vector<std::size_t> leans_on;
    const auto score = attack(play_pairs(setting, count), &leans_on);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    std::cout << what << ": " << count << " pairs, right in " << score.text() << " (" << static_cast<int>(took.count()) << " s; leans on";
    for (const auto feature : leans_on) std::cout << " '" << feature_names().at(feature) << "'";
    std::cout << ")" << std::endl;
    return score;
}

}  // namespace

TEST_CASE("On ticked data the attacker guesses", "[ticked]")
{
    for (const auto game : games) {
        const auto score = report(std::string("ticked, ") + name(game), {.game = game}, game == Game::all ? tiered(60, 1200) : tiered(30, 200));
        CHECK(score.lower() < 0.5);
        CHECK(score.upper() > 0.5);
    }
}

TEST_CASE("What pending data gives away is measured", "[pending]")
{
    for (const auto game : games) (void)report(std::string("pending, ") + name(game), {.game = game, .pending = true}, tiered(24, 200));
}

TEST_CASE("Each leak that was planted is found", "[leaks]")
{
    for (const auto leak : leaks) {
        // A fault shows how envelopes came; which game it shows is the fault's matter.
        const auto game = leak == Leak::wal_order ? Game::orders : leak == Leak::file_time ? Game::times : Game::languages;
        const auto score = report(std::string("planted, ") + name(leak), {.game = game, .leak = leak}, tiered(48, 120));
        CHECK(score.lower() > 0.5);
    }
}

}  // namespace amana::forensic

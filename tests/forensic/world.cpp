// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/forensic/world.hpp"

#include "base/sqlite.hpp"
#include "crypto/keyset.hpp"
#include "server/keeper/batch_policy.hpp"
#include "server/keeper/decoys.hpp"
#include "server/keeper/log_key.hpp"
#include "server/keeper/sqlite_store.hpp"
#include "server/keeper/tree_builder.hpp"
#include "tests/desk/fixture.hpp"
#include "tests/server/keeper/support.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <random>

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>

namespace amana::forensic {

namespace fs = std::filesystem;
using keeper::test::SealedEnvelope;

namespace {

struct Randomness {
    std::array<Byte, randombytes_SEEDBYTES> seed{};
    std::uint64_t drawn = 0;
};
Randomness randomness;

void draw(void* out, std::size_t size)
{
    auto seed = randomness.seed;
    const auto number = ++randomness.drawn;
    std::copy_n(reinterpret_cast<const Byte*>(&number), sizeof number, seed.begin());
    randombytes_buf_deterministic(out, size, seed.data());
}

std::uint32_t draw_word()
{
    std::uint32_t word = 0;
    draw(&word, sizeof word);
    return word;
}

randombytes_implementation seeded{[] { return "seeded"; }, draw_word, nullptr, nullptr, draw, nullptr};

const crypto::KeySet& keys()
{
    static const auto keys = [] {
        wire::KeeperSlice slice;
        keeper::test::give_keys(slice);
        return crypto::KeySet::parse(slice.keyset, slice.root_fingerprint).value();
    }();
    return keys;
}

SealedEnvelope sealed(const std::string& story, std::size_t file_bytes)
{
    desk::testing::Sent sent{.story = story};
    if (file_bytes > 0) sent.files.push_back({"a.jpg", "image/jpeg", Bytes(file_bytes, 'j')});
    const auto bytes = desk::testing::seal(sent, keys().sealing_keys_or_last(began));
    SealedEnvelope envelope;
    const auto header = crypto::header_bytes(1);
    envelope.chunks.emplace_back(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(header));
    for (std::size_t at = header; at < bytes.size(); at += crypto::sealed_chunk_bytes) {
        const auto piece = ByteView(bytes).subspan(at).first(std::min(bytes.size() - at, crypto::sealed_chunk_bytes));
        envelope.chunks.emplace_back(piece.begin(), piece.end());
    }
    crypto::LeafHash leaf;
    leaf.update(bytes);
    envelope.leaf = leaf.finish();
    envelope.size_class = crypto::size_class_for(story.size() + file_bytes, file_bytes > 0).value();
    return envelope;
}

// The real sequencer, over a clock that stands where the game says.
class Server {
public:
    Server(fs::path folder, const Setting& setting)
        : folder_(std::move(folder)), setting_(setting), random_(setting.seed * 2 + (setting.bit ? 1 : 0))
    {
        fs::create_directories(folder_);
        store_ = keeper::SqliteStore::open(folder_).value();
        auto seed = keeper::load_log_key(folder_, true).value();
        const keeper::BatchPolicy policy{.batch = 4, .large_cover = 0, .tick = std::chrono::seconds{tick_seconds}, .file_ticks = 2};
        const keeper::Decoys decoys(keys(), [this] { return now_; });
        const keeper::Cover cover{[this, policy](std::uint64_t size_class, std::uint64_t waiting) {
                                      if (setting_.leak == Leak::growing_decoys) return 3 * waiting;
                                      return policy.decoys(size_class, waiting);
                                  },
                                  [decoys](keeper::Store& store, std::uint64_t size_class) { return decoys.make(store, size_class); },
                                  policy.file_ticks,
                                  {}};
        sequencer_.emplace(keeper::Sequencer::create("forensic.example/log", std::move(seed), cover, [this] { return now_; }).value());
        sequencer_->adopt(*store_).value();
        note_times();
    }

    void send(const SealedEnvelope& envelope, std::int64_t at)
    {
        now_ = at;
        (void)keeper::test::stage_and_accept(*store_, envelope);
        store_->commit().value();
        note_times();
    }
    void tick(std::int64_t at)
    {
        now_ = at;
        sequencer_->tick(*store_).value();
        if (setting_.leak != Leak::wal_order) (void)store_->settle().value();
        note_times();
    }
    [[nodiscard]] std::uint64_t log_size() { return store_->tree().value().size; }
    // Copies the running server's files, with the game's times, to `to`.
    void steal(const fs::path& to)
    {
        fs::create_directories(to);
        for (const auto& [path, seen] : files_) {
            const auto copy = to / path.filename();
            fs::copy_file(path, copy, fs::copy_options::overwrite_existing);
            const timespec when[2] = {{seen.time, 0}, {seen.time, 0}};
            REQUIRE(::utimensat(AT_FDCWD, copy.c_str(), when, 0) == 0);
        }
    }
    std::mt19937_64& random() { return random_; }

private:
    struct Seen {
        timespec real{};
        std::int64_t time = 0;
    };
    // A file that the kernel says has changed since the last look has changed now.
    void note_times()
    {
        for (const auto& entry : fs::directory_iterator(folder_)) {
            struct stat about {};
            REQUIRE(::stat(entry.path().c_str(), &about) == 0);
            auto& seen = files_[entry.path()];
            if (seen.real.tv_sec == about.st_mtim.tv_sec && seen.real.tv_nsec == about.st_mtim.tv_nsec) continue;
            seen = {about.st_mtim, now_};
        }
    }

    fs::path folder_;
    Setting setting_;
    std::mt19937_64 random_;
    std::int64_t now_ = began;
    std::unique_ptr<keeper::Store> store_;
    std::optional<keeper::Sequencer> sequencer_;
    std::map<fs::path, Seen> files_;
};

// --- the games -----------------------------------------------------------------------------------------------------------

bool decides(const Setting& setting, Game what)
{
    return setting.bit && (setting.game == what || setting.game == Game::all);
}

struct Arrival {
    std::int64_t after = 0;  // the tick before
    std::string story;
    std::size_t file_bytes = 0;
};

// What comes in one tick.
std::vector<Arrival> arrivals(const Setting& setting, std::mt19937_64& random)
{
    const auto below = [&](std::int64_t limit) { return std::uniform_int_distribution<std::int64_t>(0, limit - 1)(random); };
    const bool about_mixes = setting.game == Game::mixes || setting.game == Game::all || setting.leak == Leak::growing_decoys;
    const std::size_t texts = !about_mixes || decides(setting, Game::mixes) || setting.bit ? 2 : 1;
    const bool english = decides(setting, Game::languages);
    std::vector<Arrival> all(texts);
    // Files of two classes, whose number no game decides.
    if (setting.game != Game::mixes) {
        all.push_back({0, {}, 20'000});
        all.push_back({0, {}, 150'000});
    }
    for (auto& arrival : all) {
        for (auto words = 20 + below(60); words > 0; --words) arrival.story += english ? "they promised work abroad " : "وعدوه بعمل في الخارج ";
        arrival.after = decides(setting, Game::times) ? tick_seconds - 1 - below(60) : 1 + below(60);
    }
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.file_bytes < b.file_bytes; });
    if (decides(setting, Game::orders)) std::reverse(all.begin(), all.end());
    if (setting.game == Game::times || setting.game == Game::languages || setting.game == Game::mixes) std::shuffle(all.begin(), all.end(), random);
    std::vector<std::int64_t> times;
    for (const auto& arrival : all) times.push_back(arrival.after);
    std::sort(times.begin(), times.end());
    for (std::size_t i = 0; i < all.size(); ++i) all[i].after = times[i];
    return all;
}

// --- the leaks -----------------------------------------------------------------------------------------------------------

// Alters the stolen store by SQL, as a keeper with a fault would have written it.
void alter(const fs::path& folder, const std::function<void(Database&)>& how)
{
    struct stat about {};
    const auto path = folder / "amana.db";
    REQUIRE(::stat(path.c_str(), &about) == 0);
    {
        const auto database = Database::open(path, Database::Mode::read_write_create).value();
        database->execute("PRAGMA secure_delete = ON").value();
        how(*database);
        REQUIRE(database->empty_wal().value());
    }
    const timespec when[2] = {about.st_mtim, about.st_mtim};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), when, 0) == 0);
}

struct Row {
    std::int64_t index = 0;
    std::int64_t size_class = 0;
    bool operator<(const Row& other) const { return size_class < other.size_class; }
};

std::vector<Row> log_rows(Database& database)
{
    std::vector<Row> rows;
    auto statement = database.prepare("SELECT idx, size_class FROM log ORDER BY idx");
    while (statement.step().value()) rows.push_back({statement.integer(0), statement.integer(1)});
    return rows;
}

// The order in which they came, which is by size, instead of a shuffled one.
void plant_row_order(Database& database, bool bit)
{
    auto rows = log_rows(database);
    std::stable_sort(rows.begin(), rows.end());
    if (bit) std::reverse(rows.begin(), rows.end());
    const std::int64_t away = 1 << 20;
    database.execute("UPDATE log SET idx = idx + 1048576; UPDATE log_chunk SET key = key + 4294967296").value();
    for (std::size_t to = 0; to < rows.size(); ++to) {
        const auto from = rows[to].index + away;
        database.execute("UPDATE log SET idx = " + std::to_string(to) + " WHERE idx = " + std::to_string(from)).value();
        database.execute("UPDATE log_chunk SET key = key - " + std::to_string((from - static_cast<std::int64_t>(to)) * 4096) + " WHERE key >> 12 = " +
                         std::to_string(from)).value();
    }
}

void plant_in_headers(Database& database, std::size_t at, const std::function<Byte(std::size_t)>& value)
{
    const auto rows = log_rows(database);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        Bytes header;
        {
            auto statement = database.prepare("SELECT data FROM log_chunk WHERE key = ?");
            statement.bind(1, rows[i].index * 4096);
            REQUIRE(statement.step().value());
            header.assign(statement.blob(0).begin(), statement.blob(0).end());
        }
        header.at(at) = value(i);
        database.prepare("UPDATE log_chunk SET data = ? WHERE key = ?").bind(1, header).bind(2, rows[i].index * 4096).run().value();
    }
}

void plant(const fs::path& folder, const Setting& setting, std::int64_t last_arrival)
{
    const bool bit = setting.bit;
    switch (setting.leak) {
    case Leak::none:
    case Leak::wal_order:
    case Leak::growing_decoys: return;  // where the server is played
    case Leak::row_order: return alter(folder, [&](Database& database) { plant_row_order(database, bit); });
    case Leak::header_bytes:
        // A byte for the language, in every third envelope: the real ones.
        return alter(folder, [&](Database& database) {
            plant_in_headers(database, 9, [&](std::size_t i) { return i % 3 == 0 ? static_cast<Byte>(bit ? 'e' : 'a') : static_cast<Byte>(randombytes_uniform(256)); });
        });
    case Leak::key_id:
        // An identifier of the key it is sealed to; decoys have another key.
        return alter(folder, [&](Database& database) {
            plant_in_headers(database, 5, [&](std::size_t i) { return i % (bit ? 2 : 8) == 0 ? Byte{7} : Byte{8}; });
        });
    case Leak::freelist:
        return alter(folder, [&](Database& database) {
            for (int i = 0; i < 10; ++i)
                database.execute("INSERT INTO staged_chunk VALUES(" + std::to_string(i + 1) + ", zeroblob(20000))").value();
            database.execute("DELETE FROM staged_chunk WHERE key <= " + std::to_string(bit ? 10 : 4)).value();
        });
    case Leak::file_time: {
        const timespec when[2] = {{last_arrival, 0}, {last_arrival, 0}};
        REQUIRE(::utimensat(AT_FDCWD, (folder / "amana.db").c_str(), when, 0) == 0);
        return;
    }
    case Leak::last_page: {
        struct stat about {};
        REQUIRE(::stat((folder / "amana.db").c_str(), &about) == 0);
        std::ofstream(folder / "amana.db", std::ios::app | std::ios::binary) << std::string(bit ? 900 : 100, '\0');
        const timespec when[2] = {about.st_mtim, about.st_mtim};
        REQUIRE(::utimensat(AT_FDCWD, (folder / "amana.db").c_str(), when, 0) == 0);
        return;
    }
    }
}

bool play_once(const fs::path& folder, const Setting& setting, std::uint64_t attempt)
{
    seed_randomness(setting.seed * 1000 + attempt * 2 + (setting.bit ? 1 : 0));
    const auto live = folder.string() + ".live";
    Server server(live, setting);
    std::int64_t last_arrival = began;
    bool as_wanted = true;
    for (int number = 0; number < ticks && as_wanted; ++number) {
        const auto before = began + number * tick_seconds;
        for (const auto& arrival : arrivals(setting, server.random())) {
            last_arrival = before + arrival.after;
            server.send(sealed(arrival.story, arrival.file_bytes), last_arrival);
        }
        if (setting.pending && number + 1 == ticks) break;
        const auto size = server.log_size();
        server.tick(before + tick_seconds);
        // Pairs have logs of one size: every step is the ladder's first, of text alone or of all four classes that have one.
        const std::uint64_t step = number + 1 == ticks ? 16 : 4;
        as_wanted = setting.leak == Leak::growing_decoys || server.log_size() - size == step;
    }
    if (as_wanted) server.steal(folder);
    if (as_wanted) plant(folder, setting, last_arrival);
    return as_wanted;
}

}  // namespace

const char* name(Game game)
{
    switch (game) {
    case Game::times: return "times";
    case Game::orders: return "orders";
    case Game::languages: return "languages";
    case Game::mixes: return "mixes";
    case Game::all: return "all of them";
    }
    return "";
}

const char* name(Leak leak)
{
    switch (leak) {
    case Leak::none: return "none";
    case Leak::row_order: return "row order";
    case Leak::file_time: return "file time";
    case Leak::freelist: return "free list";
    case Leak::header_bytes: return "header bytes";
    case Leak::key_id: return "a key id";
    case Leak::wal_order: return "WAL order";
    case Leak::growing_decoys: return "decoys that grow";
    case Leak::last_page: return "the last page";
    }
    return "";
}

void seed_randomness(std::uint64_t seed)
{
    static const bool set = [] {
        return randombytes_set_implementation(&seeded) == 0 && sodium_init() >= 0;
    }();
    REQUIRE(set);
    randomness = {};
    crypto_generichash(randomness.seed.data(), randomness.seed.size(), reinterpret_cast<const Byte*>(&seed), sizeof seed, nullptr, 0);
}

void play(const fs::path& folder, const Setting& setting)
{
    constexpr std::uint64_t most_attempts = 200;
    for (std::uint64_t attempt = 0; attempt < most_attempts; ++attempt) {
        const bool played = play_once(folder, setting, attempt);
        fs::remove_all(folder.string() + ".live");
        if (played) return;
        fs::remove_all(folder);
    }
    throw std::runtime_error("no world of the wanted size");
}

}  // namespace amana::forensic

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/bench/long_log.hpp"

#include "base/require.hpp"
#include "base/sqlite.hpp"
#include "desk/keys.hpp"
#include "desk/vault.hpp"
#include "server/keeper/log_key.hpp"
#include "server/keeper/sqlite_rows.hpp"
#include "tests/server/keeper/support.hpp"

namespace amana::bench {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t last_year = 20'000;  // a day: of the mark that all of it is under
constexpr crypto::Argon2Limits quick{1, 8192};

// What a desk keeps of the tree when it has seen `size` entries.
struct Seen {
    std::uint64_t size = 0;
    crypto::Frontier tree;
};

// Takes leaves one after the other and writes the store's tiles as they fill, and the desk's rows, which are the same hashes.
class Rows {
public:
    Rows(Database& store, Database& casebook, std::uint64_t seen)
        : tile_(store.prepare("INSERT INTO tile VALUES(?, ?)")),
          leaf_(casebook.prepare("INSERT INTO leaf VALUES(?, ?)")),
          subtree_(casebook.prepare("INSERT INTO subtree VALUES(?, ?)")),
          levels_(keeper::tile_levels),
          seen_(seen)
    {
    }

    void add(const crypto::Hash& leaf)
    {
        if (tree_.size() < seen_) leaf_.bind(1, static_cast<std::int64_t>(tree_.size())).bind(2, leaf).run().value();
        tree_.append(leaf);
        put(0, leaf);
        if (tree_.size() == seen_) at_seen_ = tree_;
    }
    void finish()
    {
        for (unsigned level = 0; level < levels_.size(); ++level)
            if (!levels_[level].hashes.empty()) write(level);
    }
    [[nodiscard]] const crypto::Frontier& tree() const { return tree_; }
    [[nodiscard]] const crypto::Frontier& at_seen() const { return at_seen_; }

private:
    struct Level {
        std::uint64_t index = 0;
        Bytes hashes;
        crypto::Frontier over;
    };

    void put(unsigned level, const crypto::Hash& hash)
    {
        auto& at = levels_[level];
        append(at.hashes, hash);
        at.over.append(hash);
        if (at.over.size() < keeper::tile_width) return;
        write(level);
        const auto root = at.over.root();
        const auto end = (at.index + 1) << (8 * (level + 1));
        if (end <= seen_)
            subtree_.bind(1, keeper::tile_row(level + 1, at.index)).bind(2, root).run().value();
        at = {at.index + 1, {}, {}};
        put(level + 1, root);
    }
    void write(unsigned level)
    {
        const auto& at = levels_[level];
        tile_.bind(1, keeper::tile_row(level, at.index)).bind(2, at.hashes).run().value();
    }

    Statement tile_;
    Statement leaf_;
    Statement subtree_;
    std::vector<Level> levels_;
    std::uint64_t seen_;
    crypto::Frontier tree_;
    crypto::Frontier at_seen_;
};

void insert_content(Statement& entry, Statement& chunk, std::uint64_t index, const keeper::test::SealedEnvelope& envelope)
{
    entry.bind(1, static_cast<std::int64_t>(index)).bind(2, static_cast<std::int64_t>(envelope.size_class)).run().value();
    std::uint64_t number = 0;
    for (const auto& bytes : envelope.chunks) chunk.bind(1, keeper::chunk_row(index, number++)).bind(2, bytes).run().value();
}

void set_seen(Database& casebook, const std::string& verifier, const crypto::Frontier& tree, const std::string& checkpoint)
{
    const auto edge = tree.hashes();
    casebook.prepare("UPDATE log SET verifier = ?, size = ?, edge = ?, checkpoint = ?")
        .bind(1, as_bytes(verifier))
        .bind(2, static_cast<std::int64_t>(tree.size()))
        .bind(3, edge)
        .bind(4, as_bytes(checkpoint))
        .run()
        .value();
}

void set_tree(Database& store, const crypto::Frontier& tree, const std::string& checkpoint, std::uint64_t erased_below)
{
    const auto edge = tree.hashes();
    store.prepare("UPDATE tree SET size = ?, frontier = ?, checkpoint = ?, long_from = ?, witnessed = ?, witnessed_size = ?, "
                  "erased_below = ?")
        .bind(1, static_cast<std::int64_t>(tree.size()))
        .bind(2, edge)
        .bind(3, as_bytes(checkpoint))
        .bind(4, static_cast<std::int64_t>(tree.size()))
        .bind(5, as_bytes(checkpoint))
        .bind(6, static_cast<std::int64_t>(tree.size()))
        .bind(7, static_cast<std::int64_t>(erased_below))
        .run()
        .value();
    store.prepare("INSERT INTO mark VALUES(?, ?)").bind(1, last_year).bind(2, static_cast<std::int64_t>(tree.size())).run().value();
}

}  // namespace

wire::KeeperSlice slice_of(const fs::path& folder)
{
    wire::KeeperSlice slice;
    slice.directory = (folder / "server").string();
    slice.origin = "long.example/log";
    keeper::test::give_keys(slice);
    slice.large_cover = 0;
    return slice;
}

desk::DeskPaths desk_of(const fs::path& folder)
{
    return {folder / "desk"};
}

void make_long_log(const fs::path& folder, const LongLog& what)
{
    fs::create_directories(folder);
    const auto slice = slice_of(folder);
    const auto verifier = keeper::open_storage(slice).value().sequencer.verifier();
    const auto key = keeper::load_log_key(slice.directory, false).value();
    desk::init_desk(desk_of(folder).directory, "test", 2, as_bytes(passphrase), quick, system_clock()()).value();

    const auto store = Database::open(fs::path(slice.directory) / "amana.db", Database::Mode::read_write_create).value();
    const auto casebook = Database::open(desk_of(folder).database(), Database::Mode::read_write_create).value();
    // Made anew at the end: one sort instead of ten million searches.
    casebook->execute("PRAGMA cache_size = -65536; DROP INDEX leaf_by_hash").value();
    store->execute("PRAGMA cache_size = -65536").value();
    const auto seen = what.size - what.news;
    const auto erased = what.size - what.contents;
    auto seeing = Transaction::begin(*casebook).value();
    {
        Rows rows(*store, *casebook, seen);
        auto entry = store->prepare("INSERT INTO log(idx, size_class) VALUES(?, ?)");
        auto chunk = store->prepare("INSERT INTO log_chunk VALUES(?, ?)");
        std::optional<Transaction> writing;
        for (std::uint64_t index = 0; index < what.size; ++index) {
            // Not more in one transaction than a write-ahead log should hold.
            if (index % (index < erased ? 1'000'000 : 10'000) == 0) {
                if (writing) writing->commit().value();
                writing.emplace(Transaction::begin(*store).value());
            }
            if (index < erased) {
                rows.add(crypto::sha256(as_bytes(std::to_string(index))));
            } else {
                const auto envelope = keeper::test::seal_envelope();
                insert_content(entry, chunk, index, envelope);
                rows.add(envelope.leaf);
            }
        }
        rows.finish();
        const auto sign = [&](const crypto::Frontier& tree) {
            return crypto::Checkpoint{slice.origin, tree.size(), tree.root()}.sign(key.view());
        };
        set_tree(*store, rows.tree(), sign(rows.tree()), erased);
        set_seen(*casebook, verifier.text(), rows.at_seen(), sign(rows.at_seen()));
        if (writing) writing->commit().value();
    }
    casebook->execute("CREATE INDEX leaf_by_hash ON leaf(leaf)").value();
    seeing.commit().value();
    require(store->empty_wal().value(), "nobody else writes here");
}

void forget_news(const fs::path& folder, std::uint64_t seen)
{
    auto casebook = desk::Casebook::open(desk_of(folder).database()).value();
    auto before = casebook.frontier_at(seen).value();
    const auto database = Database::open(desk_of(folder).database(), Database::Mode::read_write_create).value();
    const auto bound = std::to_string(seen);
    auto transaction = Transaction::begin(*database).value();
    database->execute("DELETE FROM leaf WHERE position >= " + bound + "; DELETE FROM envelope;").value();
    for (unsigned level = 1; level < 8; ++level)
        database->prepare("DELETE FROM subtree WHERE key >= ? AND key < ?")
            .bind(1, keeper::tile_row(level, seen >> (8 * level)))
            .bind(2, static_cast<std::int64_t>(std::uint64_t{level + 1} << keeper::tile_index_bits))
            .run()
            .value();
    transaction.commit().value();
    casebook.set_seen({before, casebook.seen().value().checkpoint, 0}).value();
    for (const auto& folder_of : {desk_of(folder).envelopes(), desk_of(folder).incoming()})
        for (const auto& file : fs::recursive_directory_iterator(folder_of))
            if (file.is_regular_file()) fs::remove(file.path());
}

}  // namespace amana::bench

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/forensic/features.hpp"

#include "base/file.hpp"
#include "base/reader.hpp"
#include "base/require.hpp"
#include "base/sqlite.hpp"
#include "tests/forensic/world.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include <sys/stat.h>

namespace amana::forensic {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t header_bytes_watched = 32;
constexpr std::array files{"amana.db", "amana.db-wal", "amana.db-shm", "log.key"};

// Collects names once, values every time.
class Collector {
public:
    void add(const std::string& name, double value)
    {
        names.push_back(name);
        values.push_back(std::isfinite(value) ? value : 0);
    }
    std::vector<std::string> names;
    std::vector<double> values;
};

double mean(const std::vector<double>& values)
{
    double sum = 0;
    for (const auto value : values) sum += value;
    return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

// How much a sequence rises: the share of neighbours in ascending order, and the correlation with its own order.
void add_order(Collector& out, const std::string& name, const std::vector<double>& values)
{
    double rising = 0;
    for (std::size_t i = 1; i < values.size(); ++i) rising += values[i] > values[i - 1] ? 1 : 0;
    out.add(name + " rising", values.size() < 2 ? 0 : rising / static_cast<double>(values.size() - 1));
    const auto average = mean(values);
    const auto middle = (static_cast<double>(values.size()) - 1) / 2;
    double together = 0;
    double spread = 0;
    double place = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto from_middle = static_cast<double>(i) - middle;
        together += (values[i] - average) * from_middle;
        spread += (values[i] - average) * (values[i] - average);
        place += from_middle * from_middle;
    }
    out.add(name + " by place", spread > 0 && place > 0 ? together / std::sqrt(spread * place) : 0);
    out.add(name + " mean", average);
    out.add(name + " first", values.empty() ? 0 : values.front());
    out.add(name + " last", values.empty() ? 0 : values.back());
}

double entropy(ByteView bytes)
{
    std::array<double, 256> count{};
    for (const auto byte : bytes) ++count.at(byte);
    double bits = 0;
    for (const auto times : count)
        if (times > 0) bits -= times / static_cast<double>(bytes.size()) * std::log2(times / static_cast<double>(bytes.size()));
    return bits;
}

std::uint32_t word(ByteView bytes, std::size_t at)
{
    Reader reader(at + 4 <= bytes.size() ? bytes.subspan(at, 4) : ByteView{});
    return reader.integer<std::uint32_t>();
}

Bytes contents(const fs::path& path)
{
    std::error_code missing;
    if (!fs::exists(path, missing)) return {};
    return read_file(path, std::size_t{1} << 30).value();
}

// --- files ---------------------------------------------------------------------------------------------------------------

void add_files(Collector& out, const fs::path& folder)
{
    double count = 0;
    for (const auto& entry : fs::directory_iterator(folder)) count += entry.is_regular_file() ? 1 : 0;
    out.add("files", count);
    for (const auto* file : files) {
        struct stat about {};
        const bool there = ::stat((folder / file).c_str(), &about) == 0;
        out.add(std::string(file) + " bytes", there ? static_cast<double>(about.st_size) : -1);
        out.add(std::string(file) + " bytes beyond a page", there ? static_cast<double>(about.st_size % 16384) : -1);
        out.add(std::string(file) + " changed, in the tick", there ? static_cast<double>((about.st_mtim.tv_sec - began) % tick_seconds) : -1);
        out.add(std::string(file) + " changed", there ? static_cast<double>(about.st_mtim.tv_sec - began) : -1);
    }
}

// --- pages ---------------------------------------------------------------------------------------------------------------

// auto_vacuum: page 2 and then one in so many say of every page what it is and whose.
struct PageKind {
    unsigned type = 0;  // 1 root, 2 free, 3 first overflow, 4 further overflow, 5 btree
    std::uint32_t parent = 0;
};

std::vector<PageKind> page_kinds(ByteView db, std::size_t page)
{
    const auto each = page / 5 + 1;
    std::vector<PageKind> kinds(db.size() / page + 1);
    for (std::size_t map = 2; map < kinds.size(); map += each)
        for (std::size_t i = 0; i + 1 < each && map + 1 + i < kinds.size(); ++i) {
            const auto at = (map - 1) * page + 5 * i;
            kinds[map + 1 + i] = {db[at], word(db, at + 1)};
        }
    return kinds;
}

void add_pages(Collector& out, ByteView db)
{
    for (const auto& [name, at] : {std::pair{"changes", 24}, {"pages", 28}, {"first free page", 32}, {"free pages", 36}, {"schema changes", 40},
                                   {"vacuum root", 52}, {"user version", 60}, {"version valid for", 92}, {"sqlite version", 96}})
        out.add(std::string("db header: ") + name, word(db, static_cast<std::size_t>(at)));
    const std::size_t page = std::max<std::size_t>(512, word(db, 16) >> 16);
    const auto kinds = page_kinds(db, page);
    std::map<unsigned, std::vector<double>> places;
    std::map<unsigned, std::vector<double>> steps;
    for (std::size_t number = 3; number < kinds.size(); ++number) {
        places[kinds[number].type].push_back(static_cast<double>(number));
        steps[kinds[number].type].push_back(static_cast<double>(kinds[number].parent) - static_cast<double>(number));
    }
    for (const unsigned type : {1u, 2u, 3u, 4u, 5u}) {
        const auto name = "pages of kind " + std::to_string(type);
        out.add(name, static_cast<double>(places[type].size()));
        out.add(name + " at", mean(places[type]));
        add_order(out, name + " parents", steps[type]);
    }
    // Bytes that are left: of free pages, of the room between cells, of the last page.
    double free_bytes = 0;
    double gap_bytes = 0;
    double cells = 0;
    std::vector<double> entropies;
    std::vector<double> fill;
    for (std::size_t number = 1; number < kinds.size(); ++number) {
        const auto bytes = db.subspan((number - 1) * page, page);
        entropies.push_back(entropy(bytes));
        if (kinds[number].type == 2) free_bytes += static_cast<double>(std::count_if(bytes.begin(), bytes.end(), [](Byte byte) { return byte != 0; }));
        const std::size_t head = number == 1 ? 100 : 0;
        const auto flag = bytes[head];
        if (number != 1 && kinds[number].type != 1 && kinds[number].type != 5) continue;
        if (flag != 0x0d && flag != 0x05 && flag != 0x0a && flag != 0x02) continue;
        const auto count = word(bytes, head + 3) >> 16;
        const auto content = word(bytes, head + 5) >> 16;
        cells += count;
        const auto begin = head + (flag == 0x0d || flag == 0x0a ? 8 : 12) + 2 * count;
        fill.push_back(static_cast<double>(content));
        if (begin < content && content <= page)
            for (const auto byte : bytes.subspan(begin, content - begin)) gap_bytes += byte != 0 ? 1 : 0;
    }
    out.add("bytes in free pages", free_bytes);
    out.add("bytes between cells", gap_bytes);
    out.add("cells", cells);
    add_order(out, "page entropy", entropies);
    out.add("page entropy least", entropies.empty() ? 0 : *std::min_element(entropies.begin(), entropies.end()));
    add_order(out, "content begins", fill);
    const auto tail = db.last(std::min(db.size(), page));
    out.add("last page entropy", tail.empty() ? 0 : entropy(tail));
    out.add("last page bytes", static_cast<double>(std::count_if(tail.begin(), tail.end(), [](Byte byte) { return byte != 0; })));
}

void add_wal(Collector& out, ByteView wal)
{
    constexpr std::size_t wal_head = 32;
    constexpr std::size_t frame_head = 24;
    constexpr std::size_t page = 16384;
    std::vector<double> pages;
    std::vector<double> commits;
    std::vector<double> entropies;
    for (auto at = wal_head; at + frame_head + page <= wal.size(); at += frame_head + page) {
        pages.push_back(word(wal, at));
        commits.push_back(word(wal, at + 4) == 0 ? 0 : 1);
        entropies.push_back(entropy(wal.subspan(at + frame_head, page)));
    }
    out.add("wal checkpoints", wal.size() >= wal_head ? word(wal, 12) : 0);
    out.add("wal frames", static_cast<double>(pages.size()));
    out.add("wal commits", mean(commits) * static_cast<double>(commits.size()));
    add_order(out, "wal pages", pages);
    add_order(out, "wal entropy", entropies);
    std::vector<double> gaps;
    double gap = 0;
    for (const auto commit : commits) {
        ++gap;
        if (commit == 0) continue;
        gaps.push_back(gap);
        gap = 0;
    }
    add_order(out, "wal frames a commit", gaps);
}

// --- rows ----------------------------------------------------------------------------------------------------------------

std::vector<double> column(Database& database, const std::string& sql)
{
    std::vector<double> values;
    auto statement = database.prepare(sql);
    while (statement.step().value()) values.push_back(static_cast<double>(statement.integer(0)));
    return values;
}

void add_headers(Collector& out, Database& database, const std::string& name, const std::string& sql)
{
    std::vector<Bytes> headers;
    auto statement = database.prepare(sql);
    while (statement.step().value()) headers.emplace_back(statement.blob(0).begin(), statement.blob(0).end());
    std::vector<double> sizes;
    std::vector<double> means;
    for (const auto& header : headers) {
        sizes.push_back(static_cast<double>(header.size()));
        double sum = 0;
        for (const auto byte : header) sum += byte;
        means.push_back(sum / static_cast<double>(std::max<std::size_t>(1, header.size())));
    }
    add_order(out, name + " size", sizes);
    add_order(out, name + " bytes", means);
    for (std::size_t at = 0; at < header_bytes_watched; ++at) {
        std::map<Byte, int> times;
        double sum = 0;
        for (const auto& header : headers) {
            const auto byte = at < header.size() ? header[at] : Byte{0};
            ++times[byte];
            sum += byte;
        }
        int most = 0;
        int commonest = 0;
        for (const auto& [byte, count] : times) {
            if (count <= most) continue;
            most = count;
            commonest = byte;
        }
        // Which byte it is, where one is there more than by chance.
        out.add(name + " byte " + std::to_string(at) + " commonest", most > 2 ? commonest : -1);
        out.add(name + " byte " + std::to_string(at) + " mean", sum / static_cast<double>(std::max<std::size_t>(1, headers.size())));
        out.add(name + " byte " + std::to_string(at) + " most often", most);
    }
}

void add_rows(Collector& out, const fs::path& folder)
{
    // On a copy: reading makes files of its own.
    const auto copy = fs::path(folder.string() + ".read");
    fs::remove_all(copy);
    fs::create_directories(copy);
    for (const auto* file : {"amana.db", "amana.db-wal"})
        if (fs::exists(folder / file)) fs::copy_file(folder / file, copy / file);
    {
        const auto database = Database::open(copy / "amana.db", Database::Mode::read_write_create).value();
        for (const auto* table : {"staged_chunk", "pending", "log", "log_chunk", "tile", "mark", "tree", "sqlite_schema"})
            out.add(std::string("rows of ") + table, column(*database, std::string("SELECT count(*) FROM ") + table).at(0));
        for (const auto* value : {"size", "long_from", "ticks_to_long", "witnessed_size", "erased_below", "length(frontier)", "length(checkpoint)"})
            out.add(std::string("tree ") + value, column(*database, std::string("SELECT ") + value + " FROM tree").at(0));
        const auto classes = column(*database, "SELECT size_class FROM log ORDER BY idx");
        add_order(out, "class in the log", classes);
        for (const auto size_class : {32768, 65536, 262144, 1048576})
            out.add("log of " + std::to_string(size_class), static_cast<double>(std::count(classes.begin(), classes.end(), size_class)));
        add_order(out, "pending class", column(*database, "SELECT size_class FROM pending ORDER BY key"));
        out.add("staged bytes", column(*database, "SELECT ifnull(sum(length(data)), 0) FROM staged_chunk").at(0));
        out.add("logged bytes", column(*database, "SELECT ifnull(sum(length(data)), 0) FROM log_chunk").at(0));
        add_headers(out, *database, "header", "SELECT data FROM log_chunk WHERE key & 4095 = 0 ORDER BY key");
        add_headers(out, *database, "staged header", "SELECT data FROM staged_chunk WHERE key & 4095 = 0 ORDER BY key");
        out.add("integrity", column(*database, "SELECT count(*) FROM pragma_integrity_check()").at(0));
    }
    fs::remove_all(copy);
}

Collector collect(const fs::path& folder)
{
    Collector out;
    add_files(out, folder);
    const auto db = contents(folder / "amana.db");
    require(db.size() >= 512, "a store that was played");
    add_pages(out, db);
    add_wal(out, contents(folder / "amana.db-wal"));
    add_rows(out, folder);
    return out;
}

std::vector<std::string>& names()
{
    static std::vector<std::string> names;
    return names;
}

}  // namespace

const std::vector<std::string>& feature_names()
{
    return names();
}

Features features_of(const fs::path& folder)
{
    auto collected = collect(folder);
    if (names().empty()) names() = collected.names;
    require(names() == collected.names, "the same features of every directory");
    return {std::move(collected.values)};
}

}  // namespace amana::forensic

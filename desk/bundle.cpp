// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/bundle.hpp"

#include "base/reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>

namespace amana::desk {

namespace {

constexpr std::size_t id_digits = 16;

// What all parts of one export have in common.
std::string id_of(const crypto::BundleHead& head)
{
    const auto common = Writer().counted(head.note).integer(head.first).integer(head.parts).take();
    return to_hex(crypto::sha256(common)).substr(0, id_digits);
}

bool same_head(const crypto::BundleHead& a, const crypto::BundleHead& b)
{
    return a.note == b.note && a.first == b.first && a.begin == b.begin && a.end == b.end && a.part == b.part && a.parts == b.parts;
}

Result<void> copy_file(const BundleFile& from, const std::filesystem::path& to)
{
    auto out = DurableFile::create(to, private_file, DurableFile::Existing::replace);
    if (!out) return out.error();
    const UniqueFd in(::open(from.path().c_str(), O_RDONLY | O_CLOEXEC));
    if (!in) return system_error("can't open " + from.path().string(), errno);
    Bytes piece(1024 * 1024);
    for (;;) {
        const auto count = read_full(in.get(), piece);
        if (!count) return count.error();
        if (const auto written = out->write(ByteView(piece).first(*count)); !written) return written.error();
        if (*count < piece.size()) return out->commit();
    }
}

}  // namespace

std::string Bundle::export_id() const
{
    return id_of(files_.front().head());
}

std::filesystem::path Bundle::kept_path(const DeskPaths& paths, const BundleFile& file) const
{
    return paths.parts() / fmt::format("{}.{}", export_id(), file.head().part);
}

Result<Bundle> Bundle::open(const std::vector<std::filesystem::path>& files, const DeskPaths& paths, const Progress& progress)
{
    std::vector<BundleFile> opened;
    for (const auto& path : files) {
        auto file = BundleFile::open(path);
        if (!file) return file.error();
        if (const auto whole = file->check_copy(progress); !whole) return whole.error();
        if (!opened.empty() && id_of(file->head()) != id_of(opened.front().head()))
            return Error{path.string() + " and " + opened.front().path().string() + " are not parts of one export",
                         "Import one export at a time."};
        opened.push_back(*std::move(file));
    }
    if (opened.empty()) return Error{"no bundle was named", "Name the file that 'amana-server export' wrote."};
    // A kept part that is damaged since is missing; one that came again counts once.
    std::error_code unknown;
    const auto head = opened.front().head();
    for (std::uint32_t part = 1; head.parts > 1 && part <= head.parts; ++part) {
        const auto kept = paths.parts() / fmt::format("{}.{}", id_of(head), part);
        if (!std::filesystem::exists(kept, unknown)) continue;
        auto file = BundleFile::open(kept);
        if (file && file->head().part == part && file->check_copy(progress)) opened.push_back(*std::move(file));
    }
    std::stable_sort(opened.begin(), opened.end(), [](const auto& a, const auto& b) { return a.head().part < b.head().part; });
    const auto again = std::unique(opened.begin(), opened.end(), [](const auto& a, const auto& b) { return a.head().part == b.head().part; });
    opened.erase(again, opened.end());
    for (std::size_t i = 1; i < opened.size(); ++i) {
        const auto& before = opened[i - 1].head();
        const auto& after = opened[i].head();
        if (after.part == before.part + 1 && after.begin != before.end)
            return Error{fmt::format("parts {} and {} of the bundle do not join", before.part, after.part), "Export it again."};
    }
    return Bundle(std::move(opened));
}

std::vector<std::uint16_t> Bundle::missing() const
{
    std::vector<std::uint16_t> numbers;
    auto file = files_.begin();
    for (std::uint16_t part = 1; part <= parts(); ++part) {
        if (file != files_.end() && file->head().part == part) ++file;
        else numbers.push_back(part);
    }
    return numbers;
}

Result<void> Bundle::keep_parts(const DeskPaths& paths) const
{
    if (::mkdir(paths.parts().c_str(), private_directory) != 0 && errno != EEXIST)
        return system_error("can't create " + paths.parts().string(), errno);
    for (const auto& file : files_) {
        const auto to = kept_path(paths, file);
        if (file.path() == to) continue;
        if (const auto copied = copy_file(file, to); !copied) return copied.error();
    }
    return {};
}

std::vector<std::filesystem::path> Bundle::kept_parts(const DeskPaths& paths) const
{
    std::vector<std::filesystem::path> kept;
    if (parts() > 1)
        for (const auto& file : files_) kept.push_back(kept_path(paths, file));
    return kept;
}

Result<void> Bundle::for_each_leaf(const LeafVisitor& visit) const
{
    for (const auto& file : files_)
        if (const auto read = file.for_each_leaf(visit); !read) return read.error();
    return {};
}

Result<void> Bundle::read_entries(EntryVisitor& visitor, const Progress& progress) const
{
    std::uint64_t total = 0;
    for (const auto& file : files_) total += file.size();
    std::uint64_t before = 0;
    for (const auto& file : files_) {
        const auto read = file.read_entries(visitor, [&](std::uint64_t done, std::uint64_t) { progress(before + done, total); });
        if (!read) return read.error();
        before += file.size();
    }
    return {};
}

Result<void> Bundle::check_heads() const
{
    for (const auto& file : files_) {
        const auto head = file.read_head();
        if (!head || !same_head(*head, file.head()))
            return Error{"the bundle changed while it was read", "Nothing was imported. Copy it to this machine first, then import it."};
    }
    return {};
}

}  // namespace amana::desk

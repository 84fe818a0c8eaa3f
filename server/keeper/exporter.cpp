// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/exporter.hpp"

#include "base/file.hpp"
#include "crypto/bundle.hpp"
#include "server/keeper/tree_reader.hpp"

#include <fmt/format.h>

namespace amana::keeper {

namespace {

constexpr mode_t bundle_mode = 0600;

// The most that an entry takes in a bundle: its leaf and itself, for as many recipients as there can be.
std::uint64_t most_bytes(std::uint64_t size_class)
{
    const auto envelope = size_class == 0 ? 0 : crypto::envelope_bytes(crypto::max_slots, size_class);
    return crypto::hash_bytes + crypto::bundle_entry_head_bytes + envelope;
}

Error damaged(std::uint64_t index)
{
    return Error{fmt::format("entry {} of the log is damaged in the store", index),
                 "'amana-server fsck' tells what else is; restore the store from a backup. --from exports what follows the entry."};
}

class PartFile {
public:
    static Result<PartFile> create(const std::filesystem::path& path)
    {
        std::error_code unknown;
        if (std::filesystem::exists(std::filesystem::symlink_status(path, unknown)))
            return Error{path.string() + " exists", "Choose another name, or remove it."};
        auto file = DurableFile::create(path, bundle_mode, DurableFile::Existing::refuse);
        if (!file) return file.error();
        return PartFile(*std::move(file));
    }

    Result<void> write(ByteView bytes)
    {
        written_ += bytes.size();
        hash_.update(bytes);
        return file_.write(bytes);
    }
    // The hash over everything, and the name.
    Result<void> commit()
    {
        const auto whole = hash_.finish();
        written_ += whole.size();
        if (const auto written = file_.write(whole); !written) return written.error();
        return file_.commit();
    }
    [[nodiscard]] std::uint64_t written() const { return written_; }

private:
    explicit PartFile(DurableFile file) : file_(std::move(file)) {}

    DurableFile file_;
    crypto::Sha256 hash_;
    std::uint64_t written_ = 0;
};

class Export {
public:
    Export(Storage& storage, const ExportRequest& request, Tree tree)
        : store_(*storage.store), request_(request), tree_(std::move(tree))
    {
    }

    Result<ExportSummary> run()
    {
        auto planned = plan();
        if (!planned) return planned.error();
        summary_.tree_size = tree_.size;
        summary_.entries = tree_.size - request_.first;
        for (std::size_t part = 0; part + 1 < planned->size(); ++part) {
            const auto written = write_part((*planned)[part], (*planned)[part + 1], part + 1, planned->size() - 1);
            if (written) continue;
            // Some parts of an export are of no use to anybody.
            for (const auto& file : summary_.files) ::unlink(file.c_str());
            return written.error();
        }
        return std::move(summary_);
    }

private:
    // Where parts begin, and the end.
    Result<std::vector<std::uint64_t>> plan()
    {
        std::vector<std::uint64_t> bounds{request_.first};
        const auto frame = crypto::bundle_head_bytes(tree_.checkpoint.size()) + crypto::hash_bytes;
        auto bytes = frame;
        for (auto index = request_.first; request_.part_bytes != 0 && index < tree_.size; ++index) {
            const auto size_class = store_.size_class(index);
            if (!size_class) return size_class.error().error;
            const auto more = most_bytes(*size_class);
            if (frame + more > request_.part_bytes)
                return Error{fmt::format("an entry of the log needs {} bytes, more than a part may have", frame + more),
                             "Give --part-size more."};
            if (bytes + more > request_.part_bytes) {
                bounds.push_back(index);
                bytes = frame;
            }
            bytes += more;
        }
        bounds.push_back(tree_.size);
        if (bounds.size() - 1 > crypto::max_bundle_parts)
            return Error{fmt::format("that would be {} parts, more than {}", bounds.size() - 1, crypto::max_bundle_parts),
                         "Give --part-size more."};
        return bounds;
    }

    Result<void> write_part(std::uint64_t begin, std::uint64_t end, std::size_t part, std::size_t parts)
    {
        auto path = request_.out;
        if (request_.part_bytes != 0) path += "." + std::to_string(part);
        auto file = PartFile::create(path);
        if (!file) return file.error();
        const crypto::BundleHead head{tree_.checkpoint, request_.first, begin, end, static_cast<std::uint16_t>(part),
                                      static_cast<std::uint16_t>(parts)};
        if (const auto written = file->write(crypto::encode(head)); !written) return written.error();
        const auto listed = for_each_leaf(store_, begin, end, [&](std::uint64_t, const crypto::Hash& leaf) {
            return file->write(leaf);
        });
        if (!listed) return listed.error();
        const auto entries = for_each_leaf(store_, begin, end, [&](std::uint64_t index, const crypto::Hash& leaf) -> Result<void> {
            if (request_.progress && !request_.progress(index - request_.first, tree_.size - request_.first))
                return Error{"interrupted; nothing was exported", ""};
            return write_entry(index, leaf, *file);
        });
        if (!entries) return entries.error();
        if (const auto committed = file->commit(); !committed) return committed.error();
        summary_.files.push_back(path);
        summary_.bytes += file->written();
        return {};
    }

    // One entry, held to its leaf hash, so that damage on this disk is not found only at the desk.
    Result<void> write_entry(std::uint64_t index, const crypto::Hash& expected, PartFile& file)
    {
        crypto::LeafHash leaf;
        std::uint64_t left = 0;
        bool begun = false;
        const auto read = store_.read(index, [&](const LogEntry& entry, ByteView chunk) -> Result<void> {
            if (!std::exchange(begun, true)) {
                const auto header = crypto::Header::parse(chunk);
                if (!header || !crypto::is_size_class(entry.size_class) || entry.lane > crypto::max_lane) return damaged(index);
                left = crypto::envelope_bytes(header->slots(), entry.size_class);
                if (const auto head = file.write(crypto::encode(crypto::BundleEntryHead{left, entry.lane})); !head) return head.error();
            }
            if (chunk.size() > left) return damaged(index);
            left -= chunk.size();
            leaf.update(chunk);
            return file.write(chunk);
        });
        if (!read) return read.error().error;
        if (!*read) return file.write(crypto::encode(crypto::BundleEntryHead{}));
        if (!begun || left != 0 || leaf.finish() != expected) return damaged(index);
        return {};
    }

    Store& store_;
    const ExportRequest& request_;
    Tree tree_;
    ExportSummary summary_;
};

}  // namespace

Result<ExportSummary> export_bundle(Storage& storage, const ExportRequest& request)
{
    if (const auto ticked = storage.sequencer.tick(*storage.store, Take::all); !ticked) return ticked.error().error;
    (void)storage.store->settle();  // as after any batch; the serving keeper repeats it if this one can't
    auto tree = storage.store->tree();
    if (!tree) return tree.error().error;
    if (request.first > tree->size)
        return Error{fmt::format("the log has {} entries, so nothing can be exported from entry {}", tree->size, request.first),
                     "--from N is the number of entries that the desk has already."};
    return Export(storage, request, *std::move(tree)).run();
}

}  // namespace amana::keeper

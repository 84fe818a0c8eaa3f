// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/exporter.hpp"

#include "base/file.hpp"
#include "crypto/bundle.hpp"

#include <fmt/format.h>

namespace amana::keeper {

namespace {

constexpr mode_t bundle_mode = 0600;

class BundleFile {
public:
    explicit BundleFile(DurableFile file) : file_(std::move(file)) {}

    Result<void> write(ByteView bytes)
    {
        written_ += bytes.size();
        return file_.write(bytes);
    }
    Result<void> commit() { return file_.commit(); }
    [[nodiscard]] std::uint64_t written() const { return written_; }

private:
    DurableFile file_;
    std::uint64_t written_ = 0;
};

Error damaged(std::uint64_t index)
{
    return Error{fmt::format("entry {} of the log is damaged in the store", index),
                 "Restore the store from a backup; --from exports what follows the entry."};
}

// One entry, held to its leaf hash, so that damage on this disk is not found only at the desk.
Result<void> write_entry(Store& store, std::uint64_t index, BundleFile& file)
{
    crypto::LeafHash leaf;
    crypto::Hash expected{};
    std::uint64_t left = 0;
    bool begun = false;
    const auto read = store.read(index, [&](const LogEntry& entry, ByteView chunk) -> Result<void> {
        if (!std::exchange(begun, true)) {
            const auto header = crypto::Header::parse(chunk);
            if (!header || !crypto::is_size_class(entry.size_class)) return damaged(index);
            expected = entry.leaf;
            left = crypto::envelope_bytes(header->slots(), entry.size_class);
            if (const auto head = file.write(crypto::encode_bundle_entry_head(left)); !head) return head.error();
        }
        if (chunk.size() > left) return damaged(index);
        left -= chunk.size();
        leaf.update(chunk);
        return file.write(chunk);
    });
    if (!read) return read.error().error;
    if (!begun || left != 0 || leaf.finish() != expected) return damaged(index);
    return {};
}

Result<BundleFile> create(const std::filesystem::path& out)
{
    std::error_code unknown;
    if (std::filesystem::exists(std::filesystem::symlink_status(out, unknown)))
        return Error{out.string() + " exists", "Choose another name, or remove it."};
    auto file = DurableFile::create(out, bundle_mode, DurableFile::Existing::refuse);
    if (!file) return file.error();
    return BundleFile(*std::move(file));
}

}  // namespace

Result<ExportSummary> export_bundle(Storage& storage, const ExportRequest& request)
{
    auto file = create(request.out);
    if (!file) return file.error();
    if (const auto ticked = storage.sequencer.tick(*storage.store); !ticked) return ticked.error().error;
    (void)storage.store->settle();  // as after any tick; the serving keeper repeats it if this one can't
    const auto tree = storage.store->tree();
    if (!tree) return tree.error().error;
    if (request.first > tree->size)
        return Error{fmt::format("the log has {} entries, so nothing can be exported from entry {}", tree->size, request.first),
                     "--from N is the number of entries that the desk has already."};

    const auto head = crypto::encode_bundle_head(as_text(tree->checkpoint), request.first);
    if (const auto written = file->write(head); !written) return written.error();
    const auto total = tree->size - request.first;
    for (std::uint64_t done = 0; done < total; ++done) {
        if (request.progress && !request.progress(done, total)) return Error{"interrupted; nothing was exported", ""};
        if (const auto entry = write_entry(*storage.store, request.first + done, *file); !entry) return entry.error();
    }
    if (const auto committed = file->commit(); !committed) return committed.error();
    return ExportSummary{total, file->written(), tree->size};
}

}  // namespace amana::keeper

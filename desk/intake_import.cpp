// SPDX-License-Identifier: AGPL-3.0-or-later
// The second reading of a bundle: each new envelope is copied as it came, opened if it can be, and recorded.
#include "desk/intake.hpp"

#include "desk/canaries.hpp"
#include "desk/messages.hpp"
#include "desk/opening.hpp"
#include "desk/report.hpp"

namespace amana::desk {

namespace {

Error changed()
{
    return Error{"the bundle changed while it was read", "Nothing was imported. Copy it to this machine first, then import it."};
}

}  // namespace

// Befriended by VerifiedBundle: nothing but a verified bundle is ever imported.
class Import final : public EntryVisitor {
public:
    Import(VerifiedBundle bundle, Casebook& casebook, const EnvelopeStore& store, const Vault& vault,
           std::span<const crypto::RecipientSecret> secrets, const Canaries& canaries)
        : bundle_(std::move(bundle)), casebook_(casebook), store_(store), vault_(vault), secrets_(secrets), canaries_(canaries)
    {
    }

    [[nodiscard]] Result<ImportSummary> run(UnixTime now, const Progress& progress);

    Result<void> begin(std::uint64_t position, const crypto::BundleEntryHead& head) override;
    Result<void> piece(ByteView bytes) override;
    Result<void> end(std::uint64_t position, const crypto::Hash& listed, const std::optional<crypto::Hash>& found) override;

private:
    [[nodiscard]] Result<void> record(const crypto::Hash& leaf);
    void count(const crypto::Manifest& manifest);

    VerifiedBundle bundle_;
    Casebook& casebook_;
    const EnvelopeStore& store_;
    const Vault& vault_;
    std::span<const crypto::RecipientSecret> secrets_;
    const Canaries& canaries_;
    ImportSummary summary_;
    crypto::Frontier tree_;  // of the leaves as they pass, from the bundle's first

    // Of the entry that passes; empty while it is one that this desk has seen.
    std::optional<IncomingEnvelope> copy_;
    std::optional<EnvelopeReader> reader_;
    crypto::BundleEntryHead head_;
};

Result<void> Import::begin(std::uint64_t position, const crypto::BundleEntryHead& head)
{
    if (position < bundle_.seen_ || head.bytes == 0) return {};
    auto copy = store_.receive();
    if (!copy) return copy.error();
    copy_.emplace(std::move(*copy));
    reader_.emplace(
        head.bytes, [this](const crypto::Header& header) { return crypto::unwrap_file_key(header, secrets_); },
        [](std::size_t, ByteView) { return Result<void>{}; });
    head_ = head;
    return {};
}

Result<void> Import::piece(ByteView bytes)
{
    if (!copy_) return {};
    reader_->feed(bytes);
    return copy_->write(bytes);
}

Result<void> Import::end(std::uint64_t position, const crypto::Hash& leaf, const std::optional<crypto::Hash>& found)
{
    tree_.append(leaf);
    if (found && *found != leaf) return changed();
    if (position < bundle_.seen_) return {};
    ++summary_.entries;
    if (const auto added = casebook_.add_leaf(position, leaf); !added) return added.error();
    const auto known = casebook_.has_envelope(leaf);
    if (!known) return known.error();
    if (*known) {
        ++summary_.repeated;
    } else if (!copy_) {
        ++summary_.erased;
    } else {
        if (const auto kept = copy_->keep(leaf); !kept) return kept.error();
        if (const auto recorded = record(leaf); !recorded) return recorded.error();
    }
    reader_.reset();
    copy_.reset();
    return {};
}

Result<void> Import::record(const crypto::Hash& leaf)
{
    EnvelopeRow row{leaf, head_.bytes, 0, head_.lane, std::string(status_opened), {}};
    const auto opened = reader_->finish();
    if (opened) {
        row.size_class = opened->size_class;
        row.record = seal_report(vault_.master(), leaf, opened->file_key, opened->manifest);
        count(opened->manifest);
    } else {
        row.status = crypto::name(opened.error());
        ++summary_.unopened[row.status];
    }
    return casebook_.add_envelope(row);
}

void Import::count(const crypto::Manifest& manifest)
{
    switch (canaries_.match(manifest) != nullptr ? crypto::Kind::canary : manifest.kind()) {
    case crypto::Kind::report: ++summary_.reports; break;
    case crypto::Kind::canary: ++summary_.canaries; break;
    case crypto::Kind::decoy: ++summary_.decoys; break;
    case crypto::Kind::follow_up: ++summary_.follow_ups; break;
    case crypto::Kind::erasure: ++summary_.erasures; break;
    }
}

Result<ImportSummary> Import::run(UnixTime now, const Progress& progress)
{
    auto transaction = casebook_.begin();
    if (!transaction) return transaction.error();
    if (const auto same = bundle_.bundle_.check_heads(); !same) return same.error();
    auto before = casebook_.frontier_at(bundle_.bundle_.first());
    if (!before) return before.error();
    tree_ = *std::move(before);
    if (const auto read = bundle_.bundle_.read_entries(*this, progress); !read) return read.error();
    if (tree_.root() != bundle_.checkpoint_.root) return changed();

    if (const auto flushed = store_.flush(); !flushed) return flushed.error();
    // Every desk has the rows of messages, so that their being there tells nothing.
    if (const auto prepared = Messages({casebook_, vault_.master()}).prepare(); !prepared) return prepared.error();
    const auto note = bundle_.bundle_.note();
    if (const auto set = casebook_.set_seen({tree_, Bytes(note.begin(), note.end()), now / one_day}); !set) return set.error();
    if (const auto committed = transaction->commit(); !committed) return committed.error();
    return std::move(summary_);
}

Result<ImportSummary> import_bundle(VerifiedBundle bundle, Casebook& casebook, const EnvelopeStore& store,
                                    const Vault& vault, UnixTime now, const Progress& progress)
{
    const auto epochs = vault.epochs(now);
    if (!epochs) return epochs.error();
    const auto secrets = recipients(*epochs);
    const auto canaries = Canaries::load(casebook, vault.master());
    if (!canaries) return canaries.error();
    // What an import before this one left behind is settled first; what this one leaves, whether it came through or not,
    // in the same way.
    if (const auto settled = store.settle(casebook); !settled) return settled.error();
    auto summary = Import(std::move(bundle), casebook, store, vault, secrets, *canaries).run(now, progress);
    // Should this fail, nothing is lost: envelopes are found in incoming/ too, and the next import tries again and says so.
    (void)store.settle(casebook);
    return summary;
}

}  // namespace amana::desk

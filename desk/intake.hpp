// SPDX-License-Identifier: AGPL-3.0-or-later
// From a bundle to the casebook: the whole bundle is verified before anything of it is imported, and it is imported whole
// or not at all.
//
// Verified means: the checkpoint is signed by the log key this desk was told to trust; the entries give the checkpoint's
// root; and the log that this desk has seen before is the beginning of this one. A log that contradicts what was seen is
// named as what it is, a rewritten past.
#pragma once

#include "desk/bundle_file.hpp"
#include "desk/casebook.hpp"
#include "desk/envelope_store.hpp"
#include "desk/vault.hpp"

#include <map>

namespace amana::desk {

class VerifiedBundle {
public:
    [[nodiscard]] static Result<VerifiedBundle> verify(BundleFile file, Casebook& casebook, const Progress& progress);

    [[nodiscard]] const crypto::Checkpoint& checkpoint() const { return checkpoint_; }
    // How much of the log this desk had seen.
    [[nodiscard]] std::uint64_t seen() const { return seen_; }
    [[nodiscard]] bool holds_news() const { return checkpoint_.size > seen_; }

private:
    friend class Import;
    VerifiedBundle(BundleFile file, BundleFile::Head head, crypto::Checkpoint checkpoint, crypto::Frontier before,
                   std::uint64_t seen)
        : file_(std::move(file)),
          head_(std::move(head)),
          checkpoint_(std::move(checkpoint)),
          before_(std::move(before)),
          seen_(seen)
    {
    }

    BundleFile file_;
    BundleFile::Head head_;
    crypto::Checkpoint checkpoint_;
    crypto::Frontier before_;  // of the tree at the bundle's first entry
    std::uint64_t seen_;
};

struct ImportSummary {
    std::uint64_t entries = 0;  // new in the log
    std::uint64_t reports = 0;
    std::uint64_t canaries = 0;
    std::uint64_t decoys = 0;
    std::uint64_t repeated = 0;                      // envelopes this desk already had
    std::map<std::string, std::uint64_t> unopened;  // by failure class
};

// `bundle` is read again; should its file have changed since it was verified, nothing is imported.
[[nodiscard]] Result<ImportSummary> import_bundle(VerifiedBundle bundle, Casebook& casebook, const EnvelopeStore& store,
                                                  const Vault& vault, UnixTime now, const Progress& progress);

}  // namespace amana::desk

// SPDX-License-Identifier: AGPL-3.0-or-later
// From a bundle to the casebook: the whole bundle is verified before anything of it is imported, and it is imported whole
// or not at all.
//
// Verified means: the checkpoint is signed by the log key this desk was told to trust; the leaves that the bundle lists
// continue the log this desk has seen and give the checkpoint's root; and every entry is the one that is listed. What is
// not so is named (docs/LOG.md, section 5.1) and is evidence.
#pragma once

#include "desk/bundle.hpp"
#include "desk/casebook.hpp"
#include "desk/envelope_store.hpp"
#include "desk/evidence.hpp"
#include "desk/vault.hpp"

#include <map>

namespace amana::desk {

// Contents that were erased before this desk had them are gone for good: whoever begins with an old log may say so.
enum class Erased { named_dropped, accepted };

class VerifiedBundle {
public:
    // `bundle` is complete. With an error, `evidence` says what was found, if it is evidence of anything.
    [[nodiscard]] static Result<VerifiedBundle> verify(Bundle bundle, Casebook& casebook, Erased erased,
                                                       std::optional<NewEvidence>& evidence, const Progress& progress);

    [[nodiscard]] const crypto::Checkpoint& checkpoint() const { return checkpoint_; }
    // How much of the log this desk had seen.
    [[nodiscard]] std::uint64_t seen() const { return seen_; }
    [[nodiscard]] bool holds_news() const { return checkpoint_.size > seen_; }
    [[nodiscard]] const Bundle& bundle() const { return bundle_; }

private:
    friend class Import;
    VerifiedBundle(Bundle bundle, crypto::Checkpoint checkpoint, std::uint64_t seen)
        : bundle_(std::move(bundle)), checkpoint_(std::move(checkpoint)), seen_(seen)
    {
    }

    Bundle bundle_;
    crypto::Checkpoint checkpoint_;
    std::uint64_t seen_;
};

struct ImportSummary {
    std::uint64_t entries = 0;  // new in the log
    std::uint64_t reports = 0;
    std::uint64_t follow_ups = 0;  // written on from an inbox
    std::uint64_t erasures = 0;    // requests to be forgotten, signed or not
    std::uint64_t canaries = 0;
    std::uint64_t decoys = 0;
    std::uint64_t repeated = 0;                      // envelopes this desk already had
    std::uint64_t erased = 0;                        // contents that this desk will never have
    std::map<std::string, std::uint64_t> unopened;  // by failure class
};

// `bundle` is read again; should a file of it have changed since it was verified, nothing is imported.
[[nodiscard]] Result<ImportSummary> import_bundle(VerifiedBundle bundle, Casebook& casebook, const EnvelopeStore& store,
                                                  const Vault& vault, UnixTime now, const Progress& progress);

}  // namespace amana::desk

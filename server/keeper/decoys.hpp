// SPDX-License-Identifier: AGPL-3.0-or-later
// Makes decoys: envelopes that hold no report, for the same recipients, put into the store by the same statements as one
// that came from a citizen. docs/LOG.md, section 2.4.
#pragma once

#include "base/clock.hpp"
#include "crypto/keyset.hpp"
#include "server/keeper/store.hpp"

namespace amana::keeper {

class Decoys {
public:
    Decoys(crypto::KeySet keys, Clock clock) : keys_(std::move(keys)), clock_(std::move(clock)) {}

    // Stages and accepts one, in the store's open group.
    [[nodiscard]] Stored<void> make(Store& store, std::uint64_t size_class) const;

    // Of each envelope of this deployment.
    [[nodiscard]] std::size_t slots() const { return keys_.recipients().size(); }

private:
    crypto::KeySet keys_;
    Clock clock_;
};

}  // namespace amana::keeper

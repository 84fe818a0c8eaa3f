// SPDX-License-Identifier: AGPL-3.0-or-later
// Envelopes as they came, in files named by their leaf hash.
//
// During an import they gather in incoming/; they are on disk before the casebook commits that they are there, and only
// then move to envelopes/. What a crash leaves in incoming/ is settled by the casebook when the next import begins: known
// envelopes move on, others go.
#pragma once

#include "crypto/merkle.hpp"
#include "desk/casebook.hpp"
#include "desk/directory.hpp"

namespace amana::desk {

// One envelope as it is copied; removed unless it is kept.
class IncomingEnvelope {
public:
    [[nodiscard]] static Result<IncomingEnvelope> create(const DeskPaths& paths);
    IncomingEnvelope(IncomingEnvelope&& other) noexcept
        : fd_(std::move(other.fd_)), path_(std::exchange(other.path_, {})), directory_(std::move(other.directory_))
    {
    }
    IncomingEnvelope& operator=(IncomingEnvelope&&) = delete;
    ~IncomingEnvelope();

    [[nodiscard]] Result<void> write(ByteView bytes);
    // Gives it its name in incoming/. Not durable until flush().
    [[nodiscard]] Result<void> keep(const crypto::Hash& leaf);

private:
    IncomingEnvelope(UniqueFd fd, std::filesystem::path path, std::filesystem::path directory)
        : fd_(std::move(fd)), path_(std::move(path)), directory_(std::move(directory))
    {
    }

    UniqueFd fd_;
    std::filesystem::path path_;
    std::filesystem::path directory_;
};

class EnvelopeStore {
public:
    [[nodiscard]] static Result<EnvelopeStore> open(const DeskPaths& paths);

    [[nodiscard]] Result<IncomingEnvelope> receive() const { return IncomingEnvelope::create(paths_); }
    // Everything received so far is on disk afterwards.
    [[nodiscard]] Result<void> flush() const;
    // Moves what the casebook knows to envelopes/ and removes the rest.
    [[nodiscard]] Result<void> settle(Casebook& casebook) const;
    // Wherever it is.
    [[nodiscard]] Result<UniqueFd> envelope(const crypto::Hash& leaf) const;

private:
    EnvelopeStore(DeskPaths paths, UniqueFd incoming) : paths_(std::move(paths)), incoming_(std::move(incoming)) {}

    DeskPaths paths_;
    UniqueFd incoming_;  // opened before anything is written, so that flush() learns of every write that failed
};

}  // namespace amana::desk

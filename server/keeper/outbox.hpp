// SPDX-License-Identifier: AGPL-3.0-or-later
// The present outbox, as the serving keeper has it (docs/INBOX.md, sections 2, 3 and 5). The rules:
//
//   - another outbox is noticed with the next question, and nothing of the one before is answered any more;
//   - it is believed only while it is the one that was taken last, signed, of its length, and has not expired;
//   - a key is on disk as erased before anything is erased by it, and both before it is answered; what a crash cuts off between
//     them is done at the next start.
#pragma once

#include "base/clock.hpp"
#include "server/keeper/outbox_folder.hpp"
#include "server/wire/messages.hpp"

#include <string_view>

namespace amana::keeper {

struct OutboxSettings {
    Directory storage;
    std::optional<Courier> courier{};  // without one there is no outbox
    crypto::Hash root{};             // the deployment's root fingerprint
    Clock clock = system_clock();
};

enum class Erased {
    done,       // whatever there was
    elsewhere,  // its outbox is not the present one, or has no such bucket
    invalid,    // not signed by the key that it names
    full,       // no space, or max_erased_keys: the same again, later
    failed,
};

class Outbox {
public:
    // `store` must outlive it.
    Outbox(Store& store, OutboxSettings settings, std::function<void(std::string_view)> log);

    // Takes over what a keeper or an import before this one left.
    void recover();

    // An answer to wire::Asked::outbox, bucket or file; empty when there is no such thing. Outside a group.
    [[nodiscard]] Stored<Bytes> find(const wire::Ask& ask);
    // Requests as crypto::Erase::parse() reads them; their outcomes, in their order. Outside a group.
    [[nodiscard]] std::vector<Erased> erase(std::span<const Bytes> requests);

    // Takes an expired outbox away, and begins to overwrite what is left of others.
    void tick();
    // One step of overwriting; true when there is nothing to be done.
    [[nodiscard]] bool sweep();

private:
    struct Identity {
        std::uint64_t device;
        std::uint64_t inode;
        std::uint64_t bytes;
        bool operator==(const Identity&) const = default;
    };
    struct Wanted {
        std::size_t number;  // among the requests
        ErasedKey erased;
    };

    [[nodiscard]] std::optional<Identity> identity() const;
    void look();
    [[nodiscard]] Result<OutboxFile> open(const UniqueFd& fd) const;
    // One that can't be read as it was signed goes by its file's date.
    [[nodiscard]] bool outlived() const;
    [[nodiscard]] bool expired() const { return settings_.clock() >= file_->note().expires; }
    [[nodiscard]] const OutboxFile* present();
    // False when there is something to finish, and it can't be.
    [[nodiscard]] bool finish_import();
    void retire();
    [[nodiscard]] Stored<void> mark();
    void mark_now();
    [[nodiscard]] Stored<void> keep(std::vector<Wanted>& wanted, std::vector<Erased>& outcomes);
    [[nodiscard]] static std::uint32_t buckets_meant(const crypto::Erase& erase, const OutboxFile* outbox);
    [[nodiscard]] bool erases(const ErasedKey& erased);
    [[nodiscard]] bool hold(const ErasedKey& erased);
    void catch_up();

    Store& store_;
    OutboxSettings settings_;
    std::function<void(std::string_view)> log_;
    std::optional<Identity> seen_;  // of the file that was looked at last
    UniqueFd seen_fd_;              // which keeps its inode from becoming another file's
    std::optional<OutboxFile> file_;
    std::vector<crypto::SigningPublicKey> unmarked_;  // held against the outbox of unmarked_serial_, and not marked yet
    std::uint64_t unmarked_serial_ = 0;
    std::optional<Shredder> shredder_;
    bool unheld_ = false;   // a kept key could not be held against the outbox
    bool sweeping_ = true;  // there may be leftovers
    bool said_full_ = false;
};

}  // namespace amana::keeper

// SPDX-License-Identifier: AGPL-3.0-or-later
// A store that fails when it is told to.
#pragma once

#include "server/keeper/store.hpp"

namespace amana::keeper::test {

// Forwards to another store, and fails when it is told to.
class FaultyStore final : public Store {
public:
    explicit FaultyStore(Store& inner) : inner_(inner) {}

    // How many of the next stage(), accept(), discard() or commit() calls fail, and how; of commits, those that have anything to
    // commit.
    int fail_stage = 0;
    int fail_accept = 0;
    int fail_commit = 0;
    int fail_discard = 0;
    bool full = true;
    int commits = 0;

    Stored<void> stage(UploadKey key, std::uint32_t number, ByteView chunk) override;
    Stored<void> accept(const PendingEnvelope& envelope) override;
    Stored<std::size_t> discard(UploadKey key, std::size_t max) override;
    Stored<void> begin() override { return inner_.begin(); }
    Stored<void> press(unsigned now, unsigned highest) override
    {
        changed_ = true;
        return inner_.press(now, highest);
    }
    Stored<std::uint64_t> sequence(const Arrange& arrange) override { return inner_.sequence(arrange); }
    Stored<std::size_t> erase(std::uint64_t below, std::size_t max) override { return inner_.erase(below, max); }
    Stored<void> set_witnessed(ByteView note, std::uint64_t size) override { return inner_.set_witnessed(note, size); }
    Stored<void> set_outbox(const TakenOutbox& taken) override
    {
        changed_ = true;
        return inner_.set_outbox(taken);
    }
    Stored<bool> keep_erased(const ErasedKey& erased, std::size_t most) override
    {
        changed_ = true;
        return inner_.keep_erased(erased, most);
    }
    Stored<void> mark_held(std::uint64_t serial, std::span<const crypto::SigningPublicKey> keys) override
    {
        changed_ = true;
        return inner_.mark_held(serial, keys);
    }
    Stored<void> all_held(std::uint64_t serial, std::uint64_t seen) override
    {
        changed_ = true;
        return inner_.all_held(serial, seen);
    }
    Stored<void> commit() override;
    void roll_back() override { inner_.roll_back(); }
    Stored<std::vector<UploadKey>> orphans() override { return inner_.orphans(); }
    Stored<Tree> tree() override { return inner_.tree(); }
    Stored<std::vector<PendingEnvelope>> pending() override { return inner_.pending(); }
    Stored<Bytes> tile(unsigned level, std::uint64_t index) override { return inner_.tile(level, index); }
    Stored<bool> read(std::uint64_t index, const EntrySink& sink) override { return inner_.read(index, sink); }
    Stored<std::uint64_t> size_class(std::uint64_t index) override { return inner_.size_class(index); }
    Stored<std::uint64_t> size_on(std::int64_t day) override { return inner_.size_on(day); }
    Stored<void> read_pending(const PendingEnvelope& envelope, const EntrySink& sink) override
    {
        return inner_.read_pending(envelope, sink);
    }
    Stored<void> freeze() override { return inner_.freeze(); }
    void thaw() override { inner_.thaw(); }
    Stored<std::vector<std::string>> damage() override { return inner_.damage(); }
    Stored<TakenOutbox> outbox() override { return inner_.outbox(); }
    Stored<std::vector<ErasedKey>> erased_keys(std::optional<std::uint64_t> unheld_by) override { return inner_.erased_keys(unheld_by); }
    Stored<Stats> stats() override { return inner_.stats(); }
    Stored<void> copy_to(const std::filesystem::path& file, const std::function<bool()>& go_on) override { return inner_.copy_to(file, go_on); }
    Stored<bool> settle() override { return inner_.settle(); }
    Stored<void> reclaim() override { return inner_.reclaim(); }

private:
    Store& inner_;
    bool changed_ = false;
};

}  // namespace amana::keeper::test

// SPDX-License-Identifier: AGPL-3.0-or-later
// What the keeper does with the frames of its channels. The rules:
//
//   - what a round brings goes into one group of the store; only after its commit are credits and stored sent;
//   - when the group fails, every upload that has something in it is refused, and all others go on;
//   - an upload is taken only while the disk has room for it, for the tick that moves it, and for the reserve; with little
//     room the largest are refused first (server/wire/room.hpp);
//   - an upload that ends unaccepted is discarded, later if need be; what a crash left is discarded in the same way.
#pragma once

#include "server/keeper/channel.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace amana::keeper {

// A line for the admin. Never about one report.
using Log = std::function<void(std::string_view)>;

struct SpaceRule {
    std::function<std::uint64_t()> free_bytes;
    std::uint64_t reserve_bytes = 0;
};

// The log's promise for a pending envelope of this leaf (docs/LOG.md, section 4.1); nothing when none can be made.
using Promiser = std::function<std::optional<std::string>(const crypto::Hash& leaf)>;

class Intake {
public:
    Intake(Store& store, SpaceRule space, Promiser promiser, Log log);

    // Takes over what a keeper before this one left.
    [[nodiscard]] Stored<void> recover();

    // An error ends the channel: the front broke the protocol.
    [[nodiscard]] Result<void> handle(Channel& channel, const wire::Frame& frame);
    // The end of a round. Appends what there is to say to the channels.
    void commit();
    // The channel is at its end: what is unfinished on it is discarded. After commit().
    void drop(Channel& channel);

    // Discards a bounded part of what is to be discarded. Outside a round.
    enum class CleanUp { done, more, failed };
    [[nodiscard]] CleanUp clean_up();

    [[nodiscard]] bool has_discards() const { return !to_discard_.empty(); }

    // Asks the store again how much is pending, and whether there is room now: after a tick, and while there is none.
    void recount();
    // What new uploads may take: server/wire/room.hpp.
    [[nodiscard]] std::uint64_t room() const { return room_left().value_or(0); }
    // Refusals for want of space have begun and not ended.
    [[nodiscard]] bool short_of_space() const { return short_of_space_; }

private:
    struct Touched {
        Channel* channel;
        wire::UploadId upload;
    };

    [[nodiscard]] Result<void> begin(Channel& channel, wire::UploadId id);
    [[nodiscard]] Result<void> chunk(Channel& channel, const wire::Frame& frame, Upload& upload);
    [[nodiscard]] Result<void> finish(Channel& channel, const wire::Frame& frame, Upload& upload);
    void abort(Channel& channel, wire::UploadId id, const Upload& upload);

    void touch(Channel& channel, wire::UploadId id, Upload& upload);
    void refuse(Channel& channel, wire::UploadId id, wire::Refusal why);
    void fail_group(const StoreFailure& failure);
    void give_up(const Upload& upload);
    void settle_account(const Upload& upload);
    // Nothing when the reserve is touched.
    [[nodiscard]] std::optional<std::uint64_t> room_left() const;
    [[nodiscard]] bool has_room();
    [[nodiscard]] bool too_large_now(const Upload& upload) const;
    void say_if_room();
    void say_once(bool& said, bool now, std::string_view line);

    Store& store_;
    SpaceRule space_;
    Promiser promiser_;
    Log log_;
    std::vector<Touched> touched_;
    std::vector<UploadKey> to_discard_;
    std::uint64_t pending_bytes_ = 0;   // accepted, waiting for the tick
    std::uint64_t underway_bytes_ = 0;  // of unfinished uploads
    bool short_of_space_ = false;
    bool failing_ = false;
};

}  // namespace amana::keeper

// SPDX-License-Identifier: AGPL-3.0-or-later
// Envelopes from browsers on their way, over several requests and broken lines, whichever threads those come to.
//
// A piece is taken whole or not at all: it is gathered here, in ordinary memory (what is sealed is no secret), and only then
// passed on. So a request that breaks off leaves nothing behind, two requests for one piece can't mix, and what is had ends
// where a piece ends. That costs at most one piece of memory for each upload, and each upload holds an Admitted.
//
// The newest request for a piece has the turn; an older one, whose line the sender has given up, finds its turn over.
// Passing on is done by the thread that took the first piece (server/front/sealed_passing.hpp), as its channel to the keeper
// is its own. All functions may be called from any thread; each holds the one lock for a copy of bytes at most.
#pragma once

#include "base/secret.hpp"
#include "server/front/keeper_link.hpp"
#include "server/front/limits.hpp"
#include "server/front/line.hpp"
#include "server/front/sealed_piece.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace amana::front {

// Outcomes that are remembered; the oldest go first.
inline constexpr std::size_t max_outcomes = 4096;

using Promise = WipedVector<Byte>;  // names a leaf, and is not to lie about

class SealedUploads {
public:
    using SteadyClock = std::chrono::steady_clock;
    struct Timing {
        std::chrono::milliseconds forget = std::chrono::minutes(2);     // an upload of which nothing comes
        std::chrono::milliseconds remember = std::chrono::minutes(10);  // that one was stored
        std::chrono::milliseconds answer = std::chrono::seconds(1);     // from an envelope's last piece to its answer
    };
    SealedUploads() : SealedUploads(Timing()) {}
    explicit SealedUploads(const Timing& timing) : timing_(timing) {}

    // One upload under way; its members are this class's own.
    class Entry;
    using Handle = std::shared_ptr<Entry>;

    // What is known of the envelope that a piece says it is of.
    struct Found {
        enum class How { unknown, differs, under_way, stored } how = How::unknown;
        Handle upload;    // when under way
        Promise promise;  // when stored
    };
    [[nodiscard]] Found find(const SealedPiece& piece);
    // Begins one, unless another request has begun it meanwhile. The ticket is used up when it is stored, and else had again.
    [[nodiscard]] Found begin(const SealedPiece& piece, Admitted admitted, Line::Ticket ticket);

    // The right to bring the piece that comes next.
    class Turn {
    public:
        Turn(SealedUploads& uploads, Handle upload, std::uint64_t number) : uploads_(&uploads), upload_(std::move(upload)), number_(number) {}
        Turn(Turn&& other) noexcept : uploads_(other.uploads_), upload_(std::move(other.upload_)), number_(other.number_) {}
        Turn& operator=(Turn&&) = delete;
        ~Turn();
        // False when a newer request has the turn.
        [[nodiscard]] bool append(ByteView bytes);
        // The piece is whole. `slots`: how many an envelope of this deployment has.
        enum class Given { begun, cover, taken, overtaken, misshapen };  // begun, cover: for pass_on() and pass_cover()
        [[nodiscard]] Given give(std::size_t slots);

    private:
        SealedUploads* uploads_;
        Handle upload_;
        std::uint64_t number_;
    };
    // Nothing when there is no upload, when this piece is here already or on its way, or when it would leave a gap. The connection
    // has a shield while it has the turn: one for each upload.
    [[nodiscard]] std::optional<Turn> take_turn(const Found& found, const SealedPiece& piece, const std::shared_ptr<Connections::Seat>& seat);

    // Where it stands. While a piece is on its way, `timer` is cancelled, on its own thread, as soon as that changes.
    struct Standing {
        bool passing = false;
        bool over = false;  // stored or refused by outcome; without one it was forgotten
        std::optional<Upload::Outcome> outcome;
        std::uint32_t have = 0;
        Promise promise;
    };
    [[nodiscard]] Standing standing(const Handle& upload, const std::shared_ptr<asio::steady_timer>& timer);

    // --- for the thread that passes it on ---------------------------------------------------------------------------------
    // A piece to be passed on; or none, and when to look again unless `wake` is cancelled before; or it is over.
    struct Next {
        Bytes piece;
        SteadyClock::time_point until;
        bool over = false;
    };
    [[nodiscard]] Next next(const Handle& upload, const std::shared_ptr<asio::steady_timer>& wake);
    void passed(const Handle& upload);
    void settle(const Handle& upload, Upload::Outcome outcome, std::string_view promise);
    // Wakes nobody: for a thread that ends.
    void forget(const Handle& upload);
    [[nodiscard]] static const SealedPiece& first(const Handle& upload);

    [[nodiscard]] const Timing& timing() const { return timing_; }

private:
    struct Outcome {
        SealedPiece piece;
        Promise promise;
        SteadyClock::time_point until;
    };

    [[nodiscard]] Found find_locked(const SealedPiece& piece);
    void give_way(const Handle& upload);
    void end_locked(Entry& entry);
    void remember_locked(const SealedPiece& piece, std::string_view promise);
    [[nodiscard]] const Outcome* outcome_locked(const UploadName& name) const;
    static void wake_waiting_locked(Entry& entry);

    Timing timing_;
    std::mutex mutex_;
    // Ordered maps: the names are strangers' choice, and no choice makes these slow.
    std::map<UploadName, Handle> under_way_;
    struct Outcomes {
        std::map<UploadName, Outcome> by_name;
        std::deque<UploadName> by_age;
    };
    std::array<Outcomes, 2> outcomes_;  // of reports; and of cover bodies, which push out none of those
};

}  // namespace amana::front

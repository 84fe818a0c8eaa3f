// SPDX-License-Identifier: AGPL-3.0-or-later
// Passes an envelope from a browser on to the keeper, as its pieces become whole: cut anew where the keeper wants it cut, at
// its header's end and its chunks'. Runs on the thread whose channel it uses, for as long as the upload is under way.
#pragma once

#include "server/front/gate.hpp"
#include "server/front/sealed_uploads.hpp"

namespace amana::front {

// One envelope's way to the keeper.
class SealedPassage {
public:
    SealedPassage(KeeperLink& link, std::uint32_t total) : upload_(link), left_(total) {}

    // The envelope's next bytes. False when the keeper does not take them: finish() says why.
    [[nodiscard]] asio::awaitable<bool> put(ByteView bytes);
    [[nodiscard]] bool complete() const { return left_ == 0; }
    [[nodiscard]] asio::awaitable<Upload::Outcome> finish(bool wants_promise) { return upload_.finish(wants_promise); }
    [[nodiscard]] std::string_view promise() const { return upload_.promise(); }

private:
    Upload upload_;
    std::uint32_t left_;     // of the envelope
    std::size_t chunk_ = 0;  // bytes of the chunk that is being gathered; 0 before the header is known
    Bytes rest_;             // of it, what came with an earlier piece
};

// `upload` has its first piece whole. The references outlive the thread's io_context.
[[nodiscard]] asio::awaitable<void> pass_on(SealedUploads& uploads, Gate& gate, SealedUploads::Handle upload, KeeperLink& link);
// A cover body goes nowhere, but waits for the keeper as a report does: its answer is as late as theirs.
[[nodiscard]] asio::awaitable<void> pass_cover(SealedUploads& uploads, SealedUploads::Handle upload, KeeperLink& link);

}  // namespace amana::front

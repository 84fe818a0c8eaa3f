// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/opening.hpp"

#include <algorithm>

namespace amana::desk {

using crypto::OpenFailure;

EnvelopeReader::EnvelopeReader(std::uint64_t total, KeySource keys, crypto::PayloadReader::Sink sink)
    : total_(total),
      keys_(std::move(keys)),
      payload_(std::move(sink)),
      // Every real envelope is longer than the longest header, so a header may be waited for without knowing its slots.
      wanted_(static_cast<std::size_t>(std::min<std::uint64_t>(total, crypto::header_bytes(crypto::max_slots))))
{
    waiting_.reserve(crypto::sealed_chunk_bytes);
}

void EnvelopeReader::feed(ByteView bytes)
{
    while (!bytes.empty() && !failure_) {
        if (opener_ && opener_->done()) {
            failure_ = OpenFailure::bad_size;
            return;
        }
        const auto taken = bytes.first(std::min(bytes.size(), wanted_ - waiting_.size()));
        append(waiting_, taken);
        bytes = bytes.subspan(taken.size());
        if (waiting_.size() < wanted_) return;
        if (opener_) {
            open_chunk();
        } else {
            // The wait was for the longest header there may be; what is behind this one belongs to the first chunk.
            const auto head = std::exchange(waiting_, {});
            begin(head);
        }
    }
}

void EnvelopeReader::begin(ByteView head)
{
    const auto header = crypto::Header::parse(head);
    if (!header) {
        failure_ = header.error();
        return;
    }
    auto key = keys_(*header);
    if (!key) {
        failure_ = key.error();
        return;
    }
    file_key_ = std::move(*key);
    const auto padded = crypto::padded_payload(*header, total_);
    auto opener = crypto::Opener::create(*header, file_key_, total_);
    if (!padded || !opener) {
        failure_ = padded ? opener.error() : padded.error();
        return;
    }
    size_class_ = *padded;
    opener_ = std::move(*opener);
    wanted_ = opener_->next_chunk();
    feed(head.subspan(header->size()));
}

void EnvelopeReader::open_chunk()
{
    const auto plaintext = opener_->open(waiting_);
    waiting_.clear();
    if (!plaintext) {
        failure_ = plaintext.error();
    } else if (const auto fed = payload_.feed(*plaintext); !fed) {
        failure_ = fed.error();
    } else {
        wanted_ = opener_->next_chunk();
    }
}

Result<OpenedEnvelope, OpenFailure> EnvelopeReader::finish()
{
    if (failure_) return *failure_;
    if (!opener_) return OpenFailure::truncated;
    if (!opener_->done()) return OpenFailure::bad_chunk;
    auto manifest = payload_.finish();
    if (!manifest) return manifest.error();
    return OpenedEnvelope{std::move(file_key_), std::move(*manifest), size_class_};
}

}  // namespace amana::desk

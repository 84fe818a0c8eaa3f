// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/payload.hpp"

#include "base/reader.hpp"

#include <algorithm>

namespace amana::crypto {

ByteArray<record_head_bytes> record_head(Byte kind, std::size_t length)
{
    ByteArray<record_head_bytes> head{kind};
    for (std::size_t i = 0; i < 4; ++i) head[4 - i] = static_cast<Byte>(length >> (8 * i));
    return head;
}

PayloadReader::PayloadReader(Sink sink) : sink_(std::move(sink)) {}

Result<void, OpenFailure> PayloadReader::feed(ByteView plaintext)
{
    while (!plaintext.empty()) {
        switch (state_) {
        case State::record: {
            const Byte kind = plaintext.front();
            plaintext = plaintext.subspan(1);
            if (const auto begun = begin_record(kind); !begun) return begun.error();
            break;
        }
        case State::length: {
            const auto count = std::min(plaintext.size(), length_.size() - length_filled_);
            std::copy_n(plaintext.begin(), count, length_.begin() + static_cast<std::ptrdiff_t>(length_filled_));
            length_filled_ += count;
            plaintext = plaintext.subspan(count);
            if (length_filled_ == length_.size())
                if (const auto begun = begin_body(); !begun) return begun.error();
            break;
        }
        case State::data:
        case State::manifest: {
            const auto bytes = plaintext.first(std::min(plaintext.size(), left_));
            plaintext = plaintext.subspan(bytes.size());
            left_ -= bytes.size();
            if (state_ == State::data) {
                if (const auto taken = take_data(bytes); !taken) return taken.error();
            } else if (!manifest_.append(bytes)) {
                return OpenFailure::bad_payload;
            }
            if (left_ == 0) state_ = manifest_seen_ ? State::padding : State::record;
            break;
        }
        case State::padding:
            if (std::any_of(plaintext.begin(), plaintext.end(), [](Byte byte) { return byte != record_padding; }))
                return OpenFailure::bad_payload;
            return {};
        }
    }
    return {};
}

Result<void, OpenFailure> PayloadReader::begin_record(Byte kind)
{
    kind_ = kind;
    length_filled_ = 0;
    const bool of_attachment = kind == record_data || kind == record_attachment_end;
    if (of_attachment && seen_.size() == max_attachments) return OpenFailure::bad_payload;
    if (kind == record_attachment_end) {
        // An attachment without data is an empty file.
        seen_.push_back({size_, hash_.finish()});
        hash_ = Sha256();
        size_ = 0;
        in_attachment_ = false;
        return {};
    }
    if (kind == record_data) in_attachment_ = true;
    else if (kind != record_manifest || in_attachment_) return OpenFailure::bad_payload;
    state_ = State::length;
    return {};
}

Result<void, OpenFailure> PayloadReader::begin_body()
{
    left_ = Reader(length_).integer<std::uint32_t>();
    const auto most = kind_ == record_manifest ? max_manifest_bytes : max_record_bytes;
    if (left_ == 0 || left_ > most) return OpenFailure::bad_payload;
    manifest_seen_ = kind_ == record_manifest;
    state_ = manifest_seen_ ? State::manifest : State::data;
    return {};
}

Result<void, OpenFailure> PayloadReader::take_data(ByteView bytes)
{
    hash_.update(bytes);
    size_ += bytes.size();
    if (auto taken = sink_(seen_.size(), bytes); !taken) {
        sink_error_ = taken.error();
        return OpenFailure::bad_payload;
    }
    return {};
}

Result<Manifest, OpenFailure> PayloadReader::finish()
{
    if (state_ != State::padding) return OpenFailure::bad_payload;
    auto manifest = Manifest::parse(manifest_.view());
    if (!manifest) return manifest.error();
    const auto& entries = manifest->attachments();
    if (entries.size() != seen_.size()) return OpenFailure::bad_attachment;
    for (std::size_t i = 0; i < entries.size(); ++i)
        if (entries[i].size != seen_[i].size || entries[i].sha256 != seen_[i].sha256) return OpenFailure::bad_attachment;
    return manifest;
}

}  // namespace amana::crypto

// SPDX-License-Identifier: AGPL-3.0-or-later
// Files that go with answers, as they lie in the desk: in answers/, named at random, sealed as docs/ENVELOPE.md, section 9.4,
// has it under a key that only the message's record holds, and padded to their class. Read and written a chunk at a time.
#pragma once

#include "desk/directory.hpp"
#include "desk/messages.hpp"

namespace amana::desk {

// Takes a copy of the file, sealed; durable when it returns. Its name and its type, by the name's end, are what is said of it.
[[nodiscard]] Result<StoredFile> take_attachment(const DeskPaths& paths, const std::filesystem::path& file);
void remove_attachments(const DeskPaths& paths, const std::vector<StoredFile>& files);
// What no message knows of: of a command that did not come to its end.
[[nodiscard]] Result<void> sweep_attachments(const DeskPaths& paths, Messages& messages);

// Its chunks of 65,536 bytes, opened one after the other.
class AttachmentReader {
public:
    [[nodiscard]] static Result<AttachmentReader> open(const DeskPaths& paths, const StoredFile& file);
    // Into `chunk`, crypto::chunk_bytes.
    [[nodiscard]] Result<void> next(MutableBytes chunk);
    [[nodiscard]] std::uint64_t chunks() const { return chunks_; }

private:
    AttachmentReader(UniqueFd fd, const StoredFile& file, std::uint64_t chunks) : fd_(std::move(fd)), file_(&file), chunks_(chunks) {}

    UniqueFd fd_;
    const StoredFile* file_;
    std::uint64_t chunks_;
    std::uint64_t at_ = 0;
    Bytes sealed_;
};

}  // namespace amana::desk

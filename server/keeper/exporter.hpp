// SPDX-License-Identifier: AGPL-3.0-or-later
// Writes a bundle (docs/LOG.md, section 5) for the courier's medium: the log's entries from `first` up to the last
// checkpoint, in one file or cut into parts. Streams in constant memory, beside a serving keeper; a file appears under its
// name when it is complete and on disk.
#pragma once

#include "server/keeper/storage.hpp"

#include <functional>

namespace amana::keeper {

struct ExportRequest {
    std::filesystem::path out;
    std::uint64_t first = 0;
    std::uint64_t part_bytes = 0;  // 0: one file, `out`; otherwise out.1, out.2, ..., none larger
    // Called now and then with entries done and entries in all; false ends the export with an error.
    std::function<bool(std::uint64_t, std::uint64_t)> progress;
};

struct ExportSummary {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
    std::uint64_t tree_size = 0;
    std::vector<std::filesystem::path> files;
};

// Makes a batch of all that is pending first, so that all that was accepted until now is in it.
[[nodiscard]] Result<ExportSummary> export_bundle(Storage& storage, const ExportRequest& request);

}  // namespace amana::keeper

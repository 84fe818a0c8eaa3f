// SPDX-License-Identifier: AGPL-3.0-or-later
// A bundle: the files of one export, in whatever order they came. Parts that came alone wait in DIR/parts until the others
// are there.
#pragma once

#include "desk/bundle_file.hpp"
#include "desk/directory.hpp"

namespace amana::desk {

class Bundle {
public:
    // The files, and what waits in `paths.parts()` of the same export. An error when they are of two exports, or one is
    // not a whole copy.
    [[nodiscard]] static Result<Bundle> open(const std::vector<std::filesystem::path>& files, const DeskPaths& paths,
                                             const Progress& progress);

    [[nodiscard]] ByteView note() const { return files_.front().head().note; }
    [[nodiscard]] std::uint64_t first() const { return files_.front().head().first; }
    [[nodiscard]] std::uint64_t end() const { return files_.back().head().end; }
    // Numbers of the parts that are not there, ascending; empty when the export is complete.
    [[nodiscard]] std::vector<std::uint16_t> missing() const;
    [[nodiscard]] std::uint16_t parts() const { return files_.front().head().parts; }
    // The first file, for evidence.
    [[nodiscard]] const std::filesystem::path& source() const { return files_.front().path(); }

    // Copies what does not lie there yet to DIR/parts.
    [[nodiscard]] Result<void> keep_parts(const DeskPaths& paths) const;
    // Where parts of this export lie in DIR/parts: to be removed once it is imported.
    [[nodiscard]] std::vector<std::filesystem::path> kept_parts(const DeskPaths& paths) const;

    // Of a complete bundle, in order.
    [[nodiscard]] Result<void> for_each_leaf(const LeafVisitor& visit) const;
    [[nodiscard]] Result<void> read_entries(EntryVisitor& visitor, const Progress& progress) const;
    // Whether every file still says of itself what it said when it was opened.
    [[nodiscard]] Result<void> check_heads() const;

private:
    explicit Bundle(std::vector<BundleFile> files) : files_(std::move(files)) {}
    [[nodiscard]] std::string export_id() const;
    [[nodiscard]] std::filesystem::path kept_path(const DeskPaths& paths, const BundleFile& file) const;

    std::vector<BundleFile> files_;  // by part; at most one of each
};

}  // namespace amana::desk

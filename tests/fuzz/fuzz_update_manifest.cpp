// SPDX-License-Identifier: AGPL-3.0-or-later
// The list of an update of the desk's machine. What is read is written again to the byte, its files' names lead nowhere and stand
// on a command line as they are, and its sizes are bounded; and no text is a release's, too.
#include "base/require.hpp"
#include "crypto/site_manifest.hpp"
#include "crypto/update_manifest.hpp"

using namespace amana;          // NOLINT(google-build-using-namespace): one function, one file
using namespace amana::crypto;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto input = as_text(ByteView(data, size));
    if (const auto update = UpdateManifest::parse(input)) {
        require(update->text().value() == input, "one update, one text");
        require(!ReleaseManifest::parse(input).has_value(), "no update is a release");
        require(update->serial > 0 && update->serial >> 63 == 0, "a serial is one");
        require(update->files.size() <= max_update_files && update->bytes() <= max_update_bytes, "an update is bounded");
        for (const auto& file : update->files) {
            require(file.size > 0 && file.size <= max_package_bytes, "a size is one");
            require(file.name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+%") == std::string::npos, "a name is plain");
            require(file.name.front() != '.' && file.name.front() != '-' && file.name.ends_with(".deb"), "a name is a package's");
        }
    }
    // With a line's end in it, it might be the rest of a list.
    if (input.find('\n') != std::string_view::npos) {
        require(!is_package_name(input), "a name is one line");
        return 0;
    }
    require(is_package_name(input) == UpdateManifest::parse("amana desk update v1\nserial 1\nversion 1\nfile " + to_hex(Hash{}) + " 1 " + std::string(input) + "\n").has_value(), "a name alone is one in a list");
    return 0;
}

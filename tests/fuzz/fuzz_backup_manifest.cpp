// SPDX-License-Identifier: AGPL-3.0-or-later
// A backup's manifest. What is read is written again to the byte; the input is also given the hash that no fuzzer would find.
#include "base/require.hpp"
#include "server/keeper/backup_manifest.hpp"

using namespace amana;          // NOLINT(google-build-using-namespace): one function, one file
using namespace amana::keeper;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const ByteView input(data, std::min(size, max_backup_manifest_bytes));
    const auto lines = std::string(as_text(input));
    for (const auto& text : {lines, lines + "end " + to_hex(crypto::sha256(as_bytes(lines))) + "\n"})
        if (const auto manifest = BackupManifest::parse(as_bytes(text))) {
            require(manifest->text() == text, "one manifest, one text");
            require(manifest->find(database_name) != nullptr, "a database");
        }
    return 0;
}

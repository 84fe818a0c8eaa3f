// SPDX-License-Identifier: AGPL-3.0-or-later
// Files that stand for the scripts that seal, for tests of what serves and names them.
#pragma once

#include "web/packed.hpp"

#include <filesystem>
#include <fstream>
#include <string>

namespace amana::test {

inline std::string made_script(const std::string& name)
{
    return "'use strict';// " + name + "\n";
}

inline void write_made_scripts(const std::filesystem::path& data)
{
    const auto folder = data / "script";
    std::filesystem::create_directories(folder);
    const auto write = [&](const std::string& name, std::string_view text) {
        std::ofstream(folder / name, std::ios::binary | std::ios::trunc) << text;
    };
    for (const auto* name : {"page.js", "worker.js", "inbox.js", "inbox_worker.js"}) {
        const auto text = made_script(name);
        const std::string_view whole = text;
        const auto packed = web::PackedPage::pack({&whole, 1});
        write(name, text);
        write(std::string(name) + ".gz", packed.whole(packed.least_bytes(0)).value());
        write(std::string(name) + ".map", "{\"version\":3}");
    }
}

}  // namespace amana::test

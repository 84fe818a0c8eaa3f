// SPDX-License-Identifier: AGPL-3.0-or-later
// What a browser would load, run or send because of a page: found by an HTML parser (libgumbo), as browsers parse. Bytes of a
// hostile site go in; what comes out are findings in words, and addresses that are still the stranger's.
#pragma once

#include "base/bytes.hpp"

#include <string>
#include <vector>

namespace amana::desk {

struct PageUse {
    enum class What {
        script_from,    // value: its address; integrity: as the tag says
        script_inline,  // value: the script
        loads,          // value: an address; where: "img src"
        sends,          // value: an address that a form is sent to; where: "form action"
        names,          // value: an address that a script of ours is given; where: "script data-worker"
        frames,         // value: the address of a frame; where: "<iframe>"
        moves,          // value: when and where to the page moves by itself; where: "meta refresh"
        forbidden,      // where: what no page of ours has; value: its address or text
    };
    What what;
    std::string where;
    std::string value;
    std::string integrity{};
};

// Pages of ours have some hundreds of tags. What has more than this is not parsed, as parsing it could take very long.
inline constexpr std::size_t max_page_tags = 16 * 1024;

[[nodiscard]] Result<std::vector<PageUse>> uses_of_page(ByteView html);

}  // namespace amana::desk

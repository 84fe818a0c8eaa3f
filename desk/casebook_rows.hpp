// SPDX-License-Identifier: AGPL-3.0-or-later
// What the casebook's files share in reading rows.
#pragma once

#include "crypto/merkle.hpp"

#include <algorithm>

namespace amana::desk {

// A row of another size is damage; it will not be the hash of anything.
[[nodiscard]] inline crypto::Hash hash_from(ByteView bytes)
{
    crypto::Hash hash{};
    std::copy_n(bytes.begin(), std::min(bytes.size(), hash.size()), hash.begin());
    return hash;
}

}  // namespace amana::desk

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/size_class.hpp"

#include <algorithm>

namespace amana::crypto {

std::optional<std::uint64_t> size_class_for(std::uint64_t payload, bool with_files)
{
    if (!with_files) return payload <= text_class ? std::optional(text_class) : std::nullopt;
    const auto* found = std::lower_bound(size_classes.begin() + 1, size_classes.end(), payload);
    return found == size_classes.end() ? std::nullopt : std::optional(*found);
}

bool is_size_class(std::uint64_t bytes)
{
    return std::binary_search(size_classes.begin(), size_classes.end(), bytes);
}

}  // namespace amana::crypto

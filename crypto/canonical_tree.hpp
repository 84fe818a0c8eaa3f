// SPDX-License-Identifier: AGPL-3.0-or-later
// Canonical JSON as it was read: the text, and a tree whose strings are all in locked memory. Readers of manifests and letters
// stand on it.
#pragma once

#include "base/secret.hpp"

#include <boost/json.hpp>

#include <optional>
#include <string_view>

namespace amana::crypto {

class CanonicalTree {
public:
    explicit CanonicalTree(ByteView text);

    // False unless the text is exactly what writing its tree again gives (append_canonical).
    [[nodiscard]] bool parse();
    // Of what parse() found: the members, or nullptr when it is no object.
    [[nodiscard]] const boost::json::object* members() const { return root_.if_object(); }
    [[nodiscard]] ByteView canonical() const { return canonical_.view(); }

private:
    SecretBuffer canonical_;
    SecretBuffer tree_;
    boost::json::static_resource resource_;
    boost::json::value root_;
};

// The member of this name when it is of this type, else nullptr (nothing).
[[nodiscard]] std::optional<std::string_view> string_in(const boost::json::object& object, std::string_view key);
[[nodiscard]] std::optional<std::uint64_t> integer_in(const boost::json::object& object, std::string_view key);
[[nodiscard]] const boost::json::array* array_in(const boost::json::object& object, std::string_view key);
[[nodiscard]] const boost::json::object* object_in(const boost::json::object& object, std::string_view key);
// Whether there is a member of this name that is `out`.size() bytes in lower-case hexadecimal, then in `out`.
[[nodiscard]] bool hex_in(const boost::json::object& object, std::string_view key, MutableBytes out);

}  // namespace amana::crypto

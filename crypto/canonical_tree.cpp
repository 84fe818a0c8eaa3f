// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/canonical_tree.hpp"

#include "crypto/canonical_json.hpp"

#include <new>

namespace amana::crypto {

namespace json = boost::json;

namespace {

// The parsed tree takes some times its text, most where rows of one empty column fill it: 9 bytes of text for each, 96 of
// tree. What the parser holds at once is a text and its doublings, and at most a few hundred values. A text that needs more
// room than this is not within the bounds of anything that is read here.
std::size_t tree_room(std::size_t text) { return 11 * text + 64 * 1024; }
std::size_t scratch_room(std::size_t text) { return 4 * text + 128 * 1024; }

const json::value* member(const json::object& object, std::string_view key)
{
    return object.if_contains({key.data(), key.size()});
}

}  // namespace

CanonicalTree::CanonicalTree(ByteView text)
    : canonical_(SecretBuffer::copy_of(text)),
      tree_(tree_room(text.size())),
      resource_(tree_.data(), tree_.size()),
      root_(nullptr, &resource_)
{
}

bool CanonicalTree::parse()
{
    SecretBuffer scratch(scratch_room(canonical_.size()));
    json::static_resource scratch_resource(scratch.data(), scratch.size());
    json::parse_options options;
    options.max_depth = 5;
    try {
        json::parser parser(json::storage_ptr(&scratch_resource), options);
        parser.reset(json::storage_ptr(&resource_));
        json::error_code failed;
        parser.write(reinterpret_cast<const char*>(canonical_.data()), canonical_.size(), failed);
        if (failed) return false;
        root_ = parser.release();
    } catch (const std::bad_alloc&) {
        return false;
    }
    SecretText again(canonical_.size());
    return append_canonical(again, root_) && again.text() == as_text(canonical_.view());
}

std::optional<std::string_view> string_in(const json::object& object, std::string_view key)
{
    const auto* value = member(object, key);
    const auto* text = value == nullptr ? nullptr : value->if_string();
    if (text == nullptr) return std::nullopt;
    return std::string_view(text->data(), text->size());
}

std::optional<std::uint64_t> integer_in(const json::object& object, std::string_view key)
{
    const auto* value = member(object, key);
    const auto* number = value == nullptr ? nullptr : value->if_int64();
    if (number == nullptr) return std::nullopt;
    return static_cast<std::uint64_t>(*number);  // append_canonical() has refused what is negative
}

const json::array* array_in(const json::object& object, std::string_view key)
{
    const auto* value = member(object, key);
    return value == nullptr ? nullptr : value->if_array();
}

const json::object* object_in(const json::object& object, std::string_view key)
{
    const auto* value = member(object, key);
    return value == nullptr ? nullptr : value->if_object();
}

bool hex_in(const json::object& object, std::string_view key, MutableBytes out)
{
    const auto text = string_in(object, key);
    return text && from_hex(*text, out);
}

}  // namespace amana::crypto

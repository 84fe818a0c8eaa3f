// SPDX-License-Identifier: AGPL-3.0-or-later
// One [section] of the config, read key by key. Every question notes the key as known, so that finish() can name what was
// written and never asked for, with the nearest key that was.
#pragma once

#include "server/main/findings.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

namespace amana::server {

enum class Presence { required, optional };

class Section {
public:
    // `table` may be null: a section that isn't there has no keys. `name` is empty for the file's top level.
    Section(Findings& findings, const toml::table* table, std::string name);

    [[nodiscard]] Section section(std::string_view key);
    // Those of [[key]], in their order.
    [[nodiscard]] std::vector<Section> sections(std::string_view key);
    [[nodiscard]] Place place() const;
    [[nodiscard]] bool has(std::string_view key) const { return table_ != nullptr && table_->contains(key); }

    // `example` is what the remedy shows for a key that is missing. Nothing, and a finding, when the value is not fit.
    [[nodiscard]] std::optional<Placed<std::string>> text(std::string_view key, Presence presence,
                                                          std::string_view example);
    // A string or an array of strings, none empty; an empty list when absent and optional.
    [[nodiscard]] std::vector<Placed<std::string>> texts(std::string_view key, Presence presence,
                                                         std::string_view example);
    // These keep what `out` holds when the key is absent.
    void flag(std::string_view key, bool& out);
    void count(std::string_view key, std::uint32_t least, std::uint32_t most, std::uint32_t& out);
    void size(std::string_view key, std::uint64_t least, std::uint64_t most, std::uint64_t& out);
    void duration(std::string_view key, std::chrono::seconds least, std::chrono::seconds most,
                  std::chrono::seconds& out);

    // Call last: unknown keys are findings. `remedy`: what to do about one, else the nearest known key is named.
    void finish(const std::string& remedy = {});

private:
    const toml::node* find(std::string_view key);
    void missing(std::string_view key, std::string_view example);
    void wrong_type(const toml::node& node, std::string_view key, std::string_view wanted, std::string_view example);
    void out_of_range(const toml::node& node, std::string_view key, const std::string& found, const std::string& least,
                      const std::string& most);
    std::optional<std::string> string_of(const toml::node& node, std::string_view key, std::string_view example);
    [[nodiscard]] std::string label(std::string_view key) const;

    Findings* findings_;
    const toml::table* table_;
    std::string name_;
    std::vector<std::string> known_;
};

}  // namespace amana::server

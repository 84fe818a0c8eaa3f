// SPDX-License-Identifier: AGPL-3.0-or-later
// The configuration of a proxy as a tree of directives, read well enough to say what holds for one site, and no better: what can't
// be understood is passed over. With what a file includes, in its place.
#pragma once

#include "server/main/doctor/machine_files.hpp"

#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace amana::server::doctor {

enum class Grammar {
    nginx,    // NAME WORD... ;   NAME WORD... { }
    caddy,    // NAME WORD... at a line's end   NAME WORD... {
    apache,   // NAME WORD...   <NAME WORD...> </NAME>
    haproxy,  // a line that begins a section, and those below it
    torrc,    // NAME WORD...
};

inline constexpr std::size_t no_block = std::numeric_limits<std::size_t>::max();

struct Directive {
    std::string name;  // in lower case, but for Caddy's
    std::vector<std::string> words;
    std::string file;
    std::size_t line = 0;
    std::size_t block = no_block;  // the directive that it lies in

    [[nodiscard]] std::string word(std::size_t number) const { return number < words.size() ? words[number] : std::string(); }
    [[nodiscard]] std::string place() const { return file + ":" + std::to_string(line); }
};

class Directives {
public:
    [[nodiscard]] static Directives read(const MachineFiles& files, const std::filesystem::path& file, Grammar grammar);

    [[nodiscard]] const std::vector<Directive>& all() const { return all_; }
    [[nodiscard]] bool empty() const { return all_.empty(); }
    // Those of a name that lie in this block itself.
    [[nodiscard]] std::vector<const Directive*> in(std::size_t block, std::string_view name) const;
    // The same of the nearest block around, this one first, that has any.
    [[nodiscard]] std::vector<const Directive*> around(std::size_t block, std::string_view name) const;
    // In this block or one below it.
    [[nodiscard]] bool lies_in(std::size_t directive, std::size_t block) const;
    [[nodiscard]] bool lies_in_named(std::size_t directive, std::string_view block_name) const;
    [[nodiscard]] std::vector<std::size_t> named(std::string_view name) const;

private:
    friend class BlockReader;
    std::vector<Directive> all_;
};

}  // namespace amana::server::doctor

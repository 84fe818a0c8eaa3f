// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/doctor/blocks.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace amana::server::doctor {

namespace {

constexpr std::size_t max_directives = 50'000;
constexpr std::size_t max_files = 300;
constexpr std::size_t max_depth = 16;  // of files that include one another

constexpr std::array haproxy_sections{"global", "defaults", "frontend", "backend", "listen", "peers", "resolvers", "userlist",
                                      "cache",  "program",  "mailers",  "ring",    "http-errors", "log-forward", "fcgi-app", "crt-store", "traces"};

struct Token {
    std::string text;
    std::size_t line = 0;
    bool quoted = false;
};

// "${NAME}" is one word.
bool of_variable(const std::string& word, char next)
{
    if (next == '{') return word.ends_with('$');
    const auto begin = word.rfind("${");
    return next == '}' && begin != std::string::npos && word.find('}', begin) == std::string::npos;
}

// Words of one line, or of nginx's whole text: quotes hold blanks together, # begins a comment where a word does.
std::vector<Token> tokens_of(const std::string& text, std::size_t first_line, std::string_view alone)
{
    std::vector<Token> tokens;
    auto line = first_line;
    Token word;
    bool begun = false;
    const auto finish = [&] {
        if (begun) tokens.push_back(std::exchange(word, {}));
        begun = false;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\n') ++line;
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            finish();
        } else if (c == '#' && !begun) {
            while (i + 1 < text.size() && text[i + 1] != '\n') ++i;
        } else if ((c == '"' || c == '\'') && !begun) {
            word = {"", line, true};
            begun = true;
            for (++i; i < text.size() && text[i] != c; ++i) {
                if (text[i] == '\\' && i + 1 < text.size()) ++i;
                if (text[i] == '\n') ++line;
                word.text += text[i];
            }
            finish();
        } else if (c == '\\' && i + 1 < text.size()) {
            if (!begun) word = {"", line, false};
            begun = true;
            word.text += text[++i];
        } else if (alone.find(c) != std::string_view::npos && !(begun && of_variable(word.text, c))) {
            finish();
            tokens.push_back({std::string(1, c), line, false});
        } else {
            if (!begun) word = {"", line, false};
            begun = true;
            word.text += c;
        }
    }
    finish();
    return tokens;
}

}  // namespace

class BlockReader {
public:
    BlockReader(const MachineFiles& files, const std::filesystem::path& main, Grammar grammar)
        : files_(files), folder_(main.parent_path()), grammar_(grammar)
    {
        read(main, no_block, 0);
    }
    Directives take() { return std::move(result_); }

private:
    void read(const std::filesystem::path& path, std::size_t block, std::size_t depth)
    {
        if (depth > max_depth || ++read_ > max_files) return;
        const auto text = files_.text(path);
        if (!text) return;
        file_ = path.string();
        depth_ = depth;
        const auto own = file_;
        switch (grammar_) {
        case Grammar::nginx: read_nginx(*text, block); break;
        case Grammar::caddy:
        case Grammar::apache:
        case Grammar::haproxy:
        case Grammar::torrc: read_lines(*text, block); break;
        }
        file_ = own;
    }

    std::size_t add(std::vector<Token> words, std::size_t block)
    {
        auto& all = result_.all_;
        if (all.size() >= max_directives || words.empty()) return no_block;
        Directive directive;
        directive.name = grammar_ == Grammar::caddy ? words.front().text : lower(words.front().text);
        directive.line = words.front().line;
        directive.file = file_;
        directive.block = block;
        for (std::size_t i = 1; i < words.size(); ++i) directive.words.push_back(std::move(words[i].text));
        all.push_back(std::move(directive));
        return all.size() - 1;
    }

    void include(const std::string& pattern, std::size_t block)
    {
        const auto own = file_;
        const auto depth = depth_;
        const std::filesystem::path written(pattern);
        const auto base = grammar_ == Grammar::caddy ? std::filesystem::path(own).parent_path() : folder_;
        for (const auto& path : files_.matching(written.is_absolute() ? written : base / written)) {
            if (!std::filesystem::is_directory(files_.at(path))) read(path, block, depth + 1);
            file_ = own;
            depth_ = depth;
        }
    }

    void read_nginx(const std::string& text, std::size_t block)
    {
        std::vector<std::size_t> open{block};
        std::vector<Token> words;
        for (auto& token : tokens_of(text, 1, "{};")) {
            const bool sign = !token.quoted && token.text.size() == 1;
            if (sign && token.text == ";") {
                if (words.size() == 2 && words[0].text == "include") include(words[1].text, open.back());
                else (void)add(std::move(words), open.back());
                words.clear();
            } else if (sign && token.text == "{") {
                open.push_back(add(std::move(words), open.back()));
                words.clear();
            } else if (sign && token.text == "}") {
                words.clear();
                if (open.size() > 1) open.pop_back();
            } else {
                words.push_back(std::move(token));
            }
        }
    }

    void read_lines(const std::string& text, std::size_t block)
    {
        std::vector<std::size_t> open{block};
        const auto lines = lines_of(text);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const auto number = i + 1;
            auto line = lines[i];
            while (line.ends_with('\\') && i + 1 < lines.size()) {
                line.pop_back();
                line += lines[++i];
            }
            read_line(tokens_of(line, number, ""), open);
        }
    }

    void read_line(std::vector<Token> words, std::vector<std::size_t>& open)
    {
        if (words.empty()) return;
        const auto first = lower(words.front().text);
        if (grammar_ == Grammar::haproxy) {
            if (std::find(haproxy_sections.begin(), haproxy_sections.end(), first) != haproxy_sections.end()) {
                open.resize(1);
                open.push_back(add(std::move(words), no_block));
            } else {
                (void)add(std::move(words), open.back());
            }
            return;
        }
        if (grammar_ == Grammar::apache && first.starts_with("</")) {
            if (open.size() > 1) open.pop_back();
            return;
        }
        if (grammar_ == Grammar::apache && first.starts_with("<")) {
            words.front().text.erase(0, 1);
            if (words.back().text.ends_with('>')) words.back().text.pop_back();
            open.push_back(add(std::move(words), open.back()));
            return;
        }
        if (grammar_ == Grammar::apache && (first == "include" || first == "includeoptional") && words.size() == 2) return include(words[1].text, open.back());
        if (grammar_ == Grammar::torrc && first == "%include" && words.size() == 2) return include(words[1].text, open.back());
        if (grammar_ != Grammar::caddy) return (void)add(std::move(words), open.back());
        if (words.front().text == "}") {
            if (open.size() > 1) open.pop_back();
        } else if (words.back().text == "{") {
            words.pop_back();
            if (words.empty()) words.push_back({"", 0, false});
            open.push_back(add(std::move(words), open.back()));
        } else if (first == "import" && words.size() == 2 && words[1].text.find_first_of("/*.") != std::string::npos) {
            include(words[1].text, open.back());
        } else {
            (void)add(std::move(words), open.back());
        }
    }

    const MachineFiles& files_;
    std::filesystem::path folder_;  // what includes are relative to
    Grammar grammar_;
    Directives result_;
    std::string file_;
    std::size_t depth_ = 0;
    std::size_t read_ = 0;
};

Directives Directives::read(const MachineFiles& files, const std::filesystem::path& file, Grammar grammar)
{
    return BlockReader(files, file, grammar).take();
}

std::vector<const Directive*> Directives::in(std::size_t block, std::string_view name) const
{
    std::vector<const Directive*> found;
    for (const auto& directive : all_)
        if (directive.block == block && directive.name == name) found.push_back(&directive);
    return found;
}

std::vector<const Directive*> Directives::around(std::size_t block, std::string_view name) const
{
    for (;; block = all_[block].block) {
        auto found = in(block, name);
        if (!found.empty() || block == no_block) return found;
    }
}

bool Directives::lies_in(std::size_t directive, std::size_t block) const
{
    for (auto at = directive; at != no_block; at = all_[at].block)
        if (at == block) return true;
    return block == no_block;
}

bool Directives::lies_in_named(std::size_t directive, std::string_view block_name) const
{
    for (auto at = all_[directive].block; at != no_block; at = all_[at].block)
        if (all_[at].name == block_name) return true;
    return false;
}

std::vector<std::size_t> Directives::named(std::string_view name) const
{
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < all_.size(); ++i)
        if (all_[i].name == name) found.push_back(i);
    return found;
}

}  // namespace amana::server::doctor

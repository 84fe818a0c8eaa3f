// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/web/html.hpp"

#include <stdexcept>
#include <utility>

namespace amana::test {

namespace {

std::string unescaped(std::string_view text)
{
    static constexpr std::pair<std::string_view, char> entities[] = {
        {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}, {"&apos;", '\''}};
    std::string out;
    while (!text.empty()) {
        if (text.front() != '&') {
            out += text.front();
            text.remove_prefix(1);
            continue;
        }
        bool known = false;
        for (const auto& [entity, character] : entities) {
            if (!text.starts_with(entity)) continue;
            out += character;
            text.remove_prefix(entity.size());
            known = true;
            break;
        }
        if (!known) throw std::runtime_error("an & that begins no entity: " + std::string(text.substr(0, 40)));
    }
    return out;
}

class Scanner {
public:
    explicit Scanner(std::string_view html) : rest_(html) {}

    std::vector<HtmlToken> read()
    {
        while (!rest_.empty()) {
            if (rest_.front() != '<') add_text(take_to("<"));
            else if (rest_.starts_with("<!DOCTYPE html>")) rest_.remove_prefix(15);
            else read_tag();
        }
        return std::move(tokens_);
    }

private:
    std::string_view take_to(std::string_view end)
    {
        const auto taken = rest_.substr(0, rest_.find(end));
        rest_.remove_prefix(taken.size());
        return taken;
    }
    std::string_view take_name()
    {
        const auto name = rest_.substr(0, rest_.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-/"));
        if (name.empty()) throw std::runtime_error("no name where one belongs: " + std::string(rest_.substr(0, 40)));
        rest_.remove_prefix(name.size());
        return name;
    }
    void add_text(std::string_view text)
    {
        if (!text.empty()) tokens_.push_back({{}, {}, unescaped(text), inside_});
    }
    void read_tag()
    {
        rest_.remove_prefix(1);
        HtmlToken token;
        token.tag = take_name();
        while (rest_.starts_with(' ')) {
            rest_.remove_prefix(1);
            const auto name = std::string(take_name());
            std::string value;
            if (rest_.starts_with("=\"")) {
                rest_.remove_prefix(2);
                value = unescaped(take_to("\""));
                rest_.remove_prefix(1);
            }
            if (!token.attributes.emplace(name, value).second) throw std::runtime_error("an attribute twice: " + name);
        }
        if (!rest_.starts_with('>')) throw std::runtime_error("a tag that does not end: " + std::string(rest_.substr(0, 40)));
        rest_.remove_prefix(1);
        inside_ = token.tag;
        tokens_.push_back(token);
        if (token.tag == "style" || token.tag == "script") tokens_.push_back({{}, {}, std::string(take_to("</" + token.tag + ">")), inside_});
        if (token.tag == "textarea") {
            auto text = take_to("</textarea>");
            if (text.starts_with('\n')) text.remove_prefix(1);
            add_text(text);
        }
    }

    std::string_view rest_;
    std::string inside_;
    std::vector<HtmlToken> tokens_;
};

}  // namespace

std::vector<HtmlToken> scan_html(std::string_view html)
{
    return Scanner(html).read();
}

Controls controls_of(const std::vector<HtmlToken>& tokens)
{
    Controls controls;
    std::string list;
    const auto add = [&](const std::string& name, const std::string& value) {
        if (!value.empty()) controls.emplace(name, value);
    };
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const auto& token = tokens[i];
        const auto attribute = [&](const char* name) {
            const auto found = token.attributes.find(name);
            return found == token.attributes.end() ? std::string() : found->second;
        };
        if (token.tag == "textarea") {
            if (i + 1 < tokens.size() && tokens[i + 1].tag.empty()) add(attribute("name"), tokens[i + 1].text);
        } else if (token.tag == "input") {
            const auto type = attribute("type");
            if (type == "file") continue;
            if ((type == "radio" || type == "checkbox") && !token.attributes.contains("checked")) continue;
            add(attribute("name"), attribute("value"));
        } else if (token.tag == "select") {
            list = attribute("name");
        } else if (token.tag == "option" && token.attributes.contains("selected")) {
            add(list, attribute("value"));
        }
    }
    return controls;
}

}  // namespace amana::test

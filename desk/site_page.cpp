// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/site_page.hpp"

#include <gumbo.h>

#include <algorithm>
#include <array>
#include <memory>

namespace amana::desk {

namespace {

using What = PageUse::What;

// Elements that no page of ours has, and each of which loads, embeds or redirects.
constexpr std::array<std::string_view, 22> forbidden_elements{
    "frame",    "frameset", "object",  "embed",   "applet",  "portal",      "base",    "audio", "video",        "track",   "source",
    "picture",  "canvas",   "dialog",  "slot",    "template", "noframes",    "noembed", "fencedframe", "animate", "set", "foreignobject"};

// Attributes whose value a browser loads by itself, on whatever element.
constexpr std::array<std::string_view, 17> loading_attributes{
    "src",      "srcset",  "imagesrcset", "data",   "poster",  "background", "manifest", "xlink:href", "classid",
    "codebase", "archive", "lowsrc",      "dynsrc", "profile", "icon",       "usemap",   "imgsrc"};

template <std::size_t N>
bool is_among(const std::array<std::string_view, N>& names, std::string_view name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string lower(std::string_view text)
{
    std::string out(text);
    for (auto& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
}

std::string tag_name(const GumboElement& element)
{
    if (element.tag != GUMBO_TAG_UNKNOWN) return gumbo_normalized_tagname(element.tag);
    auto original = element.original_tag;
    gumbo_tag_from_original_text(&original);
    return original.data == nullptr ? std::string("unknown") : lower({original.data, original.length});
}

// Browsers drop spaces around an address, and tabs and line breaks within it.
std::string address(std::string_view value)
{
    std::string out;
    for (const char c : value)
        if (c != '\t' && c != '\n' && c != '\r') out += c;
    while (!out.empty() && static_cast<unsigned char>(out.front()) <= 0x20) out.erase(0, 1);
    while (!out.empty() && static_cast<unsigned char>(out.back()) <= 0x20) out.pop_back();
    return out;
}

bool runs_script(std::string_view url)
{
    const auto scheme = lower(url.substr(0, url.find(':')));
    return scheme == "javascript" || scheme == "vbscript" || scheme == "data" || scheme == "blob";
}

class Walk {
public:
    std::vector<PageUse> uses;

    // With a stack of its own: nesting is the stranger's.
    void page(const GumboNode* root)
    {
        std::vector<const GumboNode*> left{root};
        while (!left.empty()) {
            const auto* node = left.back();
            left.pop_back();
            const GumboVector* children = nullptr;
            if (node->type == GUMBO_NODE_DOCUMENT) children = &node->v.document.children;
            if (node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE) {
                element(node->v.element);
                children = &node->v.element.children;
            }
            for (unsigned i = children == nullptr ? 0 : children->length; i > 0; --i)
                left.push_back(static_cast<const GumboNode*>(children->data[i - 1]));
        }
    }

private:
    void element(const GumboElement& element)
    {
        const auto tag = tag_name(element);
        const auto* src = gumbo_get_attribute(&element.attributes, "src");
        if (is_among(forbidden_elements, tag)) add(What::forbidden, "<" + tag + ">", src == nullptr ? "" : src->value);
        if (tag == "iframe") add(What::frames, "<iframe>", src == nullptr ? "" : address(src->value));
        for (unsigned i = 0; i < element.attributes.length; ++i)
            attribute(element, tag, *static_cast<const GumboAttribute*>(element.attributes.data[i]));
        if (tag == "script" && src == nullptr) add(What::script_inline, "<script>", text_of(element));
        if (tag == "style") style("<style>", text_of(element));
        if (tag == "meta") meta(element);
    }

    void attribute(const GumboElement& element, const std::string& tag, const GumboAttribute& attribute)
    {
        // An attribute of a foreign element (SVG) may be in a namespace, which browsers write before its name.
        auto name = lower(attribute.name);
        if (attribute.attr_namespace == GUMBO_ATTR_NAMESPACE_XLINK && !name.starts_with("xlink:")) name = "xlink:" + name;
        const auto where = tag + " " + name;
        const auto value = address(attribute.value);
        if (name.starts_with("on")) return add(What::forbidden, where, attribute.value);
        if (name == "srcdoc" || name == "is" || name == "nonce" || name.starts_with("shadowroot"))
            return add(What::forbidden, where, attribute.value);
        if (name == "style") return style(where, attribute.value);
        if (name == "action" || name == "formaction" || name == "ping") return add(What::sends, where, value);
        if (tag == "script" && name == "src") {
            const auto* integrity = gumbo_get_attribute(&element.attributes, "integrity");
            uses.push_back({What::script_from, where, value, integrity == nullptr ? "" : integrity->value});
            return;
        }
        if (tag == "script" && name.starts_with("data-")) return add(What::names, where, value);
        if (tag == "iframe" && name == "src") return;
        if (is_among(loading_attributes, name)) return add(What::loads, where, value);
        if (name != "href") return;
        if (runs_script(value)) return add(What::forbidden, where, attribute.value);
        // A link leads somewhere when a person follows it; on any other element it loads.
        if (tag != "a" && tag != "area") add(What::loads, where, value);
    }

    void meta(const GumboElement& element)
    {
        const auto* equivalent = gumbo_get_attribute(&element.attributes, "http-equiv");
        if (equivalent == nullptr) return;
        const auto name = lower(address(equivalent->value));
        const auto* content = gumbo_get_attribute(&element.attributes, "content");
        // A policy in a page can only forbid more.
        if (name == "content-security-policy") return;
        add(name == "refresh" ? What::moves : What::forbidden, "meta " + name, content == nullptr ? "" : content->value);
    }

    void style(const std::string& where, std::string_view text)
    {
        // A backslash can spell any of it otherwise.
        const auto lowered = lower(text);
        for (const auto* word : {"url", "@import", "image-set", "expression", "\\", "@font-face", "-moz-binding"})
            if (lowered.find(word) != std::string::npos) return add(What::forbidden, where + " with " + word, text);
    }

    static std::string text_of(const GumboElement& element)
    {
        std::string text;
        for (unsigned i = 0; i < element.children.length; ++i) {
            const auto* child = static_cast<const GumboNode*>(element.children.data[i]);
            if (child->type == GUMBO_NODE_TEXT || child->type == GUMBO_NODE_WHITESPACE || child->type == GUMBO_NODE_CDATA)
                text += child->v.text.text;
        }
        return text;
    }

    void add(What what, std::string where, std::string_view value) { uses.push_back({what, std::move(where), std::string(value)}); }
};

}  // namespace

Result<std::vector<PageUse>> uses_of_page(ByteView html)
{
    if (static_cast<std::size_t>(std::count(html.begin(), html.end(), Byte{'<'})) > max_page_tags)
        return Error{"it has more tags than any page of ours", ""};
    auto options = kGumboDefaultOptions;
    options.max_errors = 16;
    const auto destroy = [](GumboOutput* output) { gumbo_destroy_output(&kGumboDefaultOptions, output); };
    const auto text = as_text(html);
    const std::unique_ptr<GumboOutput, decltype(destroy)> output(gumbo_parse_with_options(&options, text.data(), text.size()), destroy);
    if (!output) return Error{"it can't be parsed", ""};
    Walk walk;
    walk.page(output->document);
    return std::move(walk.uses);
}

}  // namespace amana::desk

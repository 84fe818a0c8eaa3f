// SPDX-License-Identifier: AGPL-3.0-or-later
#include "web/templates.hpp"

#include "base/bytes.hpp"
#include "base/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace amana::web {

namespace {

constexpr std::size_t max_template_bytes = 256U << 10U;
constexpr std::string_view suffix = ".mustache";

using Context = kainjow::mustache::context<std::string>;
using Engine = kainjow::mustache::mustache;

// Looks names up in the values, the catalogue and the other templates, and remembers the first that is nowhere.
class PageContext final : public Context {
public:
    PageContext(const Values& values, const Catalogue& catalogue, const std::map<std::string, std::string>& sources)
        : Context(&values), catalogue_(catalogue)
    {
        for (const auto& [name, source] : sources) partials_.emplace(name, source);
    }

    const Values* get(const std::string& name) const override
    {
        if (name.starts_with("t.")) return sentence(name.substr(2));
        const auto* found = Context::get(name);
        if (found == nullptr) fail({fmt::format("nothing provides {{{{{}}}}}", name), {}});
        return found;
    }

    const Values* get_partial(const std::string& name) const override
    {
        const auto found = partials_.find(name);
        if (found != partials_.end()) return &found->second;
        fail({fmt::format("there is no template {{{{>{}}}}}", name), {}});
        return nullptr;
    }

    const std::optional<Error>& failure() const { return failure_; }

private:
    const Values* sentence(const std::string& msgid) const
    {
        const auto known = sentences_.find(msgid);
        if (known != sentences_.end()) return &known->second;
        auto text = catalogue_.find(msgid);
        if (!text) {
            fail(text.error());
            return nullptr;
        }
        return &sentences_.emplace(msgid, *std::move(text)).first->second;
    }

    void fail(Error error) const
    {
        if (!failure_) failure_ = std::move(error);
    }

    const Catalogue& catalogue_;
    std::map<std::string, Values> partials_;
    // The engine's interface is const and wants pointers, so what is looked up is kept here.
    mutable std::map<std::string, Values> sentences_;
    mutable std::optional<Error> failure_;
};

using Sources = std::map<std::string, std::string>;

// Whether a template comes to include `name`, over at most `depth` others.
bool includes(const Sources& sources, std::string_view source, std::string_view name, std::size_t depth)
{
    for (auto at = source.find("{{>"); at != std::string_view::npos; at = source.find("{{>", at + 1)) {
        const auto end = std::min(source.find("}}", at), source.size());
        const std::string included(source.substr(at + 3, end - at - 3));
        if (included == name) return true;
        const auto found = sources.find(included);
        if (found != sources.end() && depth > 0 && includes(sources, found->second, name, depth - 1)) return true;
    }
    return false;
}

}  // namespace

Result<Templates> Templates::load(const std::filesystem::path& directory)
{
    std::error_code failed;
    Templates templates;
    for (std::filesystem::directory_iterator entry(directory, failed), end; !failed && entry != end;
         entry.increment(failed)) {
        if (entry->path().extension() != suffix) continue;
        const auto source = read_file(entry->path(), max_template_bytes);
        if (!source) return source.error();
        const auto text = std::string(as_text(*source));
        if (const Engine parsed(text); !parsed.is_valid()) {
            return Error{fmt::format("{}: {}", entry->path().string(), parsed.error_message()), {}};
        }
        templates.sources_.emplace(entry->path().stem().string(), text);
    }
    if (failed) return system_error("can't read " + directory.string(), failed.value());
    for (const auto& [name, source] : templates.sources_)
        if (includes(templates.sources_, source, name, templates.sources_.size()))
            return Error{fmt::format("the template {}{} includes itself", name, suffix), {}};
    return templates;
}

Result<std::string> Templates::render(const std::string& name, const Catalogue& catalogue, const Values& values) const
{
    const auto source = sources_.find(name);
    if (source == sources_.end()) return Error{fmt::format("there is no template {}{}", name, suffix), {}};
    Engine engine(source->second);
    PageContext context(values, catalogue, sources_);
    auto page = engine.render(context);
    if (context.failure()) return *context.failure();
    if (!engine.is_valid()) return Error{fmt::format("{}{}: {}", name, suffix, engine.error_message()), {}};
    return Result<std::string>(boost::system::in_place_value, std::move(page));
}

}  // namespace amana::web

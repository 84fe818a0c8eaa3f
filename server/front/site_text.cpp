// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/site_text.hpp"

#include "crypto/site_manifest.hpp"

#include <algorithm>
#include <set>

namespace amana::front {

namespace {

using Lines = std::map<std::string, std::string, std::less<>>;  // value by name

std::string_view kind_of(Content content)
{
    switch (content) {
    case Content::page: return "page";
    case Content::form: return "form";
    case Content::again: return "again";
    case Content::inbox: return "inbox";
    case Content::line: return "line";
    case Content::checker: return "checker";
    case Content::text: return "text";
    case Content::script: return "script";
    case Content::data: return "data";
    case Content::bytes: return "bytes";
    }
    return {};
}

// Of header lines as they are sent.
Lines lines_of(std::string_view sent)
{
    Lines lines;
    while (!sent.empty()) {
        const auto end = sent.find("\r\n");
        const auto line = sent.substr(0, end);
        const auto colon = line.find(": ");
        lines.emplace(line.substr(0, colon), line.substr(colon + 2));
        sent.remove_prefix(end + 2);
    }
    return lines;
}

// What every kind has alike stands once.
std::vector<crypto::SiteHeader> headers_of(const Responses& responses, const std::set<Content>& contents)
{
    const auto common = [&](const std::string& name, const std::string& value) {
        return std::all_of(contents.begin(), contents.end(), [&](Content content) {
            const auto lines = lines_of(responses.lines(content));
            const auto found = lines.find(name);
            return found != lines.end() && found->second == value;
        });
    };
    std::vector<crypto::SiteHeader> headers;
    for (const auto& [name, value] : lines_of(responses.lines(*contents.begin())))
        if (common(name, value)) headers.push_back({std::string(crypto::every_kind), name, value});
    for (const auto content : contents)
        for (const auto& [name, value] : lines_of(responses.lines(content)))
            if (!common(name, value)) headers.push_back({std::string(kind_of(content)), name, value});
    std::ranges::sort(headers, {}, [](const auto& header) { return std::tie(header.kind, header.name); });
    return headers;
}

class Listed {
public:
    void add(std::string path, Content content, std::string_view body)
    {
        const auto kind = kind_of(content);
        pages.push_back({crypto::page_hash(as_bytes(body), kind), std::string(kind), std::move(path)});
        contents.insert(content);
    }
    std::vector<crypto::SitePage> pages;
    std::set<Content> contents;
};

Listed list(const web::Pages& pages, const PublicFiles& files, std::string_view log_key)
{
    Listed listed;
    listed.add("/", Content::page, pages.index().plain);
    for (const auto& language : pages.languages()) {
        const auto below = "/" + language;
        for (const auto state : web::all_form_states) {
            const auto& form = pages.form(language, state);
            const std::vector holes(form.parts.size() - 1, web::no_token);
            listed.add(below + "/", Content::form, form.filled(holes, false).plain);
        }
        listed.add(below + "/inbox", Content::inbox, pages.inbox(language).page.plain);
        listed.add(below + "/help", Content::page, pages.help(language).plain);
        listed.add(below + "/received-1", Content::page, pages.received(language, false).plain);
        listed.add(below + "/received-2", Content::page, pages.received(language, true).plain);
    }
    for (const auto& [path, file] : files.all())
        if (!path.starts_with(manifest_prefix)) listed.add(path, file.content, file.plain);
    listed.add("/log/", Content::page, pages.log().index());
    listed.add("/log/check.html", Content::checker, pages.log().checker(log_key));
    std::ranges::sort(listed.pages, {}, [](const auto& page) { return std::tie(page.path, page.hash); });
    return listed;
}

}  // namespace

Result<std::string> site_text(const web::Pages& pages, const PublicFiles& files, const Responses& responses, const crypto::KeySet& keys, const SiteText& with)
{
    const auto release = crypto::Note::parse(with.release, crypto::max_site_manifest_bytes);
    if (!release) return Error{"the file that 'release' in [site] names is no signed manifest: " + release.error().message, release.error().hint};
    if (const auto read = crypto::ReleaseManifest::parse(release->text); !read) return read.error();
    auto listed = list(pages, files, with.log_key);
    crypto::SiteManifest manifest;
    manifest.deployment = keys.deployment;
    manifest.serial = with.serial;
    manifest.root = keys.root;
    manifest.release = crypto::sha256(as_bytes(release->text));
    manifest.headers = headers_of(responses, listed.contents);
    manifest.pages = std::move(listed.pages);
    return manifest.text();
}

}  // namespace amana::front

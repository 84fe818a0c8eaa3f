// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/public_files.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace amana::front {

namespace {

PublicFile note(ByteView bytes)
{
    return {Content::text, std::string(as_text(bytes)), {}};
}

PublicFile packed_note(ByteView bytes)
{
    auto file = note(bytes);
    const std::string_view whole = file.plain;
    const auto packed = web::PackedPage::pack({&whole, 1});
    if (auto made = packed.whole(packed.least_bytes(0))) file.packed = *std::move(made);
    return file;
}

}  // namespace

std::string security_text(std::string_view contact, const crypto::KeySet& keys)
{
    UnixTime expires = 0;
    for (const auto& epoch : keys.epochs) expires = std::max(expires, epoch.validity.not_after);
    return fmt::format("Contact: {}\nExpires: {}\n", contact, to_rfc3339(expires));
}

PublicFiles PublicFiles::make(const web::Pages& pages, ByteView keyset, const crypto::KeySet& keys, const wire::SiteSlice& site)
{
    PublicFiles made;
    auto& files = made.files_;
    files["/keys"] = packed_note(keyset);
    for (const auto& [path, script] : {std::pair{"/script/page.js", &pages.scripts().page}, {"/script/worker.js", &pages.scripts().worker},
                                      {"/script/inbox.js", &pages.scripts().inbox}, {"/script/inbox_worker.js", &pages.scripts().inbox_worker}}) {
        files[path] = {Content::script, script->file.plain, script->file.packed};
        files[std::string(path) + ".map"] = {Content::data, script->map, {}};
    }
    for (const auto& language : pages.languages()) {
        const auto& sealing = pages.sealing(language);
        files["/" + language + "/sealing.json"] = {Content::data, sealing.plain, sealing.packed};
    }
    if (!site.manifest.empty()) files["/manifest/site"] = note(site.manifest);
    if (!site.release.empty()) files["/manifest/release"] = note(site.release);
    if (!site.security_contact.empty())
        files["/.well-known/security.txt"] = {Content::text, security_text(site.security_contact, keys), {}};
    return made;
}

const PublicFile* PublicFiles::find(std::string_view target) const
{
    const auto found = files_.find(target.substr(0, target.find('?')));
    return found == files_.end() ? nullptr : &found->second;
}

}  // namespace amana::front

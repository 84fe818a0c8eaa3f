// SPDX-License-Identifier: AGPL-3.0-or-later
// What the front is told, and the one mode in which it does not serve: it makes its pages and says whether it can.
#include "server/main/commands.hpp"

#include "server/main/ask.hpp"

#include <iostream>

namespace amana::server {

namespace {

wire::SiteSlice site_slice(const Config& config, const Material& material)
{
    wire::SiteSlice site;
    site.data = config.data.value.string();
    for (const auto& language : config.languages) site.languages.push_back(language.value);
    site.texts = config.texts;
    site.questionnaire_name = config.form.value.string();
    site.questionnaire = material.questionnaire;
    site.logo = material.logo;
    site.colour = config.colour;
    site.exit = config.exit;
    site.read_every = config.read_every;
    site.cover = config.cover;
    site.security_contact = config.security_contact;
    site.manifest = material.manifest;
    site.release = material.release;
    return site;
}

}  // namespace

SecretBuffer front_slice(const Config& config, Material material)
{
    wire::FrontSlice slice;
    auto site = site_slice(config, material);
    slice.channels = config.threads;
    slice.listeners = static_cast<std::uint32_t>(config.addresses.size());
    slice.certificate = std::move(material.certificate);
    slice.private_key = std::move(material.private_key);
    slice.keyset = std::move(material.keyset_note);
    slice.root_fingerprint = config.root_fingerprint.value;
    slice.site = std::move(site);
    slice.limits = config.limits;
    return wire::encode(slice);
}

bool front_can_begin(const Config& config, Material material)
{
    const auto slice = front_slice(config, std::move(material));
    const auto code = ask("amana-front", slice.view(), {"--check"}, nullptr);
    if (!code) std::cerr << "amana-server: " << code.error().text() << "\n";
    return code && *code == 0;
}

}  // namespace amana::server

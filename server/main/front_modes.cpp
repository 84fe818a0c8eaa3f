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
    site.release = material.release;
    return site;
}

wire::ListenerSlice listener_slice(const ListenerConfig& config)
{
    wire::ListenerSlice listener;
    listener.tls = config.tls;
    listener.proxy = config.proxy;
    listener.redirect = config.redirect;
    listener.local = config.address.local();
    listener.forwarded = config.forwarded;
    listener.peers = config.peers;
    listener.addresses = config.serves;
    return listener;
}

// A page of an onion address leads nowhere in the clearnet by itself.
std::vector<wire::AddressSlice> address_slices(const Config& config, std::vector<Bytes> manifests)
{
    std::vector<wire::AddressSlice> slices;
    for (const auto& address : config.site_addresses) {
        auto& slice = slices.emplace_back();
        slice.url = address.url.text();
        slice.onion_location = address.onion_location;
        slice.exit = address.exit;
        if (slice.exit.empty() && address.url.onion()) slice.exit = "about:blank";
    }
    if (slices.empty()) slices.emplace_back();
    manifests.resize(slices.size());
    for (std::size_t i = 0; i < slices.size(); ++i) slices[i].manifest = std::move(manifests[i]);
    return slices;
}

}  // namespace

SecretBuffer front_slice(const Config& config, Material material)
{
    wire::FrontSlice slice;
    auto site = site_slice(config, material);
    slice.channels = config.threads;
    for (const auto& listener : config.listeners) slice.listeners.push_back(listener_slice(listener));
    slice.addresses = address_slices(config, std::move(material.manifests));
    slice.tls = std::move(material.tls);
    slice.tls.certificates.resize(slice.addresses.size());
    slice.keyset = std::move(material.keyset_note);
    slice.root_fingerprint = config.root_fingerprint.value;
    slice.site = std::move(site);
    slice.limits = config.limits;
    return wire::encode(slice);
}

bool front_can_begin(const Config& config, const Material& material)
{
    Material for_pages;
    for_pages.keyset_note = material.keyset_note;
    for_pages.questionnaire = material.questionnaire;
    for_pages.logo = material.logo;
    const auto slice = front_slice(config, std::move(for_pages));
    const auto code = ask("amana-front", slice.view(), {"--check"}, nullptr);
    if (!code) std::cerr << "amana-server: " << code.error().text() << "\n";
    return code && *code == 0;
}

}  // namespace amana::server

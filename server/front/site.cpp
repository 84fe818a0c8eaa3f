// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/site.hpp"

#include <algorithm>

namespace amana::front {

namespace {

using Contexts = std::vector<std::shared_ptr<const TlsContext>>;  // by address; null where it has no certificate

Result<Contexts> make_contexts(const wire::TlsSlice& tls)
{
    Contexts contexts;
    for (const auto& certificates : tls.certificates) {
        auto& made = contexts.emplace_back();
        if (certificates.empty()) continue;
        auto context = TlsContext::create(certificates);
        if (!context) return context.error();
        made = std::make_shared<const TlsContext>(*std::move(context));
    }
    return contexts;
}

// Who connects to an address in digits names nobody in the handshake; who connects to a name does.
std::shared_ptr<const TlsNames> names_of(const Listener& listener, const std::list<Site>& sites, const Contexts& contexts)
{
    std::vector<TlsNames::Name> names;
    bool nameless = false;
    for (const auto index : listener.config().addresses) {
        const auto& site = *std::next(sites.begin(), index);
        if (!contexts.at(index)) continue;
        const bool any = !site.url || site.url->literal();
        // The first is who gets no name's.
        const TlsNames::Name name{site.url ? site.url->host : "", contexts.at(index)};
        names.insert(any && !nameless ? names.begin() : names.end(), name);
        nameless = nameless || any;
    }
    if (names.empty()) return nullptr;
    return std::make_shared<const TlsNames>(std::move(names), nameless);
}

}  // namespace

Listener::Listener(std::uint32_t index, wire::ListenerSlice config, std::vector<Site*> sites)
    : index_(index), config_(std::move(config)), sites_(std::move(sites))
{
    auto& first = *sites_.front();
    if (first.url) nobody_.emplace(Site{first.common, first.pages, PublicFiles(), Responses(first.pages, {false, {}}), std::nullopt});
}

Site* Listener::site_of(std::string_view host) const
{
    const auto found = std::ranges::find_if(sites_, [&](const Site* site) { return !site->url || site->url->host == host; });
    return found == sites_.end() ? nullptr : *found;
}

bool Listener::welcomes(const sockaddr_storage& peer) const
{
    return config_.local || config_.peers.empty() || std::ranges::any_of(config_.peers, [&](const wire::Network& network) { return network.contains(peer); });
}

std::shared_ptr<const TlsNames> Listener::names() const
{
    const std::lock_guard lock(mutex_);
    return names_;
}

void Listener::show(std::shared_ptr<const TlsNames> names)
{
    const std::lock_guard lock(mutex_);
    names_ = std::move(names);
}

Result<void> Shared::show(const wire::TlsSlice& tls)
{
    if (tls.certificates.size() != sites.size()) return Error{"certificates for other addresses than there are", ""};
    const auto contexts = make_contexts(tls);
    if (!contexts) return contexts.error();
    std::vector<std::shared_ptr<const TlsNames>> all;
    for (const auto& listener : listeners) {
        all.push_back(listener.config().tls ? names_of(listener, sites, *contexts) : nullptr);
        if (listener.config().tls && !all.back()) return Error{"a listener has no certificate", "Check [tls] in the config."};
    }
    auto next = all.begin();
    for (auto& listener : listeners) listener.show(std::move(*next++));
    return {};
}

}  // namespace amana::front

// SPDX-License-Identifier: AGPL-3.0-or-later
// What all threads of the front share. It is set up once at start and constant, but for the counts in Limits, the uploads from
// browsers, what the keeper says of its room, and the certificates that a listener shows.
#pragma once

#include "base/clock.hpp"
#include "crypto/keyset.hpp"
#include "server/front/gate.hpp"
#include "server/front/limits.hpp"
#include "server/front/public_files.hpp"
#include "server/front/responses.hpp"
#include "server/front/room.hpp"
#include "server/front/sealed_uploads.hpp"
#include "server/front/tls.hpp"
#include "server/wire/site_url.hpp"
#include "server/wire/slices.hpp"
#include "web/pages.hpp"

#include <list>
#include <mutex>
#include <optional>

namespace amana::front {

// What is one, by however many addresses the site is reached.
struct Common {
    wire::Limits config;
    crypto::KeySet keys;
    Limits limits;
    Clock clock;
    Gate gate;              // before what holds its tickets
    SealedUploads uploads;
    RoomGauge room{};
};

// The site by one of its addresses.
struct Site {
    Common& common;
    const web::Pages& pages;
    PublicFiles files;
    Responses responses;
    std::optional<wire::SiteUrl> url;  // none: it goes by any name
};

// A listening socket of each thread, and what is served there.
class Listener {
public:
    // `index`: by which the warden knows it. `sites`: at least one.
    Listener(std::uint32_t index, wire::ListenerSlice config, std::vector<Site*> sites);

    [[nodiscard]] std::uint32_t index() const { return index_; }
    [[nodiscard]] const wire::ListenerSlice& config() const { return config_; }
    // Behind a proxy that ends TLS: which name it asks for is its own affair, and not that of anybody who calls.
    [[nodiscard]] bool behind_proxy() const { return config_.local || !config_.forwarded.empty(); }
    // For who has yet to say whom it is for: it speaks as the first, and says nothing of its own.
    [[nodiscard]] Site& nobody() { return nobody_ ? *nobody_ : *sites_.front(); }
    // By a Host in lower case and without its port; null: it has no such name.
    [[nodiscard]] Site* site_of(std::string_view host) const;
    // Whether somebody from there may connect.
    [[nodiscard]] bool welcomes(const sockaddr_storage& peer) const;

    // Null where it speaks no TLS.
    [[nodiscard]] std::shared_ptr<const TlsNames> names() const;
    void show(std::shared_ptr<const TlsNames> names);

private:
    std::uint32_t index_;
    wire::ListenerSlice config_;
    std::vector<Site*> sites_;
    std::optional<Site> nobody_;  // where the first goes by a name
    mutable std::mutex mutex_;
    std::shared_ptr<const TlsNames> names_;
};

struct Shared {
    Common common;
    std::list<web::Pages> pages{};  // one for each set of them
    std::list<Site> sites{};        // in the order of the addresses
    std::list<Listener> listeners{};

    // What was told of addresses and listeners, once the pages are made. An error when certificates are not fit to use.
    [[nodiscard]] Result<void> show(const wire::TlsSlice& tls);
};

}  // namespace amana::front

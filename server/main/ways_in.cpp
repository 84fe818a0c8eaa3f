// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/ways_in.hpp"

#include "server/wire/onion_location.hpp"

#include <algorithm>
#include <charconv>

namespace amana::server {

namespace {

constexpr mode_t most_open = 0777;

class WaysIn {
public:
    WaysIn(Findings& findings, const Path& base, Config& config) : findings_(findings), base_(base), config_(config) {}

    void read(Section& top)
    {
        auto listen = top.section("listen");
        auto listeners = top.sections("listener");
        auto addresses = top.sections("site_address");
        short_listeners(listen, listeners.empty() ? Presence::required : Presence::optional);
        for (auto& section : listeners) listener(section);
        if (config_.listeners.size() > wire::max_listeners)
            findings_.error(config_.listeners.back().place, "more than " + std::to_string(wire::max_listeners) + " addresses",
                            "Listen on a wildcard address instead, for example \"0.0.0.0:8443\".");
        for (auto& section : addresses) site_address(section);
        if (config_.site_addresses.size() > wire::max_addresses)
            findings_.error(config_.site_addresses.back().place, "more than " + std::to_string(wire::max_addresses) + " of [[site_address]]", "Remove some.");
        for (auto& listener : config_.listeners) fit(listener);
        auto tls = top.section("tls");
        config_.certificates = certificates(tls, "[tls]", needs_certificate() ? Presence::required : Presence::optional);
        tls.finish();
    }

private:
    void short_listeners(Section& section, Presence presence)
    {
        for (const auto& written : section.texts("address", presence, "\"127.0.0.1:8443\"")) {
            ListenerConfig listener;
            listener.place = written.place;
            if (!parse(written, listener.address)) continue;
            add(std::move(listener));
        }
        section.count("threads", 1, max_threads, config_.threads);
        section.finish();
    }

    bool parse(const Placed<std::string>& written, SocketAddress& into)
    {
        auto address = SocketAddress::parse(written.value);
        if (address) into = *std::move(address);
        else findings_.error(written.place, address.error().message, address.error().hint);
        return address.has_value();
    }

    void add(ListenerConfig listener)
    {
        if (std::ranges::any_of(config_.listeners, [&](const auto& other) { return other.address == listener.address && listener.address.port + listener.address.path.size() > 0; }))
            findings_.error(listener.place, "address " + listener.address.text() + " is listed twice", "Remove one.");
        config_.listeners.push_back(std::move(listener));
    }

    void listener(Section& section)
    {
        ListenerConfig listener;
        listener.place = section.place();
        const auto address = section.text("address", Presence::required, "\"127.0.0.1:8443\"");
        const bool known = address && parse(*address, listener.address);
        if (address) listener.place = address->place;
        section.flag("redirect", listener.redirect);
        listener.tls = !listener.redirect;
        section.flag("tls", listener.tls);
        proxy(section, listener);
        forwarded(section, listener);
        peers(section, listener);
        listener.named = section.texts("site", Presence::optional, "[\"https://report.example.org/\"]");
        access(section, listener);
        section.finish();
        if (known) add(std::move(listener));
    }

    void proxy(Section& section, ListenerConfig& listener)
    {
        const auto written = section.text("proxy", Presence::optional, "\"required\"");
        if (!written) return;
        listener.proxy = written->value == "required";
        if (!listener.proxy && written->value != "none")
            findings_.error(written->place, "'proxy' in [[listener]] is neither \"none\" nor \"required\"",
                            "Write \"required\" where a proxy begins each connection with a PROXY header, version 1 or 2.");
    }

    void forwarded(Section& section, ListenerConfig& listener)
    {
        const auto written = section.text("forwarded", Presence::optional, "\"X-Forwarded-For\"");
        if (!written || written->value == "off") return;
        const bool name = written->value.size() <= wire::max_header_name_bytes && std::ranges::all_of(written->value, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        });
        if (!name) findings_.error(written->place, "'forwarded' in [[listener]] is no header's name", "Write the header that the proxy sets, for example \"X-Forwarded-For\", or \"off\".");
        else if (listener.proxy)
            findings_.error(written->place, "both 'proxy' and 'forwarded' would say where a request comes from",
                            "Take 'proxy' where the proxy passes TLS through, 'forwarded' where it ends TLS.");
        else if (listener.redirect)
            findings_.error(written->place, "'forwarded' is of no use where 'redirect' is true", "Remove it: nothing is asked of who comes there.");
        else listener.forwarded = written->value;
    }

    void peers(Section& section, ListenerConfig& listener)
    {
        const auto written = section.texts("peers", Presence::optional, "[\"127.0.0.1\"]");
        if (!written.empty() && listener.address.local())
            return findings_.error(written.front().place, "'peers' means nothing for a Unix socket", "'mode' and 'group' say who may connect.");
        for (const auto& one : written) {
            const auto network = wire::Network::parse(one.value);
            if (network) listener.peers.push_back(*network);
            else findings_.error(one.place, network.error().message, network.error().hint);
        }
        if (written.size() > wire::max_peers)
            findings_.error(written.back().place, "more than " + std::to_string(wire::max_peers) + " networks in 'peers'", "Name larger networks.");
        const bool believes = listener.proxy || !listener.forwarded.empty();
        if (written.empty() && believes && !listener.address.local()) listener.peers = loopback_networks();
    }

    void access(Section& section, ListenerConfig& listener)
    {
        const auto mode = section.text("mode", Presence::optional, "\"0660\"");
        const auto group = section.text("group", Presence::optional, "\"www-data\"");
        for (const auto* written : {mode ? &*mode : nullptr, group ? &*group : nullptr})
            if (written != nullptr && !listener.address.local())
                return findings_.error(written->place, "'mode' and 'group' are of a Unix socket", "Remove them; 'peers' says who may connect.");
        if (group) listener.access.group = group->value;
        if (!mode) return;
        unsigned value = 0;
        const auto* end = mode->value.data() + mode->value.size();
        const auto [rest, error] = std::from_chars(mode->value.data(), end, value, 8);
        if (error != std::errc() || rest != end || value > most_open)
            return findings_.error(mode->place, "'mode' in [[listener]] is no file mode", "Write it in octal, for example \"0660\".");
        if ((value & 0007U) != 0)
            findings_.warning(mode->place, "every user of this machine may connect to " + listener.address.text(), "Name the proxy's group as 'group', and take mode \"0660\".");
        listener.access.mode = value;
    }

    Placed<Path> resolved(const Placed<std::string>& written)
    {
        auto path = (base_ / written.value).lexically_normal();
        if (path.native().size() > 1 && path.filename().empty()) path = path.parent_path();
        if (path.native().size() > wire::max_path_bytes)
            findings_.error(written.place, "this path is longer than " + std::to_string(wire::max_path_bytes) + " bytes", "Use a shorter path.");
        return {std::move(path), written.place};
    }

    // In pairs, or folders that hold pairs.
    std::vector<CertificateFiles> certificates(Section& section, const std::string& name, Presence presence)
    {
        const auto chains = section.texts("certificate", presence, "\"/etc/amana/tls/certificate.pem\"");
        std::vector<CertificateFiles> files;
        for (const auto& chain : chains) files.push_back({resolved(chain), {}});
        const bool folders = !files.empty() && std::ranges::all_of(files, [](const auto& one) {
            // Where this process may not look (a backup's may not), it counts as one: whoever serves will say what is wrong.
            std::error_code error;
            const bool folder = std::filesystem::is_directory(one.certificate.value, error);
            return folder || error == std::errc::permission_denied;
        });
        const auto keys = section.texts("key", folders || (files.empty() && presence == Presence::optional) ? Presence::optional : Presence::required,
                                        "\"/etc/amana/tls/key.pem\"");
        if (keys.empty()) return folders ? files : std::vector<CertificateFiles>();
        if (keys.size() != files.size()) {
            if (!files.empty())
                findings_.error(keys.back().place, "'certificate' in " + name + " names " + std::to_string(files.size()) + " and 'key' " + std::to_string(keys.size()),
                                "Write as many keys as certificates, in the same order; none where each certificate is a folder of Certbot's or Caddy's.");
            return {};
        }
        if (files.size() > wire::max_certificates)
            findings_.error(chains.back().place, "more than " + std::to_string(wire::max_certificates) + " certificates", "One for each kind of key is enough: ECDSA and RSA.");
        for (std::size_t i = 0; i < keys.size(); ++i) files[i].key = resolved(keys[i]);
        return files;
    }

    void site_address(Section& section)
    {
        SiteAddress address;
        address.place = section.place();
        const auto url = section.text("url", Presence::required, "\"https://report.example.org/\"");
        bool good = false;
        if (url) {
            address.place = url->place;
            auto parsed = wire::SiteUrl::parse(url->value);
            good = parsed.has_value();
            if (good) address.url = *std::move(parsed);
            else findings_.error(url->place, parsed.error().message, parsed.error().hint);
        }
        onion_location(section, address);
        if (const auto exit = section.text("exit", Presence::optional, "\"https://www.wikipedia.org/\"")) {
            if (!is_link(exit->value))
                findings_.error(exit->place, "'exit' in [[site_address]] is not an address that begins with https:// or http://", "Write for example: exit = \"https://www.wikipedia.org/\"");
            address.exit = exit->value;
        }
        address.certificates = certificates(section, "[[site_address]]", Presence::optional);
        if (const auto manifest = section.text("manifest", Presence::optional, "\"site.note\"")) address.manifest = resolved(*manifest);
        section.finish();
        if (!good) return;
        if (std::ranges::any_of(config_.site_addresses, [&](const auto& other) { return other.url.host == address.url.host; }))
            findings_.error(address.place, "host " + address.url.host + " is listed twice", "Remove one: ports are not compared.");
        config_.site_addresses.push_back(std::move(address));
    }

    static bool is_link(const std::string& text)
    {
        const bool scheme = text.starts_with("https://") || text.starts_with("http://");
        return scheme && text.size() <= wire::max_address_bytes && text.find("://") + 3 < text.size() &&
               std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f && c != '"'; });
    }

    void onion_location(Section& section, SiteAddress& address)
    {
        const auto written = section.text("onion_location", Presence::optional, "\"http://….onion/\"");
        if (!written) return;
        const auto url = wire::SiteUrl::parse(written->value);
        if (!url || !url->onion())
            findings_.error(written->place, "'onion_location' in [[site_address]] is no onion address", "Write for example: onion_location = \"http://….onion/\"");
        else if (!address.url.https || address.url.onion())
            findings_.error(written->place, "'onion_location' leads from a clearnet address to an onion one", "Remove it here: Tor Browser takes it from https addresses alone.");
        else if (url->text().size() > wire::max_onion_location_bytes)
            findings_.error(written->place, "'onion_location' in [[site_address]] is longer than " + std::to_string(wire::max_onion_location_bytes) + " bytes", "An onion address of version 3 has 70.");
        else address.onion_location = url->text();
    }

    // Which addresses a listener serves, and whether it may.
    void fit(ListenerConfig& listener)
    {
        const bool terminated = listener.tls || !listener.forwarded.empty() || listener.redirect;
        if (listener.redirect && listener.tls)
            findings_.error(listener.place, "a listener with 'redirect' speaks plain HTTP", "Remove 'tls', or set it to false.");
        else if (!listener.tls && !listener.redirect && !listener.address.local() && !listener.address.loopback())
            findings_.error(listener.place, listener.address.text() + " would take reports in the clear from other machines",
                            "tls = false is for the loopback and for Unix sockets: listen there, or let the proxy speak TLS to this server.");
        if (config_.site_addresses.empty()) {
            if (!listener.tls && listener.forwarded.empty())
                findings_.error(listener.place, "nothing says which address " + listener.address.text() + " serves: without TLS that is no matter of course",
                                "Add a [[site_address]] with its 'url'.");
            else if (!listener.named.empty()) unknown_site(listener.named.front());
            listener.serves = {0};
            return;
        }
        if (!listener.named.empty()) return by_name(listener);
        if (!terminated && config_.site_addresses.size() > 1) {
            listener.serves = {0};
            return findings_.error(listener.place, "'site' in [[listener]] is missing, and there are several of [[site_address]]",
                                   "Say which are served here, for example: site = [\"" + config_.site_addresses.back().url.text() + "\"]");
        }
        for (std::uint32_t i = 0; i < config_.site_addresses.size(); ++i)
            // An onion address with a certificate is shown to the clearnet only where that is asked for by name: it tells where the machine is.
            if (const auto& url = config_.site_addresses[i].url; !terminated || (url.https && (!url.onion() || listener.address.local() || listener.address.loopback())))
                listener.serves.push_back(i);
        if (listener.serves.empty())
            findings_.error(listener.place, "no [[site_address]] with https is there for " + listener.address.text() + " to serve", "Add one, or remove this listener.");
    }

    void unknown_site(const Placed<std::string>& named)
    {
        std::string known;
        for (const auto& address : config_.site_addresses) known += (known.empty() ? "" : ", ") + address.url.text();
        findings_.error(named.place, "'site' in [[listener]] names none of [[site_address]]", known.empty() ? "Add it as a [[site_address]]." : "They are " + known + ".");
    }

    void by_name(ListenerConfig& listener)
    {
        for (const auto& named : listener.named) {
            const auto url = wire::SiteUrl::parse(named.value);
            const auto found = std::ranges::find_if(config_.site_addresses, [&](const auto& address) { return url && address.url.text() == url->text(); });
            if (found == config_.site_addresses.end()) {
                unknown_site(named);
                continue;
            }
            if (!found->url.https && (listener.tls || listener.redirect))
                findings_.error(named.place, found->url.text() + " is not https, and this listener is for what is", "Give it a listener with tls = false.");
            listener.serves.push_back(static_cast<std::uint32_t>(found - config_.site_addresses.begin()));
        }
        if (listener.serves.empty()) listener.serves = {0};  // said
    }

    [[nodiscard]] bool needs_certificate() const
    {
        if (config_.listeners.empty()) return true;
        return std::ranges::any_of(config_.listeners, [&](const auto& listener) {
            return listener.tls && (config_.site_addresses.empty() || std::ranges::any_of(listener.serves, [&](std::uint32_t i) { return config_.site_addresses[i].certificates.empty(); }));
        });
    }

    Findings& findings_;
    const Path& base_;
    Config& config_;
};

}  // namespace

std::vector<wire::Network> loopback_networks()
{
    return {wire::Network::parse("127.0.0.0/8").value(), wire::Network::parse("::1").value()};
}

std::string text_of(const ListenerConfig& listener)
{
    const std::string scheme = listener.tls ? "https://" : "http://";
    auto text = (listener.address.local() && !listener.tls ? "" : scheme) + listener.address.text();
    if (listener.proxy) text += " (PROXY header)";
    if (!listener.forwarded.empty()) text += " (" + listener.forwarded + ")";
    if (listener.redirect) text += " (redirect)";
    return text;
}

void read_ways_in(Section& top, Findings& findings, const Path& base, Config& into)
{
    WaysIn(findings, base, into).read(top);
}

}  // namespace amana::server

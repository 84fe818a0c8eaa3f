// SPDX-License-Identifier: AGPL-3.0-or-later
// All that the doctor looks at, gathered before anything is judged: so a test plants a fault by a file in a made-up root, or by a
// value here, and needs no machine for it. gather.cpp fills it from a real one.
#pragma once

#include "base/clock.hpp"
#include "base/process.hpp"
#include "server/main/config.hpp"
#include "server/main/doctor/seen.hpp"
#include "server/main/material.hpp"
#include "server/main/storage_lock.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <vector>

namespace amana::server::doctor {

// Where the server listens, and how one speaks to it there.
struct Endpoint {
    SocketAddress address;
    bool tls = true;
    bool proxy_header = false;  // each connection begins with a PROXY header
    bool redirect = false;      // says where the site is, and no more
    std::string forwarded;      // the header that a proxy names the sender's address in; empty: none
};

// What of the config the doctor goes by. Only deployment.cpp knows how the config says it.
struct Deployment {
    std::vector<Endpoint> endpoints;
    bool takes_forwarded = false;  // a listener that lets a proxy name the sender's address
    std::vector<Path> certificates;
    std::string site;  // the public address, "https://report.example.org/"; empty where not told
    std::string host;  // its name
    std::uint16_t port = 443;
};
[[nodiscard]] Deployment deployment_of(const Config& config);

struct Subject {
    explicit Subject(const Config& of) : config(of), deployment(deployment_of(of)) {}

    const Config& config;
    Deployment deployment;
    Path root = "/";  // of the machine's own files: /etc, /proc, /sys, /var/log
    UnixTime now = 0;
    std::optional<bool> clock_synchronised;
    std::optional<Running> running;
    // What the journal has of this service and of proxies, lately; nothing when it can't be read.
    std::optional<std::string> journal;
    std::optional<Material> material;         // nothing when `check` finds it wrong
    std::optional<boost::json::object> status;  // the keeper's; nothing when it can't tell
    std::vector<std::string> own_keys;        // SHA-256 of the public keys of the certificates that the config names
    std::vector<Seen> seen;                   // from outside
    std::vector<Path> programs;               // as they are installed
};

}  // namespace amana::server::doctor

// SPDX-License-Identifier: AGPL-3.0-or-later
// TLS: what all connections to one address of the site share, and which address a client asks for.
//
// No tickets, no session cache, no early data: nothing lets one connection be linked to another. The hybrid X25519MLKEM768 comes
// first where OpenSSL has it (3.5).
#pragma once

#include "base/secret.hpp"
#include "server/wire/slices.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct ssl_ctx_st;
struct ssl_st;

namespace amana::front {

class TlsContext {
public:
    // At least one certificate, each with a key of another kind: which one a client gets is what it can verify.
    [[nodiscard]] static Result<TlsContext> create(std::span<const wire::Certificate> certificates);

    [[nodiscard]] ssl_ctx_st* get() const { return context_.get(); }

private:
    struct Free {
        void operator()(ssl_ctx_st* context) const;
    };
    explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
    std::unique_ptr<ssl_ctx_st, Free> context_;
};

// Whether this OpenSSL has the hybrid.
[[nodiscard]] bool has_hybrid();

// What one listener shows, by the name that a client asks for. Never changed: when certificates are renewed, another takes its
// place, and connections keep what they began with.
class TlsNames {
public:
    struct Name {
        std::string host;  // lower case; empty: whatever is asked for
        std::shared_ptr<const TlsContext> context;
    };
    // `nameless`: who asks for no name gets the first's.
    TlsNames(std::vector<Name> names, bool nameless) : names_(std::move(names)), nameless_(nameless) {}

    // Null: there is no such name here.
    [[nodiscard]] const TlsContext* of(std::string_view server_name) const;
    [[nodiscard]] const TlsContext& first() const { return *names_.front().context; }

private:
    std::vector<Name> names_;  // at least one
    bool nameless_;
};

}  // namespace amana::front

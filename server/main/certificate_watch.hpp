// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether certificates and keys were renewed: their files are looked at now and then, through the links that Certbot sets. What
// has changed is read once it is the same at two looks, so that a pair is not read half written; what is not in order is said,
// and what is shown stays.
#pragma once

#include "server/main/material.hpp"

#include <functional>

#include <sys/types.h>

namespace amana::server {

class CertificateWatch {
public:
    // `say`: a line for the journal.
    CertificateWatch(const Config& config, std::function<void(const std::string&)> say) : config_(config), say_(std::move(say)) {}

    // They are read now, by who starts a front.
    void read_now();
    // The slice to show from now on, where they have changed and are good; `at_once`: whether they have changed or not.
    [[nodiscard]] std::optional<SecretBuffer> look(bool at_once);

private:
    struct Stamp {
        dev_t device = 0;
        ino_t file = 0;
        off_t bytes = 0;
        std::int64_t seconds = 0;
        std::int64_t nanoseconds = 0;
        // Whoever may read it counts too: one that could not be read may be readable now.
        std::int64_t changed_seconds = 0;
        std::int64_t changed_nanoseconds = 0;
        bool operator==(const Stamp&) const = default;
    };
    using Stamps = std::vector<Stamp>;
    [[nodiscard]] Stamps stamps() const;
    [[nodiscard]] std::optional<SecretBuffer> read();

    const Config& config_;
    std::function<void(const std::string&)> say_;
    Stamps read_;  // as they were when they were read
    Stamps seen_;  // at the last look
};

}  // namespace amana::server

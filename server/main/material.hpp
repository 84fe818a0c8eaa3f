// SPDX-License-Identifier: AGPL-3.0-or-later
// The files that a config names and a generation is started from: the TLS certificate and its key, the desk's public
// key set, the questionnaire and the logo. Read, held against one another and against the clock. The private key exists only inside a Material, in locked
// memory, and a Material only until it has been handed to the front.
#pragma once

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "crypto/keyset.hpp"
#include "server/main/config.hpp"

#include <memory>

namespace amana::server {

inline constexpr UnixTime keys_warning_time = 14 * one_day;

struct Material {
    wire::TlsSlice tls;             // by address; empty where no listener ends TLS
    UnixTime certificate_ends = 0;  // the first; 0: there is none
    Bytes keyset_note;
    crypto::KeySet keyset;
    Bytes questionnaire;  // as its file is; the front reads it
    Bytes logo;
    std::vector<Bytes> manifests;  // by address: signed notes, served as they are; empty where none is configured
    Bytes release;
};

// At start everything must be good. A later generation starts with keys that have run out meanwhile: the front then tells
// visitors that it is closed, which is better than silence.
enum class Moment { start, restart };

// Nothing when there was an error; findings say which.
[[nodiscard]] std::optional<Material> load_material(const Config& config, UnixTime now, Moment moment,
                                                    Findings& findings);
// The key set alone, for `status`.
[[nodiscard]] bool load_keyset(const Config& config, UnixTime now, Moment moment, Findings& findings, Material& into);

}  // namespace amana::server

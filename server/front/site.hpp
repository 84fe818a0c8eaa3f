// SPDX-License-Identifier: AGPL-3.0-or-later
// What all threads of the front share: everything here is set up once at start and constant, but for the counts in Limits,
// the uploads from browsers, and what the keeper says of its room.
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
#include "server/wire/slices.hpp"
#include "web/pages.hpp"

namespace amana::front {

struct Site {
    wire::Limits config;
    crypto::KeySet keys;
    web::Pages pages;
    PublicFiles files;
    Responses responses;
    TlsContext tls;
    Limits limits;
    Clock clock;
    Gate gate;              // before what holds its tickets
    SealedUploads uploads;
    RoomGauge room{};
};

}  // namespace amana::front

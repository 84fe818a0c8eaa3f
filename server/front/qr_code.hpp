// SPDX-License-Identifier: AGPL-3.0-or-later
// The QR code of a receipt (ISO/IEC 18004): version 1, level M, numeric mode, which 28 digits just fit. Of our own, since libqrencode,
// which tests hold this one to, leaves copies of what it is given in memory that it neither locks nor wipes.
#pragma once

#include "base/secret.hpp"

#include <cstddef>
#include <string_view>

namespace amana::front {

inline constexpr std::size_t qr_side = 21;
// Row by row, from the upper left: 1 is dark.
using QrModules = SecretArray<qr_side * qr_side>;

// `digits`: 28 of ASCII.
void draw_qr(std::string_view digits, QrModules& out);

}  // namespace amana::front

// SPDX-License-Identifier: AGPL-3.0-or-later
// Fills a subject from a machine and from what an outsider sees. Writes nothing.
#pragma once

#include "server/main/commands.hpp"
#include "server/main/doctor/subject.hpp"

namespace amana::server::doctor {

[[nodiscard]] Subject gather(const Config& config, std::optional<Material> material, const DoctorOptions& options);

}  // namespace amana::server::doctor

// SPDX-License-Identifier: AGPL-3.0-or-later
// The checks of the doctor. Each looks at its part of a subject, changes nothing, and says what it found under the names of
// the catalogue.
#pragma once

#include "server/main/doctor/diagnosis.hpp"
#include "server/main/doctor/subject.hpp"

#include <span>

namespace amana::server::doctor {

// proxies.cpp: configurations that lead here.
void look_at_proxies(const Subject& subject, Diagnosis& diagnosis);
// logs.cpp: what is written down already, and what writes it.
void look_at_logs(const Subject& subject, Diagnosis& diagnosis);
// machine_checks.cpp: what would bring memory to the disk; the clock; the disk itself.
void look_at_swap(const Subject& subject, Diagnosis& diagnosis);
void look_at_dumps(const Subject& subject, Diagnosis& diagnosis);
void look_at_clock(const Subject& subject, Diagnosis& diagnosis);
void look_at_disk(const Subject& subject, Diagnosis& diagnosis);
// file_checks.cpp: who may read and write what; who runs what.
void look_at_permissions(const Subject& subject, Diagnosis& diagnosis);
void look_at_processes(const Subject& subject, Diagnosis& diagnosis);
// key_checks.cpp: until when keys and certificate are good.
void look_at_keys(const Subject& subject, Diagnosis& diagnosis);
// tls_checks.cpp, header_checks.cpp: what an outsider was shown.
void look_at_reach(const Subject& subject, Diagnosis& diagnosis);
void look_at_tls(const Subject& subject, Diagnosis& diagnosis);
void look_at_headers(const Subject& subject, Diagnosis& diagnosis);
void look_at_plain(const Subject& subject, Diagnosis& diagnosis);
// storage_checks.cpp: room, backup, courier.
void look_at_room(const Subject& subject, Diagnosis& diagnosis);
void look_at_backup(const Subject& subject, Diagnosis& diagnosis);
void look_at_courier(const Subject& subject, Diagnosis& diagnosis);

struct Check {
    std::string_view at;
    std::string_view looks_at;
    void (*look)(const Subject&, Diagnosis&);
};
// In the order in which they are told.
[[nodiscard]] std::span<const Check> checks();
void examine(const Subject& subject, Diagnosis& diagnosis);

}  // namespace amana::server::doctor

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/doctor/checks.hpp"

#include <array>

namespace amana::server::doctor {

namespace {

std::string days_left(UnixTime until, UnixTime now)
{
    return "until " + to_rfc3339(until) + " (" + std::to_string((until - now) / one_day) + " days)";
}

}  // namespace

// What seals is check's to find; here is what the courier and the witness sign with.
void look_at_keys(const Subject& subject, Diagnosis& diagnosis)
{
    if (!subject.material) return diagnosis.unknown("keys and certificate: 'check' finds them wrong");
    const auto& keys = subject.material->keyset;
    const auto now = subject.now;
    diagnosis.fact("certificate", days_left(subject.material->certificate_ends, now));
    diagnosis.fact("keys", days_left(keys.sealing_ends(now), now));
    for (const auto& [name, validity] : std::array{std::pair{"courier", keys.courier.validity}, std::pair{"witness", keys.witness.validity}}) {
        diagnosis.fact(std::string(name) + " key", days_left(validity.not_after, now));
        if (validity.not_after <= now) diagnosis.found("courier-key-ends", Severity::error, std::string("the ") + name + "'s key ran out on " + to_rfc3339(validity.not_after));
        else if (validity.not_after - now < keys_warning_time) diagnosis.found("courier-key-ends", std::string("the ") + name + "'s key is good " + days_left(validity.not_after, now));
    }
}

}  // namespace amana::server::doctor

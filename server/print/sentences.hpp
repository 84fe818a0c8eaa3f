// SPDX-License-Identifier: AGPL-3.0-or-later
// What stands on one language's poster and cards: the catalogue's sentences (share/amana/locale), and the deployment's own
// words where it has them.
#pragma once

#include "server/print/job.hpp"

namespace amana::print {

struct Sentences {
    std::string language;
    bool right_to_left = false;
    std::string headline;
    std::string ministry;
    std::string scan;        // beside the QR code, above the address
    std::string onion;       // above the onion address
    std::string check;       // above the fingerprint
    std::string anonymous;
    std::string emergency;
    std::string call;        // what to do in an emergency; the numbers follow, if there are any
    std::string numbers;     // may be empty
};

[[nodiscard]] Result<Sentences> find_sentences(const Job& job, const std::string& language);

}  // namespace amana::print

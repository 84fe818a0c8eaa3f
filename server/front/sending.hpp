// SPDX-License-Identifier: AGPL-3.0-or-later
// What comes of one sending of one page, and of nothing else: its submission id, and its receipt.
//
// A finger that hits a button twice, and a line that breaks before the answer comes, send the same content from the same page
// again. Both are stored, since neither request knows of the other; the id joins them at the desk, and the receipt is one, so
// that the code in the answer that is seen at last is good, whichever of the two the desk answers to. So both are an HMAC under a
// random key of this process's life, of the page's token (random, of one page, and stored nowhere) and of the hash of all that is
// sent, attachments too: nobody who lacks any of the three can tell them, and with other content there is another id and another
// code. Without a token there is no page to speak of: then they are random.
#pragma once

#include "crypto/manifest.hpp"
#include "crypto/receipt.hpp"

namespace amana::front {

class Sending {
public:
    // `content`: of everything that is sent but what comes from here.
    Sending(std::string_view token, const crypto::Hash& content);

    [[nodiscard]] const crypto::SubmissionId& id() const { return id_; }
    [[nodiscard]] crypto::Receipt receipt() const { return crypto::Receipt::of_seed(seed_.view()); }

private:
    crypto::SubmissionId id_{};
    SecretArray<crypto::key_bytes> seed_;
};

}  // namespace amana::front

// SPDX-License-Identifier: AGPL-3.0-or-later
// An outbox of one deployment as a keeper has it, made and signed in memory.
#pragma once

#include "crypto/keyset.hpp"
#include "crypto/outbox.hpp"
#include "server/wire/messages.hpp"
#include "tests/crypto/opening.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace amana::front::test {

class FakeOutbox {
public:
    // A code's keys at this deployment.
    [[nodiscard]] static crypto::Receipt::Keys keys_of(const crypto::Receipt& receipt) { return receipt.keys(root()); }
    [[nodiscard]] static crypto::Hash root();
    // The deployment's, with a courier and one recipient whose secret is desk().
    [[nodiscard]] static crypto::KeySet key_set();
    [[nodiscard]] static crypto::testing::Recipient desk();

    explicit FakeOutbox(std::uint64_t serial = 7, std::uint32_t buckets = 4);
    // Sealed by this courier, else by the deployment's.
    void put(const crypto::Receipt& receipt, const std::vector<crypto::Message>& messages, const std::string& notice = {}, ByteView courier = {});
    // A file that is said in a message; its content is sealed.
    [[nodiscard]] crypto::AnswerFile file(std::string_view name, std::string_view content);
    [[nodiscard]] std::optional<Bytes> answer(const wire::Ask& ask) const;

    std::uint64_t serial;
    std::uint32_t buckets;
    UnixTime expires = 2 * one_week;
    std::map<crypto::Item, Bytes> files;
    Bytes slots;
    crypto::AnswerSlot notice{};
};

}  // namespace amana::front::test

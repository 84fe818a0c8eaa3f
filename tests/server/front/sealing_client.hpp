// SPDX-License-Identifier: AGPL-3.0-or-later
// A browser that seals, as far as the front can tell: envelopes, pieces, and what it is told.
#pragma once

#include "crypto/envelope.hpp"
#include "server/front/sealed_answer.hpp"
#include "tests/crypto/opening.hpp"
#include "tests/server/front/front.hpp"
#include "tests/server/front/sealed_body.hpp"
#include "tests/support/catch.hpp"

#include <boost/json/parse.hpp>

#include <future>

namespace amana::front::test {

inline std::string post(const std::string& body, const std::string& fields = "")
{
    return "POST /en/report HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + fields + "\r\n" + body;
}

struct Reply {
    std::string state;
    std::uint64_t have = 0;
    std::string promise;
    std::string takes;  // of full
};
// Nothing in it when the line broke.
inline Reply told(const Client::Answer& answer)
{
    if (answer.body.empty()) return {};
    const auto parsed = boost::json::parse(answer.body).as_object();
    Reply reply;
    const auto text = [](const boost::json::value& value) { return std::string(value.as_string().data(), value.as_string().size()); };
    reply.state = text(parsed.at("state"));
    if (const auto* have = parsed.if_contains("have")) reply.have = have->to_number<std::uint64_t>();
    if (const auto* promise = parsed.if_contains("promise")) reply.promise = text(*promise);
    if (const auto* takes = parsed.if_contains("takes")) reply.takes = text(*takes);
    const auto expected = reply.state == "more" || reply.state == "stored" || reply.state == "full" ? 2U : 1U;
    CHECK(parsed.size() == expected);
    return reply;
}

// The public key that the front under test has (tests/server/front/front.cpp).
inline const crypto::testing::Recipient& desk()
{
    static const crypto::testing::Recipient recipient(crypto::testing::seeded_bytes("desk", crypto::xwing_secret_bytes));
    return recipient;
}

struct Sealed {
    explicit Sealed(std::uint64_t padded, Byte kind = 1, std::size_t slots = 1)
    {
        const std::vector<crypto::XWingPublicKey> keys(slots, desk().public_key);
        envelope = crypto::testing::seal_all(crypto::Sealer::create(keys).value(), as_bytes("payload"), padded);
        head.kind = kind;
        head.keys = crypto::sha256(desk().public_key);
        crypto::random_bytes(head.upload);
    }
    [[nodiscard]] std::size_t pieces() const { return (envelope.size() + sealed_piece_bytes - 1) / sealed_piece_bytes; }
    [[nodiscard]] std::string body(std::size_t piece = 0) const
    {
        return sealed_body(head, envelope, static_cast<std::uint32_t>(piece) * sealed_piece_bytes);
    }
    [[nodiscard]] Reply send(Client& client, std::size_t piece = 0) const
    {
        client.write(post(body(piece)));
        return told(client.read_answer());
    }

    SealedHead head;
    Bytes envelope;
};

inline Front::Options options()
{
    Front::Options options;
    options.limits.max_files_bytes = 1024 * 1024;
    options.limits.header_timeout = options.limits.idle_timeout = options.limits.body_timeout = std::chrono::seconds(60);
    options.timing.answer = std::chrono::milliseconds(50);
    return options;
}

// As the page does it, over lines of which every other breaks somewhere. False when it did not end in `stored`.
inline bool send_over_bad_lines(Front& front, const Sealed& report, std::uint64_t seed)
{
    std::mt19937_64 random(seed);
    std::size_t piece = 0;
    for (int tries = 0; tries < 100; ++tries) {
        const auto client = front.connect(random() % 2);
        const auto request = post(report.body(piece));
        if (random() % 2 == 0) {
            client->write(request.substr(0, random() % request.size()));
            if (random() % 2 == 0) client->close();
            continue;
        }
        client->write(request);
        if (random() % 3 == 0) continue;  // whole, and its answer never seen
        const auto answer = client->read_answer();
        if (answer.body.empty()) continue;
        const auto parsed = boost::json::parse(answer.body).as_object();
        const auto& state = parsed.at("state").as_string();
        if (state == "stored") return true;
        if (state != "more") return false;
        piece = parsed.at("have").to_number<std::size_t>() / sealed_piece_bytes;
    }
    return false;
}

}  // namespace amana::front::test

// SPDX-License-Identifier: AGPL-3.0-or-later
// A desk at the commands, citizens with codes, and an outbox as a server reads it.
#pragma once

#include "crypto/outbox.hpp"
#include "desk/messages.hpp"
#include "tests/desk/session.hpp"

namespace amana::desk::testing {

struct Citizen {
    crypto::Receipt::Keys keys;
    crypto::InboxAddress address;
};

struct ReadOutbox {
    crypto::OutboxNote note;
    Bytes body;

    [[nodiscard]] ByteView bucket(const crypto::InboxId& id) const
    {
        const auto first = std::uint64_t{crypto::bucket_of(id, note.buckets)} * crypto::bucket_slots;
        return ByteView(body).subspan(note.slot_at(first), crypto::bucket_bytes);
    }
    [[nodiscard]] ByteView file(const crypto::Item& id) const;
};

class Answering {
public:
    Answering();

    [[nodiscard]] Citizen citizen() const { return with_keys(crypto::Receipt::make().keys(root)); }
    // One who made the beginning of his inbox's id to his liking.
    [[nodiscard]] Citizen citizen(ByteView prefix) const;

    // Puts it into the log; its identifier, whole.
    std::string send(const Sent& sent);
    std::string send(std::string story, const Citizen& from, crypto::SubmissionId submission = {})
    {
        return send({.story = std::move(story), .submission = submission, .inbox = from.address});
    }
    std::string follow_up(std::string text, const crypto::InboxAddress& inbox, std::vector<File> files = {});
    // Signed with this seed.
    std::string forget(const crypto::InboxAddress& inbox, ByteView erasure_seed);
    // All that was sent; what import said.
    std::string import();

    [[nodiscard]] Result<void> reply(const std::string& id, std::string_view text);
    [[nodiscard]] Result<void> run(Result<void> (*command)(const CommandLine&, const Surroundings&)) { return session.run<void>(command); }
    [[nodiscard]] Result<ReadOutbox> outbox(const char* name = "outbox");
    [[nodiscard]] ReadOutbox read(const std::filesystem::path& path) const;
    // The letter's texts; nothing when there is no letter.
    [[nodiscard]] std::vector<std::string> letter(const ReadOutbox& outbox, const Citizen& citizen) const;
    [[nodiscard]] std::string shown(const std::string& id);
    [[nodiscard]] std::string listed();

    Session session;
    CommandLine& line = session.line;
    Log log;
    crypto::KeySet keys;
    crypto::Hash root{};

private:
    [[nodiscard]] static Citizen with_keys(crypto::Receipt::Keys keys)
    {
        const auto address = crypto::InboxAddress::of(keys);
        return {std::move(keys), address};
    }
};

}  // namespace amana::desk::testing

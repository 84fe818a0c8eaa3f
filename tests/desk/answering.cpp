// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/desk/answering.hpp"

#include <algorithm>

namespace amana::desk::testing {

Answering::Answering()
{
    line.weeks = 30;
    REQUIRE(run(run_init).has_value());
    keys = read_public_keys({line.directory}).value().keys;
    root = crypto::sha256(keys.root);
    line.verifier = log.verifier().text();
    REQUIRE(run(run_trust).has_value());
    line.keep_days = 90;
}

Citizen Answering::citizen(ByteView prefix) const
{
    auto made = crypto::Receipt::make().keys(root);
    std::ranges::copy(prefix, made.inbox.begin());
    return with_keys(std::move(made));
}

std::string Answering::send(const Sent& sent)
{
    log.entries.push_back(seal(sent, keys.sealing_keys(session.time).value()));
    return to_hex(leaf_of(log.entries.back()));
}

std::string Answering::follow_up(std::string text, const crypto::InboxAddress& inbox, std::vector<File> files)
{
    return send({.story = std::move(text), .files = std::move(files), .kind = crypto::Kind::follow_up, .form = "follow_up", .inbox = inbox});
}

std::string Answering::forget(const crypto::InboxAddress& inbox, ByteView erasure_seed)
{
    crypto::SubmissionId submission;
    crypto::random_bytes(submission);
    const auto signature = to_hex(crypto::sign_forget(erasure_seed, root, inbox.id, submission));
    return send({.kind = crypto::Kind::erasure, .submission = submission, .form = "erasure", .answers = {{"signature", signature}}, .inbox = inbox});
}

std::string Answering::import()
{
    session.put_bundle(log.bundle());
    REQUIRE(run(run_import).has_value());
    return session.said;
}

Result<void> Answering::reply(const std::string& id, std::string_view text)
{
    line.id = id;
    line.text_file = session.path("text");
    REQUIRE(write_durable(line.text_file, as_bytes(text), 0600, DurableFile::Existing::replace).has_value());
    return run(run_reply);
}

Result<ReadOutbox> Answering::outbox(const char* name)
{
    line.out = session.path(name);
    const auto made = run(run_outbox);
    if (!made) return made.error();
    return read(line.out);
}

ReadOutbox Answering::read(const std::filesystem::path& path) const
{
    const auto file = read_file(path, std::size_t{1} << 30).value();
    const auto bytes = ByteView(file);
    const auto note_bytes = crypto::parse_outbox_preamble(bytes.first(crypto::outbox_preamble_bytes)).value();
    const auto note = crypto::OutboxNote::parse(bytes.subspan(crypto::outbox_preamble_bytes, note_bytes), keys.deployment, keys.courier.key).value();
    const auto head = crypto::outbox_head_bytes(note_bytes);
    REQUIRE(bytes.size() == head + note.body_bytes() + crypto::hash_bytes);
    const auto body = bytes.subspan(head, note.body_bytes());
    CHECK(crypto::sha256(body) == note.body);
    CHECK(std::ranges::equal(crypto::sha256(bytes.first(bytes.size() - crypto::hash_bytes)), bytes.last(crypto::hash_bytes)));
    return {note, Bytes(body.begin(), body.end())};
}

ByteView ReadOutbox::file(const crypto::Item& id) const
{
    for (std::uint64_t i = 0; i < note.file_count(); ++i)
        if (std::ranges::equal(ByteView(body).subspan(note.entry_at(i), id.size()), id))
            return ByteView(body).subspan(note.file_at(i), crypto::answer_file_bytes(note.class_of(i)));
    return {};
}

std::vector<std::string> Answering::letter(const ReadOutbox& outbox, const Citizen& citizen) const
{
    const auto opened = crypto::open_letter(outbox.bucket(citizen.address.id), citizen.keys, root, outbox.note.serial, keys.courier.key);
    REQUIRE(opened.has_value());
    std::vector<std::string> texts;
    if (*opened)
        for (const auto& message : (*opened)->messages()) texts.emplace_back(message.text);
    return texts;
}

std::string Answering::shown(const std::string& id)
{
    line.id = id;
    REQUIRE(run(run_show).has_value());
    return session.said;
}

std::string Answering::listed()
{
    REQUIRE(run(run_list).has_value());
    return session.said;
}

}  // namespace amana::desk::testing

// SPDX-License-Identifier: AGPL-3.0-or-later
// notice, unsend: what the desk says to all, and what it takes back (docs/INBOX.md).
#include "desk/attachments.hpp"
#include "desk/composing.hpp"
#include "desk/terminal.hpp"

#include <fmt/format.h>

#include <unistd.h>

namespace amana::desk {

namespace {

// JSON writes some characters as two bytes, and has a frame.
constexpr std::size_t max_notice_bytes = crypto::max_notice_text_bytes - 64;

// Takes a message out of what is open. True: nothing is left of it.
Result<bool> take_back(Messages& messages, StoredMessage& message)
{
    // One whose outbox may have been carried away is remembered.
    if (message.first_day == 0) {
        if (const auto erased = messages.erase(message.number); !erased) return erased.error();
        return true;
    }
    message.state = message.is_answer() ? MessageState::answer_withdrawn : MessageState::notice_withdrawn;
    if (const auto put = messages.put(message); !put) return put.error();
    return false;
}

// Every open notice goes; how many there were.
Result<std::size_t> withdraw_notices(Messages& messages)
{
    std::vector<std::int64_t> open;
    const auto looked = messages.for_each([&](const StoredMessage& message) -> Result<void> {
        if (message.state == MessageState::notice) open.push_back(message.number);
        return {};
    });
    if (!looked) return looked.error();
    for (const auto number : open) {
        auto message = messages.open(number);
        if (!message) return message.error();
        if (const auto taken = take_back(messages, *message); !taken) return taken.error();
    }
    return open.size();
}

}  // namespace

Result<void> run_notice(const CommandLine& line, const Surroundings& surroundings)
{
    std::optional<Written> written;
    if (!line.withdraw) {
        auto text = text_of(line, DeskPaths{line.directory}, "", max_notice_bytes);
        if (!text) return text.error();
        if (text->text.empty()) return Error{"the notice is empty", "Nothing was kept. To take back the present one: --withdraw"};
        written.emplace(std::move(*text));
        if (const auto yes = meant(line, *written, "Say this to everybody who has an answer?"); !yes) return yes.error();
    }
    auto desk = open_desk(line, DeskDirectory::Use::write);
    if (!desk) return desk.error();
    Messages messages(desk->records());
    Output out(STDOUT_FILENO);
    if (line.withdraw) {
        auto transaction = desk->casebook.begin();
        if (!transaction) return transaction.error();
        const auto withdrawn = withdraw_notices(messages);
        if (!withdrawn) return withdrawn.error();
        if (const auto committed = transaction->commit(); !committed) return committed.error();
        out.text(*withdrawn == 0 ? "There was no notice.\n" : "The notice is not in the next outbox any more.\n");
        return out.finish();
    }
    StoredMessage message;
    message.state = MessageState::notice;
    message.day = static_cast<std::uint64_t>(surroundings.clock() / one_day);
    message.text = std::move(written->text);
    const ByteArray<crypto::key_bytes> any{};
    if (const auto sealed = crypto::seal_notice(any, desk->root, 1, ByteView(any), message.day, message.text.text()); !sealed)
        return Error{fmt::format("the notice is too long: {} bytes", message.text.size()), "Line ends and quotes count twice. Shorten it."};
    const auto number = keep(desk->records(), message, [](Messages& kept) -> Result<void> {
        const auto withdrawn = withdraw_notices(kept);
        return withdrawn ? Result<void>{} : Result<void>(withdrawn.error());
    });
    if (!number) return number.error();
    out.text(fmt::format("Notice {} is kept, sealed, in place of any before, and waits for the next outbox: amana-desk outbox DIR --out BUNDLE\n", *number));
    out.text("Everybody who has an answer reads it beside that.\n");
    return out.finish();
}

Result<void> run_unsend(const CommandLine& line, const Surroundings&)
{
    auto desk = open_desk(line, DeskDirectory::Use::write);
    if (!desk) return desk.error();
    Messages messages(desk->records());
    auto transaction = desk->casebook.begin();
    if (!transaction) return transaction.error();
    auto message = messages.open(line.message);
    if (!message) return message.error();
    if (!message->open()) return Error{fmt::format("message {} was taken back already", line.message), ""};
    const auto outbox = messages.last_outbox();
    if (!outbox) return outbox.error();
    const auto erased = take_back(messages, *message);
    if (!erased) return erased.error();
    if (const auto committed = transaction->commit(); !committed) return committed.error();
    if (*erased) remove_attachments(desk->directory.paths(), message->files);
    Output out(STDOUT_FILENO);
    if (*erased) out.text(fmt::format("Message {} was in no outbox, and is erased.\n", line.message));
    else if (outbox->holds(line.message))
        out.text(fmt::format("Message {} is not in the next outbox. Until that one is on the server, it can be read there.\n", line.message));
    else out.text(fmt::format("Message {} goes into no outbox any more.\n", line.message));
    return out.finish();
}

}  // namespace amana::desk

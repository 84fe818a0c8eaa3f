// SPDX-License-Identifier: AGPL-3.0-or-later
// reply: one answer, kept until it is in an outbox (docs/INBOX.md).
#include "desk/attachments.hpp"
#include "desk/composing.hpp"
#include "desk/correspondence.hpp"
#include "desk/outbox_plan.hpp"
#include "desk/templates.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include <unistd.h>

namespace amana::desk {

namespace {

// Others may read while somebody writes an answer; for the moment in which it is kept nobody may.
Result<DeskDirectory> open_for_keeping(const std::filesystem::path& directory)
{
    constexpr int patience = 600;
    for (int tried = 0;; ++tried) {
        auto opened = DeskDirectory::open(directory, DeskDirectory::Use::write);
        if (opened || tried == patience || opened.error().message.find("another amana-desk") == std::string::npos) return opened;
        if (tried == 0) say("Another amana-desk is at work on this desk. Your text is kept as soon as it is done.");
        std::this_thread::sleep_for(std::chrono::seconds(1));
    }
}

// The one asked about, when an answer can go there.
Result<const Conversations::Member*> answerable(const Correspondence& all, const Report& report)
{
    if (report.manifest.kind() == crypto::Kind::decoy)
        return Error{to_hex(report.leaf).substr(0, 8) + " is a decoy: the server made it, and there is nobody to answer", "'amana-desk list' shows the reports."};
    const auto* member = all.conversations().find(report.leaf);
    if (member == nullptr) return Error{"this envelope is in no conversation", ""};
    if (member->kind == crypto::Kind::canary)
        return Error{"this is a canary: a test that this desk made itself, and there is nobody to answer", ""};
    if (all.conversations().inboxes_of(member->conversation).empty())
        return Error{"this report can't be answered: its sender took no code", ""};
    const bool answered = !all.conversations().answered(member->conversation).empty();
    if (!answered && !all.forgotten(member->conversation))
        return Error{"this can't be answered: its code is forged, and has the id of another's", "What it says did not come from that other's sender."};
    if (!answered)
        return Error{"this report can't be answered: its sender asked to be forgotten", ""};
    return member;
}

// Beside what is open already, in one letter.
Result<void> fits(const Records& records, const Correspondence& all, const Conversations::Member& member, StoredMessage& message, std::uint64_t today)
{
    Messages messages(records);
    std::vector<StoredMessage> letter;
    std::string numbers;
    for (const auto& said : all.said_to(member.conversation)) {
        auto open = messages.open(said.number);
        if (!open) return open.error();
        if (!is_due(*open, today, default_keep_days)) continue;
        numbers += (numbers.empty() ? "" : ", ") + std::to_string(said.number);
        letter.push_back(std::move(*open));
    }
    const bool alone = letter.empty();
    letter.push_back(std::move(message));
    SecretText text(crypto::max_letter_text_bytes);
    const bool fit = letter.size() <= crypto::max_messages && write_text(text, letter, {}, crypto::NoticeKey(std::in_place));
    message = std::move(letter.back());
    if (fit) return {};
    if (alone) return Error{fmt::format("the answer is too long: with the names of its files it has more than {} bytes", crypto::max_letter_text_bytes), "Shorten it, or send fewer files."};
    return Error{"with the answers that are open in this conversation this one does not fit into a letter any more",
                 "Shorten it, or take back an older one that is no longer needed (amana-desk unsend DIR N): " + numbers + "."};
}

Result<std::string> beginning_of(const CommandLine& line)
{
    if (line.reply_template.empty()) return {boost::system::in_place_value};
    const auto data = find_data(line.data);
    if (!data) return data.error();
    return load_template(*data, {line.language, line.reply_template});
}

Result<void> take_attachments(const CommandLine& line, const DeskPaths& paths, StoredMessage& message)
{
    if (line.attachments.size() > crypto::max_message_files)
        return Error{fmt::format("{} files; an answer has {} at most", line.attachments.size(), crypto::max_message_files), "Send the rest with another answer."};
    for (const auto& path : line.attachments) {
        auto file = take_attachment(paths, path);
        if (!file) {
            remove_attachments(paths, message.files);
            return file.error();
        }
        message.files.push_back(std::move(*file));
    }
    return {};
}

Result<void> tell_templates(const CommandLine& line)
{
    const auto data = find_data(line.data);
    if (!data) return data.error();
    const auto names = list_templates(*data);
    if (!names) return names.error();
    Output out(STDOUT_FILENO);
    for (const auto& [language, name] : *names) out.foreign(language).text("  ").foreign(name).text("\n");
    return out.finish();
}

// What is answered, looked up before a word is written; the desk is closed meanwhile.
struct Addressed {
    crypto::Hash leaf{};
    crypto::Hash root{};
    Vault vault;
};
Result<Addressed> look_up(const CommandLine& line)
{
    auto desk = open_desk(line);
    if (!desk) return desk.error();
    const auto report = find_report(desk->casebook, desk->vault.master(), line.id, Decoys::found);
    if (!report) return report.error();
    const auto all = Correspondence::load(desk->records());
    if (!all) return all.error();
    if (const auto member = answerable(*all, *report); !member) return member.error();
    return Addressed{report->leaf, desk->root, std::move(desk->vault)};
}

// How many codes it goes to. What was looked up may have changed since.
Result<std::size_t> keep_answer(const CommandLine& line, const Addressed& to, StoredMessage& message)
{
    const auto directory = open_for_keeping(line.directory);
    if (!directory) return directory.error();
    const auto& paths = directory->paths();
    auto casebook = Casebook::open(paths.database());
    if (!casebook) return casebook.error();
    const Records records{*casebook, to.vault.master(), to.root};
    const auto all = Correspondence::load(records);
    if (!all) return all.error();
    const auto report = find_report(*casebook, to.vault.master(), to_hex(to.leaf));
    if (!report) return report.error();
    const auto member = answerable(*all, *report);
    if (!member) return member.error();
    Messages messages(records);
    if (const auto swept = sweep_attachments(paths, messages); !swept) return swept.error();
    if (const auto taken = take_attachments(line, paths, message); !taken) return taken.error();
    const auto kept = keep(records, message, [&](Messages&) { return fits(records, *all, **member, message, message.day); });
    if (!kept) {
        remove_attachments(paths, message.files);
        return kept.error();
    }
    return all->conversations().answered((*member)->conversation).size();
}

}  // namespace

Result<void> run_reply(const CommandLine& line, const Surroundings& surroundings)
{
    if (line.list_templates) return tell_templates(line);
    const auto beginning = beginning_of(line);
    if (!beginning) return beginning.error();
    auto to = look_up(line);
    if (!to) return to.error();
    auto written = text_of(line, DeskPaths{line.directory}, *beginning, crypto::max_message_bytes);
    if (!written) return written.error();
    if (written->text.empty() && line.attachments.empty()) return Error{"the answer is empty", "Nothing was kept."};
    if (const auto yes = meant(line, *written, "Keep this answer for the next outbox?"); !yes) return yes.error();

    StoredMessage message;
    message.state = MessageState::answer;
    message.leaf = to->leaf;
    message.day = static_cast<std::uint64_t>(surroundings.clock() / one_day);
    message.text = std::move(written->text);
    const auto codes = keep_answer(line, *to, message);
    if (!codes) return codes.error();
    Output out(STDOUT_FILENO);
    out.text(fmt::format("Answer {} is kept, sealed, and waits for the next outbox: amana-desk outbox DIR --out BUNDLE\n", message.number));
    if (*codes > 1) out.text(fmt::format("It goes to {} codes: this report was sent more than once.\n", *codes));
    if (!message.files.empty())
        out.text("Files go as they are. What a picture or document says of where and by whom it was made, its reader can see.\n");
    return out.finish();
}

}  // namespace amana::desk

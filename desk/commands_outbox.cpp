// SPDX-License-Identifier: AGPL-3.0-or-later
// outbox: all that is open in one file, for the courier (docs/INBOX.md, section 1).
//
// In this order, so that a crash at any point leaves the desk right: the serial is burnt; the file is written and on disk, under
// another name; the casebook learns what is in it; the file gets its name; the casebook learns that it has it.
#include "desk/command_parts.hpp"
#include "desk/correspondence.hpp"
#include "desk/keys.hpp"
#include "desk/outbox_write.hpp"
#include "desk/show.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace amana::desk {

namespace {

constexpr std::uint64_t serials_a_day = 100;
constexpr UnixTime lifetime = 13 * one_week;
constexpr mode_t public_file = 0644;

// What may be written over: an outbox of this desk whose serial is lower. The note alone is read.
Result<DurableFile::Existing> replaceable(const std::filesystem::path& path, const crypto::KeySet& keys, std::uint64_t serial)
{
    struct stat about {};
    if (::lstat(path.c_str(), &about) != 0) {
        if (errno == ENOENT) return DurableFile::Existing::refuse;
        return system_error("can't look at " + path.string(), errno);
    }
    const Error another{path.string() + " is there already, and is not an older outbox of this desk", "It stays as it is. Name a file that does not exist yet."};
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd || !S_ISREG(about.st_mode)) return another;
    Bytes head(crypto::outbox_preamble_bytes);
    auto count = read_full(fd.get(), head);
    if (!count || *count != head.size()) return another;
    const auto length = crypto::parse_outbox_preamble(head);
    if (!length) return another;
    Bytes note(*length);
    count = read_full(fd.get(), note);
    if (!count || *count != note.size()) return another;
    const auto parsed = crypto::OutboxNote::parse(note, keys.deployment, keys.courier.key);
    if (!parsed || parsed->serial >= serial) return another;
    return DurableFile::Existing::replace;
}

// In a transaction of its own.
Result<void> remember(const Records& records, const std::function<Result<void>(Messages&)>& change)
{
    Messages messages(records);
    auto transaction = records.casebook.begin();
    if (!transaction) return transaction.error();
    if (const auto changed = change(messages); !changed) return changed.error();
    return transaction->commit();
}

// Which messages went in, and since when they are open.
Result<void> remember_content(Messages& messages, const OutboxPlan& plan, LastOutbox& outbox, std::uint64_t today)
{
    std::set<std::int64_t> numbers;
    for (const auto& letter : plan.letters)
        for (std::uint32_t i = 0; i < letter.count; ++i) numbers.insert(plan.messages[letter.messages + i]);
    if (plan.notice) numbers.insert(*plan.notice);
    outbox.held = outbox.serial;
    outbox.finished = false;
    outbox.numbers.clear();
    for (const auto number : numbers) {
        outbox.add(number);
        auto message = messages.open(number);
        if (!message) return message.error();
        if (message->first_day != 0) continue;
        message->first_day = today;
        if (const auto put = messages.put(*message); !put) return put.error();
    }
    return messages.set_last_outbox(outbox);
}

const char* reason(LeftOutWhy why)
{
    switch (why) {
    case LeftOutWhy::bucket: return "too many codes begin like its own: somebody made them so";
    case LeftOutWhy::files: return "there are too many files; take some back, or keep answers for fewer days (--keep)";
    case LeftOutWhy::reply_key: return "its code's key is none: its sender did not use this site's form";
    case LeftOutWhy::letter: return "its oldest answers alone: a letter has no room for more; take some back";
    }
    return "";
}

Result<void> tell(const Records& records, const OutboxPlan& plan, const crypto::OutboxNote& note, UnixTime courier_ends, const CommandLine& line, Output& out)
{
    std::error_code unknown;
    const auto bytes = std::filesystem::file_size(line.out, unknown);
    out.text(fmt::format("Outbox {}: {}{}, in {} with {}.\n", note.serial, counted(plan.letters.size(), "letter", "letters"),
                         plan.notice ? " and a notice" : "", counted(note.slots(), "place", "places"), counted(note.file_count(), "file", "files")));
    for (const auto& [leaf, why] : plan.left_out) {
        const auto id = records.casebook.short_id(leaf);
        if (!id) return id.error();
        out.text(fmt::format("LEFT OUT: {}, because {}.\n", *id, reason(why)));
    }
    if (courier_ends < note.expires)
        out.text(fmt::format("The courier's key is valid until {} alone: nobody believes the letters after that. Before: amana-desk extend DIR\n",
                             to_rfc3339(courier_ends).substr(0, 10)));
    out.text(fmt::format("\nIt is {} MiB, and good until {}. What to do next:\n  1. Carry ", (bytes + crypto::mebibyte - 1) / crypto::mebibyte,
                         to_rfc3339(note.expires).substr(0, 10)));
    out.foreign(line.out.string()).text(" to the server.\n  2. There: amana-server import --config FILE ").foreign(line.out.filename().string());
    out.text("\n  3. Erase it from the medium when the server has taken it.\n");
    return out.finish();
}

}  // namespace

Result<void> run_outbox(const CommandLine& line, const Surroundings& surroundings)
{
    const auto now = surroundings.clock();
    const auto today = static_cast<std::uint64_t>(now / one_day);
    const auto paths = DeskPaths{line.directory};
    const auto keys = read_public_keys(paths);
    if (!keys) return keys.error();
    if (!keys->keys.courier.validity.contains(now))
        return Error{"the courier's key is not valid today: what it signs nobody would believe",
                     "Look whether this machine's date is right. If it is, the desk needs further weeks: amana-desk extend DIR, and the new key set on the server."};
    auto desk = open_desk(line, DeskDirectory::Use::write);
    if (!desk) return desk.error();
    const auto records = desk->records();
    auto outbox = Messages(records).last_outbox();
    if (!outbox) return outbox.error();
    outbox->serial = std::max(outbox->serial + 1, today * serials_a_day);
    const auto existing = replaceable(line.out, keys->keys, outbox->serial);
    if (!existing) return existing.error();
    if (const auto burnt = remember(records, [&](Messages& messages) { return messages.set_last_outbox(*outbox); }); !burnt) return burnt.error();

    const auto seen = desk->casebook.seen();
    if (!seen) return seen.error();
    const auto seed = desk->vault.signing_key("courier");
    if (!seed) return seed.error();
    const auto all = Correspondence::load(records);
    if (!all) return all.error();
    auto plan = plan_outbox(records, all->conversations(), {today, line.keep_days, outbox->buckets});
    if (!plan) return plan.error();
    outbox->buckets = plan->buckets;
    crypto::OutboxNote note{keys->keys.deployment, outbox->serial, seen->size(), crypto::epoch_start(now) + lifetime, plan->buckets, {}, {}};
    auto file = DurableFile::create(line.out, public_file, *existing);
    if (!file) return file.error();
    const auto written = write_outbox(*plan, {desk->directory.paths(), records, all->conversations(), seed->view(), note}, *file,
                                      progress_on_stderr("writing the outbox"));
    if (!written) return written.error();
    if (const auto remembered = remember(records, [&](Messages& messages) { return remember_content(messages, *plan, *outbox, today); }); !remembered)
        return remembered.error();
    if (const auto named = file->commit(); !named) return named.error();
    outbox->finished = true;
    if (const auto remembered = remember(records, [&](Messages& messages) { return messages.set_last_outbox(*outbox); }); !remembered)
        return remembered.error();
    Output out(STDOUT_FILENO);
    return tell(records, *plan, *written, keys->keys.courier.validity.not_after, line, out);
}

}  // namespace amana::desk

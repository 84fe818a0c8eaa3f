// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/promise.hpp"
#include "desk/audit.hpp"
#include "desk/command_parts.hpp"
#include "desk/keys.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <sys/stat.h>
#include <unistd.h>

namespace amana::desk {

namespace {

constexpr std::string_view witness_role = "witness";
constexpr std::size_t max_texts_bytes = 4 * 1024 * 1024;
// What the server's form asks for (web/).
constexpr std::size_t min_story_bytes = 10;

Result<void> nothing_speaks_against(const DeskPaths& paths)
{
    const auto all = list_evidence(paths);
    if (!all) return all.error();
    for (const auto& piece : *all)
        if (!piece.settled)
            return Error{"there is evidence against this log: " + piece.id,
                         "What is co-signed is vouched for. See 'amana-desk audit DIR'; once it is explained, settle it there."};
    return {};
}

// Texts between lines of "---".
Result<std::vector<std::string>> texts_from(const std::filesystem::path& path, std::size_t count)
{
    const auto bytes = read_file(path, max_texts_bytes);
    if (!bytes) return bytes.error();
    std::vector<std::string> texts(1);
    auto rest = as_text(*bytes);
    while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        if (line == "---" || line == "---\r") texts.emplace_back();
        else texts.back() += std::string(line) + "\n";
    }
    std::erase_if(texts, [](const auto& text) { return text.find_first_not_of(" \t\r\n") == std::string::npos; });
    if (texts.size() < count)
        return Error{fmt::format("{} holds {} texts, and {} are asked for", path.string(), texts.size(), count),
                     "Put a line of three hyphens (---) between texts; each canary needs one of its own."};
    texts.resize(count);
    for (const auto& text : texts)
        if (text.size() < min_story_bytes) return Error{"a text is too short for the form", "Write ten characters or more."};
    return texts;
}

Result<std::vector<std::string>> texts_for(const CommandLine& line)
{
    if (!line.texts.empty()) return texts_from(line.texts, line.count);
    std::vector<std::string> texts(line.count);
    for (auto& text : texts) text = invented_story() + "\n";
    return texts;
}

Result<crypto::Promise> read_promise(const std::filesystem::path& path, const crypto::NoteVerifier& log, Bytes& note)
{
    auto bytes = read_file(path, crypto::max_promise_bytes);
    if (!bytes) return Error{path.string() + " is not a proof: " + bytes.error().message, "Name the file that was saved as proof.txt."};
    note = *std::move(bytes);
    return crypto::Promise::parse(note, log);
}

}  // namespace

Result<void> run_cosign(const CommandLine& line, const Surroundings& surroundings)
{
    auto desk = open_desk(line);
    if (!desk) return desk.error();
    const auto& paths = desk->directory.paths();
    const auto seen = desk->casebook.seen();
    if (!seen) return seen.error();
    if (seen->checkpoint.empty()) return Error{"this desk has imported nothing yet", "Import a bundle first: amana-desk import DIR BUNDLE"};
    if (const auto clean = nothing_speaks_against(paths); !clean) return clean.error();
    const auto keys = read_public_keys(paths);
    if (!keys) return keys.error();
    const auto seed = desk->vault.signing_key(std::string(witness_role));
    if (!seed) return seed.error();
    auto note = crypto::Note::parse(seen->checkpoint, crypto::max_checkpoint_bytes);
    if (!note) return note.error();
    // The log's signature and ours: what others signed is theirs to publish.
    const auto log = desk->casebook.pinned();
    if (!log) return log.error();
    std::erase_if(note->signatures, [&](const auto& signature) { return !*log || signature.id != (*log)->id(); });
    const auto today = surroundings.clock() / one_day * one_day;
    const crypto::NoteVerifier witness{keys->keys.deployment + "/" + std::string(witness_role), keys->keys.witness.key};
    note->cosign(witness.name, seed->view(), static_cast<std::uint64_t>(today));
    const auto text = note->encode();
    constexpr mode_t public_file = 0644;
    for (const auto& path : {line.out, paths.cosigned()})
        if (const auto written = write_durable(path, as_bytes(text), public_file, DurableFile::Existing::replace); !written)
            return written.error();
    Output out(STDOUT_FILENO);
    out.text(fmt::format("Co-signed: the log up to entry {}. Carry ", seen->size())).foreign(line.out.string());
    out.text(" to the server: amana-server witness --config FILE NOTE\n");
    out.text("Whoever watches the log knows the co-signature by this key: " + witness.cosigner_text() + "\n");
    return out.finish();
}

Result<void> run_canary(const CommandLine& line, const Surroundings& surroundings)
{
    const auto texts = texts_for(line);
    if (!texts) return texts.error();
    auto desk = open_desk(line, DeskDirectory::Use::write);
    if (!desk) return desk.error();
    if (::mkdir(line.out.c_str(), private_directory) != 0)
        return system_error("can't create the folder " + line.out.string(), errno);
    auto canaries = Canaries::load(desk->casebook, desk->vault.master());
    if (!canaries) return canaries.error();
    auto transaction = desk->casebook.begin();
    if (!transaction) return transaction.error();
    for (const auto& text : *texts) {
        const auto number = canaries->add(desk->casebook, desk->vault.master(), text, surroundings.clock() / one_day);
        if (!number) return number.error();
        const auto path = line.out / fmt::format("{}.txt", *number);
        if (const auto written = write_durable(path, as_bytes(text), private_file, DurableFile::Existing::refuse); !written)
            return written.error();
    }
    if (const auto committed = transaction->commit(); !committed) return committed.error();
    Output out(STDOUT_FILENO);
    out.text(counted(texts->size(), "canary is", "canaries are") + " in ").foreign(line.out.string()).text(
        ", a text file for each.\n"
        "Send each as a citizen would, from outside, over whatever route is to be tested: paste its text into the form, or\n"
        "  curl --socks5-hostname 127.0.0.1:9050 -F 'story=<1.txt' https://SITE/ar/report -o /dev/null\n"
        "Then destroy the files. Imports recognise them; 'amana-desk audit DIR' says which arrived.\n");
    return out.finish();
}

Result<bool> run_audit(const CommandLine& line, const Surroundings&)
{
    if (!line.settle.empty()) {
        const auto directory = DeskDirectory::open(line.directory, DeskDirectory::Use::write);
        if (!directory) return directory.error();
        if (const auto settled = settle_evidence(directory->paths(), line.settle); !settled) return settled.error();
    }
    auto desk = open_desk(line);
    if (!desk) return desk.error();
    const auto& paths = desk->directory.paths();
    const auto found = audit(paths, desk->casebook, desk->vault.master(), line.grace_days, progress_on_stderr("opening reports"));
    if (!found) return found.error();
    Output out(STDOUT_FILENO);
    if (const auto said = write_audit(*found, paths, line.grace_days, line.json ? Format::json : Format::text, out); !said) return said.error();
    return found->well();
}

Result<bool> run_proof(const CommandLine& line, const Surroundings&)
{
    const auto directory = DeskDirectory::open(line.directory, DeskDirectory::Use::read);
    if (!directory) return directory.error();
    auto casebook = Casebook::open(directory->paths().database());
    if (!casebook) return casebook.error();
    const auto log = casebook->pinned();
    if (!log) return log.error();
    if (!*log) return Error{"this desk trusts no log yet", "Run: amana-desk trust DIR VERIFIER"};
    Bytes note;
    const auto promise = read_promise(line.proof, **log, note);
    if (!promise) return promise.error();
    const auto seen = casebook->seen();
    if (!seen) return seen.error();
    const auto there = casebook->has_leaf(promise->leaf, promise->from);
    if (!there) return there.error();
    Output out(STDOUT_FILENO);
    if (*there) {
        out.text("KEPT: the report of this proof is in the log, where it was promised.\n");
        if (const auto said = out.finish(); !said) return said.error();
        return true;
    }
    if (seen->size() < promise->by) {
        out.text(fmt::format("TOO EARLY: the log promised it by entry {}, and this desk has seen {}. Import newer bundles, and ask again.\n",
                             promise->by, seen->size()));
        if (const auto said = out.finish(); !said) return said.error();
        return true;
    }
    const TreeClaim ours{seen->size(), seen->frontier.root()};
    const NewEvidence broken{{{Misdeed::broken_promise, {}}}, ours, {promise->by, {}}, seen->checkpoint, note, line.proof};
    const auto id = file_evidence(directory->paths(), broken);
    if (!id) return id.error();
    out.text(fmt::format("BROKEN: the log promised this report by entry {}; this desk has seen {} entries, and it is not among them. "
                         "Evidence {}.\n",
                         promise->by, seen->size(), *id));
    if (const auto said = out.finish(); !said) return said.error();
    return false;
}

}  // namespace amana::desk

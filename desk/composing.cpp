// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/composing.hpp"

#include "desk/site_signing.hpp"
#include "desk/templates.hpp"
#include "desk/terminal.hpp"
#include "desk/writing.hpp"

namespace amana::desk {

namespace {

Result<SecretText> fit_to_keep(const CommandLine& line, std::string_view written, std::size_t max)
{
    auto checked = checked_writing(written, max);
    if (!checked) return checked.error();
    if (!line.reply_template.empty() && checked->text().find(template_mark) != std::string_view::npos)
        return Error{"something of the template is not filled in: the text still has [[", "Nothing was kept. Fill in what stands in double brackets, or remove it."};
    return checked;
}

}  // namespace

Result<Written> text_of(const CommandLine& line, const DeskPaths& paths, std::string_view beginning, std::size_t max)
{
    if (!line.text_file.empty()) {
        const auto read = read_writing(line.text_file);
        if (!read) return read.error();
        auto checked = fit_to_keep(line, read->text(), max);
        if (!checked) return checked.error();
        return Written{std::move(*checked), false};
    }
    SecretText written(0);
    for (auto from = beginning;; from = written.text()) {
        auto edited = write_in_editor(paths, from);
        if (!edited) return edited.error();
        written = std::move(*edited);
        auto checked = fit_to_keep(line, written.text(), max);
        if (checked) return Written{std::move(*checked), true};
        // Nobody is to write it all once more, where somebody is there to be asked.
        say(checked.error().text());
        const auto again = line.yes ? Result<bool>(false) : confirmed("Edit it again?");
        if (!again || !*again) return checked.error();
    }
}

Result<void> meant(const CommandLine& line, const Written& written, const std::string& question)
{
    if (!written.edited || line.yes) return {};
    const auto yes = confirmed(question);
    if (!yes) return Error{yes.error().message, "With --yes it is kept without being asked. Nothing was kept."};
    return *yes ? Result<void>{} : Result<void>(Error{"nothing was kept", ""});
}

Result<std::int64_t> keep(const Records& records, StoredMessage& message, const std::function<Result<void>(Messages&)>& before)
{
    Messages messages(records);
    auto transaction = records.casebook.begin();
    if (!transaction) return transaction.error();
    const auto seen = records.casebook.seen();
    if (!seen) return seen.error();
    message.seen = seen->size();
    if (const auto prepared = messages.prepare(); !prepared) return prepared.error();
    if (const auto added = before(messages); !added) return added.error();
    const auto number = messages.add(message);
    if (!number) return number.error();
    if (const auto committed = transaction->commit(); !committed) return committed.error();
    return number;
}

}  // namespace amana::desk

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/server/front/reporting.hpp"

#include <algorithm>
#include <stdexcept>

namespace amana::front::test {

namespace {

void must_be(bool condition, const char* what)
{
    if (!condition) throw std::runtime_error(what);
}

}  // namespace

FormBody& FormBody::file(std::string_view name, std::string_view data, std::string_view type)
{
    return part("Content-Disposition: form-data; name=\"files\"; filename=\"" + std::string(name) + "\"\r\nContent-Type: " + std::string(type), data);
}

FormBody& FormBody::part(std::string_view head, std::string_view data)
{
    for (const auto text : {std::string_view("--Boundary\r\n"), head, std::string_view("\r\n\r\n"), data, std::string_view("\r\n")}) body_ += text;
    return *this;
}

Reporting::Reporting(std::size_t recipients, std::uint64_t max_bytes)
    : limits(wire::Limits(), MemoryProtection{true, SIZE_MAX}), files{max_bytes}
{
    recipients_.reserve(recipients);
    for (std::size_t i = 0; i < recipients; ++i) {
        recipients_.emplace_back(crypto::testing::seeded_bytes("recipient " + std::to_string(i), crypto::xwing_secret_bytes));
        public_keys.push_back(recipients_.back().public_key);
    }
}

asio::awaitable<void> Reporting::take_all(Intake& intake, std::string_view body, const std::vector<std::size_t>& cuts, Outcome& outcome)
{
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= cuts.size(); ++i) {
        const auto end = i < cuts.size() ? cuts[i] : body.size();
        // A copy that is gone afterwards: nothing may point into what was handed over.
        const Bytes piece(body.begin() + static_cast<std::ptrdiff_t>(begin), body.begin() + static_cast<std::ptrdiff_t>(end));
        begin = end;
        co_await intake.take(piece);
    }
    outcome.problem = co_await intake.finish();
}

Outcome Reporting::send(std::string_view body, const std::vector<std::size_t>& cuts, std::string_view content_type)
{
    auto outcome = send_unopened(body, cuts, content_type);
    if (!outcome.problem) outcome.report = open(channel.keeper.envelopes.rbegin()->second.bytes());
    return outcome;
}

Outcome Reporting::send_unopened(std::string_view body, const std::vector<std::size_t>& cuts, std::string_view content_type)
{
    if (!std::exchange(collecting, true)) channel.spawn(channel.keeper.collect());
    auto form = FormReader::create(content_type);
    auto admitted = limits.report(source());
    must_be(form && admitted, "a form that may be received");
    Outcome outcome;
    {
        Intake intake(std::move(*admitted), *channel.link, public_keys, std::move(*form), questionnaire(), files, from);
        run(channel.context, take_all(intake, body, cuts, outcome));
        outcome.story = story_in(intake);
        outcome.kept_all = intake.kept_all();
        if (const auto* field = intake.problem_field()) outcome.field = field->id;
    }
    channel.settle();  // an abort reaches the keeper
    return outcome;
}

OpenedReport Reporting::open(ByteView envelope) const
{
    std::optional<OpenedReport> first;
    for (const auto& recipient : recipients_) {
        const std::array secrets{recipient.view()};
        const auto opened = crypto::testing::must(crypto::testing::open_envelope(envelope, secrets));
        const auto& answers = opened.manifest.answers();
        must_be(opened.manifest.kind() == crypto::Kind::report && opened.manifest.form_id() == "recruitment" && opened.manifest.form_version() == 2,
                "a report of this form");
        OpenedReport report{{}, {}, {}, opened.manifest.submission(), envelope.size()};
        for (const auto& answer : answers) {
            auto& copy = report.answers[std::string(answer.name)];
            copy.values.assign(answer.values.begin(), answer.values.end());
            for (const auto& row : answer.rows) copy.rows.emplace_back(row.begin(), row.end());
        }
        must_be(report.answers.contains("story"), "a story");
        report.story = report.answers["story"].values.at(0);
        for (std::size_t i = 0; i < opened.attachments.size(); ++i) {
            const auto& entry = opened.manifest.attachments().at(i);
            report.files.push_back({std::string(entry.name), std::string(entry.type), std::string(as_text(opened.attachments[i]))});
        }
        if (first) must_be(first->answers == report.answers && first->files == report.files, "the same for every recipient");
        first = std::move(report);
    }
    return std::move(*first);
}

}  // namespace amana::front::test

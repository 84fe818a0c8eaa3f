// SPDX-License-Identifier: AGPL-3.0-or-later
// A report sent through a real Intake and Sealer to a keeper that collects, and opened again.
#pragma once

#include "server/front/intake.hpp"
#include "tests/crypto/opening.hpp"
#include "tests/server/front/fake_keeper.hpp"
#include "tests/server/front/pages.hpp"

#include <map>
#include <string>
#include <vector>

namespace amana::front::test {

inline constexpr std::string_view form_type = "multipart/form-data; boundary=Boundary";

// A form's body, part by part.
class FormBody {
public:
    FormBody& story(std::string_view text) { return answer("story", text); }
    FormBody& answer(std::string_view control, std::string_view value)
    {
        return part("Content-Disposition: form-data; name=\"" + std::string(control) + "\"", value);
    }
    FormBody& file(std::string_view name, std::string_view data, std::string_view type = "image/jpeg");
    FormBody& part(std::string_view head, std::string_view data);
    [[nodiscard]] std::string end() const { return body_ + "--Boundary--\r\n"; }
    [[nodiscard]] const std::string& so_far() const { return body_; }

private:
    std::string body_;
};

struct OpenedFile {
    std::string name;
    std::string type;
    std::string data;
    bool operator==(const OpenedFile&) const = default;
};

// A text, several, or rows.
struct OpenedAnswer {
    std::vector<std::string> values;
    std::vector<std::map<std::string, std::string>> rows;
    bool operator==(const OpenedAnswer&) const = default;
};

struct OpenedReport {
    std::string story;
    std::map<std::string, OpenedAnswer> answers;  // the story among them
    std::vector<OpenedFile> files;
    crypto::SubmissionId submission{};
    std::uint64_t envelope_bytes = 0;
};

// What was typed as the story, as it would be given back.
inline std::string story_in(const Intake& intake)
{
    return std::string(intake.answers().text(*questionnaire().find(web::story_id)));
}

struct Outcome {
    std::optional<web::Problem> problem;
    std::string field;  // the question with the problem, or empty
    std::string story;  // what an error page would give back
    bool kept_all = true;
    std::optional<OpenedReport> report;
};

class Reporting {
public:
    explicit Reporting(std::size_t recipients = 1, std::uint64_t max_files_bytes = std::uint64_t{1} << 20);

    // Sends `body` cut at the given ascending positions; opened with every recipient's key when it was accepted.
    [[nodiscard]] Outcome send(std::string_view body, const std::vector<std::size_t>& cuts = {}, std::string_view content_type = form_type);
    // The same, without opening what was accepted.
    [[nodiscard]] Outcome send_unopened(std::string_view body, const std::vector<std::size_t>& cuts = {}, std::string_view content_type = form_type);

    Channel channel;
    bool collecting = false;  // true: the keeper does something already
    Limits limits;
    FilesTaken files;
    Intake::Page from;
    std::vector<crypto::XWingPublicKey> public_keys;

private:
    [[nodiscard]] asio::awaitable<void> take_all(Intake& intake, std::string_view body, const std::vector<std::size_t>& cuts, Outcome& outcome);
    [[nodiscard]] OpenedReport open(ByteView envelope) const;

    std::vector<crypto::testing::Recipient> recipients_;
};

}  // namespace amana::front::test

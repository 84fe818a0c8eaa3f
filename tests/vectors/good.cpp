// SPDX-License-Identifier: AGPL-3.0-or-later
// Vectors that open.
#include "tests/vectors/vector.hpp"

#include "base/require.hpp"
#include "crypto/inbox.hpp"

namespace amana::vectors {

namespace {

// A vector of a whole report; `with_sealing` also gives what a deterministic sealer needs to make it again.
struct Report {
    std::string name;
    std::string comment;
    std::vector<std::string> recipients{"desk"};
    ManifestText text{};
    std::vector<File> files{};
    std::size_t padded = 32768;
    bool with_sealing = false;
    std::size_t piece = 65536;
};

Vector vector_of(const Report& report, Bytes& envelope)
{
    const auto manifest = manifest_text(report.text, report.files);
    Bytes payload;
    for (const auto& file : report.files) append(payload, attachment_records(file, report.piece));
    append(payload, manifest_record(manifest));
    const Sealing sealing{report.recipients, randomness_for(report.name, report.recipients.size()), report.padded, payload};
    envelope = seal(sealing);
    Vector vector{report.name, report.comment, "", {report.recipients.front()}, "open", manifest, report.files, {}};
    if (report.with_sealing) vector.sealing = sealing;
    return vector;
}

void add(Collection& into, const Report& report)
{
    Bytes envelope;
    auto vector = vector_of(report, envelope);
    into.add(std::move(vector), std::move(envelope));
}

void add_four_recipients(Collection& into)
{
    const std::vector<std::string> all{"desk", "partner a", "partner b", "partner c"};
    Bytes envelope;
    auto first = vector_of({.name = "four-recipients-1",
                            .comment = "Four slots; opened by the first recipient.",
                            .recipients = all,
                            .with_sealing = true},
                           envelope);
    first.file = "four-recipients.envelope";
    into.add(first, std::move(envelope));
    for (std::size_t i = 1; i < all.size(); ++i) {
        auto other = first;
        other.name = "four-recipients-" + std::to_string(i + 1);
        other.comment = "The same envelope, opened by recipient " + std::to_string(i + 1) + ".";
        other.secrets = {all[i]};
        other.sealing.reset();
        into.add(other);
    }
    first.name = "last-secret-opens";
    first.comment = "The opener has three secrets; only the last is a recipient's, and its slot is the third.";
    first.secrets = {"stranger 1", "stranger 2", "partner b"};
    first.sealing.reset();
    into.add(first);
}

// As many letters as fill the text class to its last byte.
std::string story_that_fills()
{
    const auto without = frame({}, manifest_text({.answers = R"({"story":""})"})).size();
    return std::string(32768 - without, 'a');
}

Bytes pattern(std::size_t count)
{
    Bytes out(count);
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<Byte>(i * 7 + i / 251);
    return out;
}

std::string forget_answers()
{
    const auto keys = receipt_keys();
    Bytes submission(16);
    require(from_hex(ManifestText().id, submission).has_value(), "a submission id");
    return R"({"signature":")" + to_hex(crypto::sign_forget(keys.erasure.view(), vectors_root(), keys.inbox, submission)) + "\"}";
}

}  // namespace

void add_good(Collection& into)
{
    add(into, {.name = "text",
               .comment = "A text report for one recipient.",
               .with_sealing = true});
    add_four_recipients(into);
    add(into, {.name = "arabic-and-emoji",
               .comment = "Scripts of two, three and four bytes a character; line breaks, quotes and control characters, "
                          "each with its shortest escape; U+007F and U+2028, which have none.",
               .text = {.answers = "{\"story\":\"قالوا لأخي إن العمل سائق.\\nবাংলা አማርኛ 😀👨‍👩‍👧 "
                                   "\\\"\\\\/\\b\\f\\r\\t\\u0000\\u001f\x7f\xe2\x80\xa8\"}"}});
    add(into, {.name = "answers-of-every-kind",
               .comment = "A text, several texts, rows; an empty text. Member names in ascending order.",
               .text = {.answers = R"({"channels":["telegram","phone"],"contact":"","people":[{"alias":"Abu X","phone":"+963"},)"
                                   R"({"alias":"Y"}],"story":"He left on Monday."})"}});
    add(into, {.name = "decoy", .comment = "Kind decoy.", .text = {.answers = "{}", .kind = "decoy"}});
    add(into, {.name = "canary",
               .comment = "Kind canary.",
               .text = {.kind = "canary", .id = "ffffffffffffffffffffffffffffffff"}});
    add(into, {.name = "inbox", .comment = "A report whose sender can be answered.", .text = {.inbox = inbox_text()}});
    add(into, {.name = "follow-up",
               .comment = "What is written on from an inbox, with a file.",
               .text = {.answers = R"({"text":"He called again."})", .kind = "follow_up", .inbox = inbox_text(), .form = "follow_up"},
               .files = {{"note.txt", "text/plain", pattern(10)}},
               .padded = 65536});
    add(into, {.name = "erasure",
               .comment = "An inbox's request to be forgotten; its signature is section 9.5's.",
               .text = {.answers = forget_answers(), .kind = "erasure", .inbox = inbox_text(), .form = "erasure"}});
    add(into, {.name = "no-padding",
               .comment = "The payload fills its class to the last byte.",
               .text = {.answers = R"({"story":")" + story_that_fills() + R"("})"}});
    add(into, {.name = "attachments",
               .comment = "Four attachments in the 64 KiB class: two with data in records of 1000 bytes, one empty, one of "
                          "a single byte. Name and type may be empty.",
               .recipients = {"desk", "partner a"},
               .files = {{"IMG_1.jpg", "image/jpeg", pattern(2500)},
                         {"فارغ.txt", "text/plain", {}},
                         {"", "", {0}},
                         {"voice.ogg", "audio/ogg", pattern(1000)}},
               .padded = 65536,
               .with_sealing = true,
               .piece = 1000});
    add(into, {.name = "four-chunks",
               .comment = "The 256 KiB class, so four chunks of which the last is full; an attachment of 70000 bytes in two "
                          "records.",
               .files = {{"video.mp4", "video/mp4", pattern(70000)}},
               .padded = 262144,
               .with_sealing = true});
}

}  // namespace amana::vectors

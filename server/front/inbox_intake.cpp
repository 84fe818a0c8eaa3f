// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/inbox_intake.hpp"

#include "base/require.hpp"
#include "base/utf8.hpp"
#include "server/front/answers.hpp"

#include <algorithm>
#include <charconv>

namespace amana::front {

namespace {

constexpr std::array<std::string_view, 4> names{"code", "do", "file", "text"};
// What a small control may hold; the text has what there is.
constexpr std::size_t most_small = crypto::max_typed_bytes + 1;  // one more than a code may have, which says so
// {"text":"…"}
constexpr std::size_t frame_bytes = 11;
constexpr std::string_view message_form = "follow_up";
constexpr std::string_view erasure_form = "erasure";

}  // namespace

InboxIntake::InboxIntake(std::optional<Admitted> admitted, KeeperLink& link, std::vector<crypto::XWingPublicKey> recipients, FormReader form,
                         FilesTaken files, std::string_view token, const crypto::Hash& root)
    : FormIntake(link, std::move(recipients), std::move(form), files, token), admitted_(std::move(admitted)), root_(root)
{
}

std::string_view InboxIntake::texts_at(Control control) const
{
    const auto& place = places_.at(static_cast<std::size_t>(control));
    return text_.text().substr(place.at, place.size);
}

std::optional<InboxWish> InboxIntake::wish() const
{
    const auto said = texts_at(Control::wish);
    for (const auto& [name, wish] : {std::pair{"open", InboxWish::open}, {"send", InboxWish::send}, {"file", InboxWish::file},
                                     {"forget", InboxWish::forget}, {"erase", InboxWish::erase}})
        if (said == name) return wish;
    return std::nullopt;
}

std::optional<std::uint64_t> InboxIntake::file() const
{
    const auto said = texts_at(Control::file);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(said.data(), said.data() + said.size(), number);
    if (error != std::errc() || end != said.data() + said.size()) return std::nullopt;
    return number;
}

void InboxIntake::belongs_to(const crypto::Receipt::Keys& keys)
{
    keys_ = &keys;
    *inbox_ = crypto::InboxAddress::of(keys);
}

FormIntake::Begun InboxIntake::begin_text(std::string_view name)
{
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) return Begun::nothing;
    current_ = static_cast<Control>(found - names.begin());
    auto& begun = place(current_);
    if (begun.given) return Begun::twice;
    begun = {text_.size(), 0, true};
    return Begun::text;
}

bool InboxIntake::append_text(ByteView data)
{
    auto& growing = place(current_);
    // Of a small one the rest is passed over: it is too long already.
    if (current_ != Control::text) data = data.first(std::min(data.size(), most_small - growing.size));
    if (!text_.append(data)) {
        text_.truncate(growing.at);
        growing.size = 0;
        return false;
    }
    growing.size += data.size();
    return true;
}

std::optional<FormIntake::Wrong> InboxIntake::check(std::size_t files)
{
    if (wish() != InboxWish::send) return std::nullopt;
    auto& written = place(Control::text);
    written.size = to_line_feeds(text_.span().subspan(written.at, written.size));
    const auto text = message();
    if (!utf8_length(text)) return Wrong{web::Problem::wrong_encoding, nullptr};
    if (files == 0 && text.find_first_not_of(" \t\r\n") == std::string_view::npos) return Wrong{web::Problem::empty_story, nullptr};
    if (web::sealed_bytes(text) + frame_bytes > web::max_answers_bytes) return Wrong{web::Problem::long_answer, nullptr};
    return std::nullopt;
}

bool InboxIntake::write(SecretText& out, const Sending* sending, std::span<const crypto::AttachmentEntry> attachments)
{
    require(keys_ != nullptr, "whose inbox it is was not said");
    crypto::ManifestFields fields;
    fields.inbox = &*inbox_;
    if (sending != nullptr) fields.submission = sending->id();
    if (wish() == InboxWish::erase) {
        fields.kind = crypto::Kind::erasure;
        fields.form_id = erasure_form;
        auto signature = to_hex(crypto::sign_forget(keys_->erasure.view(), root_, inbox_->id, fields.submission));
        const std::array answers{crypto::Answer{"signature", std::string_view(signature)}};
        const bool fits = crypto::write_manifest(out, fields, answers, {});
        wipe({reinterpret_cast<Byte*>(signature.data()), signature.size()});
        return fits;
    }
    fields.kind = crypto::Kind::follow_up;
    fields.form_id = message_form;
    const std::array answers{crypto::Answer{"text", message()}};
    return crypto::write_manifest(out, fields, answers, attachments);
}

}  // namespace amana::front

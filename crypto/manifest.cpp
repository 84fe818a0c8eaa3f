// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/manifest.hpp"

#include "base/require.hpp"
#include "crypto/canonical_json.hpp"
#include "crypto/canonical_tree.hpp"

#include <algorithm>
#include <string>

namespace amana::crypto {

namespace json = boost::json;

namespace {

constexpr std::int64_t manifest_version = 1;

std::string_view text_of(const json::string& text)
{
    return {text.data(), text.size()};
}

bool is_name(std::string_view name)
{
    return !name.empty() && name.size() <= 64 &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

std::optional<Kind> kind_named(std::string_view text)
{
    for (const auto kind : {Kind::report, Kind::decoy, Kind::canary, Kind::follow_up, Kind::erasure})
        if (text == name(kind)) return kind;
    return std::nullopt;
}

// Whether a manifest of this kind holds an inbox.
bool may_have_inbox(Kind kind) { return kind == Kind::report || kind == Kind::follow_up || kind == Kind::erasure; }
bool must_have_inbox(Kind kind) { return kind == Kind::follow_up || kind == Kind::erasure; }

std::optional<Manifest::Row> read_row(const json::object& object)
{
    if (object.empty() || object.size() > max_values) return std::nullopt;
    Manifest::Row row;
    for (const auto& [key, value] : object) {
        const std::string_view column(key.data(), key.size());
        if (!is_name(column) || !value.is_string()) return std::nullopt;
        row.emplace_back(column, text_of(value.get_string()));
    }
    return row;
}

std::optional<Manifest::Field> read_answer(std::string_view key, const json::value& value)
{
    if (!is_name(key)) return std::nullopt;
    Manifest::Field field{key, {}, {}};
    if (const auto* text = value.if_string()) {
        field.values.push_back(text_of(*text));
        return field;
    }
    const auto* list = value.if_array();
    if (list == nullptr || list->empty() || list->size() > max_values) return std::nullopt;
    for (const auto& item : *list) {
        if (const auto* text = item.if_string()) {
            field.values.push_back(text_of(*text));
        } else if (const auto* object = item.if_object()) {
            auto row = read_row(*object);
            if (!row) return std::nullopt;
            field.rows.push_back(std::move(*row));
        } else {
            return std::nullopt;
        }
    }
    if (!field.values.empty() && !field.rows.empty()) return std::nullopt;
    return field;
}

std::optional<AttachmentEntry> read_attachment(const json::value& value)
{
    const auto* object = value.if_object();
    if (object == nullptr || object->size() != 4) return std::nullopt;
    const auto attachment_name = string_in(*object, "name");
    const auto type = string_in(*object, "type");
    const auto size = integer_in(*object, "size");
    if (!attachment_name || !type || !size) return std::nullopt;
    AttachmentEntry entry{*attachment_name, *type, *size, {}};
    if (entry.name.size() > max_attachment_name_bytes || !is_attachment_type(entry.type) || !hex_in(*object, "sha256", entry.sha256))
        return std::nullopt;
    return entry;
}

std::optional<InboxAddress> read_inbox(const json::object& object)
{
    InboxAddress inbox;
    if (object.size() != 3 || !hex_in(object, "erasure", inbox.erasure) || !hex_in(object, "id", inbox.id) ||
        !hex_in(object, "reply", inbox.reply))
        return std::nullopt;
    return inbox;
}

}  // namespace

bool is_attachment_type(std::string_view type)
{
    return type.size() <= max_attachment_type_bytes &&
           std::all_of(type.begin(), type.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

const char* name(Kind kind)
{
    switch (kind) {
    case Kind::report: return "report";
    case Kind::decoy: return "decoy";
    case Kind::canary: return "canary";
    case Kind::follow_up: return "follow_up";
    case Kind::erasure: return "erasure";
    }
    return "";
}

// --- writing -----------------------------------------------------------------------------------------------------------

namespace {

bool write_attachment(SecretText& out, const AttachmentEntry& entry)
{
    return out.append("{\"name\":") && append_json_string(out, entry.name) && out.append(",\"sha256\":\"") &&
           out.append(to_hex(entry.sha256)) && out.append("\",\"size\":") && out.append(std::to_string(entry.size)) &&
           out.append(",\"type\":") && append_json_string(out, entry.type) && out.append("}");
}

// In the place that its name has among the members; nothing where there is none.
bool write_inbox(SecretText& out, const InboxAddress* inbox)
{
    if (inbox == nullptr) return true;
    return out.append(",\"inbox\":{\"erasure\":\"") && out.append(to_hex(inbox->erasure)) && out.append("\",\"id\":\"") &&
           out.append(to_hex(inbox->id)) && out.append("\",\"reply\":\"") && out.append(to_hex(inbox->reply)) && out.append("\"}");
}

bool write_list(SecretText& out, const auto& items, char open, char close, const auto& write_item)
{
    require(!items.empty() && items.size() <= max_values, "an answer beyond its bounds");
    if (!out.append({&open, 1})) return false;
    bool first = true;
    for (const auto& item : items) {
        if ((!first && !out.append(",")) || !write_item(item)) return false;
        first = false;
    }
    return out.append({&close, 1});
}

bool write_row(SecretText& out, const AnswerRow& row)
{
    std::string_view before;
    return write_list(out, row, '{', '}', [&](const auto& cell) {
        require(is_name(cell.first) && cell.first > before, "a row's texts in ascending order of their names");
        before = cell.first;
        return append_json_string(out, cell.first) && out.append(":") && append_json_string(out, cell.second);
    });
}

bool write_value(SecretText& out, const Answer& answer)
{
    if (const auto* text = std::get_if<std::string_view>(&answer.value)) return append_json_string(out, *text);
    if (const auto* texts = std::get_if<AnswerTexts>(&answer.value))
        return write_list(out, *texts, '[', ']', [&](std::string_view text) { return append_json_string(out, text); });
    return write_list(out, std::get<AnswerRows>(answer.value), '[', ']', [&](const AnswerRow& row) { return write_row(out, row); });
}

}  // namespace

bool write_manifest(SecretText& out, const ManifestFields& fields, std::span<const Answer> answers,
                    std::span<const AttachmentEntry> attachments)
{
    require(is_name(fields.form_id) && answers.size() <= max_answers && attachments.size() <= max_attachments,
            "a manifest beyond its bounds");
    require(fields.inbox == nullptr ? !must_have_inbox(fields.kind) : may_have_inbox(fields.kind), "an inbox where there is none, or none where one is");
    if (!out.append("{\"answers\":{")) return false;
    std::string_view before;
    for (const auto& answer : answers) {
        require(is_name(answer.field) && answer.field > before, "answers in ascending order of their names");
        if (!before.empty() && !out.append(",")) return false;
        if (!append_json_string(out, answer.field) || !out.append(":") || !write_value(out, answer)) return false;
        before = answer.field;
    }
    if (!out.append("},\"attachments\":[")) return false;
    bool first = true;
    for (const auto& entry : attachments) {
        require(is_attachment_type(entry.type) && entry.name.size() <= max_attachment_name_bytes, "an attachment beyond its bounds");
        if ((!first && !out.append(",")) || !write_attachment(out, entry)) return false;
        first = false;
    }
    return out.append("],\"form\":{\"id\":") && append_json_string(out, fields.form_id) && out.append(",\"version\":") &&
           out.append(std::to_string(fields.form_version)) && out.append("},\"id\":\"") &&
           out.append(to_hex(fields.submission)) && out.append("\"") && write_inbox(out, fields.inbox) &&
           out.append(",\"kind\":\"") && out.append(name(fields.kind)) &&
           out.append("\",\"v\":") && out.append(std::to_string(manifest_version)) && out.append("}");
}

// --- reading -----------------------------------------------------------------------------------------------------------

struct Manifest::State {
    explicit State(ByteView text) : tree(text) {}

    CanonicalTree tree;
    Kind kind = Kind::report;
    std::string_view form_id;
    std::uint32_t form_version = 0;
    SubmissionId submission{};
    std::optional<InboxAddress> inbox;
    std::vector<Field> answers;
    std::vector<AttachmentEntry> attachments;

    bool read_head(const json::object& members);
    bool read_members(const json::object& members);
};

// All but what was answered and attached.
bool Manifest::State::read_head(const json::object& members)
{
    const auto* inbox_value = members.if_contains("inbox");
    if (members.size() != (inbox_value == nullptr ? 6U : 7U) || integer_in(members, "v") != manifest_version) return false;
    const auto kind_text = string_in(members, "kind");
    const auto* form = object_in(members, "form");
    if (!kind_text || form == nullptr || form->size() != 2 || !hex_in(members, "id", submission)) return false;
    const auto known_kind = kind_named(*kind_text);
    const auto form_name = string_in(*form, "id");
    const auto version = integer_in(*form, "version");
    if (!known_kind || !form_name || !is_name(*form_name) || !version || *version > UINT32_MAX) return false;
    kind = *known_kind;
    form_id = *form_name;
    form_version = static_cast<std::uint32_t>(*version);
    if (inbox_value == nullptr) return !must_have_inbox(kind);
    const auto* object = inbox_value->if_object();
    if (object == nullptr || !may_have_inbox(kind)) return false;
    inbox = read_inbox(*object);
    return inbox.has_value();
}

bool Manifest::State::read_members(const json::object& members)
{
    const auto* answer_list = object_in(members, "answers");
    const auto* attachment_list = array_in(members, "attachments");
    if (!read_head(members) || answer_list == nullptr || attachment_list == nullptr || answer_list->size() > max_answers ||
        attachment_list->size() > max_attachments)
        return false;
    for (const auto& [key, value] : *answer_list) {
        auto answer = read_answer({key.data(), key.size()}, value);
        if (!answer) return false;
        answers.push_back(std::move(*answer));
    }
    for (const auto& value : *attachment_list) {
        const auto entry = read_attachment(value);
        if (!entry) return false;
        attachments.push_back(*entry);
    }
    return true;
}

Result<Manifest, OpenFailure> Manifest::parse(ByteView canonical)
{
    if (canonical.empty() || canonical.size() > max_manifest_bytes) return OpenFailure::bad_manifest;
    auto state = std::make_unique<State>(canonical);
    if (!state->tree.parse()) return OpenFailure::bad_manifest;
    const auto* members = state->tree.members();
    if (members == nullptr || !state->read_members(*members)) return OpenFailure::bad_manifest;
    return Manifest(std::move(state));
}

Manifest::Manifest(std::unique_ptr<State> state) : state_(std::move(state)) {}
Manifest::Manifest(Manifest&&) noexcept = default;
Manifest& Manifest::operator=(Manifest&&) noexcept = default;
Manifest::~Manifest() = default;

Kind Manifest::kind() const { return state_->kind; }
std::string_view Manifest::form_id() const { return state_->form_id; }
std::uint32_t Manifest::form_version() const { return state_->form_version; }
const SubmissionId& Manifest::submission() const { return state_->submission; }
const std::optional<InboxAddress>& Manifest::inbox() const { return state_->inbox; }
const std::vector<Manifest::Field>& Manifest::answers() const { return state_->answers; }
const std::vector<AttachmentEntry>& Manifest::attachments() const { return state_->attachments; }
ByteView Manifest::canonical() const { return state_->tree.canonical(); }

}  // namespace amana::crypto

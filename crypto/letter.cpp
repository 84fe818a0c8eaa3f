// SPDX-License-Identifier: AGPL-3.0-or-later
#include "crypto/letter.hpp"

#include "base/reader.hpp"
#include "base/require.hpp"
#include "crypto/canonical_json.hpp"
#include "crypto/canonical_tree.hpp"

#include <algorithm>
#include <string>

namespace amana::crypto {

namespace json = boost::json;

namespace {

constexpr std::uint64_t letter_version = 1;
// A key seals one thing, once.
constexpr AeadNonce once{};

constexpr std::size_t ciphertext_at = item_bytes;
constexpr std::size_t sealed_at = item_bytes + xwing_ciphertext_bytes;


// Names the inbox, so it is wiped by who has used it.
Bytes letter_context(const Hash& root, const InboxId& id, std::uint64_t serial)
{
    return Writer().bytes(as_bytes("amana/1 letter")).bytes(root).bytes(id).integer(serial).take();
}

Bytes notice_context(const Hash& root, std::uint64_t serial)
{
    return Writer().bytes(as_bytes("amana/1 notice")).bytes(root).integer(serial).take();
}

// What is signed, in locked memory.
SecretBuffer signed_text(Bytes context, ByteView text)
{
    SecretBuffer whole(context.size() + text.size());
    std::copy(context.begin(), context.end(), whole.data());
    std::copy(text.begin(), text.end(), whole.data() + context.size());
    wipe(context);
    return whole;
}

void part_key(ByteView shared, ByteView ciphertext, const XWingPublicKey& reply, MutableBytes key)
{
    hkdf(shared, {}, {as_bytes("amana/1 slot part"), ciphertext, reply}, key);
}

ByteView slot_of(ByteView bucket, std::size_t slot)
{
    return bucket.subspan(slot * answer_slot_bytes, answer_slot_bytes);
}

// The bucket's slot with this tag.
std::optional<ByteView> find_slot(ByteView bucket, const Item& tag)
{
    for (std::size_t slot = 0; slot < bucket_slots; ++slot) {
        const auto bytes = slot_of(bucket, slot);
        if (std::equal(tag.begin(), tag.end(), bytes.begin())) return bytes;
    }
    return std::nullopt;
}

AeadNonce chunk_nonce(std::uint64_t counter, bool last)
{
    AeadNonce nonce{};
    for (std::size_t i = 0; i < 8; ++i) nonce[22 - i] = static_cast<Byte>(counter >> (8 * i));
    nonce[23] = last ? 1 : 0;
    return nonce;
}

Error damaged() { return {"an answer that is damaged", ""}; }

bool append_number(SecretText& out, std::string_view before, std::uint64_t number)
{
    return out.append(before) && out.append(std::to_string(number));
}

bool append_hex(SecretText& out, std::string_view before, ByteView bytes)
{
    SecretText hex(2 * bytes.size());
    constexpr std::string_view digits = "0123456789abcdef";
    for (const Byte byte : bytes) {
        const std::array two{digits[byte >> 4U], digits[byte & 15U]};
        if (!hex.append(std::string_view(two.data(), two.size()))) return false;
    }
    return out.append(before) && out.append(hex.view()) && out.append("\"");
}

bool write_file(SecretText& out, const AnswerFile& file)
{
    return append_number(out, "{\"class\":", file.size_class) && append_hex(out, ",\"id\":\"", file.id) &&
           append_hex(out, ",\"key\":\"", file.key) && out.append(",\"name\":") && append_json_string(out, file.name) &&
           append_hex(out, ",\"sha256\":\"", file.sha256) && append_number(out, ",\"size\":", file.size) &&
           out.append(",\"type\":") && append_json_string(out, file.type) && out.append("}");
}

bool write_message(SecretText& out, const Message& message)
{
    require(message.files.size() <= max_message_files && message.text.size() <= max_message_bytes, "a message beyond its bounds");
    if (!append_number(out, "{\"day\":", message.day) || !out.append(",\"files\":[")) return false;
    bool first = true;
    for (const auto& file : message.files) {
        if ((!first && !out.append(",")) || !write_file(out, file)) return false;
        first = false;
    }
    return out.append("],\"text\":") && append_json_string(out, message.text) && out.append("}");
}

std::optional<AnswerFile> read_file(const json::value& value)
{
    const auto* object = value.if_object();
    if (object == nullptr || object->size() != 7) return std::nullopt;
    const auto name = string_in(*object, "name");
    const auto type = string_in(*object, "type");
    const auto size = integer_in(*object, "size");
    const auto size_class = integer_in(*object, "class");
    if (!name || !type || !size || !size_class) return std::nullopt;
    AnswerFile file{*name, *type, *size, 0, {}, {}, {}};
    if (name->size() > max_attachment_name_bytes || !is_attachment_type(*type) || answer_file_class(*size) != *size_class ||
        !hex_in(*object, "id", file.id) || !hex_in(*object, "key", file.key) || !hex_in(*object, "sha256", file.sha256))
        return std::nullopt;
    file.size_class = static_cast<std::uint32_t>(*size_class);
    return file;
}

std::optional<Message> read_message(const json::value& value)
{
    const auto* object = value.if_object();
    if (object == nullptr || object->size() != 3) return std::nullopt;
    const auto day = integer_in(*object, "day");
    const auto text = string_in(*object, "text");
    const auto* files = array_in(*object, "files");
    if (!day || !text || text->size() > max_message_bytes || files == nullptr || files->size() > max_message_files) return std::nullopt;
    Message message{*day, *text, {}};
    for (const auto& entry : *files) {
        const auto file = read_file(entry);
        if (!file) return std::nullopt;
        message.files.push_back(*file);
    }
    return message;
}

}  // namespace

// --- files --------------------------------------------------------------------------------------------------------------

std::optional<std::uint32_t> answer_file_class(std::uint64_t bytes)
{
    for (const auto size_class : answer_file_classes)
        if (bytes <= size_class) return size_class;
    return std::nullopt;
}

void seal_answer_chunk(ByteView key, std::uint64_t counter, bool last, ByteView plaintext, MutableBytes out)
{
    aead_seal(key, chunk_nonce(counter, last), {}, plaintext, out);
}

bool open_answer_chunk(ByteView key, std::uint64_t counter, bool last, ByteView sealed, MutableBytes out)
{
    return aead_open(key, chunk_nonce(counter, last), {}, sealed, out);
}

// --- writing ------------------------------------------------------------------------------------------------------------

bool write_letter(SecretText& out, std::span<const Message> messages, const NoticeKey& notice)
{
    require(!messages.empty() && messages.size() <= max_messages, "a letter beyond its bounds");
    if (!out.append("{\"messages\":[")) return false;
    bool first = true;
    for (const auto& message : messages) {
        if ((!first && !out.append(",")) || !write_message(out, message)) return false;
        first = false;
    }
    if (!append_hex(out, "],\"notice\":\"", notice ? ByteView(*notice) : ByteView())) return false;
    return append_number(out, ",\"v\":", letter_version) && out.append("}") && out.size() <= max_letter_text_bytes;
}

Result<std::vector<AnswerSlot>> seal_letter(const InboxAddress& to, const Hash& root, std::uint64_t serial, ByteView courier_seed, ByteView text)
{
    if (text.size() > max_letter_text_bytes) return Error{"a letter longer than " + std::to_string(max_letter_text_bytes) + " bytes", ""};
    const auto parts = (letter_head_bytes + text.size() + letter_part_bytes - 1) / letter_part_bytes;
    SecretBuffer letter(parts * letter_part_bytes);
    const auto signature = sign(courier_seed, signed_text(letter_context(root, to.id, serial), text).view());
    const auto head = Writer().integer(static_cast<Byte>(parts)).integer(static_cast<std::uint32_t>(text.size())).bytes(signature).take();
    std::copy(head.begin(), head.end(), letter.data());
    std::copy(text.begin(), text.end(), letter.data() + head.size());

    std::vector<AnswerSlot> slots(parts);
    SecretArray<xwing_shared_bytes> shared;
    SecretArray<key_bytes> key;
    for (std::size_t part = 0; part < parts; ++part) {
        const auto tag = slot_tag(to.id, serial, static_cast<unsigned>(part));
        XWingCiphertext ciphertext;
        if (!xwing_encapsulate(to.reply, ciphertext, shared.span())) return Error{"an inbox whose reply key is not one", ""};
        part_key(shared.view(), ciphertext, to.reply, key.span());
        auto& slot = slots[part];
        std::copy(tag.begin(), tag.end(), slot.begin());
        std::copy(ciphertext.begin(), ciphertext.end(), slot.begin() + ciphertext_at);
        aead_seal(key.view(), once, tag, letter.view().subspan(part * letter_part_bytes, letter_part_bytes), MutableBytes(slot).subspan(sealed_at));
    }
    return slots;
}

AnswerSlot decoy_slot(const XWingPublicKey& nobody)
{
    AnswerSlot slot;
    random_bytes(slot);
    XWingCiphertext ciphertext;
    SecretArray<xwing_shared_bytes> shared;
    const bool sealed = xwing_encapsulate(nobody, ciphertext, shared.span());
    require(sealed, "a key that can't be sealed to");
    std::copy(ciphertext.begin(), ciphertext.end(), slot.begin() + ciphertext_at);
    return slot;
}

XWingPublicKey nobodys_key()
{
    SecretArray<xwing_secret_bytes> secret;
    random_bytes(secret.span());
    return xwing_public_key(secret.view());
}

// --- reading ------------------------------------------------------------------------------------------------------------

struct Letter::State {
    explicit State(ByteView text) : tree(text) {}
    ~State()
    {
        if (notice) wipe(*notice);
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    CanonicalTree tree;
    WipedVector<Message> messages;
    NoticeKey notice;

    bool read(const json::object& members);
};

bool Letter::State::read(const json::object& members)
{
    const auto* list = array_in(members, "messages");
    const auto key = string_in(members, "notice");
    if (members.size() != 3 || integer_in(members, "v") != letter_version || list == nullptr || list->empty() || list->size() > max_messages || !key)
        return false;
    for (const auto& value : *list) {
        auto message = read_message(value);
        if (!message) return false;
        messages.push_back(std::move(*message));
    }
    if (key->empty()) return true;
    return from_hex(*key, notice.emplace()).has_value();
}

Result<Letter> Letter::parse(ByteView text)
{
    auto state = std::make_unique<State>(text);
    if (!state->tree.parse()) return damaged();
    const auto* members = state->tree.members();
    if (members == nullptr || !state->read(*members)) return damaged();
    return Letter(std::move(state));
}

Letter::Letter(std::unique_ptr<State> state) : state_(std::move(state)) {}
Letter::Letter(Letter&&) noexcept = default;
Letter& Letter::operator=(Letter&&) noexcept = default;
Letter::~Letter() = default;

const WipedVector<Message>& Letter::messages() const { return state_->messages; }
const NoticeKey& Letter::notice() const { return state_->notice; }

namespace {

// The reader's side of one inbox in one outbox.
struct Reading {
    const Receipt::Keys& keys;
    XWingPublicKey reply;
    std::uint64_t serial;

    // Into `out`, letter_part_bytes.
    [[nodiscard]] bool open_part(ByteView slot, const Item& tag, MutableBytes out) const
    {
        SecretArray<xwing_shared_bytes> shared;
        SecretArray<key_bytes> key;
        const auto ciphertext = slot.subspan(ciphertext_at, xwing_ciphertext_bytes);
        if (!xwing_decapsulate(ciphertext, keys.reply.view(), shared.span())) return false;
        part_key(shared.view(), ciphertext, reply, key.span());
        return aead_open(key.view(), once, tag, slot.subspan(sealed_at), out);
    }
};

bool is_zeros(ByteView bytes)
{
    return std::all_of(bytes.begin(), bytes.end(), [](Byte byte) { return byte == 0; });
}

}  // namespace

Result<std::optional<Letter>> open_letter(ByteView bucket, const Receipt::Keys& keys, const Hash& root, std::uint64_t serial,
                                          const SigningPublicKey& courier)
{
    require(bucket.size() == bucket_bytes, "a bucket of another size");
    const auto first = find_slot(bucket, slot_tag(keys.inbox, serial, 0));
    if (!first) return std::optional<Letter>();
    const Reading reading{keys, xwing_public_key(keys.reply.view()), serial};
    SecretBuffer letter(max_letter_parts * letter_part_bytes);
    const auto part_at = [&](std::size_t part) { return letter.span().subspan(part * letter_part_bytes, letter_part_bytes); };
    if (!reading.open_part(*first, slot_tag(keys.inbox, serial, 0), part_at(0))) return damaged();

    Reader head(letter.view());
    const std::size_t parts = head.integer<Byte>();
    const std::size_t length = head.integer<std::uint32_t>();
    const auto signature = head.bytes(ed25519_signature_bytes);
    if (length > max_letter_text_bytes || parts != (letter_head_bytes + length + letter_part_bytes - 1) / letter_part_bytes) return damaged();
    for (std::size_t part = 1; part < parts; ++part) {
        const auto tag = slot_tag(keys.inbox, serial, static_cast<unsigned>(part));
        const auto slot = find_slot(bucket, tag);
        if (!slot || !reading.open_part(*slot, tag, part_at(part))) return damaged();
    }
    const auto text = letter.view().subspan(letter_head_bytes, length);
    const auto rest = letter.view().subspan(letter_head_bytes + length);
    if (!is_zeros(rest)) return damaged();
    if (!verify(courier, signed_text(letter_context(root, keys.inbox, serial), text).view(), signature))
        return Error{"an answer that the courier has not signed", ""};
    auto parsed = Letter::parse(text);
    if (!parsed) return parsed.error();
    return std::optional<Letter>(*std::move(parsed));
}

std::vector<Item> letter_tags(ByteView bucket, const InboxId& id, std::uint64_t serial)
{
    std::vector<Item> tags;
    for (unsigned part = 0; part < max_letter_parts; ++part) {
        const auto tag = slot_tag(id, serial, part);
        if (!find_slot(bucket, tag)) break;
        tags.push_back(tag);
    }
    return tags;
}

// --- the notice ---------------------------------------------------------------------------------------------------------

namespace {

constexpr std::size_t notice_plain_bytes = answer_slot_bytes - aead_tag_bytes;

Bytes notice_label(std::uint64_t serial)
{
    return Writer().bytes(as_bytes("amana/1 notice")).integer(serial).take();
}

}  // namespace

Result<AnswerSlot> seal_notice(ByteView key, const Hash& root, std::uint64_t serial, ByteView courier_seed, std::uint64_t day, std::string_view text)
{
    SecretText written(max_notice_text_bytes);
    if (!append_number(written, "{\"day\":", day) || !written.append(",\"text\":") || !append_json_string(written, text) ||
        !written.append(",\"v\":1}"))
        return Error{"a notice of more than " + std::to_string(max_notice_text_bytes) + " bytes as it is sealed", "Say it shorter."};
    SecretBuffer plain(notice_plain_bytes);
    const auto signature = sign(courier_seed, signed_text(notice_context(root, serial), written.view()).view());
    const auto head = Writer().integer(static_cast<std::uint32_t>(written.size())).bytes(signature).take();
    std::copy(head.begin(), head.end(), plain.data());
    std::copy(written.view().begin(), written.view().end(), plain.data() + head.size());
    AnswerSlot slot;
    aead_seal(key, once, notice_label(serial), plain.view(), slot);
    return slot;
}

Result<Notice> open_notice(ByteView slot, ByteView key, const Hash& root, std::uint64_t serial, const SigningPublicKey& courier)
{
    require(slot.size() == answer_slot_bytes, "a notice of another size");
    SecretBuffer plain(notice_plain_bytes);
    if (!aead_open(key, once, notice_label(serial), slot, plain.span())) return damaged();
    Reader reader(plain.view());
    const std::size_t length = reader.integer<std::uint32_t>();
    const auto signature = reader.bytes(ed25519_signature_bytes);
    const auto text = reader.bytes(length);
    if (!reader.ok() || length > max_notice_text_bytes || !is_zeros(reader.rest())) return damaged();
    if (!verify(courier, signed_text(notice_context(root, serial), text).view(), signature))
        return Error{"a notice that the courier has not signed", ""};
    CanonicalTree tree(text);
    const auto* members = tree.parse() ? tree.members() : nullptr;
    if (members == nullptr || members->size() != 3 || integer_in(*members, "v") != letter_version) return damaged();
    const auto day = integer_in(*members, "day");
    const auto said = string_in(*members, "text");
    if (!day || !said) return damaged();
    return Notice{*day, SecretBuffer::copy_of(as_bytes(*said))};
}

}  // namespace amana::crypto

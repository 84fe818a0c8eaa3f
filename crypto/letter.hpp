// SPDX-License-Identifier: AGPL-3.0-or-later
// What the desk says to one inbox, and how it is sealed into slots and opened (docs/ENVELOPE.md, section 9). Everything
// readable lives in locked memory.
//
//   letter = parts (1) ‖ length (4) ‖ courier's signature (64) ‖ canonical JSON ‖ zeros
//   slot   = tag (16) ‖ X-Wing ciphertext (1120) ‖ XChaCha20-Poly1305 of a part (2944 + 16)
#pragma once

#include "crypto/inbox.hpp"
#include "crypto/manifest.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace amana::crypto {

inline constexpr std::size_t answer_slot_bytes = 4096;
inline constexpr std::size_t letter_part_bytes = answer_slot_bytes - item_bytes - xwing_ciphertext_bytes - aead_tag_bytes;
inline constexpr std::size_t max_letter_parts = 8;
inline constexpr std::size_t letter_head_bytes = 1 + 4 + ed25519_signature_bytes;
inline constexpr std::size_t max_letter_text_bytes = max_letter_parts * letter_part_bytes - letter_head_bytes;
inline constexpr std::size_t max_messages = 64;
inline constexpr std::size_t max_message_bytes = 16 * 1024;
inline constexpr std::size_t max_message_files = 16;
inline constexpr std::size_t bucket_bytes = bucket_slots * answer_slot_bytes;
// What is fetched of a bucket: the notice, and its slots.
inline constexpr std::size_t bucket_reply_bytes = answer_slot_bytes + bucket_bytes;
inline constexpr std::array<std::uint32_t, 5> answer_file_classes{65536, 262144, 1048576, 4194304, 16777216};

using AnswerSlot = ByteArray<answer_slot_bytes>;

// The smallest class that holds so many bytes; nothing when none does.
[[nodiscard]] std::optional<std::uint32_t> answer_file_class(std::uint64_t bytes);
// As it is sealed.
[[nodiscard]] constexpr std::uint64_t answer_file_bytes(std::uint32_t size_class)
{
    return size_class + std::uint64_t{aead_tag_bytes} * (size_class / chunk_bytes);
}
// One chunk of a file; `out` is the plaintext's size and the tag's, and may be the plaintext's own memory.
void seal_answer_chunk(ByteView key, std::uint64_t counter, bool last, ByteView plaintext, MutableBytes out);
[[nodiscard]] bool open_answer_chunk(ByteView key, std::uint64_t counter, bool last, ByteView sealed, MutableBytes out);

struct AnswerFile {
    std::string_view name;  // UTF-8, as in a manifest: never a path, never trusted
    std::string_view type;  // printable ASCII
    std::uint64_t size = 0;
    std::uint32_t size_class = 0;
    Item id{};
    ByteArray<key_bytes> key{};
    Hash sha256{};
};
struct Message {
    std::uint64_t day = 0;  // since 1970-01-01, UTC
    std::string_view text;  // UTF-8
    WipedVector<AnswerFile> files;  // their keys open them
};

// The key of a notice, or none.
using NoticeKey = std::optional<ByteArray<key_bytes>>;

// The text of a letter: canonical JSON. False when it does not fit into max_letter_text_bytes.
[[nodiscard]] bool write_letter(SecretText& out, std::span<const Message> messages, const NoticeKey& notice);

// Its slots, in the order of its parts. An error when the reply key is not one that can be sealed to, or the text too long.
[[nodiscard]] Result<std::vector<AnswerSlot>> seal_letter(const InboxAddress& to, const Hash& root, std::uint64_t serial, ByteView courier_seed,
                                                          ByteView text);
// Nobody has the secret key of `nobody`.
[[nodiscard]] AnswerSlot decoy_slot(const XWingPublicKey& nobody);
// A public key whose secret key is gone.
[[nodiscard]] XWingPublicKey nobodys_key();

class Letter {
public:
    // `text`: canonical JSON, of stranger's hand until its signature was verified.
    [[nodiscard]] static Result<Letter> parse(ByteView text);
    Letter(Letter&&) noexcept;
    Letter& operator=(Letter&&) noexcept;
    ~Letter();

    // Views live as long as the letter.
    [[nodiscard]] const WipedVector<Message>& messages() const;
    [[nodiscard]] const NoticeKey& notice() const;

private:
    struct State;
    explicit Letter(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// What a bucket holds for a receipt: nothing, a letter, or an error when the slots with its tags are damaged or not the courier's.
// `bucket`: bucket_bytes.
[[nodiscard]] Result<std::optional<Letter>> open_letter(ByteView bucket, const Receipt::Keys& keys, const Hash& root, std::uint64_t serial,
                                                        const SigningPublicKey& courier);
// The tags of the letter's slots that are there, for erasing them.
[[nodiscard]] std::vector<Item> letter_tags(ByteView bucket, const InboxId& id, std::uint64_t serial);

// --- the notice ---------------------------------------------------------------------------------------------------------

inline constexpr std::size_t max_notice_text_bytes = 3 * 1024;  // of the message, as JSON
// An error when the text is too long.
[[nodiscard]] Result<AnswerSlot> seal_notice(ByteView key, const Hash& root, std::uint64_t serial, ByteView courier_seed, std::uint64_t day,
                                             std::string_view text);
struct Notice {
    std::uint64_t day = 0;
    SecretBuffer text;  // UTF-8
};
[[nodiscard]] Result<Notice> open_notice(ByteView slot, ByteView key, const Hash& root, std::uint64_t serial, const SigningPublicKey& courier);

}  // namespace amana::crypto

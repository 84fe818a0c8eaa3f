// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/messages.hpp"

#include "base/reader.hpp"
#include "crypto/secret_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace amana::desk {

namespace {

constexpr std::int64_t first_rows = 16;
constexpr std::size_t min_record_bytes = 4096;
constexpr std::size_t head_bytes = 1 + 4 * 8 + crypto::hash_bytes;
constexpr std::size_t file_bytes = crypto::item_bytes + crypto::key_bytes + 8 + crypto::hash_bytes + 4 + 4;
constexpr std::size_t max_outbox_numbers = 4 * 1024 * 1024;
constexpr std::string_view outbox_label = "outbox";

std::string label(std::int64_t number)
{
    return fmt::format("message {}", number);
}

// Fills a record from its front.
class RecordWriter {
public:
    explicit RecordWriter(std::size_t bytes) : record_(std::max(min_record_bytes, std::bit_ceil(bytes))) {}
    RecordWriter& bytes(ByteView bytes)
    {
        std::copy(bytes.begin(), bytes.end(), record_.data() + at_);
        at_ += bytes.size();
        return *this;
    }
    template <std::unsigned_integral T>
    RecordWriter& integer(T value)
    {
        return bytes(Writer().integer(value).take());
    }
    RecordWriter& counted(ByteView text) { return integer(static_cast<std::uint32_t>(text.size())).bytes(text); }
    [[nodiscard]] ByteView view() const { return record_.view(); }

private:
    SecretBuffer record_;
    std::size_t at_ = 0;
};

std::size_t record_bytes(const StoredMessage& message)
{
    auto bytes = head_bytes + 4 + message.text.size() + 1;
    for (const auto& file : message.files) bytes += file_bytes + file.name.size() + file.type.size();
    return bytes;
}

StoredFile read_file(Reader& reader)
{
    StoredFile file;
    const auto id = reader.bytes(file.id.size());
    std::copy(id.begin(), id.end(), file.id.begin());
    const auto key = reader.bytes(crypto::key_bytes);
    file.key.assign(key.begin(), key.end());
    file.size = reader.integer<std::uint64_t>();
    const auto hash = reader.bytes(file.sha256.size());
    std::copy(hash.begin(), hash.end(), file.sha256.begin());
    file.name = as_text(reader.counted(crypto::max_attachment_name_bytes));
    file.type = as_text(reader.counted(crypto::max_attachment_type_bytes));
    return file;
}

// False: damaged.
bool read_message(ByteView record, StoredMessage& message)
{
    Reader reader(record);
    const auto state = reader.integer<Byte>();
    if (state > static_cast<Byte>(MessageState::notice_withdrawn)) return false;
    message.state = static_cast<MessageState>(state);
    message.sequence = reader.integer<std::uint64_t>();
    message.day = reader.integer<std::uint64_t>();
    message.seen = reader.integer<std::uint64_t>();
    message.first_day = reader.integer<std::uint64_t>();
    const auto leaf = reader.bytes(message.leaf.size());
    std::copy(leaf.begin(), leaf.end(), message.leaf.begin());
    if (!message.text.append(reader.counted(crypto::max_message_bytes))) return false;
    const std::size_t files = reader.integer<Byte>();
    if (files > crypto::max_message_files) return false;
    for (std::size_t i = 0; i < files && reader.ok(); ++i) message.files.push_back(read_file(reader));
    return reader.ok();
}

Error damaged(const std::string& what)
{
    return Error{"the casebook's record of " + what + " is damaged", "Put the desk back from your backup."};
}

}  // namespace

bool LastOutbox::holds(std::int64_t number) const
{
    const auto at = static_cast<std::size_t>(number);
    return at / 8 < numbers.size() && (numbers[at / 8] >> (at % 8) & 1) != 0;
}

void LastOutbox::add(std::int64_t number)
{
    const auto at = static_cast<std::size_t>(number);
    if (numbers.size() <= at / 8) numbers.resize(at / 8 + 1);
    numbers[at / 8] = static_cast<Byte>(numbers[at / 8] | 1U << (at % 8));
}

Result<void> Messages::put_free(std::int64_t number)
{
    const SecretBuffer nothing(min_record_bytes);
    return casebook_.put_message(number, crypto::seal_record(master_, label(number), nothing.view()));
}

Result<void> Messages::prepare()
{
    const auto rows = casebook_.message_rows();
    if (!rows) return rows.error();
    for (auto number = *rows; number < first_rows; ++number)
        if (const auto made = put_free(number + 1); !made) return made.error();
    const auto record = casebook_.outbox();
    if (!record) return record.error();
    return record->empty() ? set_last_outbox({}) : Result<void>{};
}

Result<std::int64_t> Messages::add(StoredMessage& message)
{
    std::vector<std::int64_t> free;
    std::int64_t rows = 0;
    std::uint64_t last = 0;
    const auto looked = casebook_.for_each_message([&](std::int64_t number, ByteView record) -> Result<void> {
        const auto there = read(number, record);
        if (!there) return there.error();
        rows = number;
        last = std::max(last, there->sequence);
        if (there->state == MessageState::free) free.push_back(number);
        return {};
    });
    if (!looked) return looked.error();
    for (auto grown = std::max(first_rows, 2 * rows); free.empty() && rows < grown;) {
        for (auto number = rows + 1; number <= grown; ++number) {
            if (const auto made = put_free(number); !made) return made.error();
            free.push_back(number);
        }
    }
    message.number = free[crypto::random_below(static_cast<std::uint32_t>(free.size()))];
    message.sequence = last + 1;
    if (const auto kept = put(message); !kept) return kept.error();
    return message.number;
}

Result<void> Messages::put(const StoredMessage& message)
{
    RecordWriter record(record_bytes(message));
    record.integer(static_cast<Byte>(message.state)).integer(message.sequence).integer(message.day).integer(message.seen);
    record.integer(message.first_day).bytes(message.leaf).counted(message.text.view());
    record.integer(static_cast<Byte>(message.files.size()));
    for (const auto& file : message.files) {
        record.bytes(file.id).bytes(file.key).integer(file.size).bytes(file.sha256);
        record.counted(as_bytes(file.name)).counted(as_bytes(file.type));
    }
    return casebook_.put_message(message.number, crypto::seal_record(master_, label(message.number), record.view()));
}

Result<void> Messages::erase(std::int64_t number)
{
    return put_free(number);
}

Result<StoredMessage> Messages::read(std::int64_t number, ByteView sealed)
{
    const auto record = crypto::open_record(master_, label(number), sealed);
    if (!record) return damaged(label(number));
    StoredMessage message;
    message.number = number;
    if (!read_message(record->view(), message)) return damaged(label(number));
    return message;
}

Result<StoredMessage> Messages::open(std::int64_t number)
{
    const auto sealed = casebook_.message(number);
    if (!sealed) return sealed.error();
    const Error unknown{fmt::format("this desk has no message {}", number), "'amana-desk list' and 'show' give their numbers."};
    if (sealed->empty()) return unknown;
    auto message = read(number, *sealed);
    if (message && message->state == MessageState::free) return unknown;
    return message;
}

Result<void> Messages::for_each(const std::function<Result<void>(const StoredMessage&)>& visit)
{
    return casebook_.for_each_message([&](std::int64_t number, ByteView sealed) -> Result<void> {
        const auto message = read(number, sealed);
        if (!message) return message.error();
        return message->state == MessageState::free ? Result<void>{} : visit(*message);
    });
}

Result<LastOutbox> Messages::last_outbox()
{
    const auto sealed = casebook_.outbox();
    if (!sealed) return sealed.error();
    LastOutbox outbox;
    if (sealed->empty()) return outbox;
    const auto record = crypto::open_record(master_, outbox_label, *sealed);
    if (!record) return damaged("the last outbox");
    Reader reader(record->view());
    outbox.serial = reader.integer<std::uint64_t>();
    outbox.buckets = reader.integer<std::uint32_t>();
    outbox.held = reader.integer<std::uint64_t>();
    outbox.finished = reader.integer<Byte>() != 0;
    const auto numbers = reader.counted(max_outbox_numbers);
    if (!reader.ok() || !std::has_single_bit(outbox.buckets) || outbox.buckets > crypto::max_buckets) return damaged("the last outbox");
    outbox.numbers.assign(numbers.begin(), numbers.end());
    return outbox;
}

Result<void> Messages::set_last_outbox(const LastOutbox& outbox)
{
    RecordWriter record(8 + 4 + 8 + 1 + 4 + outbox.numbers.size());
    record.integer(outbox.serial).integer(outbox.buckets).integer(outbox.held).integer(static_cast<Byte>(outbox.finished));
    record.counted(outbox.numbers);
    return casebook_.set_outbox(crypto::seal_record(master_, outbox_label, record.view()));
}

std::string state_text(const StoredMessage& message, const LastOutbox& outbox)
{
    const bool held = outbox.holds(message.number);
    const auto where = fmt::format("in outbox {}{}", outbox.held, outbox.finished ? "" : ", if its file was written");
    if (!message.open()) return held ? "taken back, still " + where : "taken back";
    if (held) return where;
    return message.first_day == 0 ? "waiting for the next outbox" : "no longer in an outbox";
}

}  // namespace amana::desk

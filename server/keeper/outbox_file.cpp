// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/outbox_file.hpp"

#include "base/reader.hpp"
#include "server/keeper/file_at.hpp"
#include "server/wire/messages.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>

#include <sys/stat.h>

namespace amana::keeper {

Result<OutboxHead> read_outbox_head(int fd)
{
    OutboxHead head{Bytes(crypto::outbox_preamble_bytes)};
    if (const auto read = read_at(fd, 0, head.bytes); !read) return read.error();
    const auto note = crypto::parse_outbox_preamble(head.bytes);
    if (!note) return note.error();
    head.bytes.resize(crypto::outbox_head_bytes(*note));
    if (const auto read = read_at(fd, crypto::outbox_preamble_bytes, MutableBytes(head.bytes).subspan(crypto::outbox_preamble_bytes)); !read)
        return read.error();
    return head;
}

Result<OutboxFile> OutboxFile::open(UniqueFd fd, const Courier& courier)
{
    auto head = read_outbox_head(fd.get());
    if (!head) return head.error();
    auto note = crypto::OutboxNote::parse(head->note(), courier.deployment, courier.key);
    if (!note) return note.error();
    struct stat about {};
    if (::fstat(fd.get(), &about) != 0) return system_error("can't tell its length", errno);
    const auto expected = head->file_bytes(*note);
    if (static_cast<std::uint64_t>(about.st_size) != expected)
        return Error{fmt::format("it has {} bytes, and its note says {}", about.st_size, expected), ""};
    return OutboxFile(std::move(fd), *std::move(head), *std::move(note));
}

Result<void> OutboxFile::read(std::uint64_t at, MutableBytes out) const
{
    return read_at(fd_.get(), head_.bytes.size() + at, out);
}

Result<void> OutboxFile::write(std::uint64_t at, ByteView bytes) const
{
    return write_at(fd_.get(), head_.bytes.size() + at, bytes);
}

// --- pieces --------------------------------------------------------------------------------------------------------------

// Of what stands in these stretches, one behind the other.
Result<Bytes> OutboxFile::piece(std::span<const Stretch> stretches, std::uint64_t index) const
{
    std::uint64_t whole = 0;
    for (const auto& stretch : stretches) whole += stretch.bytes;
    auto from = index * wire::outbox_piece_bytes;
    if (from >= whole) return Bytes{};
    auto piece = Writer().integer(whole).take();
    piece.resize(piece.size() + std::min<std::uint64_t>(wire::outbox_piece_bytes, whole - from));
    auto room = MutableBytes(piece).subspan(sizeof(whole));
    for (const auto& stretch : stretches) {
        const auto passed = std::min(from, stretch.bytes);
        const auto out = room.first(std::min<std::uint64_t>(room.size(), stretch.bytes - passed));
        if (const auto done = read(stretch.at + passed, out); !done) return done.error();
        room = room.subspan(out.size());
        from -= passed;
    }
    return piece;
}

Result<Bytes> OutboxFile::bucket_piece(std::uint32_t bucket, std::uint64_t index) const
{
    if (bucket >= note_.buckets) return Bytes{};
    const Stretch notice{0, crypto::answer_slot_bytes};
    const Stretch slots{note_.slot_at(std::uint64_t{bucket} * crypto::bucket_slots), crypto::bucket_bytes};
    return piece(std::array{notice, slots}, index);
}

// Halving in each class, so that a question costs some dozens of short reads.
Result<std::optional<std::uint64_t>> OutboxFile::file_of(const crypto::Item& id) const
{
    std::uint64_t first = 0;
    for (const auto& [size_class, count] : note_.files) {
        auto low = first;
        auto high = first + count;
        while (low < high) {
            const auto middle = low + (high - low) / 2;
            crypto::Item there{};
            if (const auto done = read(note_.entry_at(middle), there); !done) return done.error();
            if (there == id) return std::optional(middle);
            if (there < id) low = middle + 1;
            else high = middle;
        }
        first += count;
    }
    return std::optional<std::uint64_t>{};
}

Result<Bytes> OutboxFile::file_piece(const crypto::Item& id, std::uint64_t index) const
{
    const auto file = file_of(id);
    if (!file) return file.error();
    if (!*file) return Bytes{};
    return piece(std::array{Stretch{note_.file_at(**file), crypto::answer_file_bytes(note_.class_of(**file))}}, index);
}

Result<void> OutboxFile::check_order() const
{
    const auto all = files();
    if (!all) return all.error();
    std::size_t first = 0;
    for (const auto& [size_class, count] : note_.files) {
        for (std::size_t i = first + 1; i < first + count; ++i)
            if (!((*all)[i - 1].name < (*all)[i].name)) return Error{"its files are not in the order of their ids", ""};
        first += count;
    }
    return {};
}

}  // namespace amana::keeper

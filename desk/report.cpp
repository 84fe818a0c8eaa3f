// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/report.hpp"

#include "base/reader.hpp"
#include "crypto/secret_file.hpp"

#include <algorithm>
#include <bit>

namespace amana::desk {

namespace {

constexpr std::size_t record_head_bytes = crypto::key_bytes + 4;
constexpr std::size_t min_record_bytes = 4096;
constexpr std::size_t min_prefix_digits = 4;
constexpr std::size_t most_candidates = 64;

std::string label(const crypto::Hash& leaf)
{
    return "report " + to_hex(leaf);
}

}  // namespace

Bytes seal_report(const SecretBuffer& master, const crypto::Hash& leaf, const SecretBuffer& file_key,
                  const crypto::Manifest& manifest)
{
    const auto text = manifest.canonical();
    SecretBuffer record(std::max(min_record_bytes, std::bit_ceil(record_head_bytes + text.size())));
    std::copy_n(file_key.data(), crypto::key_bytes, record.data());
    const auto length = Writer().integer(static_cast<std::uint32_t>(text.size())).take();
    std::copy(length.begin(), length.end(), record.data() + crypto::key_bytes);
    std::copy(text.begin(), text.end(), record.data() + record_head_bytes);
    return crypto::seal_record(master, label(leaf), record.view());
}

Result<Report> open_report(const SecretBuffer& master, const EnvelopeRow& row)
{
    const Error damaged{"the casebook's record of " + to_hex(row.leaf) + " is damaged", "Put the desk back from your backup."};
    const auto record = crypto::open_record(master, label(row.leaf), row.record);
    if (!record) return damaged;
    Reader reader(record->view());
    const auto key = reader.bytes(crypto::key_bytes);
    const auto text = reader.counted(crypto::max_manifest_bytes);
    if (!reader.ok()) return damaged;
    auto manifest = crypto::Manifest::parse(text);
    if (!manifest) return damaged;
    return Report{row.leaf, row.bytes, row.size_class, row.lane, SecretBuffer::copy_of(key), std::move(*manifest)};
}

Result<Report> find_report(Casebook& casebook, const SecretBuffer& master, std::string_view id, Decoys decoys)
{
    const Error unknown{"no report of this desk begins with " + std::string(id), "'amana-desk list' shows those there are."};
    if (id.size() < min_prefix_digits || id.size() > crypto::hash_bytes * 2 ||
        id.find_first_not_of("0123456789abcdef") != std::string_view::npos)
        return Error{"an identifier is 4 to 64 of the digits 0-9 and a-f", "'amana-desk list' shows them."};
    const auto rows = casebook.find(id, most_candidates);
    if (!rows) return rows.error();
    std::optional<Report> found;
    const EnvelopeRow* closed = nullptr;
    for (const auto& row : *rows) {
        if (row.status != status_opened) {
            closed = &row;
            continue;
        }
        auto report = open_report(master, row);
        if (!report) return report.error();
        if (report->manifest.kind() == crypto::Kind::decoy && decoys == Decoys::hidden) continue;
        if (found) return Error{"more than one report begins with " + std::string(id), "Give more of its digits."};
        found = std::move(*report);
    }
    if (found) return std::move(*found);
    if (closed != nullptr)
        return Error{"the envelope " + to_hex(closed->leaf) + " did not open (" + closed->status + ")",
                     "It is kept as it came, in envelopes/."};
    return unknown;
}

std::optional<std::string_view> answer_text(const crypto::Manifest& manifest, std::string_view field)
{
    for (const auto& answer : manifest.answers())
        if (answer.name == field && !answer.values.empty()) return answer.values.front();
    return std::nullopt;
}

}  // namespace amana::desk

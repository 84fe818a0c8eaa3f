// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/save.hpp"

#include "desk/answers.hpp"
#include "desk/correspondence.hpp"
#include "desk/opening.hpp"
#include "desk/save_folder.hpp"
#include "desk/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <sys/stat.h>

namespace amana::desk {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 28> extensions{{
    {"application/pdf", "pdf"},  {"audio/aac", "aac"},        {"audio/amr", "amr"},        {"audio/flac", "flac"},
    {"audio/mp4", "m4a"},        {"audio/mpeg", "mp3"},       {"audio/ogg", "ogg"},        {"audio/opus", "opus"},
    {"audio/wav", "wav"},        {"audio/webm", "weba"},      {"audio/x-m4a", "m4a"},      {"audio/x-wav", "wav"},
    {"image/avif", "avif"},      {"image/bmp", "bmp"},        {"image/gif", "gif"},        {"image/heic", "heic"},
    {"image/heif", "heif"},      {"image/jpeg", "jpg"},       {"image/png", "png"},        {"image/tiff", "tiff"},
    {"image/webp", "webp"},      {"text/plain", "txt"},       {"video/3gpp", "3gp"},       {"video/mp4", "mp4"},
    {"video/ogg", "ogv"},        {"video/quicktime", "mov"},  {"video/webm", "webm"},      {"video/x-matroska", "mkv"},
}};

std::string lower_case(std::string_view text)
{
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return lower;
}

Error closed(const std::string& reason)
{
    return Error{"the stored envelope does not open any more: " + reason,
                 "Nothing was saved. Put the desk back from your backup, or import the bundle into a new desk."};
}

// Streams the envelope through `reader`.
Result<void> read_envelope(const Report& report, const EnvelopeStore& store, EnvelopeReader& reader)
{
    const auto fd = store.envelope(report.leaf);
    if (!fd) return fd.error();
    struct stat about {};
    if (::fstat(fd->get(), &about) != 0) return system_error("can't read the envelope", errno);
    if (!S_ISREG(about.st_mode) || static_cast<std::uint64_t>(about.st_size) != report.bytes) return closed("its size is another");
    Bytes buffer(crypto::sealed_chunk_bytes);
    for (auto left = report.bytes; left > 0;) {
        const auto piece = MutableBytes(buffer).first(static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size())));
        const auto count = read_full(fd->get(), piece);
        if (!count) return count.error();
        if (*count != piece.size()) return closed("its size is another");
        reader.feed(piece);
        left -= piece.size();
    }
    return {};
}

// The attachments, each begun when its first byte comes; those without a byte when the next one, or the end, does.
class Attachments {
public:
    Attachments(SaveFolder& folder, const crypto::Manifest& manifest) : folder_(folder), manifest_(manifest) {}

    Result<void> begin_up_to(std::size_t count)
    {
        while (begun_ < count) {
            if (begun_ == manifest_.attachments().size()) return closed("it holds more files than its manifest says");
            const auto& entry = manifest_.attachments()[begun_++];
            if (const auto begun = folder_.begin(attachment_file_name(begun_, entry.type)); !begun) return begun.error();
        }
        return {};
    }
    Result<void> take(std::size_t index, ByteView bytes)
    {
        if (const auto begun = begin_up_to(index + 1); !begun) return begun.error();
        return folder_.write(bytes);
    }

private:
    SaveFolder& folder_;
    const crypto::Manifest& manifest_;
    std::size_t begun_ = 0;
};

Result<void> write_file(SaveFolder& folder, const char* name, ByteView bytes)
{
    if (const auto begun = folder.begin(name); !begun) return begun.error();
    return folder.write(bytes);
}

Result<void> write_answers_file(SaveFolder& folder, const crypto::Manifest& manifest, const Form* form)
{
    if (const auto begun = folder.begin("answers.txt"); !begun) return begun.error();
    Output out(folder.fd());
    write_urgent(manifest, form, out);
    write_answers(manifest, form, out);
    return out.finish();
}

Result<void> write_names(SaveFolder& folder, const crypto::Manifest& manifest)
{
    if (manifest.attachments().empty()) return {};
    if (const auto begun = folder.begin("names.txt"); !begun) return begun.error();
    Output out(folder.fd());
    std::size_t number = 0;
    for (const auto& entry : manifest.attachments())
        out.text(attachment_file_name(++number, entry.type)).text("  ").foreign(entry.name).text("\n");
    return out.finish();
}

Result<void> write_conversation_file(SaveFolder& folder, const Records& records, const Report& report)
{
    const auto all = Correspondence::load(records);
    if (!all) return all.error();
    const auto* member = all->conversations().find(report.leaf);
    if (member == nullptr || (all->conversations().members_of(member->conversation).size() == 1 && all->said_to(member->conversation).empty())) return {};
    if (const auto begun = folder.begin("conversation.txt"); !begun) return begun.error();
    Output out(folder.fd());
    if (const auto written = write_conversation(records, *all, *member, out); !written) return written.error();
    return out.finish();
}

}  // namespace

std::string attachment_file_name(std::size_t number, std::string_view declared_type)
{
    // "audio/ogg;codecs=opus" is audio/ogg.
    const auto type = lower_case(declared_type.substr(0, declared_type.find(';')));
    const auto* const known = std::find_if(extensions.begin(), extensions.end(), [&](const auto& e) { return e.first == type; });
    return fmt::format("attachment-{}.{}", number, known == extensions.end() ? "bin" : known->second);
}

std::string declared_type(std::string_view name)
{
    const auto point = name.rfind('.');
    const auto end = lower_case(point == std::string_view::npos ? "" : name.substr(point + 1));
    const auto* const known = std::find_if(extensions.begin(), extensions.end(), [&](const auto& e) { return e.second == (end == "jpeg" ? "jpg" : end); });
    return std::string(known == extensions.end() ? "application/octet-stream" : known->first);
}

Result<void> save_report(const Records& records, const Report& report, const Form* form, const EnvelopeStore& store, const std::filesystem::path& out)
{
    auto folder = SaveFolder::open(out);
    if (!folder) return folder.error();
    Attachments attachments(*folder, report.manifest);
    EnvelopeReader reader(
        report.bytes,
        [&](const crypto::Header&) -> Result<SecretBuffer, crypto::OpenFailure> {
            return SecretBuffer::copy_of(report.file_key.view());
        },
        [&](std::size_t index, ByteView bytes) { return attachments.take(index, bytes); });
    if (const auto read = read_envelope(report, store, reader); !read) return read.error();
    const auto opened = reader.finish();
    if (reader.sink_error()) return *reader.sink_error();
    if (!opened) return closed(crypto::name(opened.error()));
    if (!std::ranges::equal(opened->manifest.canonical(), report.manifest.canonical()))
        return closed("its manifest is not the one that was imported");

    if (const auto begun = attachments.begin_up_to(report.manifest.attachments().size()); !begun) return begun.error();
    const auto field = report.manifest.kind() == crypto::Kind::follow_up ? text_field : story_field;
    if (const auto words = answer_text(report.manifest, field))
        if (const auto written = write_file(*folder, "story.txt", as_bytes(*words)); !written) return written.error();
    if (const auto written = write_answers_file(*folder, report.manifest, form); !written) return written.error();
    if (const auto written = write_file(*folder, "manifest.json", report.manifest.canonical()); !written)
        return written.error();
    if (const auto written = write_names(*folder, report.manifest); !written) return written.error();
    if (const auto written = write_conversation_file(*folder, records, report); !written) return written.error();
    return folder->complete();
}

}  // namespace amana::desk

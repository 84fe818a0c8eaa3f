// SPDX-License-Identifier: AGPL-3.0-or-later
// Payloads: framing, in pieces of any size, and attachments against their manifest.
#include "crypto/payload.hpp"
#include "tests/crypto/opening.hpp"
#include "tests/support/catch.hpp"

#include <string>

namespace amana::crypto::testing {

namespace {

Bytes record(Byte kind, ByteView data)
{
    const auto head = record_head(kind, data.size());
    Bytes out(head.begin(), head.end());
    append(out, data);
    return out;
}

std::string manifest_of(const std::vector<Bytes>& files)
{
    SecretText out(max_manifest_bytes);
    std::vector<AttachmentEntry> entries;
    entries.reserve(files.size());
    for (const auto& file : files) entries.push_back({"n", "", file.size(), sha256(file)});
    REQUIRE(write_manifest(out, {Kind::report, "f", 1, {}}, {}, entries));
    return std::string(out.text());
}

Bytes payload_of(const std::vector<Bytes>& files)
{
    Bytes out;
    for (const auto& file : files) {
        for (ByteView rest = file; !rest.empty();) {
            const auto piece = rest.first(std::min(rest.size(), max_record_bytes));
            append(out, record(record_data, piece));
            rest = rest.subspan(piece.size());
        }
        out.push_back(record_attachment_end);
    }
    append(out, record(record_manifest, as_bytes(manifest_of(files))));
    return out;
}

std::string failure_of(ByteView payload)
{
    const auto read = read_payload(payload);
    return read ? "open" : name(read.error());
}

}  // namespace

TEST_CASE("attachments come back, in whatever pieces the payload comes")
{
    const std::vector<Bytes> files{seeded_bytes("one", 70'000), {}, {7}, seeded_bytes("two", 65'536), {}};
    auto payload = payload_of(files);
    payload.resize(262'144);
    for (const std::size_t piece : {1U, 2U, 5U, 6U, 1000U, 65'536U, 262'144U}) {
        INFO(piece);
        std::vector<Bytes> got(files.size());
        PayloadReader reader([&](std::size_t index, ByteView bytes) -> Result<void> {
            append(got.at(index), bytes);
            return {};
        });
        for (ByteView rest = payload; !rest.empty(); rest = rest.subspan(std::min(piece, rest.size())))
            REQUIRE(reader.feed(rest.first(std::min(piece, rest.size()))).has_value());
        REQUIRE(reader.finish().has_value());
        CHECK((got == files));
    }
}

TEST_CASE("256 attachments and not one more")
{
    CHECK(failure_of(payload_of(std::vector<Bytes>(256))) == "open");
    Bytes many(257, record_attachment_end);
    append(many, record(record_manifest, as_bytes(manifest_of({}))));
    CHECK(failure_of(many) == "bad_payload");

    // Nobody is ever handed a byte of the one too many.
    Bytes begun(256, record_attachment_end);
    append(begun, record(record_data, as_bytes("x")));
    std::size_t handed_on = 0;
    PayloadReader reader([&](std::size_t, ByteView bytes) -> Result<void> {
        handed_on += bytes.size();
        return {};
    });
    CHECK_FALSE(reader.feed(begun).has_value());
    CHECK(handed_on == 0);
}

TEST_CASE("framing that is not the document's")
{
    const auto good = payload_of({});
    CHECK(failure_of(good) == "open");
    const auto after = [&](Bytes before, ByteView rest) {
        append(before, rest);
        return failure_of(before);
    };
    CHECK(failure_of({}) == "bad_payload");
    CHECK(failure_of(Bytes(32'768)) == "bad_payload");
    for (unsigned kind = 4; kind < 256; ++kind) CHECK(after({static_cast<Byte>(kind)}, good) == "bad_payload");
    CHECK(after({0}, good) == "bad_payload");
    CHECK(after({record_data, 0, 0, 0, 0, record_attachment_end}, good) == "bad_payload");
    CHECK(after({record_data, 0, 1, 0, 1}, good) == "bad_payload");
    CHECK(after({record_data, 0xff, 0xff, 0xff, 0xff}, good) == "bad_payload");
    CHECK(after({record_manifest, 0, 0, 0, 0}, good) == "bad_payload");
    CHECK(after({record_manifest, 0, 4, 0, 1}, good) == "bad_payload");
    CHECK(after(record(record_data, Bytes(1)), good) == "bad_payload");
    // One byte too long, and all of it there.
    CHECK(after(record(record_data, Bytes(max_record_bytes + 1)), Bytes{record_attachment_end}) == "bad_payload");
    CHECK(failure_of(record(record_manifest, Bytes(max_manifest_bytes + 1))) == "bad_payload");
    CHECK(failure_of(record(record_manifest, Bytes(max_manifest_bytes))) == "bad_manifest");
    auto longest = record(record_data, Bytes(max_record_bytes));
    longest.push_back(record_attachment_end);
    CHECK(after(longest, good) == "bad_attachment");
    longest[4] = 1;  // 65537
    longest[3] = 0;
    longest[2] = 1;
    longest.insert(longest.end() - 1, 0);
    CHECK(after(longest, good) == "bad_payload");
    CHECK(after(good, good) == "bad_payload");
    CHECK(after(good, Bytes{0, 0, 1}) == "bad_payload");
    CHECK(after(good, Bytes{0, 0, 0}) == "open");
    for (std::size_t size = 0; size < good.size(); ++size) CHECK(failure_of(ByteView(good).first(size)) == "bad_payload");
}

TEST_CASE("attachments that are not what the manifest says")
{
    const auto with_manifest = [](Bytes records, const std::vector<Bytes>& listed) {
        append(records, record(record_manifest, as_bytes(manifest_of(listed))));
        return failure_of(records);
    };
    const Bytes file{1, 2, 3};
    auto records = record(record_data, file);
    records.push_back(record_attachment_end);
    CHECK(with_manifest(records, {file}) == "open");
    CHECK(with_manifest(records, {{1, 2, 4}}) == "bad_attachment");
    CHECK(with_manifest(records, {{1, 2}}) == "bad_attachment");
    CHECK(with_manifest(records, {}) == "bad_attachment");
    CHECK(with_manifest(records, {file, {}}) == "bad_attachment");
    CHECK(with_manifest({}, {file}) == "bad_attachment");
    // The hash alone is not enough: the size is what somebody reads first.
    auto text = manifest_of({file});
    text.replace(text.find("\"size\":3"), 8, "\"size\":4");
    append(records, record(record_manifest, as_bytes(text)));
    CHECK(failure_of(records) == "bad_attachment");
    CHECK(with_manifest({}, {{}}) == "bad_attachment");
    CHECK(with_manifest({record_attachment_end}, {{}}) == "open");
}

TEST_CASE("what the sink reports is kept")
{
    PayloadReader reader([](std::size_t, ByteView) -> Result<void> { return Error{"no space", ""}; });
    const auto fed = reader.feed(payload_of({{1}}));
    REQUIRE_FALSE(fed.has_value());
    CHECK(reader.sink_error().value_or(Error{}).message == "no space");
}

}  // namespace amana::crypto::testing

// SPDX-License-Identifier: AGPL-3.0-or-later
// make_corpus DIR: the kept corpus, DIR/<target>/<name>, of inputs that are good or nearly so.
#include "base/reader.hpp"
#include "crypto/bundle.hpp"
#include "tests/crypto/opening.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>

using namespace amana;          // NOLINT(google-build-using-namespace): one program, one file
using namespace amana::crypto;  // NOLINT(google-build-using-namespace)

namespace {

std::filesystem::path top;

void keep(const char* target, const char* name, ByteView bytes)
{
    std::filesystem::create_directories(top / target);
    std::ofstream(top / target / name, std::ios::binary) << as_text(bytes);
}
void keep(const char* target, const char* name, std::string_view text)
{
    keep(target, name, as_bytes(text));
}

const std::string plain = R"({"answers":{"story":"They"},"attachments":[],"form":{"id":"f","version":1},"id":"00112233445566778899aabbccddeeff",)"
                          R"("kind":"report","v":1})";
const std::string rich =
    R"({"answers":{"a":["x","y"],"b":[{"k":"1","l":"\u0001\n"}],"c":""},"attachments":[],"form":{"id":"f","version":4294967295},)"
    R"("id":"ffffffffffffffffffffffffffffffff","kind":"canary","v":1})";

std::string with_file(ByteView file)
{
    return R"({"answers":{},"attachments":[{"name":"n.jpg","sha256":")" + to_hex(sha256(file)) + R"(","size":)" + std::to_string(file.size()) +
           R"(,"type":"image/jpeg"}],"form":{"id":"f","version":1},"id":"00112233445566778899aabbccddeeff","kind":"decoy","v":1})";
}

Bytes record(Byte kind, ByteView data)
{
    const auto head = record_head(kind, data.size());
    Bytes out(head.begin(), head.end());
    append(out, data);
    return out;
}

void envelopes()
{
    const auto recipe = [](Byte slots, Byte size, std::uint32_t position, Byte change, std::uint32_t cut) {
        return Writer().integer(slots).integer(size).integer(position).integer(change).integer(cut).bytes(as_bytes("payload")).take();
    };
    keep("fuzz_envelope", "good", recipe(1, 0, 0, 0, 0));
    keep("fuzz_envelope", "four-slots", recipe(4, 2, 0, 0, 0));
    keep("fuzz_envelope", "commitment", recipe(2, 0, 2 + 2 * 1168 + 32, 1, 0));
    keep("fuzz_envelope", "chunk", recipe(1, 1, 40'000, 1, 0));
    keep("fuzz_envelope", "cut", recipe(1, 0, 0, 0, 1));
    keep("fuzz_envelope", "cut-to-class", recipe(1, 2, 0, 0, 3 * 65'552));
    keep("fuzz_envelope", "raw", Bytes{0});
}

void payloads()
{
    const Bytes file{'f', 'i', 'l', 'e'};
    const auto manifest = record(record_manifest, as_bytes(plain));
    keep("fuzz_payload", "text", manifest);
    auto padded = manifest;
    padded.resize(manifest.size() + 40);
    keep("fuzz_payload", "padded", padded);
    auto attached = record(record_data, file);
    attached.push_back(record_attachment_end);
    append(attached, record(record_manifest, as_bytes(with_file(file))));
    keep("fuzz_payload", "attachment", attached);
    Bytes empty{record_attachment_end};
    append(empty, record(record_manifest, as_bytes(with_file({}))));
    keep("fuzz_payload", "empty-attachment", empty);
    keep("fuzz_manifest", "plain", plain);
    keep("fuzz_manifest", "rich", rich);
    keep("fuzz_manifest", "file", with_file(file));
}

void notes()
{
    const auto seed = testing::seeded_bytes("log", 32);
    Checkpoint checkpoint{"log.example", 2, Hash{1}};
    const auto note = checkpoint.sign(seed);
    keep("fuzz_note", "checkpoint", note);
    keep("fuzz_note", "text", checkpoint.text());
    keep("fuzz_note", "key", NoteVerifier{"log.example", signing_public_key(seed)}.text());
    const Bytes signed_note(note.begin(), note.end());
    const auto whole = [](Bytes bundle) {
        append(bundle, sha256(bundle));
        return bundle;
    };
    keep("fuzz_bundle", "no-entries", whole(encode(BundleHead{signed_note, 2, 2, 2})));
    auto bundle = encode(BundleHead{signed_note, 0, 0, 2});
    append(bundle, Bytes(2 * hash_bytes));
    append(bundle, encode(BundleEntryHead{}));
    keep("fuzz_bundle", "cut-off", bundle);
    append(bundle, encode(BundleEntryHead{envelope_bytes(1, text_class), 3}));
    append(bundle, Bytes(envelope_bytes(1, text_class)));
    keep("fuzz_bundle", "erased-and-one", whole(bundle));
    bundle = encode(BundleHead{signed_note, 0, 1, 2, 2, 2});
    append(bundle, Bytes(hash_bytes));
    append(bundle, encode(BundleEntryHead{}));
    keep("fuzz_bundle", "second-part", whole(bundle));
}

void key_files()
{
    keep("fuzz_keyset", "good",
         "amana keys v1\ndeployment d\nserial 1\nroot @r\ncourier 1 2 @s\nwitness 1 2 @s\nepoch desk 0 1209600 @e\nepoch p 0 1209600 @e\n"
         "epoch desk 604800 1814400 @e\n");
    keep("fuzz_keyset", "one-epoch", "amana keys v1\ndeployment d\nserial 18446744073709551615\nroot @r\ncourier 0 253402300799 @s\nwitness 1 2 @s\n"
                                     "epoch desk 0 253402300799 @e\n");
    keep("fuzz_secret_file", "good", Bytes{128});
    keep("fuzz_secret_file", "changed", Bytes{128, 60, 1});
    keep("fuzz_secret_file", "cut", Bytes{128, 16});
    Bytes raw{0};
    append(raw, Writer().bytes(as_bytes("AMANA-SECRET-1\n")).integer(Byte{1}).integer(std::uint32_t{1}).integer(std::uint64_t{8192}).bytes(Bytes(88)).take());
    keep("fuzz_secret_file", "raw", raw);
}

void site_manifests()
{
    const auto hash = to_hex(Hash{1});
    keep("fuzz_site_manifest", "release", "amana release v1\nserial 7\nversion 0.5.0\nfile " + hash + " exit.js\nfile " + hash + " script/page.js\n");
    keep("fuzz_site_manifest", "site",
         "amana site v1\ndeployment d\nserial 1\nroot @\nrelease " + hash + "\nheader * Referrer-Policy: no-referrer\nheader page Content-Security-Policy: " +
             "default-src 'none'\npage " + hash + " page /\npage " + hash + " page /ar/\npage " + hash + " text /keys\n");
}

void update_manifests()
{
    const auto hash = to_hex(Hash{1});
    keep("fuzz_update_manifest", "update",
         "amana desk update v1\nserial 202611300645\nversion 0.9.1~deb12\nfile " + hash + " 1234567 amana-desk_0.9.1~deb12_amd64.deb\nfile " + hash +
             " 5 vim_2%3a9.0-2+b1_amd64.deb\n");
    keep("fuzz_update_manifest", "name", "vim_2%3a9.0-2+b1_amd64.deb");
}

}  // namespace

int main(int count, char** arguments)
{
    if (count != 2) {
        std::fputs("usage: make_corpus DIR\n", stderr);
        return 2;
    }
    top = arguments[1];
    envelopes();
    payloads();
    notes();
    key_files();
    site_manifests();
    update_manifests();
    return 0;
}

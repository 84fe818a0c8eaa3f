// SPDX-License-Identifier: AGPL-3.0-or-later
// What a test vector is made of. docs/ENVELOPE.md, "Vectors". Manifests and records are written here by hand and not by
// crypto/, so that the vectors also hold crypto/'s own writers to the document.
#pragma once

#include "crypto/receipt.hpp"
#include "tests/crypto/opening.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace amana::vectors {

inline constexpr std::string_view receipt_code = "0123 4567 8901 2345 6789 0123 4561";

using crypto::testing::seeded_bytes;

struct File {
    std::string name;
    std::string type;
    Bytes data;
};

struct Sealing {
    std::vector<std::string> recipients;  // whose public keys, by the names secret_of() takes
    Bytes randomness;
    std::uint64_t padded = 0;
    Bytes payload;
};

struct Vector {
    std::string name;
    std::string comment;
    std::string file;                  // of the envelope; several vectors may share one
    std::vector<std::string> secrets;  // by name
    std::string result = "open";
    std::string manifest;
    std::vector<File> attachments;
    std::optional<Sealing> sealing;
};

// All vectors, and the files they name.
struct Collection {
    std::vector<Vector> vectors;
    std::map<std::string, Bytes> files;

    void add(Vector vector, Bytes envelope);
    // A vector of an envelope that is there already.
    void add(Vector vector);
};

// --- keys --------------------------------------------------------------------------------------------------------------
[[nodiscard]] Bytes secret_of(std::string_view name);
[[nodiscard]] crypto::XWingPublicKey public_of(std::string_view name);

// --- payloads ----------------------------------------------------------------------------------------------------------
struct ManifestText {
    std::string answers = R"({"story":"They promised my brother work as a driver."})";
    std::string kind = "report";
    std::string id = "000102030405060708090a0b0c0d0e0f";
    std::string inbox{};  // inbox_text(), or empty
    std::string form = "recruitment";
};
// receipt_code's under the root fingerprint of vectors_root(): its keys, and the inbox member that they make.
[[nodiscard]] crypto::Hash vectors_root();
[[nodiscard]] crypto::Receipt::Keys receipt_keys();
[[nodiscard]] std::string inbox_text();
[[nodiscard]] std::string attachment_text(const File& file);
[[nodiscard]] std::string manifest_text(const ManifestText& text, const std::vector<File>& files = {});
[[nodiscard]] Bytes record(Byte kind, ByteView data);
[[nodiscard]] Bytes attachment_records(const File& file, std::size_t piece = 65536);
[[nodiscard]] Bytes manifest_record(std::string_view manifest);
[[nodiscard]] Bytes frame(const std::vector<File>& files, std::string_view manifest);
[[nodiscard]] Bytes padded_to(Bytes payload, std::size_t size);

// --- envelopes ---------------------------------------------------------------------------------------------------------
// File key, payload nonce and encapsulation seeds for as many recipients.
[[nodiscard]] Bytes randomness_for(std::string_view label, std::size_t recipients);
[[nodiscard]] Bytes header_for(const std::vector<std::string>& recipients, ByteView randomness);
[[nodiscard]] Bytes seal(const Sealing& sealing);

// The chunks, written from the document: a deviation for each way in which a sealer may be wrong.
struct Chunking {
    std::uint64_t first_counter = 0;
    bool mark_last = true;
};
[[nodiscard]] Bytes seal_chunks(ByteView header, ByteView file_key, ByteView padded, Chunking chunking = {});
// The commitment that belongs at the end of this header (all but its last 32 bytes).
[[nodiscard]] Bytes commitment_of(ByteView header, ByteView file_key);

void add_good(Collection& into);
void add_bad_seal(Collection& into);
void add_bad_payload(Collection& into);
void add_bad_manifest(Collection& into);
void add_bad_attachment(Collection& into);

}  // namespace amana::vectors

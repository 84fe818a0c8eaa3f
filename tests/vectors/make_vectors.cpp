// SPDX-License-Identifier: AGPL-3.0-or-later
// make_vectors DIR: writes vectors.json and the files it names, the same bytes every time.
#include "tests/vectors/vector.hpp"

#include <boost/json.hpp>

#include <cstdio>
#include <fstream>

namespace amana::vectors {

namespace {

namespace json = boost::json;

void write(const std::filesystem::path& path, std::string_view bytes)
{
    std::ofstream out(path, std::ios::binary);
    out << bytes;
    if (!out.flush()) throw std::runtime_error("can't write " + path.string());
}

json::object describe(const Sealing& sealing, const std::string& payload_file)
{
    json::array recipients;
    for (const auto& name : sealing.recipients) recipients.emplace_back(to_hex(public_of(name)));
    return {{"recipients", std::move(recipients)},
            {"randomness", to_hex(sealing.randomness)},
            {"padded", sealing.padded},
            {"payload", payload_file}};
}

json::object describe(const Vector& vector, Collection& collection)
{
    json::object out{{"name", vector.name}, {"comment", vector.comment}, {"envelope", vector.file}};
    json::array secrets;
    for (const auto& name : vector.secrets) secrets.emplace_back(to_hex(secret_of(name)));
    out["secrets"] = std::move(secrets);
    out["result"] = vector.result;
    if (vector.result == "open") {
        out["manifest"] = vector.manifest;
        json::array attachments;
        for (const auto& file : vector.attachments)
            attachments.push_back({{"size", file.data.size()}, {"sha256", to_hex(crypto::sha256(file.data))}});
        out["attachments"] = std::move(attachments);
    }
    if (vector.sealing) {
        const auto payload = vector.name + ".payload";
        collection.files[payload] = vector.sealing->payload;
        out["sealing"] = describe(*vector.sealing, payload);
    }
    return out;
}

void make(const std::filesystem::path& directory)
{
    Collection collection;
    add_good(collection);
    add_bad_seal(collection);
    add_bad_payload(collection);
    add_bad_manifest(collection);
    add_bad_attachment(collection);

    std::string text = "[";
    for (const auto& vector : collection.vectors)
        text += (text.size() == 1 ? "\n" : ",\n") + json::serialize(describe(vector, collection));
    write(directory / "vectors.json", text + "\n]\n");
    for (const auto& [name, bytes] : collection.files) write(directory / name, as_text(bytes));
}

}  // namespace

}  // namespace amana::vectors

int main(int count, char** arguments)
try {
    if (count != 2) {
        std::fputs("usage: make_vectors DIR\n", stderr);
        return 2;
    }
    amana::vectors::make(arguments[1]);
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "make_vectors: %s\n", error.what());
    return 1;
}

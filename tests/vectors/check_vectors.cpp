// SPDX-License-Identifier: AGPL-3.0-or-later
// The committed vectors: our opener gives each one's result, our sealer makes again what can be made again, and
// make_vectors writes them to the byte.
#include "base/file.hpp"
#include "tests/crypto/opening.hpp"
#include "tests/support/catch.hpp"

#include <boost/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

namespace amana::crypto::testing {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

fs::path committed()
{
    const char* source = std::getenv("AMANA_SOURCE");
    REQUIRE(source != nullptr);
    return fs::path(source) / "tests/vectors";
}

Bytes contents(const fs::path& path)
{
    return read_file(path, 16 << 20).value();
}

std::string_view text_at(const json::object& object, std::string_view key)
{
    const auto& text = object.at({key.data(), key.size()}).as_string();
    return {text.data(), text.size()};
}

Bytes hex_bytes(std::string_view text)
{
    Bytes out(text.size() / 2);
    REQUIRE(from_hex(text, out).has_value());
    return out;
}

json::array vectors()
{
    const auto bytes = contents(committed() / "vectors.json");
    return json::parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()}).as_array();
}

void check_opened(const json::object& vector, const Opened& opened)
{
    CHECK(as_text(opened.manifest.canonical()) == text_at(vector, "manifest"));
    const auto& expected = vector.at("attachments").as_array();
    REQUIRE(opened.attachments.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        CHECK(static_cast<std::int64_t>(opened.attachments[i].size()) == expected[i].at("size").as_int64());
        CHECK(to_hex(sha256(opened.attachments[i])) == text_at(expected[i].as_object(), "sha256"));
    }
}

// The files of a directory that make_vectors writes.
std::map<std::string, Bytes> files_of(const fs::path& directory)
{
    std::map<std::string, Bytes> files;
    for (const auto& entry : fs::directory_iterator(directory)) {
        const auto extension = entry.path().extension();
        if (extension == ".envelope" || extension == ".payload" || entry.path().filename() == "vectors.json")
            files[entry.path().filename()] = contents(entry.path());
    }
    return files;
}

}  // namespace

TEST_CASE("every vector gives its result")
{
    std::set<std::string> results;
    for (const auto& value : vectors()) {
        const auto& vector = value.as_object();
        const std::string name(text_at(vector, "name"));
        INFO(name);
        std::vector<Recipient> recipients;
        for (const auto& secret : vector.at("secrets").as_array())
            recipients.emplace_back(hex_bytes({secret.as_string().data(), secret.as_string().size()}));
        std::vector<RecipientSecret> secrets;
        secrets.reserve(recipients.size());
        for (const auto& recipient : recipients) secrets.push_back(recipient.view());

        const auto opened = open_envelope(contents(committed() / text_at(vector, "envelope")), secrets);
        const std::string result = opened ? "open" : crypto::name(opened.error());
        CHECK(result == text_at(vector, "result"));
        if (opened && result == text_at(vector, "result")) check_opened(vector, *opened);
        results.insert(result);
    }
    // Every failure class has a vector.
    CHECK(results.size() == 11);
}

TEST_CASE("the sealer makes vectors again from their randomness")
{
    int made = 0;
    for (const auto& value : vectors()) {
        const auto& vector = value.as_object();
        const auto* sealing = vector.if_contains("sealing");
        if (sealing == nullptr) continue;
        INFO(text_at(vector, "name"));
        const auto& given = sealing->as_object();
        std::vector<XWingPublicKey> keys;
        for (const auto& key : given.at("recipients").as_array())
            REQUIRE(from_hex({key.as_string().data(), key.as_string().size()}, keys.emplace_back()).has_value());
        auto sealer = Sealer::create_deterministic(keys, hex_bytes(text_at(given, "randomness")));
        REQUIRE(sealer.has_value());
        const auto payload = contents(committed() / text_at(given, "payload"));
        const auto padded = static_cast<std::uint64_t>(given.at("padded").as_int64());
        CHECK(seal_all(std::move(*sealer), payload, padded) == contents(committed() / text_at(vector, "envelope")));
        ++made;
    }
    CHECK(made >= 4);
}

TEST_CASE("make_vectors writes what is committed")
{
    const char* program = std::getenv("AMANA_MAKE_VECTORS");
    REQUIRE(program != nullptr);
    auto name = (fs::temp_directory_path() / "amana-vectors-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    const auto command = "'" + std::string(program) + "' '" + name + "'";
    REQUIRE(std::system(command.c_str()) == 0);  // NOLINT(cert-env33-c): a program of this build, with no outside input
    const auto made = files_of(name);
    const auto kept = files_of(committed());
    for (const auto& [file, bytes] : kept) {
        INFO(file);
        REQUIRE(made.contains(file));
        CHECK((made.at(file) == bytes));
    }
    CHECK(made.size() == kept.size());
    fs::remove_all(name);
}

}  // namespace amana::crypto::testing

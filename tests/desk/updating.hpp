// SPDX-License-Identifier: AGPL-3.0-or-later
// A desk, a release key and a medium: what the tests of updates begin with.
#pragma once

#include "crypto/site_manifest.hpp"
#include "desk/package_files.hpp"
#include "desk/update.hpp"
#include "desk/update_making.hpp"
#include "tests/desk/session.hpp"

#include <algorithm>
#include <filesystem>

namespace amana::desk::testing {

namespace fs = std::filesystem;

inline constexpr const char* own = "amana-desk_0.9.1~deb12_amd64.deb";
inline constexpr const char* library = "libsodium23_1.0.18-1+deb12u1_amd64.deb";

inline std::string package(std::string_view content)
{
    return "!<arch>\ndebian-binary   " + std::string(content);
}

inline std::vector<fs::path> sorted_below(const fs::path& folder)
{
    auto files = files_below(folder);
    std::sort(files.begin(), files.end());
    return files;
}

// A desk, packages, a release key, and a folder as it lies on the medium.
class Updating : public Session {
public:
    Updating()
    {
        REQUIRE(run(run_init).has_value());
        line.yes = true;
        make_key("key");
        fs::create_directories(path("debian/partial"));
        put(path(own), package("the desk's program"));
        put(path("debian") / library, package(std::string(700'000, 'l')));
        put(path("debian/lock"), "");
        line.packages = {path(own), path("debian")};
    }

    // Also what `update` is then told to trust.
    void make_key(const char* name)
    {
        line.file = path(name);
        REQUIRE(run(run_release_key).has_value());
        const auto at = said.find("amana-release+");
        key = said.substr(at, said.find('\n', at) - at);
    }
    static void put(const fs::path& file, std::string_view text)
    {
        REQUIRE(write_durable(file, as_bytes(text), 0600, DurableFile::Existing::replace).has_value());
    }
    [[nodiscard]] Result<void> make(std::uint64_t serial, const char* out = "usb")
    {
        line.serial = serial;
        line.out = line.update = path(out);
        return run(run_make_update);
    }
    [[nodiscard]] Result<void> take() { return run(run_update); }
    // Told the key, with a medium of serial 7.
    void begin()
    {
        line.release_key = key;
        REQUIRE(make(7).has_value());
    }

    // What a refusal must leave as it is.
    [[nodiscard]] std::string state() const
    {
        std::string all;
        for (const auto& file : sorted_below(line.directory))
            if (file.parent_path() != DeskPaths{line.directory}.keys()) all += file.string() + " " + to_hex(crypto::sha256(as_bytes(read_text(file)))) + "\n";
        return all;
    }
    void refused(std::string_view words, std::string_view hint = "")
    {
        const auto before = state();
        const auto done = take();
        REQUIRE_FALSE(done.has_value());
        CHECK_THAT(done.error().text(), Catch::Contains(std::string(words)) && Catch::Contains(std::string(hint)));
        CHECK_FALSE(done.error().hint.empty());
        CHECK(state() == before);
        CHECK_FALSE(fs::exists(line.directory / "update.partial"));
    }
    // The list, changed and signed again by this seed.
    void sign_list(const std::string& text, ByteView seed)
    {
        crypto::Note note{text, {}};
        note.sign(std::string(crypto::release_signer), seed);
        put(line.update / update_list_name, note.encode());
    }
    [[nodiscard]] crypto::UpdateManifest manifest() const
    {
        return crypto::UpdateManifest::parse(crypto::Note::parse(as_bytes(read_text(line.update / update_list_name)), 100'000)->text).value();
    }
    // A medium of a key whose seed is known, so that anything can be signed.
    void sign_by_hand(const std::string& text)
    {
        const Bytes seed(32, 7);
        line.replace = true;
        line.release_key = crypto::NoteVerifier{std::string(crypto::release_signer), crypto::signing_public_key(seed)}.text();
        sign_list(text, seed);
    }

    std::string key;
};

}  // namespace amana::desk::testing

// SPDX-License-Identifier: AGPL-3.0-or-later
// What the desk's tests share: a desk in a folder of its own, envelopes as a server would seal them, and a log that writes
// bundles. Desks here use the smallest Argon2 limits; the program always uses the sensitive ones.
#pragma once

#include "crypto/promise.hpp"
#include "desk/forms.hpp"
#include "desk/intake.hpp"
#include "desk/keys.hpp"
#include "desk/report.hpp"
#include "tests/support/catch.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace amana::desk::testing {

// A Wednesday.
inline constexpr UnixTime now = 1'800'446'400;
inline constexpr std::string_view passphrase = "correct horse battery staple";
inline constexpr crypto::Argon2Limits quick{1, 8192};

class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

struct File {
    std::string name;
    std::string type;
    Bytes content;
};
struct Sent {
    std::string story = "They promised my brother a job as a cook.";
    std::vector<File> files{};
    crypto::Kind kind = crypto::Kind::report;
    crypto::SubmissionId submission{};  // all zeros: a new one
    std::string form = "recruitment";
    std::uint32_t version = 1;
    std::vector<crypto::Answer> answers{};  // besides the story, in any order
    std::optional<crypto::InboxAddress> inbox{};  // of a report, a follow_up or an erasure
};

[[nodiscard]] Bytes random_content(std::size_t size);
// Seals as the server does.
[[nodiscard]] Bytes seal(const Sent& sent, const std::vector<crypto::XWingPublicKey>& recipients, ByteView file_key = {});
// Seals these bytes as a payload, whatever they are; under this file key, if one is given.
[[nodiscard]] Bytes seal_payload(ByteView payload, const std::vector<crypto::XWingPublicKey>& recipients,
                                 ByteView file_key = {});
[[nodiscard]] crypto::Hash leaf_of(ByteView envelope);

// A bundle as it will be written, for those who want it otherwise.
struct BundlePlan {
    crypto::BundleHead head;
    std::vector<crypto::Hash> leaves;
    std::vector<Bytes> entries;  // empty: erased
    std::vector<unsigned> lanes = {};
};
[[nodiscard]] Bytes written(const BundlePlan& plan);
// With the hash at its end that fits it, over or behind the one it has.
[[nodiscard]] Bytes rehashed(Bytes bundle, bool has_hash = true);

class Log {
public:
    explicit Log(std::string name = "amana.example/log");

    std::vector<Bytes> entries;
    std::vector<unsigned> lanes;  // of as many; the others are calm

    [[nodiscard]] crypto::NoteVerifier verifier() const;
    [[nodiscard]] std::string checkpoint(std::size_t size) const;
    [[nodiscard]] std::string promise(const crypto::Promise& promise) const { return promise.sign(seed_.view()); }
    [[nodiscard]] BundlePlan plan(std::size_t first, std::size_t size) const;
    // Entries from `first` up to `size`, under a checkpoint of `size`.
    [[nodiscard]] Bytes bundle(std::size_t first, std::size_t size) const;
    [[nodiscard]] Bytes bundle() const { return bundle(0, entries.size()); }

private:
    std::string name_;
    SecretBuffer seed_;
};

// A new desk that trusts `log`.
class Desk {
public:
    explicit Desk(const Log& log, UnixTime made = now, unsigned weeks = 2);

    [[nodiscard]] std::vector<crypto::XWingPublicKey> recipients(UnixTime at = now) const;
    // Through a file, as the program does.
    [[nodiscard]] Result<ImportSummary> import(const Bytes& bundle, UnixTime at = now);
    [[nodiscard]] Result<VerifiedBundle> verify(const Bytes& bundle, Erased erased = Erased::named_dropped);
    // What the last verify() found against the log.
    [[nodiscard]] const std::optional<NewEvidence>& evidence() const { return evidence_; }
    [[nodiscard]] Result<Report> find(std::string_view id);

    [[nodiscard]] const DeskPaths& paths() const { return paths_; }
    [[nodiscard]] Casebook& casebook() { return *casebook_; }
    [[nodiscard]] const Vault& vault() const { return *vault_; }
    [[nodiscard]] Records records() { return {*casebook_, vault_->master(), crypto::sha256(keys_.root)}; }
    [[nodiscard]] const crypto::KeySet& keys() const { return keys_; }
    [[nodiscard]] Forms forms(const std::string& language = "en") const;
    [[nodiscard]] EnvelopeStore store() const { return EnvelopeStore::open(paths_).value(); }
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

    // How many reports, opened envelopes of any kind, and files of envelopes there are: what an import must not change.
    struct State {
        std::uint64_t seen = 0;
        std::size_t rows = 0;
        std::size_t files = 0;
        std::size_t incoming = 0;
        bool operator==(const State&) const = default;
    };
    [[nodiscard]] State state();

private:
    TemporaryFolder folder_;
    DeskPaths paths_;
    crypto::KeySet keys_;
    std::optional<Casebook> casebook_;
    std::optional<NewEvidence> evidence_;
    std::optional<Vault> vault_;
};

// The data directory of this build, and the source tree.
[[nodiscard]] std::filesystem::path shipped_data();
[[nodiscard]] std::filesystem::path source_directory();

// All that `write` prints.
[[nodiscard]] std::string printed(const std::function<void(int fd)>& write);
[[nodiscard]] std::string read_text(const std::filesystem::path& path);
[[nodiscard]] std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder);

[[nodiscard]] inline Progress no_progress()
{
    return [](std::uint64_t, std::uint64_t) {};
}

}  // namespace amana::desk::testing

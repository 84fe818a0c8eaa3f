// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/desk/fixture.hpp"

#include "desk/opening.hpp"

#include <algorithm>
#include <cstdlib>

#include <sys/mman.h>
#include <unistd.h>

namespace amana::desk::testing {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder()
{
    auto name = (fs::temp_directory_path() / "amana-desk-test.XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = fs::canonical(name);
}

TemporaryFolder::~TemporaryFolder()
{
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

Bytes random_content(std::size_t size)
{
    Bytes content(size);
    crypto::random_bytes(content);
    return content;
}

Bytes seal_payload(ByteView payload, const std::vector<crypto::XWingPublicKey>& recipients, ByteView file_key)
{
    auto randomness = random_content(crypto::key_bytes + crypto::payload_nonce_bytes);
    std::copy(file_key.begin(), file_key.end(), randomness.begin());
    const bool with_files = payload.empty() || payload.front() != crypto::record_manifest;
    auto sealer = (file_key.empty() ? crypto::Sealer::create(recipients) : crypto::Sealer::create_deterministic(recipients, randomness))
                      .value();
    Bytes envelope(sealer.header().begin(), sealer.header().end());
    while (!payload.empty()) {
        const auto taken = sealer.take(payload);
        if (taken == 0) append(envelope, sealer.seal());
        payload = payload.subspan(taken);
    }
    sealer.pad_to(crypto::size_class_for(sealer.taken(), with_files).value());
    while (!sealer.done()) append(envelope, sealer.seal());
    return envelope;
}

Bytes seal(const Sent& sent, const std::vector<crypto::XWingPublicKey>& recipients, ByteView file_key)
{
    Bytes payload;
    std::vector<crypto::AttachmentEntry> entries;
    for (const auto& file : sent.files) {
        for (auto rest = ByteView(file.content); !rest.empty();) {
            const auto piece = rest.first(std::min(rest.size(), crypto::max_record_bytes));
            append(payload, crypto::record_head(crypto::record_data, piece.size()));
            append(payload, piece);
            rest = rest.subspan(piece.size());
        }
        payload.push_back(crypto::record_attachment_end);
        entries.push_back({file.name, file.type, file.content.size(), crypto::sha256(file.content)});
    }
    crypto::ManifestFields fields{sent.kind, sent.form, sent.version, sent.submission, sent.inbox ? &*sent.inbox : nullptr};
    if (fields.submission == crypto::SubmissionId{}) crypto::random_bytes(fields.submission);
    SecretText manifest(crypto::max_manifest_bytes);
    auto answers = sent.answers;
    if (sent.kind == crypto::Kind::follow_up) answers.push_back({"text", sent.story});
    else if (sent.kind != crypto::Kind::erasure) answers.push_back({"story", sent.story});
    std::ranges::sort(answers, {}, &crypto::Answer::field);
    REQUIRE(crypto::write_manifest(manifest, fields, answers, entries));
    append(payload, crypto::record_head(crypto::record_manifest, manifest.size()));
    append(payload, manifest.view());
    return seal_payload(payload, recipients, file_key);
}

crypto::Hash leaf_of(ByteView envelope)
{
    crypto::LeafHash leaf;
    leaf.update(envelope);
    return leaf.finish();
}

// --- the log -----------------------------------------------------------------------------------------------------------

Log::Log(std::string name) : name_(std::move(name)), seed_(crypto::ed25519_seed_bytes)
{
    crypto::random_bytes(seed_.span());
}

crypto::NoteVerifier Log::verifier() const
{
    return {name_, crypto::signing_public_key(seed_.view())};
}

std::string Log::checkpoint(std::size_t size) const
{
    crypto::Frontier tree;
    for (std::size_t i = 0; i < size; ++i) tree.append(leaf_of(entries[i]));
    return crypto::Checkpoint{name_, size, tree.root()}.sign(seed_.view());
}

Bytes Log::bundle(std::size_t first, std::size_t size) const
{
    return written(plan(first, size));
}

BundlePlan Log::plan(std::size_t first, std::size_t size) const
{
    BundlePlan plan;
    const auto note = checkpoint(size);
    append(plan.head.note, as_bytes(note));
    plan.head.first = plan.head.begin = first;
    plan.head.end = size;
    for (auto i = first; i < size; ++i) {
        plan.leaves.push_back(leaf_of(entries[i]));
        plan.entries.push_back(entries[i]);
        plan.lanes.push_back(i < lanes.size() ? lanes[i] : 0);
    }
    return plan;
}

Bytes written(const BundlePlan& plan)
{
    auto bundle = crypto::encode(plan.head);
    for (const auto& leaf : plan.leaves) append(bundle, leaf);
    for (std::size_t i = 0; i < plan.entries.size(); ++i) {
        const auto& entry = plan.entries[i];
        append(bundle, crypto::encode(crypto::BundleEntryHead{entry.size(), i < plan.lanes.size() && !entry.empty() ? plan.lanes[i] : 0}));
        append(bundle, entry);
    }
    return rehashed(std::move(bundle), false);
}

Bytes rehashed(Bytes bundle, bool has_hash)
{
    if (has_hash) bundle.erase(bundle.end() - static_cast<std::ptrdiff_t>(crypto::hash_bytes), bundle.end());
    append(bundle, crypto::sha256(bundle));
    return bundle;
}

// --- the desk ----------------------------------------------------------------------------------------------------------

Desk::Desk(const Log& log, UnixTime made, unsigned weeks) : paths_{folder_.path() / "desk"}
{
    keys_ = init_desk(paths_.directory, "test", weeks, as_bytes(passphrase), quick, made).value().keys;
    casebook_.emplace(Casebook::open(paths_.database()).value());
    REQUIRE(casebook_->pin(log.verifier()).has_value());
    vault_.emplace(Vault::open(paths_, as_bytes(passphrase)).value());
}

std::vector<crypto::XWingPublicKey> Desk::recipients(UnixTime at) const
{
    return keys_.sealing_keys(at).value();
}

Result<VerifiedBundle> Desk::verify(const Bytes& bundle, Erased erased)
{
    const auto path = folder_.path() / "bundle";
    REQUIRE(write_durable(path, bundle, 0600, DurableFile::Existing::replace).has_value());
    auto file = Bundle::open({path}, paths_, no_progress());
    if (!file) return file.error();
    evidence_.reset();
    return VerifiedBundle::verify(*std::move(file), *casebook_, erased, evidence_, no_progress());
}

Result<ImportSummary> Desk::import(const Bytes& bundle, UnixTime at)
{
    auto verified = verify(bundle);
    if (!verified) return verified.error();
    if (!verified->holds_news()) return ImportSummary{};
    return import_bundle(std::move(*verified), *casebook_, store(), *vault_, at, no_progress());
}

Result<Report> Desk::find(std::string_view id)
{
    return find_report(*casebook_, vault_->master(), id);
}

Forms Desk::forms(const std::string& language) const
{
    return Forms::load(shipped_data(), paths_, language).value();
}

Desk::State Desk::state()
{
    State state;
    state.seen = casebook_->seen().value().size();
    for (const auto& [status, count] : casebook_->count_by_status().value()) state.rows += count;
    state.files = files_below(paths_.envelopes()).size();
    state.incoming = files_below(paths_.incoming()).size();
    return state;
}

// --- files and output --------------------------------------------------------------------------------------------------

namespace {

fs::path from_environment(const char* name)
{
    const char* value = std::getenv(name);
    INFO("set " << name << ", as ctest does");
    REQUIRE(value != nullptr);
    return value;
}

}  // namespace

fs::path shipped_data() { return from_environment("AMANA_BUILD") / "share" / "amana"; }

fs::path source_directory() { return from_environment("AMANA_SOURCE"); }

std::string printed(const std::function<void(int fd)>& write)
{
    const UniqueFd fd(::memfd_create("printed", MFD_CLOEXEC));
    write(fd.get());
    REQUIRE(::lseek(fd.get(), 0, SEEK_SET) == 0);
    std::string out;
    ByteArray<4096> buffer;
    for (;;) {
        const auto count = read_full(fd.get(), buffer).value();
        out += as_text(ByteView(buffer).first(count));
        if (count < buffer.size()) return out;
    }
}

std::string read_text(const fs::path& path)
{
    return std::string(as_text(read_file(path, std::size_t{1} << 30).value()));
}

std::vector<fs::path> files_below(const fs::path& folder)
{
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file()) files.push_back(entry.path());
    return files;
}

}  // namespace amana::desk::testing

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "tests/server/keeper/support.hpp"

#include "crypto/payload.hpp"
#include "server/keeper/decoys.hpp"
#include "server/keeper/tree_reader.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include <unistd.h>

namespace amana::keeper::test {

namespace {

const std::vector<crypto::XWingPublicKey>& public_keys()
{
    static const auto keys = [] {
        std::vector<crypto::XWingPublicKey> made;
        for (Byte i = 1; i <= crypto::max_slots; ++i) made.push_back(crypto::xwing_public_key(Bytes(crypto::xwing_secret_bytes, i)));
        return made;
    }();
    return keys;
}

}  // namespace

Scratch::Scratch()
{
    auto pattern = (std::filesystem::temp_directory_path() / "amana-keeper-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch directory");
    path_ = pattern;
}

Scratch::~Scratch()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::mt19937_64 seeded_generator()
{
    const char* given = std::getenv("AMANA_SEED");
    const auto seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::cout << "AMANA_SEED=" << seed << "\n";
    return std::mt19937_64(seed);
}

int tiered(int ci, int full)
{
    const char* tier = std::getenv("AMANA_TIER");
    const int count = tier != nullptr && std::string_view(tier) == "full" ? full : ci;
    std::cout << "count: " << count << "\n";
    return count;
}

Sequencer test_sequencer(Byte seed, const std::string& origin, Clock clock)
{
    const Cover none{[](std::uint64_t, std::uint64_t) { return std::uint64_t{0}; },
                     [](Store&, std::uint64_t) { return Stored<void>(); },
                     24,
                     {}};
    return Sequencer::create(origin, SecretBuffer::copy_of(Bytes(32, seed)), none, std::move(clock)).value();
}

namespace {

crypto::KeySet test_keys()
{
    const auto root = SecretBuffer::copy_of(Bytes(32, 9));
    const crypto::Validity always{0, system_clock()() + one_week};
    crypto::KeySet keys;
    keys.deployment = "test";
    keys.serial = 1;
    keys.root = crypto::signing_public_key(root.view());
    keys.courier = {always, crypto::signing_public_key(Bytes(32, 8))};
    keys.witness = {always, crypto::signing_public_key(Bytes(32, 7))};
    keys.epochs.push_back({"desk", always, public_keys().front()});
    return keys;
}

}  // namespace

Sequencer covered_sequencer(const BatchPolicy& policy)
{
    const Decoys decoys(test_keys(), system_clock());
    const Cover cover{[policy](std::uint64_t size_class, std::uint64_t waiting) { return policy.decoys(size_class, waiting); },
                      [decoys](Store& store, std::uint64_t size_class) { return decoys.make(store, size_class); },
                      policy.file_ticks,
                      {}};
    return Sequencer::create("test.example/log", SecretBuffer::copy_of(Bytes(32, 5)), cover, system_clock()).value();
}

void give_keys(wire::KeeperSlice& slice)
{
    const auto keys = test_keys();
    const auto note = keys.encode(Bytes(32, 9));
    slice.keyset.clear();
    append(slice.keyset, as_bytes(note));
    slice.root_fingerprint = crypto::root_fingerprint(keys.root);
}

// What seal_envelope() makes has no payload, so it opens and holds nothing.
bool is_decoy(ByteView envelope)
{
    const auto secret = SecretBuffer::copy_of(Bytes(crypto::xwing_secret_bytes, 1));
    const crypto::RecipientSecret recipient{&secret, public_keys().front()};
    const auto header = *crypto::Header::parse(envelope);
    const auto key = crypto::unwrap_file_key(header, std::span(&recipient, 1));
    if (!key) throw std::runtime_error("an envelope that does not open");
    auto opener = *crypto::Opener::create(header, *key, envelope.size());
    crypto::PayloadReader reader([](std::size_t, ByteView) { return Result<void>{}; });
    for (auto at = header.size(); !opener.done();) {
        const auto size = opener.next_chunk();
        if (!reader.feed(*opener.open(envelope.subspan(at, size)))) return false;
        at += size;
    }
    const auto manifest = reader.finish();
    return manifest && manifest->kind() == crypto::Kind::decoy;
}

SealedEnvelope seal_envelope(std::uint64_t size_class, std::size_t recipients)
{
    auto sealer = crypto::Sealer::create(std::span(public_keys()).first(recipients)).value();
    SealedEnvelope envelope;
    envelope.size_class = size_class;
    const auto add = [&](ByteView bytes) { envelope.chunks.emplace_back(bytes.begin(), bytes.end()); };
    add(sealer.header());
    sealer.pad_to(size_class);
    while (!sealer.done()) add(sealer.seal());
    crypto::LeafHash leaf;
    for (const auto& chunk : envelope.chunks) leaf.update(chunk);
    envelope.leaf = leaf.finish();
    return envelope;
}

UploadKey stage(Store& store, const SealedEnvelope& envelope)
{
    const auto key = random_upload_key();
    std::uint32_t number = 0;
    for (const auto& chunk : envelope.chunks) store.stage(key, number++, chunk).value();
    return key;
}

UploadKey stage_and_accept(Store& store, const SealedEnvelope& envelope)
{
    const auto key = stage(store, envelope);
    store.accept({key, envelope.size_class, envelope.leaf}).value();
    return key;
}

Leaves leaves_of(const std::vector<SealedEnvelope>& envelopes)
{
    Leaves leaves;
    for (const auto& envelope : envelopes) leaves.insert(envelope.leaf);
    return leaves;
}

Leaves leaves_in_log(Store& store)
{
    Leaves leaves;
    const auto size = store.tree().value().size;
    for_each_leaf(store, 0, size, [&](std::uint64_t index, const crypto::Hash& expected) -> Result<void> {
        crypto::LeafHash leaf;
        (void)store.read(index, [&](const LogEntry&, ByteView chunk) -> Result<void> {
            leaf.update(chunk);
            return {};
        }).value();
        if (leaf.finish() != expected) throw std::runtime_error("an entry is not what its leaf hash says");
        leaves.insert(expected);
        return {};
    }).value();
    return leaves;

}

std::vector<unsigned> lanes_in_log(Store& store, std::uint64_t first)
{
    std::vector<unsigned> lanes;
    const auto size = store.tree().value().size;
    for (auto index = first; index < size; ++index) {
        lanes.push_back(0);
        (void)store.read(index, [&](const LogEntry& entry, ByteView) -> Result<void> {
            lanes.back() = entry.lane;
            return {};
        }).value();
    }
    return lanes;
}

BundleRead read_bundle(const std::filesystem::path& path, const crypto::NoteVerifier& log)
{
    const auto bytes = read_file(path, std::size_t{1} << 32).value();
    const auto whole = ByteView(bytes).first(bytes.size() - crypto::hash_bytes);
    if (to_hex(crypto::sha256(whole)) != to_hex(ByteView(bytes).subspan(whole.size())))
        throw std::runtime_error("a bundle whose hash is not its own");
    ByteView rest(whole);
    const auto take = [&](std::size_t count) {
        if (count > rest.size()) throw std::runtime_error("a bundle that ends early");
        const auto head = rest.first(count);
        rest = rest.subspan(count);
        return head;
    };
    const auto note = take(crypto::parse_bundle_preamble(take(crypto::bundle_preamble_bytes)).value());
    const auto head = crypto::parse_bundle_bounds(Bytes(note.begin(), note.end()), take(crypto::bundle_bounds_bytes)).value();
    const auto checkpoint = crypto::Checkpoint::parse(note, log).value();
    BundleRead read;
    read.tree_size = checkpoint.size;
    read.first = head.first;
    read.part = head.part;
    read.parts = head.parts;
    crypto::Frontier frontier;
    for (auto index = head.begin; index < head.end; ++index) {
        const auto listed = take(crypto::hash_bytes);
        std::copy(listed.begin(), listed.end(), read.leaves.emplace_back().begin());
        frontier.append(read.leaves.back());
    }
    for (const auto& listed : read.leaves) {
        const auto [size, lane] = crypto::parse_bundle_entry_head(take(crypto::bundle_entry_head_bytes)).value();
        read.lanes.push_back(lane);
        const auto envelope = take(size);
        crypto::LeafHash leaf;
        leaf.update(envelope);
        if (size == 0) ++read.erased;
        else if (leaf.finish() != listed) throw std::runtime_error("a bundle with an entry of another leaf");
        else if (is_decoy(envelope)) ++read.decoys;
        else read.reports.insert(listed);
    }
    if (!rest.empty()) throw std::runtime_error("a bundle that goes on behind its entries");
    if (head.parts == 1 && head.first + read.leaves.size() != read.tree_size)
        throw std::runtime_error("a bundle of another length than its log");
    if (head.parts == 1 && read.first == 0 && frontier.root() != checkpoint.root) throw std::runtime_error("a bundle of another root");
    return read;
}

}  // namespace amana::keeper::test

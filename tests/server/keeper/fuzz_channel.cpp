// SPDX-License-Identifier: AGPL-3.0-or-later
// A front that says anything at all, cut anyhow: no crash, and what is accepted was staged, whole and in order, under a key
// that is not discarded. The first byte says how the stream is cut and how often a group is committed or fails; its length, how
// much room there is.
#include "base/require.hpp"
#include "server/keeper/intake.hpp"
#include "server/keeper/publisher.hpp"
#include "server/wire/room.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

namespace amana::keeper {

namespace {

class MemoryStore final : public Store {
public:
    explicit MemoryStore(unsigned fail_every) : fail_every_(fail_every) {}

    Stored<void> stage(UploadKey key, std::uint32_t number, ByteView) override
    {
        if (fail_every_ != 0 && ++calls_ % fail_every_ == 0) return StoreFailure{true, Error{"full", ""}};
        auto& chunks = staged_[key];
        require(chunks == number, "chunks staged out of order");
        ++chunks;
        return {};
    }
    Stored<void> accept(const PendingEnvelope& envelope) override
    {
        const auto expected = 1 + (envelope.size_class + crypto::chunk_bytes - 1) / crypto::chunk_bytes;
        require(staged_[envelope.key] == expected, "accepted without all of its chunks");
        require(accepted_.insert(envelope.key).second, "accepted twice");
        return {};
    }
    Stored<std::size_t> discard(UploadKey key, std::size_t max) override
    {
        require(!accepted_.contains(key), "discarded though accepted");
        const auto found = staged_.find(key);
        if (found == staged_.end()) return std::size_t{0};
        const auto count = std::min<std::size_t>(found->second, max);
        found->second -= static_cast<std::uint32_t>(count);
        if (found->second == 0) staged_.erase(found);
        return count;
    }
    Stored<void> commit() override
    {
        kept_ = {staged_, accepted_};
        return {};
    }
    void roll_back() override { std::tie(staged_, accepted_) = kept_; }
    Stored<void> press(unsigned, unsigned) override { return {}; }
    Stored<std::uint64_t> sequence(const Arrange&) override { return std::uint64_t{0}; }
    Stored<std::vector<UploadKey>> orphans() override { return std::vector<UploadKey>{}; }
    Stored<Tree> tree() override { return Tree{}; }
    Stored<Bytes> tile(unsigned, std::uint64_t) override { return Bytes{}; }
    Stored<bool> read(std::uint64_t, const EntrySink&) override { return true; }
    Stored<void> begin() override { return {}; }
    Stored<std::size_t> erase(std::uint64_t, std::size_t) override { return std::size_t{0}; }
    Stored<void> set_witnessed(ByteView, std::uint64_t) override { return {}; }
    Stored<void> set_outbox(const TakenOutbox&) override { return {}; }
    Stored<bool> keep_erased(const ErasedKey&, std::size_t) override { return true; }
    Stored<void> mark_held(std::uint64_t, std::span<const crypto::SigningPublicKey>) override { return {}; }
    Stored<void> all_held(std::uint64_t, std::uint64_t) override { return {}; }
    Stored<TakenOutbox> outbox() override { return TakenOutbox{}; }
    Stored<std::vector<ErasedKey>> erased_keys(std::optional<std::uint64_t>) override { return std::vector<ErasedKey>{}; }
    Stored<std::vector<PendingEnvelope>> pending() override { return std::vector<PendingEnvelope>{}; }
    Stored<std::uint64_t> size_class(std::uint64_t) override { return std::uint64_t{0}; }
    Stored<std::uint64_t> size_on(std::int64_t) override { return std::uint64_t{0}; }
    Stored<void> read_pending(const PendingEnvelope&, const EntrySink&) override { return {}; }
    Stored<void> copy_to(const std::filesystem::path&, const std::function<bool()>&) override { return {}; }
    Stored<void> freeze() override { return {}; }
    void thaw() override {}
    Stored<std::vector<std::string>> damage() override { return std::vector<std::string>{}; }
    Stored<Stats> stats() override { return Stats{}; }
    Stored<bool> settle() override { return true; }
    Stored<void> reclaim() override { return {}; }

    // After everything: nothing lies there but what was accepted.
    void expect_clean() const
    {
        for (const auto& [key, chunks] : staged_) require(accepted_.contains(key), "something unfinished stays");
    }

private:
    using Staged = std::map<UploadKey, std::uint32_t>;
    unsigned fail_every_;
    unsigned calls_ = 0;
    Staged staged_;
    std::set<UploadKey> accepted_;
    std::pair<Staged, std::set<UploadKey>> kept_;
};

void run(ByteView input)
{
    if (input.empty()) return;
    const std::size_t cut = (std::size_t{input[0]} & 0x0f) == 0 ? SIZE_MAX : 1 + 97 * (std::size_t{input[0]} & 0x0f);
    MemoryStore store((input[0] >> 4) & 7);
    const bool commit_often = (input[0] & 0x80) != 0;
    constexpr std::array<std::uint64_t, 4> rooms{std::uint64_t{1} << 40, wire::room_for_small_files, wire::room_for_text, 0};
    Intake intake(store, {[room = rooms.at(input.size() % rooms.size())] { return room; }, 0},
                  [](const crypto::Hash& leaf) -> std::optional<std::string> { return to_hex(leaf); }, [](std::string_view) {});
    Outbox outbox(store, {}, [](std::string_view) {});
    Publisher publisher(store, outbox, "log+00000000+key");
    Channel channel(UniqueFd(), 0);
    wire::FrameReader reader;
    for (auto rest = input.subspan(1); !rest.empty() && !channel.ended;) {
        const auto room = reader.room();
        const auto count = std::min({cut, room.size(), rest.size()});
        std::copy_n(rest.begin(), count, room.begin());
        reader.filled(count);
        rest = rest.subspan(count);
        while (!channel.ended) {
            const auto frame = reader.next();
            if (frame && !*frame) break;
            if (!frame) {
                channel.ended = true;
                break;
            }
            const bool asked = channel.greeted && ((*frame)->kind == wire::Kind::ask || (*frame)->kind == wire::Kind::erase);
            const bool pressed = channel.greeted && (*frame)->kind == wire::Kind::pressure;
            channel.ended = asked     ? !publisher.handle(channel, **frame)
                            : pressed ? !wire::parse_pressure(**frame)
                                      : !intake.handle(channel, **frame);
            if (!commit_often) continue;
            intake.commit();
            publisher.answer_some();
        }
    }
    intake.commit();
    publisher.answer_some();
    intake.drop(channel);
    publisher.drop(channel);
    require(!publisher.has_questions(), "a question outlives its channel");
    while (intake.clean_up() == Intake::CleanUp::more) {
    }
    store.expect_clean();
}

}  // namespace

}  // namespace amana::keeper

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    amana::keeper::run({data, size});
    return 0;
}

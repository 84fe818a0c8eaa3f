// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/storage.hpp"

#include "server/keeper/backup.hpp"
#include "server/keeper/batch_policy.hpp"
#include "server/keeper/decoys.hpp"
#include "server/keeper/free_space.hpp"
#include "server/keeper/log_key.hpp"

#include <cerrno>
#include <chrono>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace amana::keeper {

namespace {

constexpr std::chrono::milliseconds lock_pause{50};
constexpr int lock_tries = 200;

// Without keys there is no batch: one without decoys would be a count.
Cover no_cover()
{
    return {[](std::uint64_t, std::uint64_t) { return std::uint64_t{0}; },
            [](Store&, std::uint64_t) { return Stored<void>(); },
            1,
            Error{"there is no key set to seal decoys to, and no batch is made without them",
                  "Set 'public' and 'root' in [keys]; 'amana-server check' says what is wrong with them."}};
}

Result<Cover> cover_of(const wire::KeeperSlice& slice)
{
    if (slice.keyset.empty()) return no_cover();
    auto keys = crypto::KeySet::parse(slice.keyset, slice.root_fingerprint);
    if (!keys) return keys.error();
    const Decoys decoys(*std::move(keys), system_clock());
    const auto policy = policy_of(slice);
    const auto room = [directory = slice.directory, reserve = slice.reserve_bytes](std::uint64_t size_class) {
        const auto free = free_space(directory);
        return free && *free >= reserve + tick_factor * size_class;
    };
    return Cover{[policy, room](std::uint64_t size_class, std::uint64_t waiting) -> std::uint64_t {
                     // A disk with little room goes without large decoys. That says nothing of reports: how many there
                     // are is not asked.
                     if (size_class > largest_ladder_class && !room(size_class)) return 0;
                     return policy.decoys(size_class, waiting);
                 },
                 [decoys](Store& store, std::uint64_t size_class) { return decoys.make(store, size_class); },
                 policy.file_ticks,
                 {}};
}

Result<void> make_directory(const std::filesystem::path& directory)
{
    if (::mkdir(directory.c_str(), 0700) == 0) {
        const auto parent = directory.parent_path();
        return sync_directory(parent.empty() ? "." : parent);
    }
    if (errno != EEXIST) return system_error("can't create the storage directory " + directory.string(), errno);
    return {};
}

}  // namespace

Result<void> is_open_to(const std::filesystem::path& directory, HandedOver handed_over)
{
    struct stat about {};
    if (::lstat(restoring_path(directory).c_str(), &about) == 0)
        return Error{"a backup is being restored to " + directory.string() + ", or that was cut off", "Run 'amana-server restore' again: it begins anew."};
    if (handed_over == HandedOver::refused && ::lstat(handed_over_path(directory).c_str(), &about) == 0)
        return Error{"the log in " + directory.string() + " was handed over by 'amana-server backup --handover': two that sign for it would contradict one another",
                     "It goes on where that backup was restored. If it was restored nowhere, and never will be, destroy the backup and remove " + handed_over_path(directory).string() + "."};
    return {};
}

std::uint64_t reserve_of(const wire::KeeperSlice& slice)
{
    const auto keys = crypto::KeySet::parse(slice.keyset, slice.root_fingerprint);
    if (!keys) return slice.reserve_bytes;  // no batch is made
    return slice.reserve_bytes + tick_factor * policy_of(slice).batch_bytes(keys->recipients().size());
}

BatchPolicy policy_of(const wire::KeeperSlice& slice)
{
    return {slice.batch, slice.large_cover, slice.tick, slice.file_ticks};
}

Result<Storage> open_storage(const wire::KeeperSlice& slice, HandedOver handed_over)
{
    const std::filesystem::path directory(slice.directory);
    if (const auto open = is_open_to(directory, handed_over); !open) return open.error();
    if (const auto made = make_directory(directory); !made) return made.error();
    auto store = SqliteStore::open(directory);
    if (!store) return store.error();
    const auto tree = (*store)->tree();
    if (!tree) return tree.error().error;
    auto seed = load_log_key(directory, tree->checkpoint.empty());
    if (!seed) return seed.error();
    auto cover = cover_of(slice);
    if (!cover) return cover.error();
    auto sequencer = Sequencer::create(slice.origin, *std::move(seed), *std::move(cover), system_clock());
    if (!sequencer) return sequencer.error();
    if (const auto adopted = sequencer->adopt(**store); !adopted) return adopted.error();
    return Storage{*std::move(store), *std::move(sequencer)};
}

Result<UniqueFd> lock_for_serving(const std::filesystem::path& directory)
{
    const auto path = directory / "keeper.lock";
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return system_error("can't open " + path.string(), errno);
    for (int attempt = 0; attempt < lock_tries; ++attempt) {
        if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
        if (errno != EWOULDBLOCK && errno != EINTR) return system_error("can't lock " + path.string(), errno);
        std::this_thread::sleep_for(lock_pause);
    }
    return Error{"another amana-keeper serves " + directory.string(), "Stop the other amana-server, or give this one its own storage."};
}

}  // namespace amana::keeper

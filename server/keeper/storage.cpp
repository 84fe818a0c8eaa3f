// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/storage.hpp"

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

Result<Storage> open_storage(const wire::KeeperSlice& slice)
{
    const std::filesystem::path directory(slice.directory);
    if (const auto made = make_directory(directory); !made) return made.error();
    auto store = SqliteStore::open(directory);
    if (!store) return store.error();
    const auto tree = (*store)->tree();
    if (!tree) return tree.error().error;
    auto seed = load_log_key(directory, tree->checkpoint.empty());
    if (!seed) return seed.error();
    auto sequencer = Sequencer::create(slice.origin, *std::move(seed));
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

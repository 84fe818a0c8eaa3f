// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/outbox_folder.hpp"

#include "server/keeper/file_at.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace amana::keeper {

namespace {

constexpr std::size_t shred_step = 8 * 1024 * 1024;
constexpr std::chrono::milliseconds lock_pause{50};
constexpr int lock_tries = 200;

bool is_still(int fd, const Directory& path)
{
    struct stat opened {};
    struct stat named {};
    return ::fstat(fd, &opened) == 0 && ::lstat(path.c_str(), &named) == 0 && opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

// The two change names in one step, so that there is always an outbox.
Result<void> exchange(const Directory& copy, const Directory& place, const Directory& old)
{
    const auto said = "can't put the outbox in place as " + place.string();
    if (::renameat2(AT_FDCWD, copy.c_str(), AT_FDCWD, place.c_str(), RENAME_EXCHANGE) == 0) return {};
    // There was none, or the file system can't exchange: then there is none for a moment.
    if (errno == EINVAL) {
        if (::rename(place.c_str(), old.c_str()) != 0 && errno != ENOENT) return system_error(said, errno);
    } else if (errno != ENOENT) {
        return system_error(said, errno);
    }
    if (::rename(copy.c_str(), place.c_str()) != 0) return system_error(said, errno);
    return {};
}

}  // namespace

Result<UniqueFd> open_in_place(const Directory& path, Access access)
{
    const int flags = (access == Access::write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    UniqueFd fd(::open(path.c_str(), flags | O_NOATIME));
    if (!fd && errno == EPERM) fd = UniqueFd(::open(path.c_str(), flags));  // another's file
    if (!fd) return system_error("can't open " + path.string(), errno);
    struct stat about {};
    if (::fstat(fd.get(), &about) != 0 || !S_ISREG(about.st_mode)) return Error{path.string() + " is not a regular file", ""};
    return fd;
}

Courier courier_of(const crypto::KeySet& keys)
{
    return {keys.deployment, keys.courier.key};
}

Result<OutboxFile> open_taken(UniqueFd fd, const Courier& courier, Store& store)
{
    auto file = OutboxFile::open(std::move(fd), courier);
    if (!file) return Error{file.error().message, "Import the desk's latest outbox ('amana-server import')."};
    const auto taken = store.outbox();
    if (!taken) return taken.error().error;
    if (file->note_hash() != taken->note)
        return Error{fmt::format("it is not the one that was taken last, which has serial {}", taken->serial), "Import that one again."};
    return file;
}

std::optional<UniqueFd> lock_leftover(const Directory& path)
{
    auto fd = open_in_place(path, Access::write);
    if (!fd || ::flock(fd->get(), LOCK_EX | LOCK_NB) != 0 || !is_still(fd->get(), path)) return std::nullopt;
    return *std::move(fd);
}

bool is_leftover(const Directory& path)
{
    const auto fd = open_in_place(path, Access::read);
    return fd && ::flock(fd->get(), LOCK_SH | LOCK_NB) == 0 && is_still(fd->get(), path);
}

Result<UniqueFd> create_partial(const Directory& storage)
{
    const auto path = partial_path(storage);
    for (int attempt = 0; attempt < lock_tries; ++attempt) {
        UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
        if (!fd) return system_error("can't create " + path.string(), errno);
        if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
            std::this_thread::sleep_for(lock_pause);
            continue;
        }
        struct stat about {};
        if (!is_still(fd.get(), path) || ::fstat(fd.get(), &about) != 0) continue;
        if (about.st_size == 0) return fd;
        fd.reset();
        if (const auto gone = shred(path); !gone) return gone.error();
    }
    return Error{"another import is under way in " + storage.string(), "Wait until it has ended, then try again."};
}

Result<bool> Shredder::step(std::size_t bytes)
{
    struct stat about {};
    if (::fstat(fd_.get(), &about) != 0) return system_error("can't overwrite " + path_.string(), errno);
    static const Bytes zeros(1024 * 1024);
    const auto size = static_cast<std::uint64_t>(about.st_size);
    for (const auto end = std::min<std::uint64_t>(size, at_ + bytes); at_ < end;) {
        const auto part = ByteView(zeros).first(std::min<std::uint64_t>(zeros.size(), end - at_));
        if (const auto written = write_at(fd_.get(), at_, part); !written) return written.error();
        at_ += part.size();
    }
    if (const auto synced = to_disk(fd_.get()); !synced) return synced.error();
    if (at_ < size) return false;
    if (is_still(fd_.get(), path_) && ::unlink(path_.c_str()) != 0) return system_error("can't delete " + path_.string(), errno);
    if (const auto synced = sync_directory(path_.parent_path()); !synced) return synced.error();
    return true;
}

Result<void> shred(const Directory& path, const OutboxFile::Progress& progress)
{
    auto fd = lock_leftover(path);
    if (!fd) return {};
    struct stat about {};
    (void)::fstat(fd->get(), &about);
    Shredder shredder(path, *std::move(fd));
    for (std::uint64_t done = 0;; done += shred_step) {
        if (progress) (void)progress(std::min(done, static_cast<std::uint64_t>(about.st_size)), static_cast<std::uint64_t>(about.st_size));
        const auto gone = shredder.step(shred_step);
        if (!gone) return gone.error();
        if (*gone) return {};
    }
}

Result<std::vector<ErasedKey>> keys_beside(Store& store, const HeldKeys& held)
{
    auto keys = store.erased_keys();
    if (!keys) return keys.error().error;
    std::erase_if(*keys, [&](const ErasedKey& erased) { return held.contains(erased.key); });
    return *std::move(keys);
}

Result<void> put_in_place(Store& store, const Directory& storage, const OutboxFile& copy, const HeldKeys& held)
{
    if (const auto begun = store.begin(); !begun) return begun.error().error;
    const auto placed = [&]() -> Result<void> {
        const auto keys = keys_beside(store, held);
        if (!keys) return keys.error();
        if (const auto done = copy.hold(*keys); !done) return done.error();
        if (const auto named = exchange(partial_path(storage), outbox_path(storage), old_path(storage)); !named) return named.error();
        return sync_directory(storage);
    }();
    // What can't be kept of this is no harm: the keys are held against the outbox once more at the next start, and are
    // forgotten with the next outbox.
    const bool kept = placed && store.all_held(copy.note().serial, copy.note().seen) && store.commit();
    if (!kept) store.roll_back();
    return placed;
}

}  // namespace amana::keeper

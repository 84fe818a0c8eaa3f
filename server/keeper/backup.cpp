// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/backup.hpp"

#include "server/keeper/days.hpp"
#include "server/keeper/outbox_folder.hpp"
#include "server/keeper/storage.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace amana::keeper {

namespace {

constexpr std::size_t copied_at_once = 64 * 1024;
constexpr mode_t private_file = 0600;

Error interrupted()
{
    return Error{"interrupted; nothing was made", ""};
}

bool is_there(const std::filesystem::path& path)
{
    struct stat about {};
    return ::lstat(path.c_str(), &about) == 0;
}

Result<crypto::Hash> hash_file(const std::filesystem::path& path, std::uint64_t& bytes, const GoOn& go_on)
{
    const auto fd = open_in_place(path, Access::read);
    if (!fd) return fd.error();
    crypto::Sha256 hash;
    Bytes buffer(copied_at_once);
    for (bytes = 0;;) {
        if (!go_on()) return interrupted();
        const auto count = read_full(fd->get(), buffer);
        if (!count) return Error{"can't read " + path.string() + ": " + count.error().message, ""};
        hash.update(ByteView(buffer).first(*count));
        bytes += *count;
        if (*count < buffer.size()) break;
    }
    if (::fsync(fd->get()) != 0) return system_error("can't write " + path.string() + " to disk", errno);
    return hash.finish();
}

// The mark must not be there before nobody serves any more, and nobody may begin while it is being made.
Result<UniqueFd> hand_over(const std::filesystem::path& storage)
{
    auto lock = lock_for_serving(storage);
    if (!lock) return Error{lock.error().message, "Stop the server first: what it takes after this backup would be lost."};
    const auto marked = write_durable(handed_over_path(storage), as_bytes("This log goes on elsewhere.\n"), private_file, DurableFile::Existing::replace);
    if (!marked) return marked.error();
    return lock;
}

class Backup {
public:
    Backup(const wire::KeeperSlice& slice, const BackupRequest& request) : storage_(slice.directory), slice_(slice), request_(request) {}

    Result<BackupManifest> run()
    {
        if (!is_there(storage_ / database_name))
            return Error{"there is no store in " + storage_.string(), "'directory' in [storage] names the folder to back up."};
        if (is_there(request_.out))
            return Error{request_.out.string() + " is there already", "Name a folder that is not; nothing was changed."};
        UniqueFd lock;
        if (request_.kind == BackupKind::handover) {
            auto handed = hand_over(storage_);
            if (!handed) return handed.error();
            lock = *std::move(handed);
        }
        auto work = WorkFolder::make(request_.out.string() + ".partial");
        if (!work) return work.error();
        if (const auto filled = fill(work->path()); !filled) return filled.error();
        if (const auto named = name(*work); !named) return named.error();
        write_day(backup_day_path(storage_), manifest_.day / one_day);
        return std::move(manifest_);
    }

private:
    Result<void> fill(const std::filesystem::path& folder)
    {
        manifest_.kind = request_.kind;
        manifest_.day = request_.clock() / one_day * one_day;
        if (const auto copied = copy_database(folder); !copied) return copied.error();
        if (const auto described = describe(folder); !described) return described.error();
        if (const auto added = add_file(folder, serial_name); !added) return added.error();
        if (request_.kind == BackupKind::handover)
            for (const auto name : {log_key_name, outbox_name})
                if (const auto added = add_file(folder, name); !added) return added.error();
        return write_durable(folder / manifest_name, as_bytes(manifest_.text()), private_file, DurableFile::Existing::refuse);
    }

    Result<void> copy_database(const std::filesystem::path& folder)
    {
        auto storage = open_storage(slice_, HandedOver::accepted);
        if (!storage) return storage.error();
        manifest_.log = storage->sequencer.verifier();
        // Empty, so that it is nobody else's from the beginning.
        const auto copy = folder / database_name;
        const UniqueFd empty(::open(copy.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, private_file));
        if (!empty) return system_error("can't create " + copy.string(), errno);
        const auto copied = storage->store->copy_to(copy, request_.go_on);
        if (!copied) return request_.go_on() ? copied.error().error : interrupted();
        return {};
    }

    // Of the copy and not of the store, which has gone on meanwhile.
    Result<void> describe(const std::filesystem::path& folder)
    {
        {
            auto copy = SqliteStore::open(folder);
            if (!copy) return copy.error();
            const auto tree = (*copy)->tree();
            if (!tree) return tree.error().error;
            const auto checkpoint = crypto::Checkpoint::parse(tree->checkpoint, manifest_.log);
            if (!checkpoint) return checkpoint.error();
            manifest_.size = checkpoint->size;
            manifest_.root = checkpoint->root;
        }
        BackupFile file{std::string(database_name)};
        const auto hash = hash_file(folder / database_name, file.bytes, request_.go_on);
        if (!hash) return hash.error();
        file.hash = *hash;
        manifest_.files.push_back(std::move(file));
        return {};
    }

    Result<void> add_file(const std::filesystem::path& folder, std::string_view name)
    {
        if (!is_there(storage_ / name)) return {};
        auto file = copy_hashed(storage_ / name, folder / name, request_.go_on);
        if (!file) return file.error();
        manifest_.files.push_back(*std::move(file));
        return {};
    }

    Result<void> name(WorkFolder& work)
    {
        if (const auto synced = sync_directory(work.path()); !synced) return synced.error();
        // Where the file system can't refuse a name that is taken, an empty folder is all that would be replaced.
        int named = ::renameat2(AT_FDCWD, work.path().c_str(), AT_FDCWD, request_.out.c_str(), RENAME_NOREPLACE);
        if (named != 0 && errno == EINVAL) named = ::rename(work.path().c_str(), request_.out.c_str());
        if (named != 0) return system_error("can't name the backup " + request_.out.string(), errno);
        work.done();
        return sync_directory(request_.out.parent_path());
    }

    std::filesystem::path storage_;
    const wire::KeeperSlice& slice_;
    const BackupRequest& request_;
    BackupManifest manifest_;
};

}  // namespace

std::filesystem::path handed_over_path(const std::filesystem::path& storage)
{
    return storage / "handed-over";
}
std::filesystem::path restoring_path(const std::filesystem::path& storage)
{
    return storage / "restoring";
}

Result<BackupManifest> back_up(const wire::KeeperSlice& slice, const BackupRequest& request)
{
    return Backup(slice, request).run();
}

Result<BackupFile> copy_hashed(const std::filesystem::path& from, const std::filesystem::path& to, const GoOn& go_on)
{
    const auto source = open_in_place(from, Access::read);
    if (!source) return source.error();
    auto copy = DurableFile::create(to, private_file, DurableFile::Existing::refuse);
    if (!copy) return copy.error();
    BackupFile file{to.filename().string()};
    crypto::Sha256 hash;
    // May hold the log key.
    SecretBuffer buffer(copied_at_once);
    for (;;) {
        if (!go_on()) return interrupted();
        const auto count = read_full(source->get(), buffer.span());
        if (!count) return Error{"can't read " + from.string() + ": " + count.error().message, ""};
        const auto part = buffer.view().first(*count);
        hash.update(part);
        if (const auto written = copy->write(part); !written) return Error{"can't write " + to.string() + ": " + written.error().message, written.error().hint};
        file.bytes += part.size();
        if (part.size() < buffer.size()) break;
    }
    file.hash = hash.finish();
    if (const auto committed = copy->commit(); !committed) return committed.error();
    return file;
}

Result<WorkFolder> WorkFolder::make(std::filesystem::path path)
{
    for (;;) {
        const bool made = ::mkdir(path.c_str(), 0700) == 0;
        if (!made && errno != EEXIST) return system_error("can't make the folder " + path.string(), errno);
        UniqueFd lock(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
        if (!lock) return system_error("can't use " + path.string(), errno);
        if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return Error{"somebody else works in " + path.string(), "Wait until that has ended."};
        if (made) {
            if (const auto synced = sync_directory(path.parent_path()); !synced) return synced.error();
            return WorkFolder(std::move(path), std::move(lock));
        }
        std::error_code failed;
        std::filesystem::remove_all(path, failed);
        if (failed) return Error{"can't take away what was left in " + path.string() + ": " + failed.message(), ""};
    }
}

WorkFolder::~WorkFolder()
{
    std::error_code left;
    if (!path_.empty()) std::filesystem::remove_all(path_, left);
}

}  // namespace amana::keeper

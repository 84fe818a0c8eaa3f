// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/restore.hpp"

#include "crypto/checkpoint.hpp"
#include "server/keeper/log_key.hpp"
#include "server/keeper/sequencer.hpp"
#include "server/keeper/sqlite_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace amana::keeper {

namespace {

// A restored store makes no batch: whoever serves it does.
Cover without_batches()
{
    return {[](std::uint64_t, std::uint64_t) { return std::uint64_t{0}; }, [](Store&, std::uint64_t) { return Stored<void>(); }, 1, Error{"nothing is sequenced here", ""}};
}

// What lies in a folder that is nobody's yet: a file system's own folder, and what a restore that was cut off has left.
bool may_stay(const std::string& name, bool cut_off)
{
    constexpr std::array of_ours{database_name, serial_name, log_key_name, outbox_name};
    if (name == "lost+found") return true;
    return cut_off && (name == restoring_path({}).string() || std::ranges::find(of_ours, name) != of_ours.end());
}

Result<void> check_owner(const std::filesystem::path& storage)
{
    struct stat about {};
    if (::stat(storage.c_str(), &about) != 0) return system_error("can't look at " + storage.string(), errno);
    if (about.st_uid == ::geteuid()) return {};
    const auto* owner = ::getpwuid(about.st_uid);
    const auto name = owner == nullptr ? std::to_string(about.st_uid) : std::string(owner->pw_name);
    return Error{storage.string() + " belongs to " + name + ", who could not use what is restored by another",
                 "Run it as that user: runuser -u " + name + " -- amana-server restore ..."};
}

// Makes the folder, or takes it if it is empty; what a restore that was cut off left in it goes.
Result<void> make_empty(const std::filesystem::path& storage)
{
    if (::mkdir(storage.c_str(), 0700) == 0) return sync_directory(storage.parent_path());
    if (errno != EEXIST) return system_error("can't create the storage directory " + storage.string(), errno);
    if (const auto ours = check_owner(storage); !ours) return ours;
    std::error_code failed;
    const bool cut_off = std::filesystem::exists(std::filesystem::symlink_status(restoring_path(storage), failed));
    std::vector<std::filesystem::path> left;
    for (const auto& entry : std::filesystem::directory_iterator(storage, failed)) {
        const auto name = entry.path().filename().string();
        if (!may_stay(name, cut_off))
            return Error{storage.string() + " is not empty: there is " + name, "A backup is only restored where there is nothing: name a new folder as 'directory' in [storage], or move this one away."};
        if (cut_off && name != "lost+found" && entry.path() != restoring_path(storage)) left.push_back(entry.path());
    }
    if (failed) return Error{"can't look into " + storage.string() + ": " + failed.message(), ""};
    for (const auto& path : left)
        if (::unlink(path.c_str()) != 0) return system_error("can't take away what was left of a restore, " + path.string(), errno);
    return sync_directory(storage);
}

class Restore {
public:
    Restore(std::filesystem::path storage, std::string origin, const RestoreRequest& request, BackupManifest manifest)
        : storage_(std::move(storage)), origin_(std::move(origin)), request_(request), manifest_(std::move(manifest))
    {
    }

    Result<RestoreSummary> run()
    {
        if (const auto empty = make_empty(storage_); !empty) return empty.error();
        auto work = WorkFolder::make(restoring_path(storage_));
        if (!work) return work.error();
        folder_ = work->path();
        if (const auto copied = copy(); !copied) return copied.error();
        auto checked = settle_log();
        if (!checked) return checked.error();
        if (const auto placed = put_in_place(*work); !placed) return placed.error();
        return RestoreSummary{std::move(manifest_), *std::move(checked), log_};
    }

private:
    Result<void> copy()
    {
        for (const auto& file : manifest_.files) {
            // A copy's own log begins anew, and so may this one's.
            if (file.name == log_key_name && request_.log == LogAfter::anew) continue;
            const auto copied = copy_hashed(request_.backup / file.name, folder_ / file.name, request_.go_on);
            if (!copied) return Error{"the backup can't be copied: " + copied.error().message, copied.error().hint};
            if (copied->bytes != file.bytes || copied->hash != file.hash)
                return Error{fmt::format("the backup is not whole: {} is not as it was made ({} bytes of {})", file.name, copied->bytes, file.bytes),
                             "Copy the backup anew, or take another one; nothing was restored."};
            kept_.push_back(file.name);
        }
        return {};
    }

    Result<FsckReport> settle_log()
    {
        auto store = SqliteStore::open(folder_);
        if (!store) return store.error();
        auto report = fsck(**store, manifest_.log, [this](std::uint64_t, std::uint64_t) { return request_.go_on(); });
        if (!report) return report.error();
        if (!report->faults.empty())
            return Error{fmt::format("the backup's store is damaged: {} faults, the first: {}", report->faults.size(), report->faults.front()), "Take another backup; nothing was restored."};
        const auto tree = (*store)->tree();
        if (!tree) return tree.error().error;
        const auto checkpoint = crypto::Checkpoint::parse(tree->checkpoint, manifest_.log);
        if (!checkpoint || checkpoint->size != manifest_.size || checkpoint->root != manifest_.root)
            return Error{"the backup's log is not the one that its manifest names", "Take another backup; nothing was restored."};
        if (const auto signs = sign(**store); !signs) return signs.error();
        return report;
    }

    Result<void> sign(Store& store)
    {
        auto seed = load_log_key(folder_, request_.log == LogAfter::anew);
        if (!seed) return seed.error();
        if (request_.log == LogAfter::anew) kept_.emplace_back(log_key_name);
        const auto sequencer = Sequencer::create(origin_, *std::move(seed), without_batches(), system_clock());
        if (!sequencer) return sequencer.error();
        log_ = sequencer->verifier();
        return request_.log == LogAfter::anew ? sequencer->begin_from(store, manifest_.log) : sequencer->adopt(store);
    }

    // While the folder is there nothing opens them, so that it does not matter in which order they come.
    Result<void> put_in_place(WorkFolder& work)
    {
        for (const auto& name : kept_) {
            const UniqueFd fd(::open((folder_ / name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
            if (!fd || ::fsync(fd.get()) != 0) return system_error("can't write " + name + " to disk", errno);
        }
        for (const auto& name : kept_)
            if (::rename((folder_ / name).c_str(), (storage_ / name).c_str()) != 0) return system_error("can't put " + name + " in its place", errno);
        if (const auto synced = sync_directory(storage_); !synced) return synced;
        std::error_code failed;
        std::filesystem::remove_all(folder_, failed);
        if (failed) return Error{"can't take away " + folder_.string() + ": " + failed.message(), ""};
        work.done();
        return sync_directory(storage_);
    }

    std::filesystem::path storage_;
    std::string origin_;
    const RestoreRequest& request_;
    BackupManifest manifest_;
    std::filesystem::path folder_;
    std::vector<std::string> kept_;
    crypto::NoteVerifier log_;
};

Result<BackupManifest> read_manifest(const std::filesystem::path& backup)
{
    std::error_code unknown;
    if (!std::filesystem::is_directory(backup, unknown)) return Error{"there is no folder " + backup.string(), "Name the folder that 'amana-server backup' wrote."};
    if (!std::filesystem::exists(backup / manifest_name, unknown))
        return Error{backup.string() + " has no manifest: it is no backup, or not all of one",
                     "A folder that ends in .partial was cut off; of a copy, the manifest may be missing yet. Take a whole one."};
    const auto bytes = read_file(backup / manifest_name, max_backup_manifest_bytes);
    if (!bytes) return bytes.error();
    return BackupManifest::parse(*bytes);
}

}  // namespace

Result<RestoreSummary> restore(const wire::KeeperSlice& slice, const RestoreRequest& request)
{
    auto manifest = read_manifest(request.backup);
    if (!manifest) return manifest.error();
    if (manifest->log.name != slice.origin)
        return Error{fmt::format("the backup's log is {}, and the config's {}", manifest->log.name, slice.origin), "'origin' in [log] must be the backup's: the log's name is for good."};
    if (manifest->kind == BackupKind::copy && request.log == LogAfter::same)
        return Error{"this backup was made of a log that went on: what it signed since can't be signed again, so a new log must begin",
                     "If the server is lost, repeat this with --after-loss. To move it to another machine without a new log, stop it there and run 'amana-server backup --handover'."};
    return Restore(slice.directory, slice.origin, request, *std::move(manifest)).run();
}

Result<RestoreSummary> drill(const std::filesystem::path& scratch, const std::filesystem::path& backup, const GoOn& go_on)
{
    auto manifest = read_manifest(backup);
    if (!manifest) return manifest.error();
    const RestoreRequest request{backup, manifest->kind == BackupKind::copy ? LogAfter::anew : LogAfter::same, go_on};
    const auto work = WorkFolder::make(scratch / "amana-drill");
    if (!work) return work.error();
    const auto origin = manifest->log.name;
    return Restore(work->path(), origin, request, *std::move(manifest)).run();
}

}  // namespace amana::keeper

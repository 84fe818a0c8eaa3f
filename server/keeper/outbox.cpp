// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/outbox.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <limits>

#include <fcntl.h>
#include <sys/stat.h>

namespace amana::keeper {

namespace {

// One step of overwriting: 8 MiB, so that nobody waits long.
constexpr std::size_t sweep_bytes = 8 * 1024 * 1024;
constexpr auto no_limit = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());

}  // namespace

Outbox::Outbox(Store& store, OutboxSettings settings, std::function<void(std::string_view)> log)
    : store_(store), settings_(std::move(settings)), log_(std::move(log))
{
}

void Outbox::recover()
{
    if (!settings_.courier) return;
    look();
    sweeping_ = finish_import();
    catch_up();
}

// --- the file ------------------------------------------------------------------------------------------------------------

std::optional<Outbox::Identity> Outbox::identity() const
{
    struct stat about {};
    if (::lstat(outbox_path(settings_.storage).c_str(), &about) != 0) return std::nullopt;
    return Identity{about.st_dev, about.st_ino, static_cast<std::uint64_t>(about.st_size)};
}

// One look at the name; the file is opened only when it is another than before.
void Outbox::look()
{
    const auto now = identity();
    if (now == seen_) return;
    seen_ = now;
    file_.reset();
    seen_fd_.reset();
    if (!now) return;
    auto fd = open_in_place(outbox_path(settings_.storage), Access::write);
    auto opened = fd ? open(*fd) : Result<OutboxFile>(fd.error());
    if (fd) seen_fd_ = *std::move(fd);
    if (opened) file_.emplace(*std::move(opened));
    else log_(fmt::format("the outbox can't be used, and is as if there were none: {}", opened.error().text()));
}

Result<OutboxFile> Outbox::open(const UniqueFd& fd) const
{
    UniqueFd second(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
    if (!second) return system_error("no descriptor", errno);
    return open_taken(std::move(second), *settings_.courier, store_);
}

const OutboxFile* Outbox::present()
{
    if (!settings_.courier) return nullptr;
    look();
    return file_ && !expired() ? &*file_ : nullptr;
}

Stored<Bytes> Outbox::find(const wire::Ask& ask)
{
    const auto* outbox = present();
    if (outbox == nullptr) return Bytes{};
    if (ask.what == wire::Asked::outbox) return Bytes(outbox->signed_note().begin(), outbox->signed_note().end());
    if (ask.serial != outbox->note().serial) return Bytes{};
    auto piece = ask.what == wire::Asked::bucket ? outbox->bucket_piece(ask.bucket, ask.index) : outbox->file_piece(ask.file, ask.index);
    // Another took its place while it was read: it may have been overwritten.
    if (identity() != seen_) return Bytes{};
    if (!piece) return StoreFailure{false, piece.error()};
    return *std::move(piece);
}

// --- erasing -------------------------------------------------------------------------------------------------------------

// Of how many buckets it names one: those of the present outbox, or, where there is none and it says so, the most there can be. 0: it
// means another outbox.
std::uint32_t Outbox::buckets_meant(const crypto::Erase& erase, const OutboxFile* outbox)
{
    if (outbox == nullptr) return erase.serial == 0 ? crypto::max_buckets : 0;
    return erase.serial == outbox->note().serial ? outbox->note().buckets : 0;
}

std::vector<Erased> Outbox::erase(std::span<const Bytes> requests)
{
    std::vector<Erased> outcomes(requests.size(), Erased::elsewhere);
    const auto* outbox = present();
    std::vector<Wanted> wanted;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const auto erase = crypto::Erase::parse(requests[i], settings_.root);
        if (!erase) outcomes[i] = Erased::invalid;
        else if (const auto buckets = buckets_meant(*erase, outbox); erase->bucket < buckets)
            wanted.push_back({i, {erase->erasure, erase->bucket, buckets, 0}});
    }
    if (wanted.empty()) return outcomes;
    if (const auto kept = keep(wanted, outcomes); !kept) {
        store_.roll_back();
        for (const auto& one : wanted) outcomes[one.number] = kept.error().full ? Erased::full : Erased::failed;
        return outcomes;
    }
    for (const auto& [number, erased] : wanted)
        if (outcomes[number] != Erased::full) outcomes[number] = hold(erased) ? Erased::done : Erased::failed;
    return outcomes;
}

// Anybody can have keys of their own kept, and so fill the table; the key of an inbox that was answered is kept all the same: of those there
// are no more than letters.
bool Outbox::erases(const ErasedKey& erased)
{
    const auto* outbox = present();
    if (outbox == nullptr) return false;
    const auto found = outbox->find({&erased, 1});
    return found && !found->empty();
}

// All of them in one group, which is on disk then.
Stored<void> Outbox::keep(std::vector<Wanted>& wanted, std::vector<Erased>& outcomes)
{
    if (const auto marked = mark(); !marked) return marked.error();
    const auto tree = store_.tree();
    if (!tree) return tree.error();
    for (auto& [number, erased] : wanted) {
        erased.log_size = tree->size;
        auto kept = store_.keep_erased(erased, max_erased_keys);
        if (!kept) return kept.error();
        if (!*kept && erases(erased)) kept = store_.keep_erased(erased, no_limit);
        if (!kept) return kept.error();
        if (*kept) continue;
        outcomes[number] = Erased::full;
        if (!std::exchange(said_full_, true))
            log_(fmt::format("{} erased keys are kept, and no more can be erased before an outbox is imported whose desk has seen the log of today",
                             max_erased_keys));
    }
    if (const auto committed = store_.commit(); !committed) return committed.error();
    unmarked_.clear();
    return {};
}

// All of the key's, as in every outbox to come, whichever items the request lists. If another outbox has come meanwhile, by an
// import that did not hear of the key, it is that one's.
bool Outbox::hold(const ErasedKey& erased)
{
    const auto* outbox = present();
    if (outbox == nullptr) return true;
    const auto held = outbox->hold({&erased, 1});
    if (!held) {
        unheld_ = true;
        log_(fmt::format("an inbox could not be erased, and is tried again: {}", held.error().text()));
        return false;
    }
    if (std::exchange(unmarked_serial_, outbox->note().serial) != outbox->note().serial) unmarked_.clear();
    unmarked_.push_back(erased.key);
    return true;
}

Stored<void> Outbox::mark()
{
    if (unmarked_.empty()) return {};
    return store_.mark_held(unmarked_serial_, unmarked_);
}

void Outbox::mark_now()
{
    auto marked = mark();
    if (marked) marked = store_.commit();
    if (marked) unmarked_.clear();
    else store_.roll_back();
}

// What was kept and may not be erased yet.
void Outbox::catch_up()
{
    if (!file_) return;
    const auto keys = store_.erased_keys(file_->note().serial);
    const auto held = keys ? file_->hold(*keys) : Result<void>(keys.error().error);
    unheld_ = !held;
    if (!held) {
        log_(fmt::format("what was erased can't be kept out of the outbox, and is tried again: {}", held.error().text()));
        return;
    }
    unmarked_.clear();
    unmarked_serial_ = file_->note().serial;
    for (const auto& erased : *keys) unmarked_.push_back(erased.key);
    mark_now();
}

// --- upkeep --------------------------------------------------------------------------------------------------------------

// An import was cut off between saying which outbox is taken and putting it in place.
bool Outbox::finish_import()
{
    const auto taken = store_.outbox();
    if (!taken) return false;
    if (taken->serial == 0 || (file_ && file_->note_hash() == taken->note)) return true;
    const auto fd = lock_leftover(partial_path(settings_.storage));
    if (!fd) return true;
    const auto copy = open(*fd);
    if (!copy) return true;
    const auto placed = put_in_place(store_, settings_.storage, *copy, {});
    if (placed) log_("an import that was cut off is finished: its outbox is in place");
    else log_(fmt::format("an import that was cut off can't be finished, and is tried again: {}", placed.error().text()));
    look();
    return placed.has_value();
}

bool Outbox::outlived() const
{
    if (file_) return expired();
    struct stat about {};
    return ::lstat(outbox_path(settings_.storage).c_str(), &about) == 0 && settings_.clock() >= about.st_mtim.tv_sec + outbox_kept_for;
}

void Outbox::retire()
{
    // Under the lock an import can't put another in its place between the look and the renaming.
    std::error_code unknown;
    if (std::filesystem::exists(std::filesystem::symlink_status(old_path(settings_.storage), unknown))) return;  // the one before: next tick
    if (!store_.begin()) return;
    look();
    if (outlived()) {
        if (::rename(outbox_path(settings_.storage).c_str(), old_path(settings_.storage).c_str()) == 0) {
            (void)sync_directory(settings_.storage);
            log_(fmt::format("the outbox{} has expired and is deleted; the desk makes a new one ('amana-desk outbox')",
                             file_ ? fmt::format(" of serial {}", file_->note().serial) : ""));
        } else {
            log_(system_error("the outbox has expired and can't be deleted", errno).message);
        }
    }
    store_.roll_back();
    look();
}

void Outbox::tick()
{
    if (!settings_.courier) return;
    look();
    sweeping_ = finish_import();
    if (outlived()) retire();
    if (file_ && unheld_) catch_up();
    if (file_) file_->date();
    if (!unmarked_.empty()) mark_now();
}

bool Outbox::sweep()
{
    if (!settings_.courier || !sweeping_) return true;
    if (!shredder_) {
        for (const auto& path : leftover_paths(settings_.storage)) {
            auto fd = lock_leftover(path);
            if (!fd) continue;
            shredder_.emplace(path, *std::move(fd));
            break;
        }
        sweeping_ = shredder_.has_value();
        return !sweeping_;
    }
    const auto gone = shredder_->step(sweep_bytes);
    if (!gone) log_(gone.error().text());
    if (gone && !*gone) return false;
    shredder_.reset();
    sweeping_ = gone.has_value();  // else with the next tick
    return !sweeping_;
}

}  // namespace amana::keeper

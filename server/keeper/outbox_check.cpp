// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/outbox_check.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

namespace amana::keeper {

namespace {

// What an import or an erasure that is under way leaves for a moment is no fault.
constexpr int looks = 4;
constexpr std::chrono::milliseconds pause{250};

bool is_there(const Directory& path)
{
    std::error_code unknown;
    return std::filesystem::exists(std::filesystem::symlink_status(path, unknown));
}

Result<OutboxFile> open_present(Store& store, const wire::KeeperSlice& slice)
{
    const auto keys = crypto::KeySet::parse(slice.keyset, slice.root_fingerprint);
    if (!keys) return Error{"who signed it can't be told without a key set", ""};
    auto fd = open_in_place(outbox_path(slice.directory), Access::read);
    if (!fd) return fd.error();
    return open_taken(*std::move(fd), courier_of(*keys), store);
}

Result<std::vector<std::string>> look(Store& store, const wire::KeeperSlice& slice)
{
    std::vector<std::string> faults;
    for (const auto& path : leftover_paths(slice.directory))
        if (is_leftover(path)) faults.push_back(path.string() + " is left of an import or an outbox that expired: the server's next start or tick deletes it");
    if (!is_there(outbox_path(slice.directory))) return faults;
    const auto file = open_present(store, slice);
    if (!file) {
        faults.push_back("the outbox can't be used: " + file.error().message);
        return faults;
    }
    if (const auto ordered = file->check_order(); !ordered) faults.push_back("the outbox: " + ordered.error().message);
    const auto keys = store.erased_keys();
    if (!keys) return keys.error().error;
    const auto found = file->find(*keys);
    if (!found) return found.error();
    if (!found->empty())
        faults.push_back(fmt::format("the outbox has {} slots and {} files that should have been erased: import it again", found->slots.size(), found->files.size()));
    return faults;
}

}  // namespace

OutboxState outbox_state(Store& store, const wire::KeeperSlice& slice, UnixTime now)
{
    if (!is_there(outbox_path(slice.directory))) return {"none"};
    const auto file = open_present(store, slice);
    if (!file) return {"not to be used: " + file.error().message};
    const auto& note = file->note();
    return {note.expires > now ? "open" : "expired", note.serial, note.expires};
}

Result<std::vector<std::string>> outbox_faults(Store& store, const wire::KeeperSlice& slice)
{
    for (int left = looks;; --left) {
        auto faults = look(store, slice);
        if (!faults || faults->empty() || left == 1) return faults;
        std::this_thread::sleep_for(pause);
    }
}

}  // namespace amana::keeper

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/outbox_import.hpp"

#include "server/keeper/file_at.hpp"
#include "server/keeper/free_space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>

namespace amana::keeper {

namespace {

constexpr std::size_t buffer_bytes = 1024 * 1024;
// So much at a time goes to disk, that a report's own fsync beside never waits for all of it.
constexpr std::uint64_t sync_bytes = 32 * 1024 * 1024;
// So few keys may be left for the moment when the serving keeper has to wait.
constexpr std::size_t few_keys = 64;

Error interrupted()
{
    return Error{"interrupted; nothing was changed", ""};
}

Error not_whole()
{
    return Error{"the copy of the outbox is not whole: its hash does not fit it",
                 "Copy the file anew from the desk, or from another medium; the desk's own need not be made again."};
}

// The file for the copy; overwritten and deleted unless it is to stay.
class Partial {
public:
    static Result<Partial> create(const Directory& storage)
    {
        auto fd = create_partial(storage);
        if (!fd) return fd.error();
        return Partial(partial_path(storage), *std::move(fd));
    }
    Partial(Partial&& other) noexcept = default;
    Partial& operator=(Partial&&) = delete;
    ~Partial()
    {
        if (!fd_) return;
        Shredder shredder(path_, std::move(fd_));
        for (auto gone = shredder.step(sync_bytes); gone && !*gone; gone = shredder.step(sync_bytes)) {
        }
    }
    void stay() { fd_.reset(); }
    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    Partial(Directory path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

    Directory path_;
    UniqueFd fd_;
};

class Import {
public:
    Import(Storage& storage, const wire::KeeperSlice& slice, const ImportRequest& request)
        : store_(*storage.store), slice_(slice), request_(request), directory_(slice.directory)
    {
    }

    Result<ImportSummary> run()
    {
        if (const auto found = find_courier(); !found) return found.error();
        if (const auto opened = open_source(); !opened) return opened.error();
        if (const auto checked = check_head(); !checked) return refusal(checked.error());
        const auto fresh = is_fresh();
        if (!fresh) return refusal(fresh.error());
        if (!*fresh && is_in_place()) return ImportSummary{note_, false};
        if (const auto roomy = check_space(); !roomy) return roomy.error();
        auto partial = Partial::create(directory_);
        if (!partial) return partial.error();
        if (const auto copied = copy(partial->fd()); !copied) return copied.error();
        if (const auto taken = take(*partial); !taken) return taken.error();
        (void)store_.settle();  // the serving keeper repeats it if this one can't
        if (const auto gone = shred(partial_path(directory_), request_.progress); !gone) return gone.error();
        return ImportSummary{note_, true};
    }

private:
    Result<void> find_courier()
    {
        const auto keys = crypto::KeySet::parse(slice_.keyset, slice_.root_fingerprint);
        if (!keys) return Error{"whether the desk signed it can't be told without the key set: " + keys.error().message, keys.error().hint};
        const auto now = request_.clock();
        const auto& validity = keys->courier.validity;
        if (!validity.contains(now))
            return Error{now < validity.not_before ? "the courier's key is not valid before " + to_rfc3339(validity.not_before)
                                                   : "the courier's key of this server's key set has run out on " + to_rfc3339(validity.not_after),
                         "Check this machine's clock. At the desk: 'amana-desk extend DIR', then 'amana-desk public DIR --out FILE'; bring FILE here, "
                         "restart, and let the desk make the outbox anew."};
        courier_ = courier_of(*keys);
        return {};
    }

    Result<void> open_source()
    {
        const auto name = request_.file.string();
        source_ = UniqueFd(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
        if (!source_) return system_error("can't open " + name, errno);
        struct stat about {};
        if (::fstat(source_.get(), &about) != 0) return system_error("can't read " + name, errno);
        if (!S_ISREG(about.st_mode)) return Error{name + " is not a regular file", "Give the file that 'amana-desk outbox' wrote."};
        size_ = static_cast<std::uint64_t>(about.st_size);
        return {};
    }

    Result<void> check_head()
    {
        auto head = read_outbox_head(source_.get());
        if (!head) return Error{"this is no outbox: " + head.error().message, "Give the file that 'amana-desk outbox' wrote."};
        head_ = *std::move(head);
        const auto signed_note = crypto::Note::parse(head_.note(), crypto::max_outbox_note_bytes);
        if (!signed_note) return Error{"this is no outbox: " + signed_note.error().message, "Give the file that 'amana-desk outbox' wrote."};
        const auto ours = crypto::OutboxNote::signer(courier_.deployment);
        const auto& lines = signed_note->signatures;
        if (!lines.empty() && std::none_of(lines.begin(), lines.end(), [&](const auto& line) { return line.name == ours; }))
            return Error{fmt::format("the outbox is signed as '{}', and this server's deployment is '{}'", lines.front().name, courier_.deployment),
                         "It is another deployment's: bring the outbox of this one's desk."};
        auto note = crypto::OutboxNote::parse(head_.note(), courier_.deployment, courier_.key);
        if (!note) return note.error();
        note_ = *std::move(note);
        if (size_ != head_.file_bytes(note_))
            return Error{fmt::format("the outbox has {} bytes, and its note says {}", size_, head_.file_bytes(note_)), "Let the desk make it anew."};
        if (note_.expires <= request_.clock())
            return Error{"the outbox has expired on " + to_rfc3339(note_.expires), "Check this machine's clock; else let the desk make a new one."};
        return {};
    }

    // Whatever is wrong with an outbox that is not whole, it may be that: so this is said first.
    Error refusal(Error why)
    {
        ByteArray<crypto::outbox_magic.size()> magic{};
        if (read_at(source_.get(), 0, magic) && as_text(magic) != crypto::outbox_magic) return why;
        if (size_ < crypto::hash_bytes) return not_whole();
        crypto::Sha256 whole;
        const auto hashed = pass(0, size_ - crypto::hash_bytes, [&](std::uint64_t, ByteView part) {
            whole.update(part);
            return Result<void>();
        });
        if (!hashed) return hashed.error();
        const auto fits = hash_fits(whole.finish());
        if (!fits) return fits.error();
        return *fits ? std::move(why) : not_whole();
    }

    // False: it is the one that was taken last.
    Result<bool> is_fresh()
    {
        const auto taken = store_.outbox();
        if (!taken) return taken.error().error;
        if (note_.serial < taken->serial)
            return Error{fmt::format("the outbox has serial {}, and one of serial {} was taken already", note_.serial, taken->serial),
                         "Nothing was changed; bring the desk's latest. If this is the latest, the desk was put back to an older state: see the runbook."};
        if (note_.serial > taken->serial) return true;
        if (crypto::sha256(head_.note()) == taken->note) return false;
        return Error{fmt::format("another outbox of the same serial, {}, was taken already", note_.serial),
                     "Nothing was changed. Two desks make outboxes, or one was put back to an older state: let the desk make a new one."};
    }

    bool is_in_place()
    {
        auto fd = open_in_place(outbox_path(directory_), Access::read);
        return fd && open_taken(*std::move(fd), courier_, store_);
    }

    // Old and new are both there for a while.
    Result<void> check_space()
    {
        const auto free = free_space(directory_);
        if (!free) return free.error();
        const auto needed = size_ + reserve_of(slice_);
        if (*free >= needed) return {};
        return Error{fmt::format("the outbox needs {} MiB beside what is kept free, and {} MiB of {} MiB are free", (size_ >> 20) + 1, *free >> 20, (needed >> 20) + 1),
                     "Make room in " + directory_.string() + " first: export, and let the desk co-sign, so that what is old is erased; or use a larger disk."};
    }

    // Every part of the file from `at` to `end`.
    template <typename Take>
    Result<void> pass(std::uint64_t at, std::uint64_t end, const Take& take)
    {
        Bytes buffer(buffer_bytes);
        while (at < end) {
            if (request_.progress && !request_.progress(at, end)) return interrupted();
            const auto part = MutableBytes(buffer).first(std::min<std::uint64_t>(buffer.size(), end - at));
            if (const auto read = read_at(source_.get(), at, part); !read) return Error{"can't read " + request_.file.string() + ": " + read.error().message, ""};
            if (const auto taken = take(at, ByteView(part)); !taken) return taken.error();
            at += part.size();
        }
        return {};
    }

    Result<bool> hash_fits(const crypto::Hash& hash)
    {
        crypto::Hash said{};
        if (const auto read = read_at(source_.get(), size_ - said.size(), said); !read) return read.error();
        return said == hash;
    }

    Result<void> copy(int to)
    {
        crypto::Sha256 whole;
        crypto::Sha256 body;
        whole.update(head_.bytes);
        if (const auto written = write_at(to, 0, head_.bytes); !written) return written.error();
        std::uint64_t unsynced = 0;
        const auto passed = pass(head_.bytes.size(), size_ - crypto::hash_bytes, [&](std::uint64_t at, ByteView part) -> Result<void> {
            whole.update(part);
            body.update(part);
            if (const auto written = write_at(to, at, part); !written) return written.error();
            unsynced += part.size();
            if (unsynced < sync_bytes) return {};
            unsynced = 0;
            return to_disk(to);
        });
        if (!passed) return passed.error();
        const auto hash = whole.finish();
        const auto fits = hash_fits(hash);
        if (!fits) return fits.error();
        if (!*fits) return not_whole();
        if (body.finish() != note_.body)
            return Error{"what the outbox holds is not what its note was signed for", "Somebody has changed it, not a bad copy. Tell the desk, and let it make a new one."};
        if (const auto written = write_at(to, size_ - hash.size(), hash); !written) return written.error();
        return to_disk(to);
    }

    Result<void> take(Partial& partial)
    {
        UniqueFd second(::fcntl(partial.fd(), F_DUPFD_CLOEXEC, 0));
        if (!second) return system_error("no descriptor", errno);
        const auto file = OutboxFile::open(std::move(second), courier_);
        if (!file) return file.error();
        if (const auto ordered = file->check_order(); !ordered) return Error{"the outbox is not as one is made: " + ordered.error().message, "Tell the desk."};
        file->date();
        HeldKeys held;
        if (const auto done = hold(*file, held); !done) return done.error();
        if (const auto synced = to_disk(file->fd()); !synced) return synced.error();
        if (const auto committed = commit(); !committed) return committed.error();
        // From here on it is the one that is taken: what can't be done now the keeper does.
        const auto placed = put_in_place(store_, directory_, *file, held);
        partial.stay();
        if (!placed) return Error{placed.error().message, "It is tried again by the server's next tick, or when it is started."};
        return {};
    }

    // Most of it, while the serving keeper goes on: many keys and files may take minutes.
    Result<void> hold(const OutboxFile& file, HeldKeys& held)
    {
        for (;;) {
            const auto keys = keys_beside(store_, held);
            if (!keys) return keys.error();
            if (keys->size() <= few_keys) return {};
            if (const auto done = file.hold(*keys, request_.progress); !done) return done.error();
            for (const auto& erased : *keys) held.insert(erased.key);
        }
    }

    // Asked again, since another import may have been faster.
    Result<void> commit()
    {
        if (const auto begun = store_.begin(); !begun) return begun.error().error;
        const auto fresh = is_fresh();
        auto kept = fresh ? store_.set_outbox({note_.serial, crypto::sha256(head_.note())}) : Stored<void>(StoreFailure{false, fresh.error()});
        if (kept) kept = store_.commit();
        if (kept) return {};
        store_.roll_back();
        return kept.error().error;
    }

    Store& store_;
    const wire::KeeperSlice& slice_;
    const ImportRequest& request_;
    Directory directory_;
    Courier courier_;
    UniqueFd source_;
    std::uint64_t size_ = 0;
    OutboxHead head_;
    crypto::OutboxNote note_;
};

}  // namespace

Result<ImportSummary> import_outbox(Storage& storage, const wire::KeeperSlice& slice, const ImportRequest& request)
{
    return Import(storage, slice, request).run();
}

}  // namespace amana::keeper

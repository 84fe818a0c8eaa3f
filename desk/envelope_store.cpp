// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/envelope_store.hpp"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

namespace amana::desk {

namespace {

constexpr std::string_view suffix = ".env";

std::string file_name(const crypto::Hash& leaf)
{
    return to_hex(leaf) + std::string(suffix);
}

Error with_hint(Error error, int error_number)
{
    if (error_number == ENOSPC)
        error.hint = "The disk is full. Make room (an import needs as much as its bundle), then import again.";
    return error;
}

}  // namespace

Result<IncomingEnvelope> IncomingEnvelope::create(const DeskPaths& paths)
{
    ByteArray<8> random;
    crypto::random_bytes(random);
    auto path = paths.incoming() / (to_hex(random) + ".partial");
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, private_file));
    if (!fd) return with_hint(system_error("can't create " + path.string(), errno), errno);
    return IncomingEnvelope(std::move(fd), std::move(path), paths.incoming());
}

IncomingEnvelope::~IncomingEnvelope()
{
    if (!path_.empty()) ::unlink(path_.c_str());
}

Result<void> IncomingEnvelope::write(ByteView bytes)
{
    if (auto written = write_full(fd_.get(), bytes); !written) return with_hint(written.error(), errno);
    return {};
}

Result<void> IncomingEnvelope::keep(const crypto::Hash& leaf)
{
    const auto name = directory_ / file_name(leaf);
    if (::rename(path_.c_str(), name.c_str()) != 0) return system_error("can't create " + name.string(), errno);
    path_.clear();
    return {};
}

Result<EnvelopeStore> EnvelopeStore::open(const DeskPaths& paths)
{
    UniqueFd incoming(::open(paths.incoming().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!incoming) return system_error("can't open " + paths.incoming().string(), errno);
    return EnvelopeStore(paths, std::move(incoming));
}

Result<void> EnvelopeStore::flush() const
{
    // One flush of the whole file system costs less than one for each of a hundred thousand files.
    if (::syncfs(incoming_.get()) != 0)
        return system_error("can't write " + paths_.incoming().string() + " to disk", errno);
    return {};
}

Result<void> EnvelopeStore::settle(Casebook& casebook) const
{
    std::error_code failed;
    bool moved = false;
    for (std::filesystem::directory_iterator at(paths_.incoming(), failed), end; !failed && at != end; at.increment(failed)) {
        const auto name = at->path().filename().string();
        crypto::Hash leaf{};
        const bool named = name.ends_with(suffix) &&
                           from_hex(std::string_view(name).substr(0, name.size() - suffix.size()), leaf).has_value();
        const auto known = named ? casebook.has_envelope(leaf) : Result<bool>(false);
        if (!known) return known.error();
        if (!*known) {
            ::unlink(at->path().c_str());
            continue;
        }
        const auto target = paths_.envelopes() / name;
        if (::rename(at->path().c_str(), target.c_str()) != 0)
            return system_error("can't move an envelope to " + target.string(), errno);
        moved = true;
    }
    if (failed) return Error{"can't read " + paths_.incoming().string() + ": " + failed.message(), ""};
    if (!moved) return {};
    if (const auto synced = sync_directory(paths_.envelopes()); !synced) return synced.error();
    return sync_directory(paths_.incoming());
}

Result<UniqueFd> EnvelopeStore::envelope(const crypto::Hash& leaf) const
{
    for (const auto& directory : {paths_.envelopes(), paths_.incoming()}) {
        UniqueFd fd(::open((directory / file_name(leaf)).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
        if (fd) return fd;
    }
    return Error{"the envelope " + to_hex(leaf) + " is missing from envelopes/", "Put it back from your backup."};
}

}  // namespace amana::desk

// SPDX-License-Identifier: AGPL-3.0-or-later
// How front and keeper come to the warden where each is a unit of its own, with a user of its own (docs/SYSTEMD.md): the warden
// listens on DIR/front and DIR/keeper, Unix sockets of mode 0660 and of the group of who is to come. For each generation it takes one
// that waits there (attend.hpp), refuses who is not of the right user as the kernel tells it (SO_PEERCRED), and hands it the
// descriptors (meeting.hpp).
//
//   waiting --one of the right user--> begun --"ended", or the connection's end--> over
//   waiting --killed--> over
//
// Whether a program has ended is the attendant's word; that the attendant has, the kernel's. systemd kills what an attendant leaves
// behind, and starts another one.
#pragma once

#include "server/main/meeting.hpp"
#include "server/main/running.hpp"
#include "server/main/users.hpp"

#include <functional>

namespace amana::server {

class Rendezvous {
public:
    // `say`: a line for the journal. `taken`: the process that attends from now on.
    struct Tell {
        std::function<void(const std::string&)> say;
        std::function<void(pid_t)> taken;
    };
    // In a directory that is there and that this process may write. A socket that another warden left there goes.
    [[nodiscard]] static Result<Rendezvous> open(const std::filesystem::path& directory, Side side, User user, Tell tell);
    Rendezvous(Rendezvous&& other) noexcept;
    Rendezvous& operator=(Rendezvous&&) = delete;
    ~Rendezvous();  // takes the socket away

    // For the supervisor; this must outlive what it starts.
    [[nodiscard]] Starter starter();

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] int listener() const { return listener_.get(); }
    // One that waits and is of the right user; an invalid descriptor when there is none.
    [[nodiscard]] UniqueFd take() const;

private:
    Rendezvous(UniqueFd listener, std::string path, User user, Tell tell);

    UniqueFd listener_;
    std::string path_;  // empty: moved from
    User user_;
    Tell tell_;
};

}  // namespace amana::server

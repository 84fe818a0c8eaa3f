// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/rendezvous.hpp"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace amana::server {

namespace {

constexpr int backlog = 8;

class LentProcess final : public RunningProcess {
public:
    LentProcess(const Rendezvous& rendezvous, std::vector<UniqueFd> descriptors) : rendezvous_(rendezvous), descriptors_(std::move(descriptors)) {}

    bool begun() const override { return static_cast<bool>(connection_); }
    pollfd interest() const override { return {begun() ? connection_.get() : rendezvous_.listener(), POLLIN, 0}; }

    std::optional<int> step() override
    {
        if (killed_) return killed_;
        if (!begun()) begin();
        return begun() ? listen() : std::nullopt;
    }

    void kill(int signal) override
    {
        if (begun()) {
            (void)say_number(connection_.get(), "signal", signal);
        } else {
            killed_ = signal;
            descriptors_.clear();
        }
    }

    std::string describe(const std::optional<int>& end) const override
    {
        if (!begun()) return "did not come to " + rendezvous_.path() + (end ? "" : ": does its unit run?");
        if (!end) return "is not ready";
        return lost_ ? "was lost: its unit ended without saying how" : describe_end(*end);
    }

private:
    // One after the other, until one is there to take them.
    void begin()
    {
        std::vector<int> numbers;
        for (const auto& descriptor : descriptors_) numbers.push_back(descriptor.get());
        while (auto connection = rendezvous_.take()) {
            if (!hand_over(connection.get(), numbers)) continue;
            connection_ = std::move(connection);
            descriptors_.clear();
            return;
        }
    }

    std::optional<int> listen()
    {
        Packet packet;
        const auto heard = hear(connection_.get(), packet);
        if (heard == Heard::nothing) return std::nullopt;
        if (heard == Heard::packet && packet.word == "ended" && (WIFEXITED(packet.number) || WIFSIGNALED(packet.number))) return packet.number;
        lost_ = true;
        return SIGKILL;  // as one that was killed: another try may do better
    }

    const Rendezvous& rendezvous_;
    std::vector<UniqueFd> descriptors_;  // until they are handed over
    UniqueFd connection_;
    std::optional<int> killed_;  // before it came
    bool lost_ = false;
};

// Whoever it is, it has left already.
bool is_gone(int connection)
{
    char byte = 0;
    return ::recv(connection, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

}  // namespace

Rendezvous::Rendezvous(UniqueFd listener, std::string path, User user, Tell tell)
    : listener_(std::move(listener)), path_(std::move(path)), user_(std::move(user)), tell_(std::move(tell))
{
}

Rendezvous::Rendezvous(Rendezvous&& other) noexcept
    : listener_(std::move(other.listener_)), path_(std::exchange(other.path_, {})), user_(std::move(other.user_)), tell_(std::move(other.tell_))
{
}

Rendezvous::~Rendezvous()
{
    if (!path_.empty()) ::unlink(path_.c_str());
}

Result<Rendezvous> Rendezvous::open(const std::filesystem::path& directory, Side side, User user, Tell tell)
{
    const auto address = meeting_point(directory, side);
    if (!address) return address.error();
    const std::string path(address->sun_path);
    const auto failed = [&](int error) { return system_error("can't listen on " + path, error); };
    UniqueFd listener(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!listener) return failed(errno);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failed(errno);
    const auto before = ::umask(0117);
    const int bound = ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address));
    const int error = errno;
    ::umask(before);
    if (bound != 0) return failed(error);
    Rendezvous rendezvous(std::move(listener), path, user, std::move(tell));
    if (user.gid != ::getegid() && ::chown(path.c_str(), static_cast<uid_t>(-1), user.gid) != 0)
        return Error{system_error("can't open " + path + " to the group of " + user.name, errno).message,
                     "Who runs 'serve --rendezvous' must be of the groups of both users: SupplementaryGroups= of its unit."};
    if (::listen(rendezvous.listener(), backlog) != 0) return failed(errno);
    return rendezvous;
}

Starter Rendezvous::starter()
{
    return [this](const Program&, const std::vector<int>& descriptors) -> Result<std::unique_ptr<RunningProcess>> {
        std::vector<UniqueFd> kept;
        for (const int descriptor : descriptors) {
            kept.emplace_back(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
            if (!kept.back()) return system_error("can't keep a descriptor for who comes to " + path_, errno);
        }
        return std::unique_ptr<RunningProcess>(std::make_unique<LentProcess>(*this, std::move(kept)));
    };
}

UniqueFd Rendezvous::take() const
{
    for (;;) {
        UniqueFd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!connection && (errno == EINTR || errno == ECONNABORTED)) continue;
        if (!connection) return {};
        ucred peer{};
        socklen_t size = sizeof(peer);
        if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || is_gone(connection.get())) continue;
        if (peer.uid != user_.uid) {
            tell_.say("warning: refused at " + path_ + ": process " + std::to_string(peer.pid) + " is the user " + user_of(peer.uid).name + "'s, not " + user_.name + "'s");
            continue;
        }
        tell_.taken(peer.pid);
        return connection;
    }
}

}  // namespace amana::server

// SPDX-License-Identifier: AGPL-3.0-or-later
// Who comes to the warden, who is refused, what is handed over, and how an end on either side is noticed. What the warden makes of it
// is the supervisor's tests' with AMANA_TEST_APART (stage.hpp).
#include "tests/server/main/units_stand_in.hpp"

#include <array>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace amana::server::test {

namespace {

using Catch::Contains;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr uid_t right_user = 61'001;
constexpr uid_t wrong_user = 61'002;
constexpr auto patience = std::chrono::seconds(20);

// A rendezvous, what it said, and the warden's end of one generation's channel.
struct Meeting {
    explicit Meeting(User user = user_of(::getuid())) : whose(std::move(user))
    {
        std::filesystem::permissions(directory.path(), std::filesystem::perms(0711));
        rendezvous.emplace(Rendezvous::open(directory.path(), Side::front, whose,
                                            {[this](const std::string& line) { said += line + "\n"; }, [this](pid_t process) { taken.push_back(process); }})
                               .value());
    }

    Attendance attendance(Lifetime lifetime = Lifetime::bound) const
    {
        Attendance one{directory.path(), Side::front, {std::getenv("AMANA_TEST_CHILD"), {}, lifetime, -1}};
        one.warden = milliseconds(300);
        one.farewell = milliseconds(300);
        return one;
    }

    // The program's script goes over a channel as ever.
    std::unique_ptr<RunningProcess> start(const std::string& script)
    {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
        channel = UniqueFd(ends[0]);
        const UniqueFd theirs(ends[1]);
        REQUIRE(write_full(channel.get(), as_bytes(script)).has_value());
        ::shutdown(channel.get(), SHUT_WR);
        return rendezvous->starter()({"/amana-front", {}, Lifetime::bound, -1}, {theirs.get()}).value();
    }

    TemporaryDirectory directory;
    User whose;
    std::string said;
    std::vector<pid_t> taken;
    std::optional<Rendezvous> rendezvous;
    UniqueFd channel;
};

template <typename Done>
bool within(Done done)
{
    for (const auto deadline = Clock::now() + patience; Clock::now() < deadline; ::usleep(2000))
        if (done()) return true;
    return false;
}

std::optional<int> end_of(RunningProcess& process)
{
    std::optional<int> end;
    CHECK(within([&] { return (end = process.step()).has_value(); }));
    return end;
}

int code_of(pid_t pid)
{
    int status = 0;
    CHECK(within([&] { return ::waitpid(pid, &status, WNOHANG) == pid; }));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool may_be_others()
{
    if (::getuid() == 0) return true;
    std::cout << "skipped: other users are root's to be\n";
    return false;
}

}  // namespace

TEST_CASE("who comes starts the program, passes signals on and says how it ended")
{
    Meeting meeting;
    const auto process = meeting.start("ready term exit=7");
    CHECK(!process->step());
    CHECK(!process->begun());
    CHECK_THAT(process->describe(std::nullopt), Contains("did not come to " + meeting.rendezvous->path()));
    const auto attendant = start_attendant(meeting.attendance(), user_of(::getuid()));
    REQUIRE(within([&] { return !process->step() && process->begun(); }));
    CHECK(meeting.taken == std::vector<pid_t>{attendant});
    std::array<char, 6> ready{};
    REQUIRE(::recv(meeting.channel.get(), ready.data(), ready.size(), MSG_WAITALL) == 6);
    CHECK(std::string(ready.data(), ready.size()) == "ready\n");
    process->kill(SIGTERM);
    const auto end = end_of(*process);
    CHECK(end == W_EXITCODE(7, 0));
    CHECK(process->describe(end) == "ended with status 7");
    CHECK(code_of(attendant) == 7);
}

TEST_CASE("a program that can't be asked any more is killed")
{
    Meeting meeting;
    const auto process = meeting.start("ignore ready sleep=60000");
    const auto attendant = start_attendant(meeting.attendance(), user_of(::getuid()));
    REQUIRE(within([&] { return !process->step() && process->begun(); }));
    std::array<char, 6> ready{};
    REQUIRE(::recv(meeting.channel.get(), ready.data(), ready.size(), MSG_WAITALL) == 6);
    process->kill(SIGTERM);
    ::usleep(50'000);
    CHECK(!process->step());
    process->kill(SIGKILL);
    CHECK(end_of(*process) == SIGKILL);
    CHECK(code_of(attendant) == EXIT_FAILURE);
}

TEST_CASE("killed before anybody came, it is over, and who comes then is not taken")
{
    Meeting meeting;
    const auto process = meeting.start("ready exit=0");
    process->kill(SIGTERM);
    CHECK(process->step() == SIGTERM);
    CHECK(meeting.taken.empty());
}

TEST_CASE("of another user: refused by the kernel's word, and told; the right one is taken")
{
    if (!may_be_others()) return;
    Meeting meeting(user_of(right_user));
    const auto process = meeting.start("ready exit=0");
    // Of the group, so that the socket's mode lets it come.
    const auto wrong = start_attendant(meeting.attendance(), {wrong_user, right_user, ""});
    REQUIRE(within([&] { return process->step() || !meeting.said.empty(); }));
    CHECK_THAT(meeting.said, Contains("refused at " + meeting.rendezvous->path()) && Contains("process " + std::to_string(wrong)) &&
                                 Contains("user " + std::to_string(wrong_user) + "'s"));
    CHECK(code_of(wrong) == EXIT_FAILURE);
    CHECK(!process->begun());
    CHECK(meeting.taken.empty());

    const auto right = start_attendant(meeting.attendance(), user_of(right_user));
    CHECK(end_of(*process) == 0);
    CHECK(meeting.taken == std::vector<pid_t>{right});
    CHECK(code_of(right) == 0);
}

TEST_CASE("who is not of the group does not get as far as that; the socket is nobody else's")
{
    Meeting meeting(::getuid() == 0 ? user_of(right_user) : user_of(::getuid()));
    struct stat about {};
    REQUIRE(::stat(meeting.rendezvous->path().c_str(), &about) == 0);
    CHECK((about.st_mode & 07777) == 0660);
    CHECK(about.st_gid == meeting.whose.gid);
    if (!may_be_others()) return;
    const auto process = meeting.start("ready exit=0");
    const auto wrong = start_attendant(meeting.attendance(), user_of(wrong_user));
    CHECK(code_of(wrong) == EXIT_FAILURE);
    CHECK(!process->step());
    CHECK(meeting.taken.empty());
    CHECK(meeting.said.empty());
}

TEST_CASE("one that came and has left is passed over")
{
    Meeting meeting;
    auto attendance = meeting.attendance();
    attendance.taken = milliseconds(1);
    CHECK(code_of(start_attendant(attendance, user_of(::getuid()))) == EXIT_FAILURE);
    const auto process = meeting.start("ready exit=3");
    const auto attendant = start_attendant(meeting.attendance(), user_of(::getuid()));
    CHECK(end_of(*process) == W_EXITCODE(3, 0));
    CHECK(meeting.taken == std::vector<pid_t>{attendant});
    CHECK(code_of(attendant) == 3);
}

TEST_CASE("an attendant that is killed is noticed by its connection's end, and told as it is")
{
    Meeting meeting;
    const auto process = meeting.start("ready term exit=0");
    const auto attendant = start_attendant(meeting.attendance(), user_of(::getuid()));
    REQUIRE(within([&] { return !process->step() && process->begun(); }));
    ::kill(attendant, SIGKILL);
    const auto end = end_of(*process);
    CHECK(end == SIGKILL);
    CHECK_THAT(process->describe(end), Contains("was lost"));
    CHECK(code_of(attendant) == -SIGKILL);
}

TEST_CASE("when the warden is gone the program is let end, and does not outlive its time")
{
    Meeting meeting;
    SECTION("a front drains") {
        auto process = meeting.start("ready term exit=0");
        const auto attendant = start_attendant(meeting.attendance(), user_of(::getuid()));
        REQUIRE(within([&] { return !process->step() && process->begun(); }));
        std::array<char, 6> ready{};
        REQUIRE(::recv(meeting.channel.get(), ready.data(), ready.size(), MSG_WAITALL) == 6);
        process.reset();
        CHECK(code_of(attendant) == 0);
    }
    SECTION("a keeper is not told, and ends by itself or is killed") {
        const auto* script = GENERATE("ready sleep=60 exit=0", "ready sleep=60000");
        auto process = meeting.start(script);
        const auto attendant = start_attendant(meeting.attendance(Lifetime::free), user_of(::getuid()));
        REQUIRE(within([&] { return !process->step() && process->begun(); }));
        process.reset();
        CHECK(code_of(attendant) == (std::string_view(script).ends_with("exit=0") ? 0 : EXIT_FAILURE));
    }
}

TEST_CASE("an attendant ends when there is no warden, and when it is told to stop")
{
    Meeting meeting;
    SECTION("no warden") {
        meeting.rendezvous.reset();
        CHECK(code_of(start_attendant(meeting.attendance(), user_of(::getuid()))) == EXIT_FAILURE);
    }
    SECTION("told to stop while it waits") {
        const auto attendant = start_attendant(meeting.attendance(), user_of(::getuid()));
        ::usleep(100'000);
        ::kill(attendant, SIGTERM);
        CHECK(code_of(attendant) == 0);
    }
}

TEST_CASE("more descriptors than a packet takes arrive in their order")
{
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const UniqueFd ours(ends[0]);
    const UniqueFd theirs(ends[1]);
    const TemporaryDirectory directory;
    std::vector<UniqueFd> files;
    std::vector<int> numbers;
    for (int i = 0; i < 450; ++i) {
        files.emplace_back(::open((directory.path() / std::to_string(i)).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        numbers.push_back(files.back().get());
    }
    REQUIRE(hand_over(ours.get(), numbers).has_value());
    std::vector<UniqueFd> got;
    for (Packet packet; hear(theirs.get(), packet) == Heard::packet;) {
        CHECK(packet.word == "descriptors");
        CHECK(packet.number == 450);
        for (auto& fd : packet.descriptors) got.push_back(std::move(fd));
    }
    REQUIRE(got.size() == files.size());
    const auto inode = [](const UniqueFd& fd) {
        struct stat about {};
        ::fstat(fd.get(), &about);
        return about.st_ino;
    };
    for (std::size_t i = 0; i < got.size(); ++i) CHECK(inode(got[i]) == inode(files[i]));
}

TEST_CASE("what is none of what they say is nothing")
{
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const UniqueFd ours(ends[0]);
    const UniqueFd theirs(ends[1]);
    for (const std::string text : {"signal", "signal ", "signal x", "signal 9 ", "signal -9", "signal 99999999999", "sign 9", " 9", "signal 9\n", "x"}) {
        INFO("'" << text << "'");
        REQUIRE(::send(ours.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
        Packet packet;
        CHECK(hear(theirs.get(), packet) == Heard::packet);
        CHECK(packet.word.empty());
    }
    Packet packet;
    CHECK(hear(theirs.get(), packet) == Heard::nothing);
    const std::string long_one = "signal " + std::string(60, '0') + "9";
    REQUIRE(::send(ours.get(), long_one.data(), long_one.size(), 0) > 0);
    CHECK(hear(theirs.get(), packet) == Heard::packet);
    CHECK(packet.word.empty());
}

}  // namespace amana::server::test

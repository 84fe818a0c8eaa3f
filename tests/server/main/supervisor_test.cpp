// SPDX-License-Identifier: AGPL-3.0-or-later
// Generations that begin, fail and are replaced; and what of the warden's outlives them.
#include "tests/server/main/stage.hpp"

#include "server/main/address.hpp"

#include <algorithm>
#include <sstream>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

namespace amana::server::test {

namespace {

struct Recorded {
    pid_t pid = 0;
    std::string descriptors;
    int variables = 0;
    int term_blocked = 0;
};
std::vector<Recorded> records(const std::filesystem::path& file)
{
    std::vector<Recorded> all;
    std::ifstream lines(file);
    for (Recorded one; lines >> one.pid >> one.descriptors >> one.variables >> one.term_blocked;) all.push_back(one);
    return all;
}

std::string record_to(const std::filesystem::path& file)
{
    return "record=" + file.string() + " ";
}

}  // namespace

TEST_CASE("each process gets its descriptors and nothing else; a stop drains and ends with 0")
{
    const TemporaryDirectory directory;
    const auto front = directory.path() / "front";
    const auto keeper = directory.path() / "keeper";
    auto address = *SocketAddress::parse("127.0.0.1:0");
    auto listeners = *listen_on(address, 2);
    // Something of ours that must not leak, without close-on-exec and high up.
    const UniqueFd stray(::fcntl(listeners[0].get(), F_DUPFD, 100));

    Stage stage{{record_to(front) + good_front, record_to(keeper) + good_keeper}};
    CHECK(stage.run(2, std::move(listeners)) == 0);
    CHECK(stage.serving == 1);
    CHECK_THAT(stage.journal, Contains("stopping") && Contains("stopped") && !Contains("killed"));

    REQUIRE(records(front).size() == 1);
    CHECK(records(front)[0].descriptors == "0,1,2,3,4,5,6,7,");
    CHECK(records(front)[0].variables == 1);
    CHECK(records(front)[0].term_blocked == 0);
    REQUIRE(records(keeper).size() == 1);
    CHECK(records(keeper)[0].descriptors == "0,1,2,3,4,5,");
}

TEST_CASE("when either ends, both are replaced, at once the first time and then with growing waits")
{
    const std::string dying_front = "ready served crash";
    Stage stage{{dying_front, good_keeper},
                 {good_front, "ready served exit=3"},
                 {dying_front, good_keeper},
                 {dying_front, good_keeper},
                 {dying_front, good_keeper},
                 {good_front, good_keeper}};
    CHECK(stage.run() == 0);
    CHECK(stage.starts.size() == 6);
    CHECK(stage.serving == 1);
    CHECK_THAT(stage.journal, Contains("was killed by signal 9 (Killed)") && Contains("ended with status 3") &&
                                  Contains("serving again") && !Contains("TOO MANY"));
    REQUIRE(stage.starts.size() == 6);
    const auto gap = [&](std::size_t i) { return stage.starts[i + 1] - stage.starts[i]; };
    CHECK(gap(1) >= milliseconds(40));   // second short life in a row
    CHECK(gap(2) >= milliseconds(80));   // doubled
    CHECK(gap(3) >= milliseconds(100));  // and never more than the longest
    CHECK(gap(4) < milliseconds(20'000));
}

TEST_CASE("a generation that lived long is replaced without any wait")
{
    Stage stage{{"ready served sleep=60 crash", good_keeper},
                 {"ready served sleep=60 crash", good_keeper},
                 {"ready served sleep=60 crash", good_keeper},
                 {good_front, good_keeper}};
    stage.timing.short_life = milliseconds(30);
    stage.timing.first_wait = stage.timing.longest_wait = milliseconds(60'000);
    CHECK(stage.run() == 0);
    CHECK(stage.starts.size() == 4);
    CHECK(stage.took < milliseconds(50'000));
}

TEST_CASE("when both have ended by the time it looks, the next generation starts at once")
{
    Stage stage{{"ready served crash", "ready served exit=3"}, {good_front, good_keeper}};
    stage.timing.ending = milliseconds(20'000);
    stage.busy_when_serving = milliseconds(1500);
    CHECK(stage.run() == 0);
    CHECK(stage.took < milliseconds(10'000));
    CHECK_THAT(stage.journal, Contains("ended with status 3; main_test_child was killed by signal 9"));
}

TEST_CASE("what a serving front says of itself is heard, and so is that it is gone")
{
    Stage stage{{"tell=ready served tell=pressure_2 tell=storage_text tell=nonsense sleep=300 crash", good_keeper},
                {"tell=ready sleep=1000 term exit=0", good_keeper}};
    stage.tick = milliseconds(200);
    stage.timing.drain = milliseconds(5000);
    CHECK(stage.run() == 0);
    CHECK(stage.serving == 1);
    CHECK_THAT(stage.journal, Contains("there is pressure") && Contains("only text") && Contains("serving again"));
    CHECK_THAT(stage.journal, !Contains("nonsense"));
    REQUIRE(!stage.shown.empty());
    CHECK(std::find(stage.shown.begin(), stage.shown.end(), "2 text") != stage.shown.end());
    CHECK(stage.shown.back() == "0 all");
    CHECK_THAT(stage.journal, Contains("the pressure is over"));
}

TEST_CASE("a front that never stops speaking does not keep the warden from its work")
{
    std::string script = "tell=ready served ";
    for (int i = 0; i < 3000; ++i) script += "tell=pressure_" + std::to_string(i % 2) + " ";
    Stage stage{{script + "term exit=0", good_keeper}};
    CHECK(stage.run() == 0);
    CHECK(stage.shown.size() <= 1);
}

TEST_CASE("two generations never overlap: one that does not end by itself is killed first")
{
    const TemporaryDirectory directory;
    const auto keeper = directory.path() / "keeper";
    Stage stage{{"ready served crash", record_to(keeper) + "ready sleep=60000"},
                 {good_front, good_keeper}};
    CHECK(stage.run() == 0);
    CHECK_THAT(stage.journal, Contains("did not end by itself: killed"));
    REQUIRE(stage.starts.size() == 2);
    CHECK(stage.starts[1] - stage.starts[0] >= stage.timing.ending);
    REQUIRE(records(keeper).size() == 1);
    CHECK(::kill(records(keeper)[0].pid, 0) != 0);  // gone and reaped
}

TEST_CASE("what can't begin the first time is told in its own words and not tried again")
{
    Stage stage{{good_front, "say=can't-open-the-database exit=1"}};
    CHECK(stage.run() == 1);
    CHECK(stage.serving == 0);
    CHECK_THAT(stage.journal, Contains("main_test_child: can't-open-the-database"));
    CHECK(stage.starts.size() == 1);
}

TEST_CASE("what ends before it is ready, or is not there, can't begin either")
{
    SECTION("silently") {
        Stage stage{{good_front, "exit=4"}};
        CHECK(stage.run() == 1);
        CHECK_THAT(stage.journal, Contains("ended with status 4"));
    }
    SECTION("never ready") {
        // Not a refusal: it is tried again.
        Stage stage{{good_front, "channels exit=0"}, {good_front, good_keeper}};
        stage.timing.ready = milliseconds(1000);
        CHECK(stage.run() == 0);
        CHECK(stage.starts.size() == 2);
        CHECK_THAT(stage.journal, Contains("not ready in time"));
    }
}

TEST_CASE("killed while it starts for the first time: tried again, whichever end is noticed first")
{
    const Script fine{good_front, good_keeper};
    SECTION("the front") {
        Stage stage{{"crash", good_keeper}, fine};
        CHECK(stage.run() == 0);
        CHECK(stage.starts.size() == 2);
    }
    SECTION("the keeper, and the front goes with it") {
        Stage stage{{"channels exit=1", "sleep=20 crash"}, fine};
        CHECK(stage.run() == 0);
        CHECK(stage.starts.size() == 2);
    }
    SECTION("but not what says why it can't begin and is killed afterwards") {
        Stage stage{{good_front, "say=broken sleep=60000"}};
        CHECK(stage.run() == 1);
        CHECK(stage.starts.size() == 1);
    }
}

TEST_CASE("the listening sockets outlive a generation: who connects meanwhile waits in the backlog")
{
    auto address = *SocketAddress::parse("127.0.0.1:0");
    auto listeners = *listen_on(address, 1);
    Stage stage{{"ready served sleep=50 crash", good_keeper}, {good_front, good_keeper}};
    const auto client = ::fork();
    REQUIRE(client >= 0);
    if (client == 0) {
        // Tries all the while, in steps shorter than the gap between the generations.
        for (int i = 0; i < 30; ++i) {
            const auto port = std::to_string(address.port);
            const auto command = "exec 3<>/dev/tcp/127.0.0.1/" + port;
            if (i < 12 && std::system(("bash -c '" + command + "' 2>/dev/null").c_str()) != 0) ::_exit(1);
            ::usleep(1000);
        }
        ::_exit(0);
    }
    CHECK(stage.run(1, std::move(listeners)) == 0);
    int status = 0;
    REQUIRE(::waitpid(client, &status, 0) == client);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

TEST_CASE("when the warden is killed, both end by themselves")
{
    const TemporaryDirectory directory;
    const auto front = directory.path() / "front";
    const auto keeper = directory.path() / "keeper";
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    const auto warden = ::fork();
    REQUIRE(warden >= 0);
    if (warden == 0) {
        // The second script keeps the first from being the last.
        Stage stage{{record_to(front) + good_front, record_to(keeper) + good_keeper}, {good_front, good_keeper}};
        [[maybe_unused]] const int code = stage.run();
        ::_exit(0);
    }
    for (int i = 0; i < 500 && (records(front).empty() || records(keeper).empty()); ++i) ::usleep(10'000);
    REQUIRE(records(front).size() == 1);
    REQUIRE(records(keeper).size() == 1);
    ::usleep(50'000);
    ::kill(warden, SIGKILL);
    REQUIRE(::waitpid(warden, nullptr, 0) == warden);
    for (const auto pid : {records(front)[0].pid, records(keeper)[0].pid}) {
        bool ended = false;
        for (int i = 0; i < 300 && !ended; ++i, ::usleep(10'000)) {
            int status = -1;
            const bool ours = ::waitpid(pid, &status, WNOHANG) == pid;
            // Who attends it may have been in time to learn of its end first.
            const bool attended = std::getenv("AMANA_TEST_APART") != nullptr && ::kill(pid, 0) != 0;
            ended = ours || attended;
            if (ours) CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
        }
        CHECK(ended);
    }
    ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

TEST_CASE("the slice is fed whole even when it is larger than the socket's buffer")
{
    // The script is at the end of two megabytes of spaces.
    const std::string padding(2 * 1024 * 1024, ' ');
    Stage stage{{padding + good_front, good_keeper}};
    CHECK(stage.run() == 0);
    CHECK(stage.serving == 1);
}

TEST_CASE("a program that is not there is an error in words")
{
    const auto started = spawn({"/nonexistent/amana-front", {}, Lifetime::free, -1}, {});
    REQUIRE(!started.has_value());
    CHECK_THAT(started.error().message, Contains("can't start /nonexistent/amana-front: No such file"));
}

}  // namespace amana::server::test

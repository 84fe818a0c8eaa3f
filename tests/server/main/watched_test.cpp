// SPDX-License-Identifier: AGPL-3.0-or-later
// What is shown to who watches: its words, how coarse it is, and where it is served.
#include "tests/server/main/fixture.hpp"
#include "tests/support/catch.hpp"

#include "server/main/storage_lock.hpp"
#include "server/main/watch_server.hpp"
#include "server/main/watched.hpp"

#include <boost/json.hpp>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace amana::server::test {

using Catch::Contains;

TEST_CASE("metrics are Prometheus' text, and what can't be told is left out")
{
    Watched watched;
    watched.up = true;
    watched.pressure = 2;
    watched.keys_days = -3;
    const auto text = metrics_text(watched);
    CHECK_THAT(text, Contains("# TYPE amana_up gauge\namana_up 1\n"));
    CHECK_THAT(text, Contains("\namana_pressure_step 2\n"));
    CHECK_THAT(text, Contains("\namana_keys_days -3\n"));
    CHECK_THAT(text, Contains("# TYPE amana_restarts_total counter\n"));
    CHECK_THAT(text, !Contains("amana_backup_days"));
    CHECK_THAT(text, !Contains("amana_free_bytes"));
    CHECK(text.ends_with("\n"));
}

TEST_CASE("the dashboard shows every metric, and none that is not served")
{
    const auto names_in = [](const std::string& text) {
        std::set<std::string> names;
        const std::regex name("amana_[a-z_]+");
        for (std::sregex_iterator found(text.begin(), text.end(), name), end; found != end; ++found) names.insert(found->str());
        return names;
    };
    Watched watched;
    watched.free_bytes = 1;
    watched.log_step = 1;
    watched.keys_days = watched.certificate_days = watched.backup_days = watched.courier_days = 1;
    const auto served = names_in(metrics_text(watched));
    CHECK(served.size() == 11);

    const auto* const source = std::getenv("AMANA_SOURCE");
    REQUIRE(source != nullptr);
    std::ifstream file(std::string(source) + "/deploy/grafana/amana.json");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto dashboard = boost::json::parse(text);
    std::string asked;
    for (const auto& panel : dashboard.at("panels").as_array()) {
        const auto& targets = panel.at("targets").as_array();
        CHECK_FALSE(targets.empty());
        std::set<std::string> letters;
        for (const auto& target : targets) {
            asked += std::string(target.at("expr").as_string()) + "\n";
            letters.insert(std::string(target.at("refId").as_string()));
        }
        CHECK(letters.size() == targets.size());
    }
    CHECK(names_in(asked) == served);
    // Anywhere else in it, too: the list of instances, an alarm.
    CHECK(names_in(text) == served);
}

TEST_CASE("health says what keeps a report from being taken")
{
    Watched watched;
    CHECK_THAT(what_ails(watched), Contains("does not run"));
    watched.up = true;
    CHECK(what_ails(watched).empty());
    watched.pressure = 4;
    watched.storage = 2;
    CHECK(what_ails(watched).empty());  // text is taken
    watched.storage = 3;
    CHECK_THAT(what_ails(watched), Contains("no room"));
    watched.storage = 0;
    watched.keys_days = -1;
    CHECK_THAT(what_ails(watched), Contains("form is closed"));
    watched.keys_days = 0;
    watched.certificate_days = -1;
    CHECK_THAT(what_ails(watched), Contains("certificate"));
}

namespace {

// What is answered to these bytes, to the end.
std::string ask(const std::filesystem::path& socket, const std::string& request)
{
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::copy(socket.native().begin(), socket.native().end(), static_cast<char*>(name.sun_path));
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)) != 0) return "not connected";
    if (!write_full(fd.get(), as_bytes(request))) return "not written";
    ::shutdown(fd.get(), SHUT_WR);
    Bytes answer(64 * 1024);
    const auto count = read_full(fd.get(), answer);
    return std::string(as_text(ByteView(answer).first(count ? *count : 0)));
}

}  // namespace

TEST_CASE("a watcher may read, and nothing else; what is no request is no harm")
{
    const TemporaryDirectory directory;
    const auto path = directory.path() / "metrics.sock";
    auto address = SocketAddress::parse("unix:" + path.string()).value();
    auto listener = std::move(listen_on(address, 1).value().front());
    struct stat about {};
    REQUIRE(::stat(path.c_str(), &about) == 0);
    CHECK((about.st_mode & 0777) == 0660);
    CHECK(listen_on(address, 1).has_error());  // somebody listens
    const auto server = ::fork();
    if (server == 0) {
        serve_watchers(std::move(listener), address, [](std::string_view asked) {
            return asked == "/metrics" ? WatchAnswer{200, "text/plain", "all is well\n"} : WatchAnswer{};
        });
        ::_exit(0);
    }
    listener.reset();
    CHECK_THAT(ask(path, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), Contains("200 OK") && Contains("\r\n\r\nall is well\n"));
    CHECK_THAT(ask(path, "GET /metrics?a=b HTTP/1.0\r\n\r\n"), Contains("200 OK"));
    const auto head = ask(path, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_THAT(head, Contains("Content-Length: 12") && !Contains("all is well"));
    CHECK_THAT(ask(path, "GET /log HTTP/1.1\r\nHost: x\r\n\r\n"), Contains("404"));
    CHECK_THAT(ask(path, "DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), Contains("405"));
    const auto two = ask(path, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\nGET /x HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_THAT(two, Contains("200 OK") && Contains("404"));
    CHECK(ask(path, "GET /metrics HTTP/1.1\r\nX: " + std::string(10'000, 'x') + "\r\n\r\n").find("200") == std::string::npos);
    CHECK(ask(path, std::string("\0\xff\r\n\r\n", 6)).find("200") == std::string::npos);
    CHECK(ask(path, "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello").find("200") == std::string::npos);
    CHECK(ask(path, "").empty());
    CHECK_THAT(ask(path, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), Contains("200 OK"));  // it is still there
    ::kill(server, SIGTERM);
    int status = -1;
    CHECK(::waitpid(server, &status, 0) == server);
    CHECK(status == 0);
    CHECK(listen_on(address, 1).has_value());  // the dead one's socket is taken away
}

}  // namespace amana::server::test

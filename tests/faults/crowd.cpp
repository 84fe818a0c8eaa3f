// SPDX-License-Identifier: AGPL-3.0-or-later
//
// crowd PORT MODE COUNT SECONDS RATE SOURCES FIRST [TEXT-FILE [HEAD-FILE]]
// So many connections to 127.0.0.1:PORT, kept up for so long and made anew when they are closed, at most RATE a second. They come
// from SOURCES networks, of which number FIRST + i is 127.(100 + i / 250).(i % 250).0/24. Says at the end, as one line of JSON, what
// became of them.
//
//   connect    nothing is said                     shake      a handshake, then it is closed and made anew
//   hello      a ClientHello and no more           greet      the same, closed as soon as it is answered
//   idle       a handshake, then nothing           drip       HEAD, then a byte of TEXT each second
//   once       TEXT, until it is answered          repeat     TEXT over and over, answers are read
//   stall      TEXT, answers are not read          update     key updates over and over (TLS 1.3)
//   renew      renegotiations over and over (TLS 1.2), or TEXT while that is refused
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const char* what)
{
    std::perror(what);
    std::exit(2);
}

struct Counts {
    unsigned long connected = 0, shaken = 0, reused = 0, closed = 0, refused = 0, answers = 0, updates = 0, most = 0;
    unsigned long long sent = 0;
};

struct Settings {
    std::uint16_t port;
    std::string mode;
    std::size_t count;
    double seconds;
    double rate;
    unsigned sources;
    unsigned first;
    std::string text;
    std::string head;
    [[nodiscard]] bool is(const char* name) const { return mode == name; }
    [[nodiscard]] bool tls() const { return !is("connect") && !is("hello") && !is("greet"); }
};

std::string read_file(const char* name)
{
    std::ifstream in(name, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    if (!in) fail(name);
    return text.str();
}

// What a client says first.
std::string client_hello(SSL_CTX* context)
{
    SSL* ssl = SSL_new(context);
    BIO* out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
    SSL_set_connect_state(ssl);
    SSL_do_handshake(ssl);
    char* data = nullptr;
    const auto size = BIO_get_mem_data(out, &data);
    std::string hello(data, static_cast<std::size_t>(size));
    SSL_free(ssl);
    ERR_clear_error();
    return hello;
}

class Crowd {
public:
    explicit Crowd(Settings settings) : settings_(std::move(settings)), people_(settings_.count), epoll_(::epoll_create1(0))
    {
        context_ = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        if (settings_.is("renew")) SSL_CTX_set_max_proto_version(context_, TLS1_2_VERSION);
        if (settings_.is("update")) SSL_CTX_set_min_proto_version(context_, TLS1_3_VERSION);
        SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT);
        hello_ = client_hello(context_);
        for (std::size_t i = 0; i < people_.size(); ++i) absent_.push_back(i);
    }

    Counts run()
    {
        const auto begun = Clock::now();
        const auto until = begun + std::chrono::duration<double>(settings_.seconds);
        double made = 0;
        auto next_second = begun + std::chrono::seconds(1);
        std::array<epoll_event, 512> events{};
        for (auto now = begun; now < until; now = Clock::now()) {
            const double may = std::chrono::duration<double>(now - begun).count() * settings_.rate;
            made = std::max(made, may - settings_.rate / 10);
            for (int burst = 0; burst < 64 && made < may && !absent_.empty(); ++burst, ++made) {
                const auto who = absent_.front();
                absent_.pop_front();
                join(who);
            }
            const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 10);
            for (int i = 0; i < count; ++i) step(static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.u64));
            if (Clock::now() >= next_second) {
                next_second += std::chrono::seconds(1);
                if (settings_.is("drip"))
                    for (std::size_t who = 0; who < people_.size(); ++who) drip(who);
            }
        }
        return counts_;
    }

private:
    enum class Stage { absent, connecting, shaking, there };
    struct Person {
        int fd = -1;
        SSL* ssl = nullptr;
        Stage stage = Stage::absent;
        std::size_t said = 0;
        std::uint32_t interest = 0;
        bool answered = false;
    };

    void interest(std::size_t who, std::uint32_t events)
    {
        auto& person = people_[who];
        if (person.interest == events) return;
        epoll_event event{events, {}};
        event.data.u64 = who;
        if (::epoll_ctl(epoll_, person.interest == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, person.fd, &event) != 0) fail("epoll_ctl");
        person.interest = events;
    }

    void join(std::size_t who)
    {
        auto& person = people_[who];
        person = {};
        person.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (person.fd < 0) fail("socket");
        const linger reset{1, 0};  // no TIME_WAIT
        ::setsockopt(person.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        const int one = 1;
        ::setsockopt(person.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
        if (settings_.is("stall")) {
            const int small = 4096;
            ::setsockopt(person.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        }
        const auto source = settings_.first + static_cast<unsigned>(who) % settings_.sources;
        const auto host = 1 + static_cast<unsigned>(who) / settings_.sources % 250;
        sockaddr_in from{};
        from.sin_family = AF_INET;
        from.sin_addr.s_addr = htonl((127u << 24) | ((100 + source / 250) << 16) | (source % 250 << 8) | host);
        if (::bind(person.fd, reinterpret_cast<sockaddr*>(&from), sizeof from) != 0) fail("bind");
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(settings_.port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(person.fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS) {
            ++counts_.refused;
            return leave(who);
        }
        person.stage = Stage::connecting;
        interest(who, EPOLLOUT);
    }

    void leave(std::size_t who)
    {
        auto& person = people_[who];
        if (person.stage == Stage::there || person.stage == Stage::shaking) --present_;
        if (person.ssl != nullptr) SSL_free(person.ssl);
        if (person.fd >= 0) ::close(person.fd);
        person = {};
        absent_.push_back(who);
    }
    void closed(std::size_t who)
    {
        ++counts_.closed;
        leave(who);
    }

    // After an OpenSSL call that did not succeed.
    void settle(std::size_t who, int result)
    {
        const int error = SSL_get_error(people_[who].ssl, result);
        ERR_clear_error();
        if (error == SSL_ERROR_WANT_READ) interest(who, EPOLLIN);
        else if (error == SSL_ERROR_WANT_WRITE) interest(who, EPOLLOUT);
        else closed(who);
    }

    void step(std::size_t who)
    {
        auto& person = people_[who];
        if (person.stage == Stage::absent) return;
        if (person.stage == Stage::connecting) {
            int error = 0;
            socklen_t size = sizeof error;
            ::getsockopt(person.fd, SOL_SOCKET, SO_ERROR, &error, &size);
            if (error != 0) {
                ++counts_.refused;
                return leave(who);
            }
            ++counts_.connected;
            counts_.most = std::max(counts_.most, ++present_);
            person.stage = settings_.tls() ? Stage::shaking : Stage::there;
            if (settings_.tls()) {
                person.ssl = SSL_new(context_);
                SSL_set_fd(person.ssl, person.fd);
                SSL_set_connect_state(person.ssl);
                if (session_ != nullptr) SSL_set_session(person.ssl, session_);
            } else if (!settings_.is("connect")) {
                counts_.sent += static_cast<unsigned long long>(std::max<ssize_t>(0, ::send(person.fd, hello_.data(), hello_.size(), MSG_NOSIGNAL)));
            }
        }
        if (person.stage == Stage::shaking) {
            ERR_clear_error();
            const int result = SSL_do_handshake(person.ssl);
            if (result != 1) return settle(who, result);
            ++counts_.shaken;
            counts_.reused += SSL_session_reused(person.ssl) == 1 ? 1U : 0U;
            if (session_ == nullptr) session_ = SSL_get1_session(person.ssl);
            person.stage = Stage::there;
            if (settings_.is("shake")) return leave(who);
            if (settings_.is("drip") && !say(who, settings_.head)) return;
        }
        if (settings_.tls()) act(who);
        else listen(who);
    }

    // Without TLS.
    void listen(std::size_t who)
    {
        interest(who, EPOLLIN);
        std::array<char, 4096> dropped{};
        const auto count = ::recv(people_[who].fd, dropped.data(), dropped.size(), 0);
        if (count == 0 || (count < 0 && errno != EAGAIN)) closed(who);
        else if (count > 0 && settings_.is("greet")) leave(who);
    }

    // False when it is gone, or must wait.
    bool say(std::size_t who, const std::string& text)
    {
        auto& person = people_[who];
        while (person.said < text.size()) {
            ERR_clear_error();
            std::size_t count = 0;
            const int result = SSL_write_ex(person.ssl, text.data() + person.said, text.size() - person.said, &count);
            if (result != 1) {
                const int error = SSL_get_error(person.ssl, result);
                ERR_clear_error();
                if (error == SSL_ERROR_WANT_WRITE) interest(who, EPOLLIN | EPOLLOUT);
                else if (error != SSL_ERROR_WANT_READ) closed(who);
                return false;
            }
            person.said += count;
            counts_.sent += count;
        }
        person.said = 0;
        return true;
    }

    // False when it is gone.
    bool hear(std::size_t who)
    {
        auto& person = people_[who];
        std::array<char, 16 * 1024> dropped{};
        for (int rounds = 0; rounds < 8; ++rounds) {
            ERR_clear_error();
            std::size_t count = 0;
            const int result = SSL_read_ex(person.ssl, dropped.data(), dropped.size(), &count);
            if (result != 1) {
                const int error = SSL_get_error(person.ssl, result);
                ERR_clear_error();
                if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return true;
                closed(who);
                return false;
            }
            person.answered = true;
            ++counts_.answers;
        }
        return true;
    }

    void act(std::size_t who)
    {
        auto& person = people_[who];
        if (settings_.is("stall")) {
            if (person.answered) return interest(who, EPOLLRDHUP);
            person.answered = say(who, settings_.text);
            return;
        }
        if (!hear(who)) return;
        if (settings_.is("idle") || settings_.is("drip")) return interest(who, EPOLLIN);
        if (settings_.is("once")) {
            if (person.answered) return leave(who);
            interest(who, EPOLLIN);
            if (person.said != SIZE_MAX && say(who, settings_.text)) person.said = SIZE_MAX;
            return;
        }
        if (settings_.is("update") || settings_.is("renew")) {
            interest(who, EPOLLIN | EPOLLOUT);
            ERR_clear_error();
            if (settings_.is("update")) SSL_key_update(person.ssl, SSL_KEY_UPDATE_REQUESTED);
            else SSL_renegotiate(person.ssl);
            const int result = SSL_do_handshake(person.ssl);
            ++counts_.updates;
            if (result == 1) return;
            const int error = SSL_get_error(person.ssl, result);
            ERR_clear_error();
            if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) closed(who);
            return;
        }
        interest(who, EPOLLIN | EPOLLOUT);
        for (int rounds = 0; rounds < 4; ++rounds)
            if (!say(who, settings_.text)) return;
    }

    void drip(std::size_t who)
    {
        auto& person = people_[who];
        if (person.stage != Stage::there) return;
        const char byte = settings_.text[person.said % settings_.text.size()];
        ERR_clear_error();
        std::size_t count = 0;
        const int result = SSL_write_ex(person.ssl, &byte, 1, &count);
        person.said += count;
        counts_.sent += count;
        if (result == 1) return;
        const int error = SSL_get_error(person.ssl, result);
        ERR_clear_error();
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) closed(who);
    }

    Settings settings_;
    std::vector<Person> people_;
    std::deque<std::size_t> absent_;
    int epoll_;
    SSL_CTX* context_ = nullptr;
    SSL_SESSION* session_ = nullptr;
    std::string hello_;
    Counts counts_;
    unsigned long present_ = 0;
};

}  // namespace

int main(int argc, char** argv)
{
    if (argc < 8) {
        std::fprintf(stderr, "usage: crowd PORT MODE COUNT SECONDS RATE SOURCES FIRST [TEXT-FILE [HEAD-FILE]]\n");
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    const auto number = [&](int i) { return std::strtod(argv[i], nullptr); };
    Crowd crowd({static_cast<std::uint16_t>(number(1)), argv[2], static_cast<std::size_t>(number(3)), number(4), number(5),
                 static_cast<unsigned>(number(6)), static_cast<unsigned>(number(7)), argc > 8 ? read_file(argv[8]) : std::string(),
                 argc > 9 ? read_file(argv[9]) : std::string()});
    const auto counts = crowd.run();
    std::printf("{\"connected\":%lu,\"most\":%lu,\"shaken\":%lu,\"reused\":%lu,\"closed\":%lu,\"refused\":%lu,\"answers\":%lu,\"updates\":%lu,\"sent\":%llu}\n",
                counts.connected, counts.most, counts.shaken, counts.reused, counts.closed, counts.refused, counts.answers, counts.updates, counts.sent);
    return 0;
}

// SPDX-License-Identifier: AGPL-3.0-or-later
// Slices come back as they went, and nothing else comes back at all.
#include "tests/support/catch.hpp"

#include "server/wire/slices.hpp"

#include <array>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace amana::wire {

namespace {

FrontSlice front_slice()
{
    FrontSlice slice;
    slice.channels = 3;
    slice.listeners.resize(2);
    slice.listeners[0].addresses = {0};
    slice.listeners[1] = {false, true, true, true, "X-Forwarded-For", {Network::parse("10.0.0.0/8").value(), Network::parse("2001:db8::/32").value()}, {1, 0}};
    slice.addresses.resize(2);
    slice.addresses[0].url = "https://report.example.org/";
    slice.addresses[1] = {"https://mirror.example.net/", "http://example.onion/", "about:blank", {}};
    append(slice.addresses[1].manifest, as_bytes("a mirror's"));
    slice.tls.certificates.resize(2);
    slice.tls.certificates[1].resize(2);
    slice.tls.certificates[1][1] = {SecretBuffer::copy_of(as_bytes("certificate")), SecretBuffer::copy_of(as_bytes("private key"))};
    append(slice.keyset, as_bytes("key set"));
    slice.root_fingerprint = std::string(64, 'a');
    slice.site.data = "/usr/share/amana";
    slice.site.languages = {"ar", "en"};
    slice.site.texts = {{"وزارة", "110, 112", "القانون", "السفارة"}, {"Ministry", "", "", ""}};
    slice.site.questionnaire_name = "forms/recruitment-2.toml";
    append(slice.site.questionnaire, as_bytes("id = \"recruitment\""));
    append(slice.site.logo, as_bytes("PNG"));
    slice.site.colour = "#0b5c63";
    slice.site.exit = "https://www.wikipedia.org/";
    slice.site.read_every = std::chrono::hours(12);
    slice.site.cover = std::chrono::seconds(31);
    slice.site.security_contact = "mailto:a@example.org";
    append(slice.site.manifest, as_bytes("amana site v1"));
    append(slice.site.release, as_bytes("amana release v1"));
    slice.limits = {1, 2, 3, 11, std::chrono::seconds(4), std::chrono::seconds(5), std::chrono::seconds(6), std::chrono::seconds(7), 8, 9, 10};
    return slice;
}

KeeperSlice keeper_slice()
{
    KeeperSlice slice;
    slice.channels = 5;
    slice.directory = "/var/lib/amana";
    slice.origin = "reports.example.org";
    slice.tick = std::chrono::seconds(60);
    slice.file_ticks = 3;
    slice.batch = 16;
    slice.large_cover = 98765;
    slice.retention = std::chrono::hours(48);
    slice.reserve_bytes = 1234567;
    slice.keyset = Bytes(2000, 'k');
    slice.root_fingerprint = std::string(64, 'b');
    return slice;
}

// Runs `child` in a process of its own whose descriptor 3 is the other end of what is returned.
struct Peer {
    int fd;
    pid_t pid;
};
Peer with_warden_fd(int (*child)())
{
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
    const auto pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        ::dup2(ends[1], warden_fd);
        for (int fd = warden_fd + 1; fd < 64; ++fd) ::close(fd);
        ::_exit(child());
    }
    ::close(ends[1]);
    return {ends[0], pid};
}

int exit_code(pid_t pid)
{
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int receive_keeper_and_report()
{
    const auto slice = receive_slice();
    if (!slice || !decode_keeper(slice->view())) return 1;
    report_to_warden("two\nlines");
    return 0;
}

}  // namespace

TEST_CASE("the front's slice comes back as it went")
{
    const auto encoded = encode(front_slice());
    const auto back = decode_front(encoded.view());
    REQUIRE(back.has_value());
    CHECK(back->channels == 3);
    REQUIRE(back->listeners.size() == 2);
    const auto& first = back->listeners[0];
    CHECK((first.tls && !first.proxy && !first.redirect && !first.local && first.forwarded.empty() && first.peers.empty()));
    CHECK(first.addresses == std::vector<std::uint32_t>{0});
    const auto& second = back->listeners[1];
    CHECK((!second.tls && second.proxy && second.redirect && second.local && second.forwarded == "X-Forwarded-For"));
    REQUIRE(second.peers.size() == 2);
    CHECK((second.peers[0].text() == "10.0.0.0/8" && second.peers[1].text() == "2001:db8::/32"));
    CHECK(second.addresses == std::vector<std::uint32_t>{1, 0});
    REQUIRE(back->addresses.size() == 2);
    CHECK((back->addresses[0].url == "https://report.example.org/" && back->addresses[0].onion_location.empty() && back->addresses[0].exit.empty()));
    const auto& mirror = back->addresses[1];
    CHECK((mirror.url == "https://mirror.example.net/" && mirror.onion_location == "http://example.onion/" && mirror.exit == "about:blank"));
    CHECK(as_text(mirror.manifest) == "a mirror's");
    REQUIRE((back->tls.certificates.size() == 2 && back->tls.certificates[0].empty() && back->tls.certificates[1].size() == 2));
    CHECK(as_text(back->tls.certificates[1][1].chain.view()) == "certificate");
    CHECK(as_text(back->tls.certificates[1][1].private_key.view()) == "private key");
    CHECK(as_text(back->keyset) == "key set");
    CHECK(back->root_fingerprint == std::string(64, 'a'));
    CHECK(back->site.data == "/usr/share/amana");
    CHECK(back->site.languages == std::vector<std::string>{"ar", "en"});
    REQUIRE(back->site.texts.size() == 2);
    const auto& arabic = back->site.texts[0];
    CHECK(std::array{arabic.name, arabic.numbers, arabic.law, arabic.embassy} == std::array<std::string, 4>{"وزارة", "110, 112", "القانون", "السفارة"});
    CHECK(back->site.texts[1].name == "Ministry");
    CHECK(back->site.texts[1].numbers.empty());
    CHECK(back->site.questionnaire_name == "forms/recruitment-2.toml");
    CHECK(as_text(back->site.questionnaire) == "id = \"recruitment\"");
    CHECK(as_text(back->site.logo) == "PNG");
    CHECK(back->site.colour == "#0b5c63");
    CHECK(back->site.exit == "https://www.wikipedia.org/");
    CHECK(back->site.read_every == std::chrono::hours(12));
    CHECK(back->site.cover == std::chrono::seconds(31));
    CHECK(back->site.security_contact == "mailto:a@example.org");
    CHECK(as_text(back->site.manifest) == "amana site v1");
    CHECK(as_text(back->site.release) == "amana release v1");
    CHECK(back->limits.max_files_bytes == 1);
    CHECK(back->limits.max_connections == 2);
    CHECK(back->limits.max_uploads == 3);
    CHECK(back->limits.pace == 11);
    CHECK(back->limits.header_timeout.count() == 4);
    CHECK(back->limits.idle_timeout.count() == 5);
    CHECK(back->limits.body_timeout.count() == 6);
    CHECK(back->limits.drain_timeout.count() == 7);
    CHECK(back->limits.max_handshakes == 8);
    CHECK(back->limits.max_requests == 9);
    CHECK(back->limits.slowest == 10);
}

TEST_CASE("certificates come back as they went, alone too")
{
    const auto encoded = encode(front_slice().tls);
    const auto back = decode_tls(encoded.view());
    REQUIRE(back.has_value());
    REQUIRE((back->certificates.size() == 2 && back->certificates[1].size() == 2));
    CHECK(as_text(back->certificates[1][1].private_key.view()) == "private key");
    CHECK(slice_bytes(encoded.view().first(slice_length_bytes)).value() == encoded.size());
    CHECK(!slice_bytes(encoded.view().first(3)).has_value());
    CHECK(!slice_bytes(Bytes{255, 255, 255, 255}).has_value());
    CHECK((!decode_front(encoded.view()).has_value() && !decode_tls(encode(front_slice()).view()).has_value()));
    for (std::size_t size = 0; size < encoded.size(); ++size) CHECK(!decode_tls(encoded.view().first(size)).has_value());
}

TEST_CASE("the keeper's slice comes back as it went")
{
    const auto back = decode_keeper(encode(keeper_slice()));
    REQUIRE(back.has_value());
    CHECK(back->channels == 5);
    CHECK(back->directory == "/var/lib/amana");
    CHECK(back->origin == "reports.example.org");
    CHECK(back->tick == std::chrono::seconds(60));
    CHECK(back->reserve_bytes == 1234567);
    CHECK(back->file_ticks == 3);
    CHECK(back->batch == 16);
    CHECK(back->large_cover == 98765);
    CHECK(back->retention == std::chrono::hours(48));
    CHECK(back->keyset == Bytes(2000, 'k'));
    CHECK(back->root_fingerprint == std::string(64, 'b'));
}

TEST_CASE("the front's slice is held to its bounds")
{
    const auto sound = [](auto change) {
        auto slice = front_slice();
        change(slice);
        return decode_front(encode(slice).view()).has_value();
    };
    CHECK(sound([](FrontSlice&) {}));
    CHECK_FALSE(sound([](FrontSlice& slice) { slice.listeners.clear(); }));
    CHECK_FALSE(sound([](FrontSlice& slice) { slice.listeners[1].addresses.clear(); }));
    CHECK_FALSE(sound([](FrontSlice& slice) { slice.listeners[1].addresses[0] = 2; }));
    CHECK_FALSE(sound([](FrontSlice& slice) { slice.listeners[1].peers[0].bits = 33; }));
    CHECK_FALSE(sound([](FrontSlice& slice) { slice.tls.certificates.pop_back(); }));
    CHECK(sound([](FrontSlice& slice) { slice.listeners.resize(max_listeners, slice.listeners[0]); }));
    CHECK_FALSE(sound([](FrontSlice& slice) { slice.listeners.resize(max_listeners + 1, slice.listeners[0]); }));
    const auto of_languages = [](std::size_t count) {
        return [count](FrontSlice& slice) {
            slice.site.languages.assign(count, "ar");
            slice.site.texts.assign(count, {});
        };
    };
    CHECK_FALSE(sound(of_languages(0)));
    CHECK(sound(of_languages(max_languages)));
    CHECK_FALSE(sound(of_languages(max_languages + 1)));
    const auto text = [](auto member, std::size_t size) {
        return [=](FrontSlice& slice) { (slice.site.*member).resize(size, 'x'); };
    };
    CHECK(sound(text(&SiteSlice::exit, max_address_bytes)));
    CHECK_FALSE(sound(text(&SiteSlice::exit, max_address_bytes + 1)));
    CHECK_FALSE(sound(text(&SiteSlice::colour, max_address_bytes + 1)));
    CHECK(sound(text(&SiteSlice::logo, max_logo_bytes)));
    CHECK_FALSE(sound(text(&SiteSlice::logo, max_logo_bytes + 1)));
    CHECK(sound(text(&SiteSlice::security_contact, max_address_bytes)));
    CHECK_FALSE(sound(text(&SiteSlice::security_contact, max_address_bytes + 1)));
    for (const auto note : {&SiteSlice::manifest, &SiteSlice::release}) {
        CHECK(sound(text(note, max_manifest_bytes)));
        CHECK_FALSE(sound(text(note, max_manifest_bytes + 1)));
    }
    CHECK(sound(text(&SiteSlice::questionnaire, max_questionnaire_bytes)));
    CHECK_FALSE(sound(text(&SiteSlice::questionnaire, max_questionnaire_bytes + 1)));
    CHECK(sound([](FrontSlice& slice) { slice.site.texts[1].law.resize(max_text_bytes, 'x'); }));
    CHECK_FALSE(sound([](FrontSlice& slice) { slice.site.texts[1].law.resize(max_text_bytes + 1, 'x'); }));
}

TEST_CASE("a slice cut short anywhere, or with anything after it, is refused")
{
    const auto front = encode(front_slice());
    for (std::size_t size = 0; size < front.size(); ++size) CHECK(!decode_front(front.view().first(size)).has_value());
    Bytes longer;
    append(longer, front.view());
    longer.push_back(0);
    CHECK(!decode_front(longer).has_value());

    const auto keeper = encode(keeper_slice());
    for (std::size_t size = 0; size < keeper.size(); ++size) CHECK(!decode_keeper(ByteView(keeper).first(size)).has_value());
    CHECK(!decode_keeper(front.view()).has_value());
    CHECK(!decode_front(keeper).has_value());
}

TEST_CASE("a cut slice whose length was corrected is refused too")
{
    const auto keeper = encode(keeper_slice());
    for (std::size_t size = 4; size < keeper.size(); ++size) {
        Bytes cut(keeper.begin(), keeper.begin() + static_cast<std::ptrdiff_t>(size));
        const auto length = static_cast<std::uint32_t>(size - 4);
        for (std::size_t i = 0; i < 4; ++i) cut[i] = static_cast<Byte>(length >> (8 * (3 - i)));
        INFO("cut to " << size);
        CHECK(!decode_keeper(cut).has_value());
    }
}

TEST_CASE("no damaged byte makes a slice exceed its bounds")
{
    const auto good = encode(front_slice());
    Bytes bytes;
    append(bytes, good.view());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        for (const int damage : {0x01, 0x80, 0xff}) {
            bytes[i] = static_cast<Byte>(bytes[i] ^ damage);
            if (const auto slice = decode_front(bytes)) {
                CHECK((slice->channels >= 1 && slice->channels <= max_channels));
                CHECK((!slice->listeners.empty() && slice->listeners.size() <= max_listeners));
                CHECK((!slice->site.languages.empty() && slice->site.languages.size() <= max_languages));
                CHECK(slice->site.texts.size() == slice->site.languages.size());
                for (const auto& texts : slice->site.texts)
                    for (const auto* text : {&texts.name, &texts.numbers, &texts.law, &texts.embassy}) CHECK(text->size() <= max_text_bytes);
                CHECK((slice->site.logo.size() <= max_logo_bytes && slice->site.exit.size() <= max_address_bytes));
            }
            bytes[i] = static_cast<Byte>(bytes[i] ^ damage);
        }
    }
}

TEST_CASE("a child receives its slice from descriptor 3 and answers with one line")
{
    const auto peer = with_warden_fd(receive_keeper_and_report);
    const auto slice = encode(keeper_slice());
    REQUIRE(::write(peer.fd, slice.data(), slice.size()) == static_cast<ssize_t>(slice.size()));
    ::shutdown(peer.fd, SHUT_WR);
    std::array<char, 64> heard{};
    std::string line;
    for (ssize_t count = 0; (count = ::read(peer.fd, heard.data(), heard.size())) > 0;)
        line.append(heard.data(), static_cast<std::size_t>(count));
    CHECK(line == "two lines\n");
    CHECK(exit_code(peer.pid) == 0);
    ::close(peer.fd);
}

TEST_CASE("a slice that the warden did not finish, or that goes on, is refused by the child")
{
    const auto slice = encode(keeper_slice());
    for (const int surplus : {-1, 1, -static_cast<int>(slice.size()), -static_cast<int>(slice.size()) + 3}) {
        INFO("surplus " << surplus);
        auto bytes = slice;
        bytes.resize(static_cast<std::size_t>(static_cast<int>(bytes.size()) + surplus));
        const auto peer = with_warden_fd(receive_keeper_and_report);
        REQUIRE(::send(peer.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
        ::shutdown(peer.fd, SHUT_WR);
        CHECK(exit_code(peer.pid) == 1);
        ::close(peer.fd);
    }
}

}  // namespace amana::wire

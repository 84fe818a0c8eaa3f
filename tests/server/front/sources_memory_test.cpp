// SPDX-License-Identifier: AGPL-3.0-or-later
// Nothing stays in memory of a source that has gone. Of what is shipped: AddressSanitizer maps more than can be searched.
#include "server/front/sources.hpp"
#include "tests/server/front/support.hpp"
#include "tests/support/catch.hpp"

#include <cstring>
#include <fstream>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace amana::front::test {

namespace {

sockaddr_storage address(const std::string& text)
{
    sockaddr_storage storage{};
    storage.ss_family = AF_INET;
    (void)::inet_pton(AF_INET, text.c_str(), &reinterpret_cast<sockaddr_in&>(storage).sin_addr);
    return storage;
}

// How often a number stands, aligned, in this process's own writable memory.
[[gnu::noinline]] int found_in_memory(std::uint64_t masked)
{
    int found = 0;
    std::ifstream maps("/proc/self/maps");
    std::ifstream memory("/proc/self/mem", std::ios::binary);
    std::vector<std::uint64_t> words;
    for (std::string line; std::getline(maps, line);) {
        std::uint64_t from = 0;
        std::uint64_t to = 0;
        char mode[5] = {};
        if (std::sscanf(line.c_str(), "%lx-%lx %4s", &from, &to, mode) != 3 || std::strncmp(mode, "rw", 2) != 0) continue;
        for (auto at = from; at < to; at += 4096) {
            words.resize(512);
            memory.clear();
            memory.seekg(static_cast<std::streamoff>(at));
            if (!memory.read(reinterpret_cast<char*>(words.data()), 4096)) continue;
            // Compared so that neither this function nor its caller holds the number itself.
            for (const auto word : words) found += (word ^ 0x5555555555555555) == masked ? 1 : 0;
        }
        words.assign(512, 0);
    }
    return found;
}

}  // namespace

TEST_CASE("Nothing stays of a source when its last connection has gone")
{
    Sources sources;
    std::vector<std::uint64_t> masked;
    {
        std::vector<std::shared_ptr<const Source>> held;
        for (int i = 0; i < 50; ++i) {
            held.push_back(sources.of(address("198.51." + std::to_string(i) + ".1")));
            masked.push_back(held.back()->id().value ^ 0x5555555555555555);
        }
        CHECK(sources.size() == 50);
        CHECK(found_in_memory(masked[7]) >= 2);  // so it would be found
    }
    CHECK(sources.size() == 0);
    for (const auto number : masked) CHECK(found_in_memory(number) == 0);
}

}  // namespace amana::front::test

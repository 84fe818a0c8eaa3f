// SPDX-License-Identifier: AGPL-3.0-or-later
// OpenSSL's memory: record buffers lie in the locked pool, and everything is wiped when it is freed. A program of its own,
// because it is so for a whole process.
#include "server/front/tls_memory.hpp"
#include "base/bytes.hpp"
#include "tests/server/front/tls_pair.hpp"
#include "tests/support/catch.hpp"

#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <set>
#include <vector>

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

// What is freed by the code under test is looked at here (the linker's --wrap=free): bytes of a marker that are left.
constexpr unsigned char marker = 0xa5;
std::size_t watched = 0;  // of this size or larger
std::size_t frees = 0;
std::size_t unwiped = 0;

}  // namespace

extern "C" void __real_free(void* pointer);  // NOLINT: the linker's names
extern "C" void __wrap_free(void* pointer);  // NOLINT
extern "C" void __wrap_free(void* pointer)   // NOLINT
{
    if (watched != 0 && pointer != nullptr && ::malloc_usable_size(pointer) >= watched) {
        const auto* bytes = static_cast<const unsigned char*>(pointer);
        ++frees;
        unwiped += static_cast<std::size_t>(std::count(bytes, bytes + ::malloc_usable_size(pointer), marker));
    }
    __real_free(pointer);
}

namespace amana::front::test {

namespace {

constexpr std::size_t record = 17'000;

// In a child, which may use OpenSSL first.
const bool refused_when_too_late = [] {
    const auto child = ::fork();
    if (child == 0) {
        OPENSSL_free(OPENSSL_malloc(1));
        ::_exit(take_over_tls_memory({true, SIZE_MAX}).has_error() ? 0 : 1);
    }
    int status = 1;
    return ::waitpid(child, &status, 0) == child && status == 0;
}();

// Before any other use of OpenSSL in this program.
const bool taken_over = [] {
    if (!take_over_tls_memory({false, std::size_t{8} << 20})) std::abort();
    return true;
}();

void* allocate(std::size_t size)
{
    return CRYPTO_malloc(size, "", 0);
}
void release(void* pointer)
{
    CRYPTO_free(pointer, "", 0);
}

bool holds(const void* memory, std::string_view text)
{
    return std::string_view(static_cast<const char*>(memory), record_buffer_bytes).find(text) != std::string_view::npos;
}
bool all_zero(const void* memory)
{
    const auto* bytes = static_cast<const unsigned char*>(memory);
    return std::all_of(bytes, bytes + record_buffer_bytes, [](unsigned char byte) { return byte == 0; });
}

// "Locked" of the mapping that holds this address, in KiB.
[[maybe_unused]] std::size_t locked_kibibytes(const void* address)
{
    std::ifstream maps("/proc/self/smaps");
    const auto wanted = reinterpret_cast<std::uintptr_t>(address);
    bool inside = false;
    for (std::string line; std::getline(maps, line);) {
        unsigned long begin = 0;
        unsigned long end = 0;
        if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) inside = begin <= wanted && wanted < end;
        unsigned long locked = 0;
        if (inside && std::sscanf(line.c_str(), "Locked: %lu kB", &locked) == 1) return locked;
    }
    return 0;
}

}  // namespace

TEST_CASE("Buffers of a record's size come from the pool, and are wiped when they go back")
{
    REQUIRE(taken_over);
    std::vector<void*> slots;
    for (std::size_t i = 0; i < record_buffers; ++i) slots.push_back(allocate(record));
    const std::set<void*> distinct(slots.begin(), slots.end());
    CHECK(distinct.size() == record_buffers);
    // One piece of memory, and all of it is locked.
    CHECK(static_cast<char*>(*distinct.rbegin()) - static_cast<char*>(*distinct.begin()) ==
          static_cast<std::ptrdiff_t>((record_buffers - 1) * record_buffer_bytes));
#ifndef __SANITIZE_ADDRESS__  // which turns locking off
    CHECK(locked_kibibytes(slots.front()) * 1024 >= record_buffers * record_buffer_bytes);
#endif
    // The next is ordinary memory.
    auto* ordinary = allocate(record);
    CHECK((ordinary < *distinct.begin() || ordinary > *distinct.rbegin()));
    release(ordinary);
    for (auto* slot : slots) {
        std::memset(slot, marker, record_buffer_bytes);
        release(slot);
    }
    CHECK(std::all_of(slots.begin(), slots.end(), all_zero));
    // And are given out again; smaller and larger ones are not from here.
    auto* again = allocate(record);
    CHECK(distinct.contains(again));
    auto* small = allocate(1000);
    auto* large = allocate(record_buffer_bytes + 1);
    CHECK(!distinct.contains(small));
    CHECK(!distinct.contains(large));
    for (auto* pointer : {again, small, large}) release(pointer);
    release(nullptr);
}

TEST_CASE("Ordinary memory is wiped before it is freed, moved or not")
{
    watched = 1000;
    frees = unwiped = 0;
    auto* memory = allocate(5000);
    std::memset(memory, marker, 5000);
    release(memory);
    CHECK(frees == 1);
    CHECK(unwiped == 0);

    // Growing moves: what it leaves is wiped, what it takes along is kept.
    memory = allocate(2000);
    std::memset(memory, marker, 2000);
    auto* larger = static_cast<unsigned char*>(CRYPTO_realloc(memory, 30'000, "", 0));
    CHECK(frees == 2);
    CHECK(unwiped == 0);
    CHECK(std::count(larger, larger + 2000, marker) == 2000);
    auto* smaller = CRYPTO_realloc(larger, 10, "", 0);
    release(smaller);
    CHECK(frees == 3);
    CHECK(unwiped == 0);

    // Out of the pool and into it.
    auto* slot = static_cast<unsigned char*>(allocate(record));
    std::memset(slot, marker, record);
    auto* out = static_cast<unsigned char*>(CRYPTO_realloc(slot, 100'000, "", 0));
    CHECK(all_zero(slot));
    CHECK(std::count(out, out + record, marker) == static_cast<std::ptrdiff_t>(record));
    CHECK(CRYPTO_realloc(out, 0, "", 0) == nullptr);
    CHECK(frees == 4);
    CHECK(unwiped == 0);
    auto* fresh = CRYPTO_realloc(nullptr, 100, "", 0);
    CHECK(fresh != nullptr);
    release(fresh);
    watched = 0;

    // The instrument: what is freed as it is would be seen.
    watched = 1000;
    auto* plain = static_cast<unsigned char*>(std::malloc(5000));
    std::fill_n(static_cast<volatile unsigned char*>(plain), 5000, marker);
    std::free(plain);
    CHECK(unwiped >= 5000);
    watched = 0;
}

TEST_CASE("A report passes through a slot of the pool, which is wiped when it has passed")
{
    asio::io_context context;
    TlsPair pair(context);
    // The slot that the next record buffer will take: the one that was given back last.
    auto* next = allocate(record);
    release(next);
    const std::string secret = "what only the desk may read";
    std::string sent(10'000, '.');
    sent.replace(5000, secret.size(), secret);
    REQUIRE(pair.client->write(sent));
    pair.server->set_deadline(Stream::Clock::now() + patience);
    Bytes piece(100);
    REQUIRE(must(run(context, pair.server->read(piece))) == piece.size());
    // A record is half read: it lies decrypted in its buffer.
    auto* other = allocate(record);
    CHECK(other != next);
    release(other);
    CHECK(holds(next, secret));
    std::size_t read = piece.size();
    while (read < sent.size()) read += must(run(context, pair.server->read(piece)));
    CHECK(!holds(next, secret));  // SSL_OP_CLEANSE_PLAINTEXT and the pool's wiping
    const auto idle = run(context, pair.server->write(as_bytes("answer")));
    CHECK(idle.has_value());
    CHECK(pair.client->read() == "answer");
    auto* after = allocate(record);
    CHECK(all_zero(after));
    release(after);
    run(context, pair.server->close());
}

TEST_CASE("After OpenSSL's first use its memory can't be taken over any more")
{
    CHECK(refused_when_too_late);
}

}  // namespace amana::front::test

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/tls_memory.hpp"

#include "base/require.hpp"
#include "base/secret.hpp"

#include <openssl/crypto.h>

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <vector>

#include <malloc.h>

namespace amana::front {

namespace {

// OpenSSL's read and write buffers are each one TLS record of 16 KiB and some overhead; nothing else it allocates while
// serving is of that size.
constexpr std::size_t smallest_record_buffer = 16 * 1024;

// A fixed number of equal slots in one piece of locked memory. When they are all taken the next buffer is ordinary
// memory, wiped but not locked: `status` says so where locking everything was not possible.
class RecordPool {
public:
    explicit RecordPool(std::size_t slots) : memory_(slots * record_buffer_bytes)
    {
        for (std::size_t i = 0; i < slots; ++i) free_.push_back(memory_.data() + i * record_buffer_bytes);
    }

    void* take()
    {
        const std::lock_guard lock(mutex_);
        if (free_.empty()) return nullptr;
        auto* slot = free_.back();
        free_.pop_back();
        return slot;
    }

    [[nodiscard]] bool owns(const void* pointer) const
    {
        const auto* byte = static_cast<const Byte*>(pointer);
        return byte >= memory_.data() && byte < memory_.data() + memory_.size();
    }

    void give_back(void* pointer)
    {
        auto* slot = static_cast<Byte*>(pointer);
        wipe({slot, record_buffer_bytes});
        const std::lock_guard lock(mutex_);
        free_.push_back(slot);
    }

private:
    SecretBuffer memory_;
    std::mutex mutex_;
    std::vector<Byte*> free_;
};

// Lives as long as the process: OpenSSL frees memory even while it exits.
RecordPool* pool = nullptr;

void* tls_allocate(std::size_t size, const char*, int)
{
    if (pool != nullptr && size >= smallest_record_buffer && size <= record_buffer_bytes)
        if (auto* slot = pool->take()) return slot;
    return std::malloc(size);
}

void tls_free(void* pointer, const char*, int)
{
    if (pointer == nullptr) return;
    if (pool != nullptr && pool->owns(pointer)) {
        pool->give_back(pointer);
        return;
    }
    wipe({static_cast<Byte*>(pointer), ::malloc_usable_size(pointer)});
    std::free(pointer);
}

void* tls_reallocate(void* pointer, std::size_t size, const char* file, int line)
{
    if (pointer == nullptr) return tls_allocate(size, file, line);
    if (size == 0) {
        tls_free(pointer, file, line);
        return nullptr;
    }
    const bool ours = pool != nullptr && pool->owns(pointer);
    const auto old_size = ours ? record_buffer_bytes : ::malloc_usable_size(pointer);
    if (size <= old_size) return pointer;
    // Never realloc(): it may move without wiping what it leaves.
    auto* larger = tls_allocate(size, file, line);
    if (larger == nullptr) return nullptr;
    std::memcpy(larger, pointer, old_size);
    tls_free(pointer, file, line);
    return larger;
}

}  // namespace

Result<void> take_over_tls_memory(const MemoryProtection& protection)
{
    require(pool == nullptr, "taking over OpenSSL's memory twice");
    if (!protection.everything_locked) pool = new RecordPool(record_buffers);
    if (CRYPTO_set_mem_functions(tls_allocate, tls_reallocate, tls_free) != 1)
        return Error{"OpenSSL was used before its memory could be taken over", ""};
    return {};
}

}  // namespace amana::front

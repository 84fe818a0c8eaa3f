// SPDX-License-Identifier: AGPL-3.0-or-later
// Memory for secrets: locked against swapping, fenced by guard pages, left out of core dumps, zeroed when freed.
//
// Every SecretBuffer costs whole pages of locked memory (RLIMIT_MEMLOCK, 8 MiB by default for an ordinary user), so
// there is one per chunk or per key, never one per field. Move-only; nothing prints one.
#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace amana {

class SecretBuffer {
public:
    SecretBuffer() = default;
    // `size` zero bytes. Ends the process when the memory can't be had or can't be locked: a secret in memory that may
    // be swapped is a broken promise. Callers that serve strangers ask lockable() first and budget.
    explicit SecretBuffer(std::size_t size);
    ~SecretBuffer();

    SecretBuffer(SecretBuffer&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0))
    {
    }
    SecretBuffer& operator=(SecretBuffer&& other) noexcept
    {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }
    SecretBuffer(const SecretBuffer&) = delete;
    SecretBuffer& operator=(const SecretBuffer&) = delete;

    [[nodiscard]] static SecretBuffer copy_of(ByteView bytes);

    [[nodiscard]] Byte* data() { return data_; }
    [[nodiscard]] const Byte* data() const { return data_; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] MutableBytes span() { return {data_, size_}; }
    [[nodiscard]] ByteView view() const { return {data_, size_}; }

    void wipe();

private:
    Byte* data_ = nullptr;
    std::size_t size_ = 0;
};

// A growing secret: text as it arrives, a page that repeats it. Grows by doubling into new locked memory and wipes the
// old, never beyond `max`.
class SecretText {
public:
    explicit SecretText(std::size_t max) : max_(max) {}

    // False, and nothing appended, when it would exceed the maximum.
    [[nodiscard]] bool append(ByteView bytes);
    [[nodiscard]] bool append(std::string_view text) { return append(as_bytes(text)); }

    [[nodiscard]] ByteView view() const { return buffer_.view().first(size_); }
    [[nodiscard]] MutableBytes span() { return buffer_.span().first(size_); }
    [[nodiscard]] std::string_view text() const { return as_text(view()); }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    // Drops what follows the first `size` bytes, and wipes it.
    void truncate(std::size_t size);

private:
    SecretBuffer buffer_;
    std::size_t size_ = 0;
    std::size_t max_;
};

// A secret of fixed size that lives where it is declared and is zeroed when it goes. For keys within one function; what
// stays longer belongs in a SecretBuffer.
template <std::size_t N>
class SecretArray {
public:
    SecretArray() = default;
    ~SecretArray();
    SecretArray(const SecretArray&) = delete;
    SecretArray& operator=(const SecretArray&) = delete;

    [[nodiscard]] Byte* data() { return bytes_.data(); }
    [[nodiscard]] const Byte* data() const { return bytes_.data(); }
    [[nodiscard]] static constexpr std::size_t size() { return N; }
    [[nodiscard]] MutableBytes span() { return bytes_; }
    [[nodiscard]] ByteView view() const { return bytes_; }

private:
    ByteArray<N> bytes_{};
};

void wipe(MutableBytes bytes);

// For lists of places in a secret, which are no secret in themselves but tell of one: wiped when given back. They lie in
// ordinary memory.
template <typename T>
struct WipingAllocator {
    using value_type = T;
    WipingAllocator() = default;
    template <typename U>
    WipingAllocator(const WipingAllocator<U>&)  // NOLINT(google-explicit-constructor): as allocators are
    {
    }
    [[nodiscard]] T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
    void deallocate(T* at, std::size_t count)
    {
        wipe({reinterpret_cast<Byte*>(at), count * sizeof(T)});
        std::allocator<T>().deallocate(at, count);
    }
    friend bool operator==(const WipingAllocator&, const WipingAllocator&) { return true; }
};
template <typename T>
using WipedVector = std::vector<T, WipingAllocator<T>>;

// An object that lives in a SecretBuffer: for library types whose insides hold secrets.
template <typename T>
class Locked {
public:
    template <typename... Arguments>
    explicit Locked(Arguments&&... arguments) : memory_(sizeof(T))
    {
        // sodium_malloc ends the buffer at a page's end, so that it is aligned as its size allows.
        static_assert(sizeof(T) % alignof(T) == 0);
        object_ = ::new (memory_.data()) T(std::forward<Arguments>(arguments)...);
    }
    ~Locked() { std::destroy_at(object_); }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;

    T& operator*() { return *object_; }
    T* operator->() { return object_; }

private:
    SecretBuffer memory_;
    T* object_;
};

template <std::size_t N>
SecretArray<N>::~SecretArray()
{
    wipe(bytes_);
}

}  // namespace amana

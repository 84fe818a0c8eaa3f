// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/secret.hpp"

#include "base/require.hpp"

#include <sodium.h>

#include <algorithm>

namespace amana {

SecretBuffer::SecretBuffer(std::size_t size) : size_(size)
{
    if (size == 0) return;
    // libsodium's allocator aborts when it is used before its library was started; a second start does nothing.
    static const bool started = sodium_init() >= 0;
    require(started, "libsodium can't start");
    data_ = static_cast<Byte*>(sodium_malloc(size));
    require(data_ != nullptr, "no memory for a secret");
    // sodium_malloc asks for the lock but does not say whether it got it; asking again does.
    require(sodium_mlock(data_, size) == 0, "memory for a secret can't be locked: raise RLIMIT_MEMLOCK");
    std::fill_n(data_, size, Byte{0});
}

SecretBuffer::~SecretBuffer()
{
    if (data_ != nullptr) sodium_free(data_);
}

SecretBuffer SecretBuffer::copy_of(ByteView bytes)
{
    SecretBuffer copy(bytes.size());
    std::copy(bytes.begin(), bytes.end(), copy.data());
    return copy;
}

void SecretBuffer::wipe()
{
    if (data_ != nullptr) sodium_memzero(data_, size_);
}

bool SecretText::append(ByteView bytes)
{
    if (bytes.size() > max_ - size_) return false;
    const auto needed = size_ + bytes.size();
    if (needed > buffer_.size()) {
        SecretBuffer larger(std::min(max_, std::max<std::size_t>({needed, buffer_.size() * 2, 4096})));
        std::copy_n(buffer_.data(), size_, larger.data());
        buffer_ = std::move(larger);
    }
    std::copy(bytes.begin(), bytes.end(), buffer_.data() + size_);
    size_ = needed;
    return true;
}

void SecretText::truncate(std::size_t size)
{
    require(size <= size_, "truncate beyond the end");
    amana::wipe(buffer_.span().subspan(size, size_ - size));
    size_ = size;
}

void wipe(MutableBytes bytes)
{
    sodium_memzero(bytes.data(), bytes.size());
}

}  // namespace amana

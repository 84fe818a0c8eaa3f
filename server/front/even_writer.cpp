// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/even_writer.hpp"

#include <algorithm>

namespace amana::front {

namespace {

constexpr auto piece_timeout = std::chrono::seconds(60);

}  // namespace

asio::awaitable<bool> EvenWriter::put(ByteView bytes)
{
    while (!bytes.empty()) {
        const auto count = std::min(bytes.size(), piece_bytes - used_);
        std::copy_n(bytes.begin(), count, buffer_.data() + used_);
        used_ += count;
        bytes = bytes.subspan(count);
        if (used_ < piece_bytes) break;
        const bool sent = co_await finish();
        if (!sent) co_return false;
    }
    co_return true;
}

asio::awaitable<bool> EvenWriter::pad(std::uint64_t count)
{
    constexpr ByteArray<64> ends = [] {
        ByteArray<64> all{};
        all.fill('\n');
        return all;
    }();
    while (count > 0) {
        const auto piece = std::min<std::uint64_t>(count, ends.size());
        const bool put_it = co_await put(ByteView(ends).first(static_cast<std::size_t>(piece)));
        if (!put_it) co_return false;
        count -= piece;
    }
    co_return true;
}

asio::awaitable<bool> EvenWriter::finish()
{
    if (used_ == 0) co_return true;
    stream_.set_deadline(std::min(until_, Stream::Clock::now() + piece_timeout));
    const auto written = co_await stream_.write(ByteView(buffer_).first(std::exchange(used_, 0)));
    co_return written.has_value();
}

}  // namespace amana::front

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/token.hpp"

#include "base/require.hpp"

#include <sodium/crypto_generichash.h>
#include <sodium/utils.h>

#include <algorithm>

namespace amana::front {

namespace {

constexpr std::size_t kind_at = 0, time_at = 1, name_at = 4, mac_at = 16, mac_bytes = 16;
constexpr std::uint32_t time_units = 1U << 24U;
constexpr auto unit = std::chrono::seconds(4);

ByteArray<mac_bytes> mac(const SecretBuffer& key, ByteView said)
{
    ByteArray<mac_bytes> out{};
    crypto_generichash_state state;
    constexpr std::string_view label = "amana token v1";
    const bool done = crypto_generichash_init(&state, key.data(), key.size(), out.size()) == 0 &&
                      crypto_generichash_update(&state, as_bytes(label).data(), label.size()) == 0 &&
                      crypto_generichash_update(&state, said.data(), said.size()) == 0 &&
                      crypto_generichash_final(&state, out.data(), out.size()) == 0;
    sodium_memzero(&state, sizeof state);
    require(done, "BLAKE2b failed");
    return out;
}

SecretBuffer new_key()
{
    SecretBuffer key(crypto_generichash_KEYBYTES);
    crypto::random_bytes(key.span());
    return key;
}

std::uint32_t units_between(SteadyClock::time_point began, SteadyClock::time_point now)
{
    return static_cast<std::uint32_t>((now - began) / unit) % time_units;
}

}  // namespace

bool Token::solved_by(const crypto::WorkNumbers& numbers) const
{
    return bits_ > 0 && crypto::work_holds(bytes_, bits_, numbers);
}

Tokens::Tokens(SteadyClock::time_point now) : began_(now), changed_(now), key_(new_key()), before_(new_key()) {}

void Tokens::change_keys(SteadyClock::time_point now)
{
    const auto keys = (now - changed_) / max_form_age;
    if (keys <= 0) return;
    before_ = keys == 1 ? std::move(key_) : new_key();
    key_ = new_key();
    changed_ += keys * std::chrono::duration_cast<SteadyClock::duration>(max_form_age);
}

crypto::WorkToken Tokens::make(unsigned bits, SteadyClock::time_point now)
{
    const std::lock_guard lock(mutex_);
    change_keys(now);
    crypto::WorkToken token{};
    const auto time = units_between(began_, now);
    token[kind_at] = static_cast<Byte>(bits);
    for (std::size_t i = 0; i < 3; ++i) token.at(time_at + i) = static_cast<Byte>(time >> (16 - 8 * i));
    crypto::random_bytes(MutableBytes(token).subspan(name_at, std::tuple_size_v<TokenName>));
    const auto tag = mac(key_, ByteView(token).first(mac_at));
    std::copy(tag.begin(), tag.end(), token.begin() + mac_at);
    return token;
}

std::optional<Token> Tokens::check(ByteView bytes, SteadyClock::time_point now)
{
    if (bytes.size() != crypto::work_token_bytes) return std::nullopt;
    {
        const std::lock_guard lock(mutex_);
        change_keys(now);
        const auto said = bytes.first(mac_at);
        const auto tag = bytes.subspan(mac_at);
        const bool ours = equal_constant_time(tag, mac(key_, said));
        const bool ours_before = equal_constant_time(tag, mac(before_, said));
        if (!ours && !ours_before) return std::nullopt;
    }
    Token token;
    token.bits_ = bytes[kind_at];
    const std::uint32_t time = std::uint32_t{bytes[time_at]} << 16U | std::uint32_t{bytes[time_at + 1]} << 8U | bytes[time_at + 2];
    const auto age = unit * ((units_between(began_, now) - time) % time_units);
    const std::chrono::seconds most = token.bits_ == 0 ? std::chrono::seconds(max_form_age) : std::chrono::seconds(max_puzzle_age);
    token.fresh_ = age <= most;
    std::copy(bytes.begin(), bytes.end(), token.bytes_.begin());
    std::copy_n(bytes.begin() + name_at, token.name_.size(), token.name_.begin());
    return token;
}

std::optional<Token> Tokens::check_text(std::string_view text, SteadyClock::time_point now)
{
    crypto::WorkToken bytes{};
    std::size_t size = 0;
    if (text.size() != token_text_bytes ||
        sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size, nullptr,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 || size != bytes.size())
        return std::nullopt;
    return check(bytes, now);
}

std::string Tokens::text(const crypto::WorkToken& token)
{
    std::array<char, token_text_bytes + 1> out{};
    sodium_bin2base64(out.data(), out.size(), token.data(), token.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return {out.data(), token_text_bytes};
}

}  // namespace amana::front

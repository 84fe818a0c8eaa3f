// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/sending.hpp"

#include "web/form_state.hpp"

namespace amana::front {

namespace {

const SecretBuffer& process_key()
{
    static const auto key = [] {
        SecretBuffer made(crypto::key_bytes);
        crypto::random_bytes(made.span());
        return made;
    }();
    return key;
}

}  // namespace

Sending::Sending(std::string_view token, const crypto::Hash& content)
{
    if (token.size() != web::token_text_bytes || token == web::no_token) {
        crypto::random_bytes(id_);
        crypto::random_bytes(seed_.span());
        return;
    }
    const auto key = process_key().view();
    crypto::hkdf(key, {}, {as_bytes("amana/1 submission"), as_bytes(token), content}, id_);
    crypto::hkdf(key, {}, {as_bytes("amana/1 receipt of a submission"), as_bytes(token), content}, seed_.span());
}

}  // namespace amana::front

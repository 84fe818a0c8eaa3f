// SPDX-License-Identifier: AGPL-3.0-or-later
// An inbox's address, its place among the buckets, and what erases it.
#include "crypto/inbox.hpp"
#include "tests/crypto/opening.hpp"
#include "tests/support/catch.hpp"

#include <set>

namespace amana::crypto::testing {

namespace {

const Hash root = sha256(as_bytes("root"));

}  // namespace

TEST_CASE("a bucket is the first bits of an inbox's id")
{
    InboxId id{};
    id[0] = 0xB5;  // 1011 0101
    id[1] = 0x80;
    CHECK(bucket_of(id, 1) == 0);
    CHECK(bucket_of(id, 2) == 1);
    CHECK(bucket_of(id, 4) == 2);
    CHECK(bucket_of(id, 256) == 0xB5);
    CHECK(bucket_of(id, 512) == 0x16B);
    CHECK(bucket_of(id, max_buckets) == 0xB580);
}

TEST_CASE("tags of other inboxes, outboxes and parts are others")
{
    InboxId one{}, other{};
    other[31] = 1;
    const std::set<Item> tags{slot_tag(one, 1, 0), slot_tag(one, 1, 1), slot_tag(one, 2, 0), slot_tag(other, 1, 0)};
    CHECK(tags.size() == 4);
}

TEST_CASE("a request to erase is taken as it was signed, and in no other way")
{
    const auto keys = Receipt::make().keys(root);
    std::vector<Item> items(3);
    for (auto& item : items) random_bytes(item);
    const auto bytes = Erase::sign(keys.erasure.view(), root, 7, 42, items);
    const auto read = Erase::parse(bytes, root);
    REQUIRE(read.has_value());
    CHECK(read->erasure == signing_public_key(keys.erasure.view()));
    CHECK(read->serial == 7);
    CHECK(read->bucket == 42);
    CHECK(read->items == items);
    CHECK(verifier(read->erasure, items[0]) != verifier(read->erasure, items[1]));

    CHECK(!Erase::parse(bytes, sha256(as_bytes("another deployment"))));
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        auto changed = bytes;
        changed[i] ^= 1;
        CHECK(!Erase::parse(changed, root));
        CHECK(!Erase::parse(ByteView(bytes).first(i), root));
    }
    CHECK(Erase::parse(Erase::sign(keys.erasure.view(), root, 1, 0, {}), root).has_value());
    CHECK(bytes.size() == min_erase_bytes + 3 * item_bytes);
}

TEST_CASE("a request to be forgotten is of this inbox and this submission alone")
{
    const auto keys = Receipt::make().keys(root);
    const auto inbox = InboxAddress::of(keys);
    const Bytes submission(16, 3);
    const auto text = to_hex(sign_forget(keys.erasure.view(), root, keys.inbox, submission));
    CHECK(verify_forget(inbox, root, submission, text));
    CHECK(!verify_forget(inbox, root, Bytes(16, 4), text));
    CHECK(!verify_forget(inbox, sha256(as_bytes("another")), submission, text));
    CHECK(!verify_forget(InboxAddress::of(Receipt::make().keys(root)), root, submission, text));
    CHECK(!verify_forget(inbox, root, submission, ""));
    CHECK(!verify_forget(inbox, root, submission, std::string(128, '0')));
}

}  // namespace amana::crypto::testing

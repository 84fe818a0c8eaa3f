// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/keeper/decoys.hpp"

#include "base/require.hpp"
#include "crypto/payload.hpp"
#include "server/keeper/upload.hpp"

namespace amana::keeper {

namespace {

// A decoy says nothing, so its text has room to spare.
constexpr std::size_t max_decoy_manifest = 1024;

SecretText decoy_manifest()
{
    crypto::ManifestFields fields;
    fields.kind = crypto::Kind::decoy;
    fields.form_id = "decoy";
    crypto::random_bytes(fields.submission);
    SecretText text(max_decoy_manifest);
    require(crypto::write_manifest(text, fields, {}, {}), "a decoy's manifest that does not fit");
    return text;
}

}  // namespace

Stored<void> Decoys::make(Store& store, std::uint64_t size_class) const
{
    auto sealer = crypto::Sealer::create(keys_.sealing_keys_or_last(clock_()));
    if (!sealer) return StoreFailure{false, sealer.error()};

    const auto manifest = decoy_manifest();
    const auto head = crypto::record_head(crypto::record_manifest, manifest.view().size());
    require(sealer->take(head) == head.size() && sealer->take(manifest.view()) == manifest.view().size(),
            "a decoy's manifest in one chunk");
    sealer->pad_to(size_class);

    Upload upload(random_upload_key());
    const auto put = [&](ByteView chunk) -> Stored<void> {
        const auto number = upload.chunks();
        require(upload.take(chunk), "a decoy of no envelope's shape");
        return store.stage(upload.key(), number, chunk);
    };
    if (const auto staged = put(sealer->header()); !staged) return staged.error();
    while (!sealer->done())
        if (const auto staged = put(sealer->seal()); !staged) return staged.error();
    const auto envelope = upload.finish();
    require(envelope.has_value(), "a decoy of no size class");
    return store.accept(*envelope);
}

}  // namespace amana::keeper

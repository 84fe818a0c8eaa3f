// SPDX-License-Identifier: AGPL-3.0-or-later
// Secret files. A first byte below 128: the rest is a file as it is. Else a good file is made and changed as the input says:
// position (1) ‖ change (1) ‖ … ‖ cut (1), and must not open when it differs.
#include "base/reader.hpp"
#include "base/require.hpp"
#include "crypto/secret_file.hpp"

using namespace amana;          // NOLINT(google-build-using-namespace): one function, one file
using namespace amana::crypto;  // NOLINT(google-build-using-namespace)

namespace {

constexpr std::string_view passphrase = "correct horse battery";

// Limits that would be acceptable may still be seconds of work or gigabytes: not what is looked for here.
bool cheap(ByteView file)
{
    Reader reader(file);
    (void)reader.bytes(secret_file_magic.size() + 1);
    const auto operations = reader.integer<std::uint32_t>();
    const auto memory = reader.integer<std::uint64_t>();
    constexpr std::uint64_t acceptable = std::uint64_t{4} << 30;
    return !reader.ok() || operations > 16 || memory > acceptable || (operations <= 2 && memory <= 64 * 1024);
}

Result<SecretBuffer> open(ByteView file)
{
    return open_secret(SecretKind::root, file, as_bytes(passphrase));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const auto good = protect_secret(SecretKind::root, Bytes(32, 7), as_bytes(passphrase), {1, 8192}).value();
    Reader input(ByteView(data, size));
    if (input.integer<Byte>() < 128) {
        if (cheap(input.rest())) require(!open(input.rest()), "a secret that nobody protected");
        return 0;
    }
    auto file = good;
    while (input.rest().size() >= 2) {
        const auto position = input.integer<Byte>();
        file[position % file.size()] ^= input.integer<Byte>();
    }
    if (!input.rest().empty()) file.resize(file.size() - input.integer<Byte>() % file.size());
    if (!cheap(file)) return 0;
    const auto opened = open(file);
    require(opened.has_value() == (file == good), "a changed file does not open");
    if (opened) require(as_text(opened->view()) == as_text(Bytes(32, 7)), "the secret comes back");
    return 0;
}

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/doctor/output_of.hpp"

#include "base/file.hpp"
#include "server/main/spawn.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace amana::server::doctor {

namespace {

constexpr std::size_t max_output = 8 * 1024 * 1024;

}  // namespace

Result<std::string> output_of(const std::filesystem::path& program, std::vector<std::string> arguments)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("no pipe", errno);
    UniqueFd reading(ends[0]);
    UniqueFd writing(ends[1]);
    Program what{program, std::move(arguments), Lifetime::bound, writing.get()};
    what.silent = true;
    const auto child = spawn(what, {});
    if (!child) return child.error();
    writing.reset();
    std::string text;
    std::array<Byte, 16384> piece{};
    while (text.size() < max_output) {
        const auto count = read_full(reading.get(), piece);
        if (!count || *count == 0) break;
        text += as_text(ByteView(piece).first(*count));
    }
    reading.reset();  // one that has more to say ends by it
    int status = 0;
    while (::waitpid(*child, &status, 0) < 0 && errno == EINTR) {}
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return Error{what.name() + " " + describe_end(status), ""};
    return {boost::system::in_place_value, std::move(text)};
}

}  // namespace amana::server::doctor

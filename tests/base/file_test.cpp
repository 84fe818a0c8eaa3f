// SPDX-License-Identifier: AGPL-3.0-or-later
// Files: durable before named, never in place of another unless asked, nothing left behind.
#include "base/file.hpp"
#include "tests/support/catch.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

namespace amana {

namespace {

namespace fs = std::filesystem;

class Folder {
public:
    Folder()
    {
        auto name = (fs::temp_directory_path() / "amana-file-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~Folder() { fs::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    [[nodiscard]] fs::path operator/(const char* name) const { return path_ / name; }
    [[nodiscard]] std::size_t entries() const
    {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
    }

private:
    fs::path path_;
};

std::string text_of(const fs::path& path)
{
    return std::string(as_text(read_file(path, 1000).value()));
}

constexpr auto refuse = DurableFile::Existing::refuse;
constexpr auto replace = DurableFile::Existing::replace;

}  // namespace

TEST_CASE("a durable file appears whole, or not at all")
{
    const Folder folder;
    {
        auto file = DurableFile::create(folder / "a", 0600, refuse).value();
        REQUIRE(file.write(as_bytes("first ")).has_value());
        CHECK_FALSE(fs::exists(folder / "a"));
        REQUIRE(file.write(as_bytes("second")).has_value());
        auto moved = std::move(file);
        REQUIRE(moved.commit().has_value());
    }
    CHECK(text_of(folder / "a") == "first second");
    CHECK(folder.entries() == 1);
    struct stat about {};
    REQUIRE(::stat((folder / "a").c_str(), &about) == 0);
    CHECK((about.st_mode & 0777) == 0600);
    {
        auto dropped = DurableFile::create(folder / "b", 0600, refuse).value();
        REQUIRE(dropped.write(as_bytes("never")).has_value());
        CHECK(folder.entries() == 2);
    }
    CHECK(folder.entries() == 1);
}

TEST_CASE("an existing file is kept unless it is to be replaced")
{
    const Folder folder;
    REQUIRE(write_durable(folder / "a", as_bytes("old"), 0600, refuse).has_value());
    const auto refused = write_durable(folder / "a", as_bytes("new"), 0600, refuse);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message.find("exists") != std::string::npos);
    CHECK(text_of(folder / "a") == "old");
    CHECK(folder.entries() == 1);
    REQUIRE(write_durable(folder / "a", as_bytes("new"), 0600, replace).has_value());
    CHECK(text_of(folder / "a") == "new");
    CHECK(folder.entries() == 1);
    // A dangling link is a name that is taken.
    fs::create_symlink("nowhere", folder / "link");
    CHECK_FALSE(write_durable(folder / "link", as_bytes("x"), 0600, refuse).has_value());
    CHECK(folder.entries() == 2);
    CHECK_FALSE(write_durable(folder / "no/such", as_bytes("x"), 0600, refuse).has_value());
}

TEST_CASE("reading is bounded, and of regular files only")
{
    const Folder folder;
    REQUIRE(write_durable(folder / "a", Bytes(1000, 'x'), 0600, refuse).has_value());
    CHECK(read_file(folder / "a", 1000).value().size() == 1000);
    CHECK_FALSE(read_file(folder / "a", 999).has_value());
    CHECK(read_secret_file(folder / "a", 1000).value().size() == 1000);
    CHECK_FALSE(read_secret_file(folder / "a", 999).has_value());
    CHECK_FALSE(read_file(folder / "missing", 1000).has_value());
    CHECK_FALSE(read_file(folder / "", 1'000'000).has_value());
    CHECK_FALSE(read_file("/dev/zero", 1000).has_value());
    REQUIRE(write_durable(folder / "empty", {}, 0600, refuse).has_value());
    CHECK(read_file(folder / "empty", 0).value().empty());
    CHECK(read_secret_file(folder / "empty", 0).value().empty());
}

// Opening a pipe for reading waits for a writer: whoever reads a file that a stranger placed must not hang on one.
TEST_CASE("a pipe in a file's place is refused and not waited for")
{
    const Folder folder;
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    ::alarm(10);
    CHECK_FALSE(read_file(folder / "pipe", 1000).has_value());
    CHECK_FALSE(read_secret_file(folder / "pipe", 1000).has_value());
    ::alarm(0);
}

TEST_CASE("whole reads and writes over a pipe that gives little at a time")
{
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    REQUIRE(write_full(writer.get(), as_bytes("abc")).has_value());
    REQUIRE(write_full(writer.get(), as_bytes("def")).has_value());
    writer.reset();
    Bytes out(10);
    CHECK(read_full(reader.get(), out).value() == 6);
    CHECK(as_text(out).substr(0, 6) == "abcdef");
    CHECK_FALSE(write_full(reader.get(), as_bytes("x")).has_value());
    CHECK_FALSE(read_full(-1, out).has_value());
}

TEST_CASE("a descriptor is closed once, by who holds it")
{
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    UniqueFd first(ends[0]);
    const UniqueFd other(ends[1]);
    UniqueFd second(std::move(first));
    CHECK_FALSE(static_cast<bool>(first));  // NOLINT(bugprone-use-after-move): what a move leaves is the question
    CHECK(second.get() == ends[0]);
    const int released = second.release();
    CHECK_FALSE(static_cast<bool>(second));
    CHECK(::close(released) == 0);
}

TEST_CASE("errors of the system say what was attempted")
{
    CHECK(system_error("can't open x", ENOENT).message == "can't open x: No such file or directory");
}

}  // namespace amana

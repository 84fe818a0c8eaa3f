// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/file.hpp"
#include "desk/site_source.hpp"

#include <system_error>

namespace amana::desk {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_files = 10'000;
constexpr std::string_view index_name = "index.html";

class SavedSite : public SiteSource {
public:
    explicit SavedSite(fs::path directory) : directory_(std::move(directory)) {}

    [[nodiscard]] Result<SiteAnswer> fetch(const std::string& path) override
    {
        auto file = directory_ / path.substr(1);
        if (path.ends_with('/')) file /= index_name;
        SiteAnswer answer;
        std::error_code failed;
        const auto status = fs::symlink_status(file, failed);
        if (!fs::exists(status)) {
            answer.status = 404;
            return answer;
        }
        if (fs::is_regular_file(status) && fs::file_size(file, failed) > max_answer_bytes) {
            answer.status = 200;
            answer.too_large = true;
            return answer;
        }
        auto body = read_file(file, max_answer_bytes);
        if (!body) return body.error();
        answer.status = 200;
        answer.body = *std::move(body);
        return answer;
    }

    [[nodiscard]] bool is_live() const override { return false; }

    [[nodiscard]] Result<std::vector<std::string>> addresses() const override
    {
        std::vector<std::string> found;
        std::error_code failed;
        // Links are listed and not followed.
        for (fs::recursive_directory_iterator at(directory_, failed), end; !failed && at != end; at.increment(failed)) {
            if (at->is_directory(failed) && !at->is_symlink(failed)) continue;
            if (found.size() == max_files) return Error{directory_.string() + " holds too many files for a saved site", ""};
            auto address = "/" + at->path().lexically_relative(directory_).string();
            if (address.ends_with("/" + std::string(index_name))) address.resize(address.size() - index_name.size());
            found.push_back(std::move(address));
        }
        if (failed) return Error{"can't list " + directory_.string() + ": " + failed.message(), ""};
        return found;
    }

private:
    fs::path directory_;
};

}  // namespace

Result<std::unique_ptr<SiteSource>> open_saved_site(const fs::path& directory)
{
    std::error_code failed;
    if (!fs::is_directory(directory, failed))
        return Error{directory.string() + " is not a folder", "Name the site's address, or a folder into which it was saved."};
    return Result<std::unique_ptr<SiteSource>>(std::make_unique<SavedSite>(directory));
}

}  // namespace amana::desk

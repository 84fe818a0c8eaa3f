// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/evidence.hpp"

#include "crypto/primitives.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>

namespace amana::desk {

namespace json = boost::json;

namespace {

constexpr std::size_t id_digits = 16;
constexpr std::size_t max_finding_bytes = 256 * 1024;
constexpr std::size_t piece_bytes = 64 * 1024;

struct Digest {
    std::string sha256;
    std::uint64_t bytes = 0;
};

Result<Digest> digest_of(const std::filesystem::path& path)
{
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) return system_error("can't open " + path.string(), errno);
    crypto::Sha256 hash;
    Digest digest;
    Bytes piece(piece_bytes);
    for (;;) {
        const auto count = read_full(fd.get(), piece);
        if (!count) return count.error();
        hash.update(ByteView(piece).first(*count));
        digest.bytes += *count;
        if (*count < piece.size()) break;
    }
    digest.sha256 = to_hex(hash.finish());
    return digest;
}

json::object claim_json(const TreeClaim& claim)
{
    return {{"size", claim.size}, {"root", to_base64(claim.root)}};
}

std::string finding_json(const NewEvidence& evidence, const Digest& digest, bool kept)
{
    json::array found;
    for (const auto& finding : evidence.found)
        found.push_back({{"what", name(finding.what)}, {"at", json::array(finding.at.begin(), finding.at.end())}});
    return json::serialize(json::object{{"v", 1},
                                        {"found", std::move(found)},
                                        {"seen", claim_json(evidence.seen)},
                                        {"claimed", claim_json(evidence.claimed)},
                                        {"bundle", {{"sha256", digest.sha256}, {"bytes", digest.bytes}, {"kept", kept}}},
                                        {"settled", false}}) +
           "\n";
}

Result<void> make_directory(const std::filesystem::path& path)
{
    if (::mkdir(path.c_str(), private_directory) != 0 && errno != EEXIST)
        return system_error("can't create " + path.string(), errno);
    return {};
}

Result<void> put(const std::filesystem::path& path, ByteView bytes)
{
    return write_durable(path, bytes, private_file, DurableFile::Existing::replace);
}

Evidence read_finding(const std::filesystem::path& folder)
{
    Evidence evidence;
    evidence.id = folder.filename().string();
    const auto bytes = read_file(folder / "finding.json", max_finding_bytes);
    if (!bytes) return evidence;
    try {
        const auto all = json::parse(as_text(*bytes)).as_object();
        evidence.seen_size = all.at("seen").at("size").to_number<std::uint64_t>();
        evidence.claimed_size = all.at("claimed").at("size").to_number<std::uint64_t>();
        evidence.settled = all.at("settled").as_bool();
        for (const auto& finding : all.at("found").as_array()) {
            const auto what = misdeed_named(std::string_view(finding.at("what").as_string()));
            if (!what) continue;
            auto& added = evidence.found.emplace_back(Finding{*what, {}});
            for (const auto& at : finding.at("at").as_array()) added.at.push_back(at.to_number<std::uint64_t>());
        }
    } catch (const std::exception&) {
        evidence.found.clear();
        evidence.settled = false;
    }
    return evidence;
}

}  // namespace

Result<std::string> file_evidence(const DeskPaths& paths, const NewEvidence& evidence)
{
    const auto digest = digest_of(evidence.source);
    if (!digest) return digest.error();
    auto id = digest->sha256.substr(0, id_digits);
    const auto folder = paths.evidence() / id;
    // finding.json comes last: a folder without it was not finished.
    std::error_code unknown;
    if (std::filesystem::exists(folder / "finding.json", unknown)) return Result<std::string>(boost::system::in_place_value, id);
    for (const auto& path : {paths.evidence(), folder})
        if (const auto made = make_directory(path); !made) return made.error();
    const bool kept = digest->bytes <= max_kept_bundle;
    if (kept) {
        const auto bytes = read_file(evidence.source, max_kept_bundle);
        if (!bytes) return bytes.error();
        if (const auto written = put(folder / "bundle", *bytes); !written) return written.error();
    }
    if (const auto written = put(folder / "ours.note", evidence.ours); !written) return written.error();
    if (const auto written = put(folder / "theirs.note", evidence.theirs); !written) return written.error();
    const auto finding = finding_json(evidence, *digest, kept);
    if (const auto written = put(folder / "finding.json", as_bytes(finding)); !written) return written.error();
    return Result<std::string>(boost::system::in_place_value, id);
}

Result<std::vector<Evidence>> list_evidence(const DeskPaths& paths)
{
    std::vector<Evidence> all;
    std::error_code failed;
    if (!std::filesystem::exists(paths.evidence(), failed)) return all;
    for (const auto& entry : std::filesystem::directory_iterator(paths.evidence(), failed))
        if (entry.is_directory()) all.push_back(read_finding(entry.path()));
    if (failed) return Error{"can't read " + paths.evidence().string() + ": " + failed.message(), ""};
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return all;
}

Result<void> settle_evidence(const DeskPaths& paths, std::string_view id)
{
    const auto all = list_evidence(paths);
    if (!all) return all.error();
    const auto found = std::find_if(all->begin(), all->end(), [&](const auto& evidence) { return evidence.id == id; });
    if (found == all->end()) return Error{"there is no evidence of this id", "'amana-desk audit DIR' lists what there is."};
    const auto path = paths.evidence() / found->id / "finding.json";
    const auto bytes = read_file(path, max_finding_bytes);
    if (!bytes) return bytes.error();
    boost::system::error_code broken;
    auto finding = json::parse(as_text(*bytes), broken);
    if (broken || !finding.is_object()) return Error{path.string() + " is damaged", "Keep the folder as it is."};
    finding.as_object()["settled"] = true;
    return put(path, as_bytes(json::serialize(finding) + "\n"));
}

}  // namespace amana::desk

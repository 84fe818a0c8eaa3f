// SPDX-License-Identifier: AGPL-3.0-or-later
// `amana-server site`: the manifest of all that this site serves to everybody alike, for the desk to sign.
#include "server/main/commands.hpp"

#include "base/file.hpp"
#include "server/main/ask.hpp"

#include <boost/json.hpp>

#include <iostream>

namespace amana::server {

namespace {

// The keeper alone knows it. Nothing, and said, when there is no log yet.
std::optional<std::string> log_key(const Config& config)
{
    std::string captured;
    const int code = run_keeper(config, {}, {"--status", "--json"}, &captured);
    boost::system::error_code broken;
    const auto status = boost::json::parse(captured, broken);
    const auto* object = broken ? nullptr : status.if_object();
    const auto* key = object == nullptr ? nullptr : object->if_contains("log-verifier");
    if (code == 0 && key != nullptr && key->is_string()) return std::string(key->as_string().data(), key->as_string().size());
    std::cerr << "amana-server: the log's key, which stands on a page, can't be read: start the server once\n";
    return std::nullopt;
}

// By its place among the addresses.
std::optional<std::size_t> chosen(const Config& config, const std::string& written)
{
    if (written.empty()) return 0;
    const auto url = wire::SiteUrl::parse(written);
    std::string known;
    for (std::size_t i = 0; i < config.site_addresses.size(); ++i) {
        const auto text = config.site_addresses[i].url.text();
        if (url && url->text() == text) return i;
        known += (i == 0 ? "" : ", ") + text;
    }
    std::cerr << "amana-server: " << written << " is none of [[site_address]]" << (known.empty() ? "" : "; they are " + known) << "\n";
    return std::nullopt;
}

int write_out(const std::string& text, const Path& out)
{
    if (out.empty()) {
        std::cout << text << std::flush;
        return 0;
    }
    constexpr mode_t readable = 0644;
    const auto written = write_durable(out, as_bytes(text), readable, DurableFile::Existing::refuse);
    if (written) return 0;
    std::cerr << "amana-server: " << written.error().text() << "\n";
    return 1;
}

}  // namespace

int run_site(const Path& file, const SiteOptions& options)
{
    Findings findings;
    const auto config = load_config(file, findings);
    std::optional<Material> material;
    if (config) {
        if (config->release.value.empty())
            findings.error({}, "'release' in [site] is missing: a site's manifest names the release that it serves",
                           "Name the signed manifest that came with this version, for example: release = \"release.note\"");
        material = load_material(*config, system_clock()(), Moment::restart, findings);
    }
    if (report(findings, file) || !config || !material) return 1;
    const auto address = chosen(*config, options.address);
    if (!address) return 1;
    const auto key = log_key(*config);
    if (!key) return 1;
    std::string text;
    const auto slice = front_slice(*config, *std::move(material));
    const auto code = ask("amana-front", slice.view(), {"--site", std::to_string(options.serial), *key, std::to_string(*address)}, &text);
    if (!code) std::cerr << "amana-server: " << code.error().text() << "\n";
    if (!code || *code != 0) return 1;
    return write_out(text, options.out);
}

}  // namespace amana::server

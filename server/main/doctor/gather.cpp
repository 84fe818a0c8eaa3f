// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/doctor/gather.hpp"

#include "crypto/primitives.hpp"
#include "server/main/doctor/output_of.hpp"
#include "server/main/doctor/proxies.hpp"
#include "server/main/machine.hpp"
#include "server/main/warden_directory.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <sstream>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/timex.h>
#include <unistd.h>

namespace amana::server::doctor {

namespace {

constexpr const char* newest_lines = "20000";
constexpr std::uint16_t https_port = 443;

// Of the first certificate in the file; empty when there is none.
std::string key_of(const Path& certificate)
{
    const auto pem = read_file(certificate, wire::max_certificate_bytes);
    if (!pem) return {};
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())), &BIO_free);
    const std::unique_ptr<X509, decltype(&X509_free)> parsed(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free);
    unsigned char* der = nullptr;
    const int size = parsed ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(parsed.get()), &der) : 0;
    ERR_clear_error();
    const auto key = size > 0 ? to_hex(crypto::sha256({der, static_cast<std::size_t>(size)})) : std::string();
    OPENSSL_free(der);
    return key;
}

std::optional<bool> clock_synchronised()
{
    timex clock{};
    const int state = ::adjtimex(&clock);
    if (state < 0) return std::nullopt;
    return state != TIME_ERROR && (clock.status & STA_UNSYNC) == 0;
}

// Of this service and the proxies in front of it; empty where none of them wrote any. A user who may not read it gets nothing.
std::optional<std::string> journal_of(const std::vector<std::string>& proxies)
{
    const std::string journalctl = "/usr/bin/journalctl";
    const auto known = output_of(journalctl, {"--quiet", "--field=_SYSTEMD_UNIT"});  // --unit with a pattern fails when none matches
    if (!known) return std::nullopt;
    std::vector<std::string> arguments{"--quiet", "--no-pager", "--output=cat", std::string("--lines=") + newest_lines};
    const auto general = arguments.size();
    std::istringstream units(*known);
    for (std::string unit; std::getline(units, unit);)
        if (unit.starts_with("amana-server") || std::ranges::any_of(proxies, [&](const auto& name) { return unit.starts_with(name); }))
            arguments.push_back("--unit=" + unit);
    std::string text;
    if (arguments.size() > general) {
        auto lines = output_of(journalctl, std::move(arguments));
        if (!lines) return std::nullopt;
        text = *std::move(lines);
    }
    if (text.empty() && ::geteuid() != 0) return std::nullopt;
    return text;
}

std::optional<boost::json::object> status_of(const Config& config, const std::optional<Material>& material)
{
    // The keeper would make a store where there is none.
    if (std::error_code problem; !std::filesystem::exists(config.storage.value / "amana.db", problem)) return std::nullopt;
    std::string captured;
    const auto code = run_keeper(config, material ? material->keyset_note : Bytes(), {"--status", "--json"}, &captured);
    boost::system::error_code broken;
    auto status = boost::json::parse(captured, broken);
    if (code != 0 || broken || !status.is_object()) return std::nullopt;
    return std::move(status.as_object());
}

// "0.0.0.0:443" listens everywhere; it is reached here.
std::string reached_at(const SocketAddress& address)
{
    const auto text = address.text();
    if (text.starts_with("0.0.0.0:")) return "127.0.0.1" + text.substr(text.rfind(':'));
    if (text.starts_with("[::]:")) return "[::1]" + text.substr(text.rfind(':'));
    return text;
}

class Outsider {
public:
    Outsider(const Subject& subject, const DoctorOptions& options) : subject_(subject), options_(options), program_(find_program("amana-outsider"))
    {
        // As a page, and as what is not there.
        const auto& languages = subject.config.languages;
        paths_ = {"/", languages.empty() ? "/ar/" : "/" + languages.front().value + "/", "/not-here"};
    }

    std::vector<Seen> look()
    {
        std::vector<Seen> all;
        if (subject_.running)
            for (const auto& endpoint : subject_.deployment.endpoints) {
                const auto where = endpoint.redirect ? Where::redirect_listener : endpoint.tls ? Where::listener : Where::plain_listener;
                all.push_back(look_at(where, reached_at(endpoint.address), endpoint));
            }
        const auto& deployment = subject_.deployment;
        if (deployment.host.empty() || options_.local) return all;
        all.push_back(look_at(Where::site, deployment.host + ":" + std::to_string(deployment.port), {}));
        if (deployment.port == https_port) all.push_back(look_at(Where::site_plain, deployment.host + ":80", {}));
        return all;
    }

private:
    Seen look_at(Where where, const std::string& at, const Endpoint& endpoint)
    {
        Seen seen;
        seen.where = where;
        seen.at = at;
        std::vector<std::string> arguments{at};
        if (!subject_.deployment.host.empty()) arguments.push_back("--host=" + subject_.deployment.host);
        if (!options_.ca.empty()) arguments.push_back("--ca=" + std::filesystem::absolute(options_.ca).string());
        if (endpoint.proxy_header) arguments.emplace_back("--proxy");
        if (!endpoint.forwarded.empty()) arguments.push_back("--header=" + endpoint.forwarded + ": 127.0.0.1");
        if (where != Where::listener && where != Where::site) arguments.emplace_back("--plain");
        arguments.emplace_back("--path");
        arguments.insert(arguments.end(), paths_.begin(), paths_.end());
        const auto told = program_ ? output_of(*program_, std::move(arguments)) : Result<std::string>(program_.error());
        if (!told) seen.problem = told.error().message;
        else if (const auto read = read_seen(*told, seen); !read) seen.problem = read.error().message;
        return seen;
    }

    const Subject& subject_;
    const DoctorOptions& options_;
    Result<Path> program_;
    std::vector<std::string> paths_;
};

}  // namespace

Subject gather(const Config& config, std::optional<Material> material, const DoctorOptions& options)
{
    Subject subject(config);
    subject.root = options.root.empty() ? Path("/") : std::filesystem::absolute(options.root);
    subject.now = system_clock()();
    subject.clock_synchronised = clock_synchronised();
    subject.running = running_server(warden_directory(config.storage.value));
    if (subject.root == "/") subject.journal = journal_of(proxies_here(subject));
    subject.status = status_of(config, material);
    subject.material = std::move(material);
    for (const auto& path : subject.deployment.certificates)
        if (auto key = key_of(path); !key.empty()) subject.own_keys.push_back(std::move(key));
    for (const auto* name : {"amana-server", "amana-front", "amana-keeper"})
        if (const auto program = find_program(name)) subject.programs.push_back(*program);
    subject.seen = Outsider(subject, options).look();
    return subject;
}

}  // namespace amana::server::doctor

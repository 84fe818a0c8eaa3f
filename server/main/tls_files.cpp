// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/tls_files.hpp"

#include "base/file.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

namespace amana::server {

namespace {

struct OpensslFree {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <typename T>
using Owned = std::unique_ptr<T, OpensslFree>;

constexpr int least_security_bits = 112;  // RSA 2048, P-256: below it no browser of today connects

Owned<BIO> reading(const SecretBuffer& pem)
{
    return Owned<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

bool has_block(const SecretBuffer& pem, std::string_view ending)
{
    const auto text = as_text(pem.view());
    for (auto at = text.find("-----BEGIN "); at != std::string_view::npos; at = text.find("-----BEGIN ", at + 1)) {
        const auto line = text.substr(at, text.find('\n', at) - at);
        if (line.substr(0, line.find_last_not_of("\r ") + 1).ends_with(std::string(ending) + "-----")) return true;
    }
    return false;
}

UnixTime unix_time(const ASN1_TIME* time)
{
    std::tm parts{};
    return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<UnixTime>(::timegm(&parts)) : 0;
}

// One certificate and its key.
class TlsFiles {
public:
    TlsFiles(const CertificateFiles& files, UnixTime now, Moment moment, Findings& findings)
        : certificate_(files.certificate), private_key_(files.key), now_(now), moment_(moment), findings_(findings)
    {
    }

    struct Loaded {
        wire::Certificate pair;
        Owned<X509> certificate;
        int kind = 0;  // of its key, as OpenSSL counts them
        UnixTime ends = 0;
    };
    // Nothing when there was an error.
    std::optional<Loaded> load()
    {
        const auto before = findings_.errors();
        if (private_key_.value.empty() && !look_into_folder()) return std::nullopt;
        Loaded loaded;
        loaded.certificate = load_certificate(loaded);
        const auto key = load_key(loaded);
        if (loaded.certificate && key && X509_check_private_key(loaded.certificate.get(), key.get()) != 1)
            findings_.error(private_key_.place, name(private_key_) + " is not the key of " + name(certificate_),
                            "Give the certificate and the key that were made together, the server's own certificate first "
                            "in the chain.");
        ERR_clear_error();
        if (!loaded.certificate || !key || findings_.errors() != before) return std::nullopt;
        loaded.kind = EVP_PKEY_get_base_id(key.get());
        return loaded;
    }

private:
    static std::string name(const Placed<Path>& path) { return path.value.string(); }

    // As Certbot lays them out (live/NAME), and as Caddy does (certificates/AUTHORITY/NAME).
    bool look_into_folder()
    {
        const auto folder = certificate_.value;
        const auto host = folder.filename().string();
        const auto looks = std::array{std::pair{folder / "fullchain.pem", folder / "privkey.pem"}, std::pair{folder / (host + ".crt"), folder / (host + ".key")}};
        std::error_code problem;
        for (const auto& [certificate, key] : looks) {
            if (!std::filesystem::exists(certificate, problem)) continue;
            certificate_.value = certificate;
            private_key_ = {key, certificate_.place};
            return true;
        }
        findings_.error(certificate_.place, problem && problem != std::errc::no_such_file_or_directory ? "can't look into " + folder.string() + ": " + problem.message()
                                                    : folder.string() + " holds neither fullchain.pem nor " + host + ".crt",
                        "Name Certbot's live/NAME or Caddy's certificates/AUTHORITY/NAME, which this server's user may read; or a file, and its 'key'.");
        return false;
    }

    Owned<X509> load_certificate(Loaded& into)
    {
        const auto& path = certificate_;
        if (path.value.empty()) return nullptr;
        auto pem = read_secret_file(path.value, wire::max_certificate_bytes);
        if (!pem) {
            findings_.error(path.place, pem.error().message, "'certificate' in [tls] names a PEM file with the chain.");
            return nullptr;
        }
        if (has_block(*pem, "PRIVATE KEY")) {
            findings_.error(path.place, name(path) + " holds a private key where only certificates belong",
                            "Keep the key in a file of its own, readable by the server alone, and name that as 'key'.");
            return nullptr;
        }
        const auto bio = reading(*pem);
        Owned<X509> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
        if (!certificate) {
            findings_.error(path.place, name(path) + " holds no certificate in PEM form",
                            "A PEM file begins with -----BEGIN CERTIFICATE-----; from DER: openssl x509 -inform der.");
            return nullptr;
        }
        check_rest_of_chain(bio.get());
        check_validity(*certificate, into);
        into.pair.chain = std::move(*pem);
        return certificate;
    }

    void check_rest_of_chain(BIO* bio)
    {
        while (Owned<X509>(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr))) {}
        if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
            findings_.error(certificate_.place, name(certificate_) + " is damaged after its first certificate",
                            "Write the chain anew.");
    }

    void check_validity(const X509& certificate, Loaded& into)
    {
        const auto begins = unix_time(X509_get0_notBefore(&certificate));
        const auto ends = unix_time(X509_get0_notAfter(&certificate));
        into.ends = ends;
        const auto place = certificate_.place;
        const auto report = [&](const std::string& what, const std::string& remedy) {
            if (moment_ == Moment::start) findings_.error(place, what, remedy);
            else findings_.warning(place, what, remedy);
        };
        if (now_ < begins)
            report(name(certificate_) + " is not valid before " + to_rfc3339(begins) + "; it is now " + to_rfc3339(now_),
                   "Check this machine's clock; if it is right, use the certificate that is valid today.");
        else if (now_ >= ends)
            report(name(certificate_) + " expired on " + to_rfc3339(ends), "Renew the certificate.");
        else if (ends - now_ < std::min(14 * one_day, (ends - begins) / 4))
            findings_.warning(place, name(certificate_) + " expires on " + to_rfc3339(ends),
                              "Renew it, and find out why that did not happen by itself.");
    }

    Owned<EVP_PKEY> load_key(Loaded& into)
    {
        const auto& path = private_key_;
        if (path.value.empty()) return nullptr;
        auto pem = read_secret_file(path.value, wire::max_private_key_bytes);
        if (!pem) {
            findings_.error(path.place, pem.error().message,
                            "'key' in [tls] names a PEM file that the server's user may read.");
            return nullptr;
        }
        check_readers(path);
        if (!has_block(*pem, "PRIVATE KEY") && has_block(*pem, "CERTIFICATE")) {
            findings_.error(path.place, name(path) + " holds a certificate where the private key belongs",
                            "'certificate' and 'key' in [tls] may be the wrong way round.");
            return nullptr;
        }
        if (has_block(*pem, "ENCRYPTED PRIVATE KEY") || as_text(pem->view()).find("Proc-Type: 4,ENCRYPTED") != std::string_view::npos) {
            findings_.error(path.place, name(path) + " is under a passphrase, which nobody could enter when the server starts",
                            "Write it without one, readable by the server alone: openssl pkey -in OLD -out NEW.");
            return nullptr;
        }
        const auto bio = reading(*pem);
        Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, [](char*, int, int, void*) { return -1; }, nullptr));
        if (!key) {
            findings_.error(path.place, name(path) + " holds no private key in PEM form",
                            "A PEM key begins with -----BEGIN PRIVATE KEY-----; from DER: openssl pkey -inform der.");
            return nullptr;
        }
        if (EVP_PKEY_get_security_bits(key.get()) < least_security_bits)
            findings_.error(path.place, name(path) + " is too short a key (" + std::to_string(EVP_PKEY_get_bits(key.get())) + " bits)",
                            "Use an EC P-256 key, or RSA of 2048 bits or more.");
        into.pair.private_key = std::move(*pem);
        return key;
    }

    void check_readers(const Placed<Path>& path)
    {
        struct stat about {};
        if (::stat(path.value.c_str(), &about) != 0) return;
        if ((about.st_mode & S_IRWXO) != 0)
            findings_.error(path.place, name(path) + " may be used by every user of this machine",
                            "chmod o= " + name(path) + "; if others may have read it, make a new key.");
        else if ((about.st_mode & S_IWGRP) != 0)
            findings_.warning(path.place, name(path) + " may be written by its group", "chmod g-w " + name(path));
    }

    Placed<Path> certificate_;
    Placed<Path> private_key_;
    UnixTime now_;
    Moment moment_;
    Findings& findings_;
};

using AllLoaded = std::vector<TlsFiles::Loaded>;

// As many as there are, of keys of different kinds: which one a client gets is what it can verify.
std::optional<AllLoaded> load_all(const std::vector<CertificateFiles>& files, UnixTime now, Moment moment, Findings& findings)
{
    AllLoaded all;
    bool good = true;
    for (const auto& pair : files) {
        auto loaded = TlsFiles(pair, now, moment, findings).load();
        good = good && loaded.has_value();
        if (!loaded) continue;
        if (std::ranges::any_of(all, [&](const auto& other) { return other.kind == loaded->kind; })) {
            findings.error(pair.certificate.place, pair.certificate.value.string() + " has a key of the same kind as one before it", "Name one certificate for each kind of key: ECDSA and RSA.");
            good = false;
        }
        all.push_back(std::move(*loaded));
    }
    if (!good) return std::nullopt;
    return all;
}

void check_host(const SiteAddress& address, const AllLoaded& all, Findings& findings)
{
    auto host = address.url.host;
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    for (const auto& loaded : all) {
        auto* certificate = loaded.certificate.get();
        const bool fits = address.url.literal() ? X509_check_ip_asc(certificate, host.c_str(), 0) == 1 : X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1;
        if (!fits) findings.warning(address.place, "a certificate of " + address.url.text() + " is not for that name", "Browsers will refuse it: renew it for " + host + ".");
    }
}

std::vector<wire::Certificate> pairs_of(const AllLoaded& all)
{
    std::vector<wire::Certificate> pairs;
    for (const auto& loaded : all) pairs.push_back({SecretBuffer::copy_of(loaded.pair.chain.view()), SecretBuffer::copy_of(loaded.pair.private_key.view())});
    return pairs;
}

}  // namespace

bool serves_tls(const Config& config, std::uint32_t address)
{
    return std::ranges::any_of(config.listeners, [&](const auto& listener) { return listener.tls && std::ranges::find(listener.serves, address) != listener.serves.end(); });
}

std::vector<Path> tls_paths(const Config& config)
{
    std::vector<Path> paths;
    const auto add = [&](const std::vector<CertificateFiles>& files) {
        for (const auto& [certificate, key] : files) {
            paths.push_back(certificate.value);
            if (!key.value.empty()) paths.push_back(key.value);
            const auto host = certificate.value.filename().string();
            if (key.value.empty()) paths.insert(paths.end(), {certificate.value / "fullchain.pem", certificate.value / "privkey.pem", certificate.value / (host + ".crt"), certificate.value / (host + ".key")});
        }
    };
    add(config.certificates);
    for (const auto& address : config.site_addresses) add(address.certificates);
    return paths;
}

bool load_tls_files(const Config& config, UnixTime now, Moment moment, Findings& findings, Material& into)
{
    const auto before = findings.errors();
    const auto common = load_all(config.certificates, now, moment, findings);
    UnixTime first_end = 0;
    const auto note_ends = [&](const AllLoaded& all) {
        for (const auto& loaded : all) first_end = first_end == 0 ? loaded.ends : std::min(first_end, loaded.ends);
    };
    into.tls.certificates.clear();
    for (std::uint32_t i = 0; i < std::max<std::size_t>(config.site_addresses.size(), 1); ++i) {
        auto& shown = into.tls.certificates.emplace_back();
        if (!serves_tls(config, i)) continue;
        const auto* address = i < config.site_addresses.size() ? &config.site_addresses[i] : nullptr;
        std::optional<AllLoaded> own;
        if (address != nullptr && !address->certificates.empty()) {
            own = load_all(address->certificates, now, moment, findings);
            if (!own) continue;
        }
        const auto* used = own ? &*own : common ? &*common : nullptr;
        if (used == nullptr) continue;
        if (address != nullptr) check_host(*address, *used, findings);
        note_ends(*used);
        shown = pairs_of(*used);
        // That it is missing was said with the config.
        if (shown.empty()) return false;
    }
    into.certificate_ends = first_end;
    return findings.errors() == before && common.has_value();
}

std::optional<UnixTime> first_certificate_end(const Config& config)
{
    std::optional<UnixTime> first;
    for (const auto& path : tls_paths(config)) {
        if (path.extension() == ".key" || path.filename() == "privkey.pem") continue;
        const auto pem = read_secret_file(path, wire::max_certificate_bytes);
        if (!pem || has_block(*pem, "PRIVATE KEY")) continue;
        const auto bio = reading(*pem);
        const Owned<X509> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
        if (!certificate) continue;
        const auto ends = unix_time(X509_get0_notAfter(certificate.get()));
        first = first ? std::min(*first, ends) : ends;
    }
    ERR_clear_error();
    return first;
}

}  // namespace amana::server

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/tls_files.hpp"

#include "base/file.hpp"

#include <algorithm>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
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

class TlsFiles {
public:
    TlsFiles(const Config& config, UnixTime now, Moment moment, Findings& findings)
        : config_(config), now_(now), moment_(moment), findings_(findings)
    {
    }

    bool load(Material& into)
    {
        const auto before = findings_.errors();
        const auto certificate = load_certificate(into);
        const auto key = load_key(into);
        if (certificate && key && X509_check_private_key(certificate.get(), key.get()) != 1)
            findings_.error(config_.private_key.place,
                            name(config_.private_key) + " is not the key of " + name(config_.certificate),
                            "Give the certificate and the key that were made together, the server's own certificate first "
                            "in the chain.");
        ERR_clear_error();
        return certificate && key && findings_.errors() == before;
    }

private:
    static std::string name(const Placed<Path>& path) { return path.value.string(); }

    Owned<X509> load_certificate(Material& into)
    {
        const auto& path = config_.certificate;
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
        into.certificate = std::move(*pem);
        return certificate;
    }

    void check_rest_of_chain(BIO* bio)
    {
        while (Owned<X509>(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr))) {}
        if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
            findings_.error(config_.certificate.place, name(config_.certificate) + " is damaged after its first certificate",
                            "Write the chain anew.");
    }

    void check_validity(const X509& certificate, Material& into)
    {
        const auto begins = unix_time(X509_get0_notBefore(&certificate));
        const auto ends = unix_time(X509_get0_notAfter(&certificate));
        into.certificate_ends = ends;
        const auto place = config_.certificate.place;
        const auto report = [&](const std::string& what, const std::string& remedy) {
            if (moment_ == Moment::start) findings_.error(place, what, remedy);
            else findings_.warning(place, what, remedy);
        };
        if (now_ < begins)
            report(name(config_.certificate) + " is not valid before " + to_rfc3339(begins) + "; it is now " + to_rfc3339(now_),
                   "Check this machine's clock; if it is right, use the certificate that is valid today.");
        else if (now_ >= ends)
            report(name(config_.certificate) + " expired on " + to_rfc3339(ends), "Renew the certificate.");
        else if (ends - now_ < std::min(14 * one_day, (ends - begins) / 4))
            findings_.warning(place, name(config_.certificate) + " expires on " + to_rfc3339(ends),
                              "Renew it, and find out why that did not happen by itself.");
    }

    Owned<EVP_PKEY> load_key(Material& into)
    {
        const auto& path = config_.private_key;
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
        into.private_key = std::move(*pem);
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

    const Config& config_;
    UnixTime now_;
    Moment moment_;
    Findings& findings_;
};

}  // namespace

bool load_tls_files(const Config& config, UnixTime now, Moment moment, Findings& findings, Material& into)
{
    return TlsFiles(config, now, moment, findings).load(into);
}

}  // namespace amana::server

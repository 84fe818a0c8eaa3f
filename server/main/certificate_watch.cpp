// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/certificate_watch.hpp"

#include "server/main/tls_files.hpp"

#include <sys/stat.h>

namespace amana::server {

CertificateWatch::Stamps CertificateWatch::stamps() const
{
    Stamps all;
    for (const auto& path : tls_paths(config_)) {
        struct stat about {};
        if (::stat(path.c_str(), &about) != 0) about = {};
        all.push_back({about.st_dev, about.st_ino, about.st_size, about.st_mtim.tv_sec, about.st_mtim.tv_nsec, about.st_ctim.tv_sec, about.st_ctim.tv_nsec});
    }
    return all;
}

void CertificateWatch::read_now()
{
    read_ = seen_ = stamps();
}

std::optional<SecretBuffer> CertificateWatch::look(bool at_once)
{
    auto now = stamps();
    const bool still = now == seen_;
    seen_ = now;
    if (!at_once && (now == read_ || !still)) return std::nullopt;
    read_ = std::move(now);
    return read();
}

std::optional<SecretBuffer> CertificateWatch::read()
{
    Findings findings;
    Material material;
    const bool good = load_tls_files(config_, system_clock()(), Moment::start, findings, material);
    for (const auto& finding : findings.all()) {
        if (finding.severity == Severity::warning) say_("warning: " + finding.what + "; " + finding.remedy);
        else say_("warning: certificates were not taken, and the old ones are still served: " + finding.what + "; " + finding.remedy);
    }
    if (!good) return std::nullopt;
    return wire::encode(material.tls);
}

}  // namespace amana::server

// SPDX-License-Identifier: AGPL-3.0-or-later
// A deployment in which the doctor finds nothing: a made-up root, a config, what an outsider sees. A test breaks one thing of it.
#pragma once

#include "server/main/doctor/checks.hpp"
#include "tests/server/main/fixture.hpp"

namespace amana::server::test {

// Configurations that lead to the server and give away what they must, and no more.
extern const char* const nginx_passthrough;
extern const char* const nginx_terminating;
extern const char* const haproxy_passthrough;
extern const char* const apache_terminating;
extern const char* const caddy_terminating;
extern const char* const tor_service;

class Patient {
public:
    Patient();

    // A file of the machine's, as its path is there.
    void file(const std::string& path, const std::string& text);
    void remove(const std::string& path);
    void link(const std::string& path, const std::string& to);
    // nginx out of the way, this in its place.
    void proxy(const std::string& path, const std::string& text);
    // With one thing in it replaced.
    void proxy(const std::string& path, const char* text, std::string_view what, std::string_view by) { proxy(path, replaced(text, what, by)); }

    [[nodiscard]] Site& site() { return site_; }
    [[nodiscard]] doctor::Subject& subject() { return subject_; }
    [[nodiscard]] doctor::Seen& seen(doctor::Where where);
    // The answer to "/" there.
    [[nodiscard]] doctor::Answer& page(doctor::Where where) { return seen(where).answers.front(); }
    // Without `value`, the header is gone.
    void header(const std::string& name, const std::string& value = "");
    boost::json::value& status(std::string_view name) { return (*subject_.status)[name]; }

    [[nodiscard]] doctor::Diagnosis diagnose() const;

private:
    Site site_;
    TemporaryDirectory root_;
    Config config_;
    doctor::Subject subject_;
};

}  // namespace amana::server::test

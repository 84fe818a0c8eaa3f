// SPDX-License-Identifier: AGPL-3.0-or-later
// Requests as a browser or a program sends them, and what is looked at in an answer.
#pragma once

#include "tests/server/front/front.hpp"
#include "tests/server/front/reporting.hpp"

namespace amana::front::test {

inline const std::string story = "He said <call me> & \"come\" to أخي";
inline const std::string escaped_story = "He said &lt;call me&gt; &amp; &quot;come&quot; to أخي";

// `fields`: further ones, each with its CR LF.
inline std::string get(const std::string& target, const std::string& fields = "", const std::string& method = "GET")
{
    return method + " " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}
inline std::string post_form(const std::string& body, const std::string& fields = "", const std::string& target = "/en/report")
{
    return "POST " + target + " HTTP/1.1\r\nHost: a\r\nContent-Type: " + std::string(form_type) + "\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n" + fields + "\r\n" + body;
}

// 0: none came.
inline unsigned status(const Client::Answer& answer)
{
    return answer.head.starts_with("HTTP/1.1 ") ? static_cast<unsigned>(std::stoul(answer.head.substr(9))) : 0;
}
inline bool has(const Client::Answer& answer, const std::string& field)
{
    return answer.head.find("\r\n" + field + "\r\n") != std::string::npos;
}
inline bool gives_back(const Client::Answer& answer, const std::string& escaped = escaped_story)
{
    return answer.body.find(">\n" + escaped + "</textarea>") != std::string::npos;
}

// A site of small reports, whose clients have all the time that a busy machine needs.
inline wire::Limits limits()
{
    wire::Limits limits;
    limits.max_files_bytes = 100'000;
    limits.header_timeout = limits.idle_timeout = limits.body_timeout = std::chrono::seconds(60);
    return limits;
}
inline Front::Options with(const wire::Limits& given)
{
    Front::Options options;
    options.limits = given;
    return options;
}

// A report that is under way: most of it was sent, and it has its place. The rest is sent by end().
class UnderWay {
public:
    explicit UnderWay(Front& front) : client(front.connect())
    {
        const auto before = front.begun();
        client->write(whole_.substr(0, most));
        for (int i = 0; i < 1000 && front.begun() == before; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    void end() { client->write(whole_.substr(most)); }

    const std::unique_ptr<Client> client;

private:
    static constexpr std::size_t most = 80'000;  // more than a chunk, which is how the keeper hears of it
    const std::string whole_ = post_form(FormBody().file("f", std::string(90'000, 'x')).story(story).end());
};

}  // namespace amana::front::test

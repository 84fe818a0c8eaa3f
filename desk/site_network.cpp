// SPDX-License-Identifier: AGPL-3.0-or-later
// A site over the network, by libcurl. The requests are worded as Tor Browser words them; its TLS is not copied, so a server
// that wants to can tell this from a browser (docs/THREATS.md says what follows from that).
#include "base/require.hpp"
#include "desk/site_source.hpp"

#include <curl/curl.h>

#include <algorithm>

namespace amana::desk {

namespace {

constexpr const char* browser_agent = "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0";
constexpr long connect_seconds = 30;

using Curl = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using CurlUrl = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;
using CurlList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

// What the callbacks fill.
struct Incoming {
    SiteAnswer answer;
    std::size_t head_bytes = 0;
    bool head_too_large = false;
};

std::string trimmed(std::string_view text)
{
    const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return std::string(text);
}

extern "C" std::size_t amana_desk_take_header(char* data, std::size_t, std::size_t size, void* to)
{
    auto& incoming = *static_cast<Incoming*>(to);
    const std::string_view line(data, size);
    incoming.head_bytes += size;
    if (incoming.head_bytes > max_answer_head_bytes) {
        incoming.head_too_large = true;
        return 0;
    }
    auto& headers = incoming.answer.headers;
    if (line.starts_with("HTTP/")) {  // the last answer counts: before it stand those of status 1xx
        headers.clear();
        return size;
    }
    if ((line.starts_with(' ') || line.starts_with('\t')) && !headers.empty()) {
        headers.back().second += " " + trimmed(line);
        return size;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return size;
    auto name = trimmed(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    headers.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
    return size;
}

extern "C" std::size_t amana_desk_take_body(char* data, std::size_t, std::size_t size, void* to)
{
    auto& answer = static_cast<Incoming*>(to)->answer;
    const auto room = max_answer_bytes - answer.body.size();
    append(answer.body, as_bytes({data, std::min(size, room)}));
    if (size <= room) return size;
    answer.too_large = true;
    return 0;
}

class NetworkSite : public SiteSource {
public:
    NetworkSite(Curl curl, CurlList headers, std::string origin)
        : curl_(std::move(curl)), headers_(std::move(headers)), origin_(std::move(origin))
    {
    }

    [[nodiscard]] Result<SiteAnswer> fetch(const std::string& path) override
    {
        Incoming incoming;
        const auto url = origin_ + path;
        curl_easy_setopt(curl_.get(), CURLOPT_URL, url.c_str());
        curl_easy_setopt(curl_.get(), CURLOPT_HEADERDATA, &incoming);
        curl_easy_setopt(curl_.get(), CURLOPT_WRITEDATA, &incoming);
        const auto done = curl_easy_perform(curl_.get());
        long status = 0;
        curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
        if (incoming.head_too_large) return Error{path + ": an answer whose head is longer than any of ours", ""};
        if (done != CURLE_OK && !incoming.answer.too_large) return Error{path + ": " + curl_easy_strerror(done), hint(done)};
        if (status < 100 || status > 999) return Error{path + ": an answer without a status", ""};
        incoming.answer.status = static_cast<unsigned>(status);
        return std::move(incoming.answer);
    }

    [[nodiscard]] bool is_live() const override { return true; }
    [[nodiscard]] Result<std::vector<std::string>> addresses() const override { return std::vector<std::string>{}; }

private:
    static std::string hint(CURLcode code)
    {
        if (code == CURLE_PEER_FAILED_VERIFICATION)
            return "The certificate is not one that this machine trusts for this name: somebody stands between, or it is the "
                   "site's own (then name it with --ca FILE).";
        if (code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_PROXY || code == CURLE_COULDNT_CONNECT)
            return "Is the proxy running, and the site?";
        return "";
    }

    Curl curl_;
    CurlList headers_;
    std::string origin_;
};

std::string part(CURLU* url, CURLUPart which)
{
    char* text = nullptr;
    if (curl_url_get(url, which, &text, 0) != CURLUE_OK || text == nullptr) return {};
    std::string out(text);
    curl_free(text);
    return out;
}

// scheme://host[:port], and nothing else in it.
Result<std::string> origin_of(const std::string& url)
{
    const Error bad{"not a site's address: " + url, "It is https://HOST, or https://HOST:PORT; an onion address may have http://."};
    const CurlUrl parsed(curl_url(), curl_url_cleanup);
    require(parsed != nullptr, "no memory");
    if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return bad;
    const auto scheme = part(parsed.get(), CURLUPART_SCHEME);
    const auto host = part(parsed.get(), CURLUPART_HOST);
    const auto port = part(parsed.get(), CURLUPART_PORT);
    if (scheme != "https" && !(scheme == "http" && host.ends_with(".onion"))) return bad;
    if (part(parsed.get(), CURLUPART_PATH) != "/") return bad;
    for (const auto other : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT, CURLUPART_OPTIONS})
        if (!part(parsed.get(), other).empty()) return bad;
    return Result<std::string>(boost::system::in_place_value, scheme + "://" + host + (port.empty() ? "" : ":" + port));
}

void set_up(CURL* curl, curl_slist* headers, const NetworkOptions& options)
{
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    // Set even when empty: otherwise the environment decides.
    curl_easy_setopt(curl, CURLOPT_PROXY, options.proxy.c_str());
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
    if (!options.ca.empty()) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca.c_str());
        curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
    }
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, connect_seconds);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(options.seconds));
    curl_easy_setopt(curl, CURLOPT_USERAGENT, options.agent.empty() ? browser_agent : options.agent.c_str());
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, amana_desk_take_header);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, amana_desk_take_body);
}

}  // namespace

Result<std::unique_ptr<SiteSource>> open_network_site(const std::string& url, const NetworkOptions& options)
{
    static const auto started = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (started != CURLE_OK) return Error{std::string("libcurl does not start: ") + curl_easy_strerror(started), ""};
    const auto origin = origin_of(url);
    if (!origin) return origin.error();
    constexpr std::string_view scheme = "socks5h://";
    if (!options.proxy.empty() && (!options.proxy.starts_with(scheme) || options.proxy.size() == scheme.size()))
        return Error{"not a proxy that this can use: " + options.proxy,
                     "It is socks5h://HOST:PORT, so that names are looked up at the proxy and not beside it; Tor's is "
                     "socks5h://127.0.0.1:9050."};
    Curl curl(curl_easy_init(), curl_easy_cleanup);
    require(curl != nullptr, "no memory");
    CurlList headers(nullptr, curl_slist_free_all);
    for (const auto* line : {"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Language: en-US,en;q=0.5",
                             "Upgrade-Insecure-Requests: 1"})
        headers.reset(curl_slist_append(headers.release(), line));
    set_up(curl.get(), headers.get(), options);
    return Result<std::unique_ptr<SiteSource>>(std::make_unique<NetworkSite>(std::move(curl), std::move(headers), *origin));
}

}  // namespace amana::desk

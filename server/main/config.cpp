// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/config.hpp"

#include "base/file.hpp"
#include "crypto/note.hpp"
#include "server/main/section.hpp"
#include "server/main/ways_in.hpp"

#include <algorithm>
#include <thread>

#ifndef AMANA_DATA_DIR
#error "AMANA_DATA_DIR names the directory of templates and catalogues"
#endif

namespace amana::server {

namespace {

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;
constexpr std::uint64_t gib = 1024 * mib;
constexpr std::chrono::seconds one_second{1};
constexpr std::chrono::seconds hour{3600};
constexpr std::chrono::seconds day{24 * 3600};

class ConfigReader {
public:
    ConfigReader(const toml::table& table, const Path& file, Findings& findings)
        : findings_(findings), top_(findings, &table, ""), base_(std::filesystem::absolute(file).parent_path())
    {
        config_.file = file;
    }

    Config read()
    {
        site(top_.section("site"));
        texts(top_.section("texts"));
        listen();
        keys(top_.section("keys"));
        storage(top_.section("storage"));
        log(top_.section("log"));
        limits(top_.section("limits"));
        metrics(top_.section("metrics"));
        notice(top_.section("notice"));
        top_.finish();
        return std::move(config_);
    }

private:
    void path(Section& section, std::string_view key, std::string_view example, Placed<Path>& out)
    {
        if (auto text = section.text(key, Presence::required, example)) out = resolved(*text);
    }

    Placed<Path> resolved(const Placed<std::string>& written)
    {
        auto path = (base_ / written.value).lexically_normal();
        if (path.native().size() > wire::max_path_bytes)
            findings_.error(written.place, "this path is longer than " + std::to_string(wire::max_path_bytes) + " bytes",
                            "Use a shorter path.");
        return {std::move(path), written.place};
    }

    void site(Section section)
    {
        config_.languages = section.texts("languages", Presence::optional, "[\"ar\", \"en\"]");
        if (config_.languages.empty()) config_.languages = {{"ar", {}}, {"en", {}}};
        if (config_.languages.size() > wire::max_languages)
            findings_.error(config_.languages.back().place, "more than " + std::to_string(wire::max_languages) +
                            " languages", "Remove some.");
        for (auto language = config_.languages.begin(); language != config_.languages.end(); ++language) {
            const auto& code = language->value;
            const bool shaped = code.size() >= 2 && code.size() <= wire::max_language_bytes &&
                                std::all_of(code.begin(), code.end(), [](char c) {
                                    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
                                });
            if (!shaped)
                findings_.error(language->place, "this is not a language code",
                                "Write codes such as \"ar\", \"en\" or \"pt-BR\".");
            if (std::any_of(config_.languages.begin(), language, [&](const auto& other) { return other.value == code; }))
                findings_.error(language->place, "language '" + code + "' is listed twice", "Remove one.");
        }
        const auto data = section.text("data", Presence::optional, "\"" AMANA_DATA_DIR "\"");
        config_.data = data ? resolved(*data) : Placed<Path>{AMANA_DATA_DIR, {}};
        form(section.text("form", Presence::optional, "\"recruitment-2\""));
        if (auto logo = section.text("logo", Presence::optional, "\"logo.png\"")) config_.logo = resolved(*logo);
        if (auto colour = section.text("colour", Presence::optional, "\"#0b5c63\"")) config_.colour = colour->value.substr(0, wire::max_address_bytes);
        address(section, "exit", "https://", "\"https://www.wikipedia.org/\"", config_.exit);
        address(section, "address", "https://", "\"https://report.example.org/\"", config_.address);
        address(section, "onion", "http://", "\"http://example.onion/\"", config_.onion);
        section.duration("read_every", hour, 30 * day, config_.read_every);
        config_.read_every -= config_.read_every % hour;
        section.duration("cover", std::chrono::seconds(0), hour, config_.cover);
        contact(section);
        if (auto manifest = section.text("manifest", Presence::optional, "\"site.note\"")) config_.manifest = resolved(*manifest);
        if (auto release = section.text("release", Presence::optional, "\"release.note\"")) config_.release = resolved(*release);
        section.finish();
    }

    // A shipped one by its name, or a file.
    void form(std::optional<Placed<std::string>> written)
    {
        if (!written) written = Placed<std::string>{"recruitment-2", {}};
        const bool file = written->value.ends_with(".toml");
        if (!file && written->value.find('/') != std::string::npos)
            findings_.error(written->place, "'form' in [site] is neither a shipped questionnaire's name nor a .toml file",
                            "Write the name without a path (recruitment-2), or the path of a file that ends in .toml.");
        config_.form = file ? resolved(*written) : Placed<Path>{config_.data.value / "forms" / (written->value + ".toml"), written->place};
    }

    void address(Section& section, std::string_view key, std::string_view scheme, std::string_view example, std::string& out)
    {
        const auto written = section.text(key, Presence::optional, example);
        if (!written) return;
        const bool plain = std::all_of(written->value.begin(), written->value.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '"'; });
        if (!written->value.starts_with(scheme) || written->value.size() == scheme.size() || !plain || written->value.size() > wire::max_address_bytes)
            findings_.error(written->place, "'" + std::string(key) + "' in [site] is not an address that begins with " + std::string(scheme),
                            "Write for example: " + std::string(key) + " = " + std::string(example));
        out = written->value;
    }

    // RFC 9116, 2.5.3: a URI.
    void contact(Section& section)
    {
        const auto written = section.text("security_contact", Presence::optional, "\"mailto:security@example.org\"");
        if (!written) return;
        const auto& uri = written->value;
        const bool plain = std::all_of(uri.begin(), uri.end(), [](char c) { return c > 0x20 && c < 0x7f; });
        const bool known = uri.starts_with("mailto:") || uri.starts_with("https://") || uri.starts_with("tel:");
        if (!plain || !known || uri.size() > wire::max_address_bytes)
            findings_.error(written->place, "'security_contact' in [site] is not an address that begins with mailto:, https:// or tel:",
                            "Write for example: security_contact = \"mailto:security@example.org\"");
        config_.security_contact = uri;
    }

    void texts(Section section)
    {
        for (const auto& language : config_.languages) {
            auto own = section.section(language.value);
            auto& texts = config_.texts.emplace_back();
            for (const auto& [key, out] : {std::pair{"name", &texts.name}, {"numbers", &texts.numbers}, {"law", &texts.law}, {"embassy", &texts.embassy}}) {
                const auto written = own.text(key, Presence::optional, "\"…\"");
                if (!written) continue;
                if (written->value.size() > wire::max_text_bytes || std::any_of(written->value.begin(), written->value.end(), [](unsigned char c) { return c < 0x20; }))
                    findings_.error(written->place, std::string("'") + key + "' is longer than " + std::to_string(wire::max_text_bytes) + " bytes, or of several lines",
                                    "Write it as one line.");
                else *out = written->value;
            }
            own.finish();
        }
        section.finish("Its language is none of 'languages' in [site]: add it there, or remove this section.");
    }

    void listen()
    {
        // Sealing and TLS are what costs, and a thread for each core does them best; more than eight serve nobody here.
        config_.threads = std::clamp(std::thread::hardware_concurrency(), 1u, 8u);
        read_ways_in(top_, findings_, base_, config_);
    }

    void keys(Section section)
    {
        path(section, "public", "\"/etc/amana/keys.public\"", config_.keyset);
        if (auto root = section.text("root", Presence::required, "\"the fingerprint that 'amana-desk public' prints\""))
            fingerprint(*root);
        section.finish();
    }

    void fingerprint(const Placed<std::string>& written)
    {
        std::string digits;
        bool good = true;
        for (const char c : written.value) {
            if (c == ' ') continue;
            digits += c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
            good = good && ((digits.back() >= '0' && digits.back() <= '9') || (digits.back() >= 'a' && digits.back() <= 'f'));
        }
        if (!good || digits.size() != 2 * crypto::hash_bytes)
            findings_.error(written.place, "'root' in [keys] is not a fingerprint (" + std::to_string(digits.size()) +
                            " characters without spaces)",
                            "Copy the 64 hexadecimal digits from the ceremony's paper or from 'amana-desk public'.");
        config_.root_fingerprint = {std::move(digits), written.place};
    }

    void storage(Section section)
    {
        path(section, "directory", "\"/var/lib/amana\"", config_.storage);
        section.size("reserve", mib, 1024 * gib, config_.reserve_bytes);
        section.finish();
    }

    void log(Section section)
    {
        if (auto origin = section.text("origin", Presence::required, "\"reports.example.org\"")) {
            if (!crypto::is_note_name(origin->value))
                findings_.error(origin->place, "'origin' in [log] is not fit to name a log",
                                "Use a name of your own domain, up to 128 characters without spaces or '+'.");
            config_.origin = origin->value;
        }
        section.duration("tick", one_second, day, config_.tick);
        section.count("file_ticks", 1, 96, config_.file_ticks);
        section.count("batch", 4, 1024, config_.batch);
        section.size("large_cover", 256 * mib, 1024 * gib, config_.large_cover);
        section.duration("retention", day, 36500 * day, config_.retention);
        section.finish();
    }

    void limits(Section section)
    {
        auto& limits = config_.limits;
        section.size("max_files", 0, 127 * mib, limits.max_files_bytes);
        section.count("max_connections", 1, 1'000'000, limits.max_connections);
        section.count("max_handshakes", 1, 100'000, limits.max_handshakes);
        section.count("max_requests", 1, 1'000'000, limits.max_requests);
        section.count("max_uploads", 1, 100'000, limits.max_uploads);
        section.count("pace", 0, 100'000, limits.pace);
        section.duration("header_timeout", one_second, hour, limits.header_timeout);
        section.duration("idle_timeout", one_second, hour, limits.idle_timeout);
        section.duration("body_timeout", one_second, day, limits.body_timeout);
        section.size("slowest", 1, mib, limits.slowest);
        section.duration("drain_timeout", one_second, hour, limits.drain_timeout);
        section.finish();
    }

    void metrics(Section section)
    {
        constexpr std::string_view example = "\"unix:/run/amana/metrics.sock\"";
        if (const auto written = section.text("address", Presence::optional, example)) {
            auto address = SocketAddress::parse(written->value);
            const auto hint = "Write for example: address = " + std::string(example) + ", or \"127.0.0.1:9464\".";
            if (!address) findings_.error(written->place, address.error().message, hint);
            else if (!address->local() && !address->loopback())
                findings_.error(written->place, "metrics are served to this machine alone, and " + address->text() + " is not its loopback", hint);
            else config_.metrics = *std::move(address);
        }
        section.finish();
    }

    void notice(Section section)
    {
        constexpr std::string_view example = "[\"/usr/sbin/sendmail\", \"courier@example.org\"]";
        const auto command = section.texts("command", Presence::optional, example);
        for (const auto& word : command) config_.notice.push_back(word.value);
        if (!command.empty() && !command.front().value.starts_with('/'))
            findings_.error(command.front().place, "'command' in [notice] begins with no program's whole path", "Write for example: command = " + std::string(example));
        if (const auto at = section.text("at", Presence::optional, "\"07:00\"")) {
            config_.notice_at = time_of_day(at->value);
            if (!config_.notice_at) findings_.error(at->place, "'at' in [notice] is no time of day", "Write hours and minutes in UTC, for example: at = \"07:00\"");
            else if (command.empty()) findings_.error(at->place, "'at' in [notice] says when, and 'command' is missing", "Write for example: command = " + std::string(example));
        }
        section.finish();
    }

    static std::optional<std::chrono::minutes> time_of_day(std::string_view text)
    {
        const bool shaped = text.size() == 5 && text[2] == ':' && std::ranges::all_of(std::string(text.substr(0, 2)) + std::string(text.substr(3)), [](char c) { return c >= '0' && c <= '9'; });
        if (!shaped) return std::nullopt;
        const int hours = (text[0] - '0') * 10 + (text[1] - '0');
        const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
        if (hours > 23 || minutes > 59) return std::nullopt;
        return std::chrono::minutes(hours * 60 + minutes);
    }

    Findings& findings_;
    Section top_;
    Path base_;
    Config config_;
};

}  // namespace

std::optional<Config> parse_config(std::string_view text, const Path& file, Findings& findings)
{
    toml::table table;
    try {
        table = toml::parse(text, file.string());
    } catch (const toml::parse_error& error) {
        const auto& at = error.source().begin;
        findings.error({at.line, at.column}, "not TOML: " + std::string(error.description()),
                       "Nothing after this place was read; correct it and check again.");
        return std::nullopt;
    }
    return ConfigReader(table, file, findings).read();
}

std::optional<Config> load_config(const Path& file, Findings& findings)
{
    const auto bytes = read_file(file, max_config_bytes);
    if (!bytes) {
        findings.error({}, bytes.error().message, "Name the config with --config FILE; deploy/amana.toml is an example.");
        return std::nullopt;
    }
    return parse_config(as_text(*bytes), file, findings);
}

}  // namespace amana::server

// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/main/watched.hpp"

#include "server/main/storage_lock.hpp"
#include "server/main/tls_files.hpp"
#include "server/main/warden_directory.hpp"

#include <fmt/format.h>

#include <utility>

namespace amana::server {

namespace {

std::int64_t whole_days(UnixTime until, UnixTime now)
{
    const auto left = until - now;
    return left >= 0 ? left / one_day : -((-left + one_day - 1) / one_day);
}

class Lines {
public:
    void gauge(std::string_view name, std::string_view help, std::optional<std::int64_t> value, std::string_view type = "gauge")
    {
        if (!value) return;
        text_ += fmt::format("# HELP amana_{0} {1}\n# TYPE amana_{0} {2}\namana_{0} {3}\n", name, help, type, *value);
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    std::string text_;
};

}  // namespace

std::string metrics_text(const Watched& watched)
{
    Lines lines;
    lines.gauge("up", "1 while the server runs.", watched.up ? 1 : 0);
    lines.gauge("pressure_step", "Pressure on the form: 0 none, to 4.", watched.pressure);
    lines.gauge("storage_step", "What storage takes: 0 everything, 1 small files, 2 text, 3 nothing.", watched.storage);
    lines.gauge("restarts_total", "Generations of the processes that ended and were followed by another, since the server was started.",
                static_cast<std::int64_t>(watched.restarts), "counter");
    lines.gauge("reserve_bytes", "Free space that is never used for new reports.", static_cast<std::int64_t>(watched.reserve_bytes));
    lines.gauge("free_bytes", "Free space, rounded down to a power of two; looked at with every long batch.",
                watched.free_bytes ? std::optional(static_cast<std::int64_t>(*watched.free_bytes)) : std::nullopt);
    lines.gauge("log_step", "The log's size as a step: one more for each fourfold.", watched.log_step ? std::optional(std::int64_t{*watched.log_step}) : std::nullopt);
    lines.gauge("keys_days", "Days until the form closes for want of a key.", watched.keys_days);
    lines.gauge("certificate_days", "Days until the certificate ends.", watched.certificate_days);
    lines.gauge("backup_days", "Days since the last backup.", watched.backup_days);
    lines.gauge("courier_days", "Days since the courier was here.", watched.courier_days);
    return lines.take();
}

std::string what_ails(const Watched& watched)
{
    if (!watched.up) return "the server does not run";
    if (watched.storage + 1 == storage_steps.size()) return "there is no room: no report is taken";
    if (watched.keys_days && *watched.keys_days < 0) return "no key is valid: the form is closed";
    if (watched.certificate_days && *watched.certificate_days < 0) return "the certificate has ended";
    return {};
}

void Watch::look(Time now)
{
    if (now < next_) return;
    next_ = now + config_.tick;
    const auto clock = system_clock()();
    const auto before = std::exchange(seen_, {}).free_bytes;
    seen_.reserve_bytes = config_.reserve_bytes;
    look_at_files(clock);
    const auto running = running_server(warden_directory(config_.storage.value));
    const bool look_at_space = ticks_to_space_ == 0;
    ticks_to_space_ = (look_at_space ? config_.file_ticks : ticks_to_space_) - 1;
    seen_.free_bytes = before;
    if (!running) return;
    seen_.pressure = running->told.pressure;
    seen_.storage = running->told.storage;
    seen_.restarts = running->told.restarts;
    if (!running->store) return;
    if (look_at_space) seen_.free_bytes = running->store->free_bytes;
    seen_.log_step = running->store->log_step;
    const auto since = [&](const std::optional<std::int64_t>& then) { return then ? std::optional(clock / one_day - *then) : std::nullopt; };
    seen_.courier_days = since(running->store->courier_day);
    seen_.backup_days = since(running->store->backup_day);
}

void Watch::look_at_files(UnixTime now)
{
    Findings unsaid;  // serve, check and doctor say them
    Material material;
    if (load_keyset(config_, now, Moment::restart, unsaid, material)) seen_.keys_days = whole_days(material.keyset.sealing_ends(now), now);
    if (const auto ends = first_certificate_end(config_)) seen_.certificate_days = whole_days(*ends, now);
}

Watched Watch::now() const
{
    auto watched = seen_;
    watched.up = running_server(warden_directory(config_.storage.value)).has_value();
    return watched;
}

}  // namespace amana::server

// SPDX-License-Identifier: AGPL-3.0-or-later
// amana-print: posters and cards, so that a person can hold the site in front of them against paper. A program of its own,
// so that the libraries that shape and draw are in no process that faces the network; all it is told is public.
#include "base/file.hpp"
#include "server/print/command_line.hpp"
#include "server/print/formats.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>
#include <system_error>
#include <tuple>

namespace amana::print {

namespace {

constexpr std::size_t max_logo_bytes = 8U << 20U;
constexpr mode_t readable_by_all = 0644;

struct File {
    Path path;
    Bytes bytes;
};

// Bytes, and where they go: collected until everything is made, so that nothing half done is left behind.
class Files {
public:
    explicit Files(const Job& job) : job_(job) {}

    [[nodiscard]] Result<void> add(const std::string& name, Result<Bytes> bytes)
    {
        if (!bytes) return bytes.error();
        const auto path = job_.out / name;
        if (!job_.force && std::filesystem::exists(path))
            return Error{path.string() + " exists", "Remove it, choose another --out, or give --force to replace it."};
        files_.push_back({path, std::move(*bytes)});
        return {};
    }

    [[nodiscard]] Result<void> write() const
    {
        std::error_code failed;
        std::filesystem::create_directories(job_.out, failed);
        if (failed) return system_error("can't make " + job_.out.string(), failed.value());
        const auto existing = job_.force ? DurableFile::Existing::replace : DurableFile::Existing::refuse;
        for (const auto& [path, bytes] : files_) {
            if (const auto written = write_durable(path, bytes, readable_by_all, existing); !written) return written.error();
            std::cout << path.string() << "\n";
        }
        return {};
    }

private:
    const Job& job_;
    std::vector<File> files_;
};

Result<void> make_poster(const Content& content, Files& files)
{
    const auto poster = plan_poster(content);
    if (!poster) return poster.error();
    const auto& [language, title] = std::tie(content.sentences.language, content.sentences.headline);
    if (const auto added = files.add("poster-" + language + ".pdf", as_pdf(a4, {*poster}, title)); !added) return added;
    return files.add("poster-" + language + ".png", as_png(a4, *poster));
}

Result<void> make_cards(const Content& content, std::optional<Kind> only, Files& files)
{
    const auto card = plan_card(content);
    if (!card) return card.error();
    const auto& [language, title] = std::tie(content.sentences.language, content.sentences.headline);
    if (only != Kind::sheet) {
        const auto name = "card-" + language;
        if (const auto added = files.add(name + ".pdf", as_pdf(id1, {card->front, card->back}, title)); !added) return added;
        if (const auto added = files.add(name + ".png", as_png(id1, card->front)); !added) return added;
        if (const auto added = files.add(name + "-back.png", as_png(id1, card->back)); !added) return added;
    }
    if (only == Kind::card) return {};
    return files.add("cards-" + language + ".pdf", as_pdf(a4, lay_out_sheet(*card), title));
}

Result<void> print(const Job& job)
{
    Content content{{}, job.address, job.onion, job.onion_host, job.root, job.colour, {}};
    if (job.logo) {
        const auto bytes = read_file(*job.logo, max_logo_bytes);
        if (!bytes) return bytes.error();
        auto logo = read_png(*bytes);
        if (!logo) return Error{"--logo " + job.logo->string() + ": " + logo.error().message, "Give a PNG picture."};
        content.logo = std::move(*logo);
    }
    Files files(job);
    for (const auto& language : job.languages) {
        auto sentences = find_sentences(job, language);
        if (!sentences) return sentences.error();
        content.sentences = std::move(*sentences);
        if (!job.only || job.only == Kind::poster)
            if (const auto made = make_poster(content, files); !made) return made;
        if (job.only != Kind::poster)
            if (const auto made = make_cards(content, job.only, files); !made) return made;
    }
    return files.write();
}

int run(const Arguments& arguments)
{
    const auto tell = [](const Error& error, int code) {
        std::cerr << "amana-print: " << error.text() << "\n";
        return code;
    };
    const auto job = check(arguments);
    if (!job) return tell(job.error(), usage_error);
    const auto printed = print(*job);
    return printed ? 0 : tell(printed.error(), 1);
}

}  // namespace

}  // namespace amana::print

int main(int argc, char** argv)
{
    amana::print::Arguments arguments;
    CLI::App app("Posters and cards with the form's address and the root key's fingerprint.", "amana-print");
    amana::print::declare(app, arguments);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : amana::print::usage_error;
    }
    try {
        return amana::print::run(arguments);
    } catch (const std::exception& error) {
        std::cerr << "amana-print: " << error.what() << "\n";
        return 1;
    }
}

// SPDX-License-Identifier: AGPL-3.0-or-later
// amana-server: the one program that an admin runs. Parses the command line, hardens the process before any secret is
// read, and hands over to the command.
#include "crypto/primitives.hpp"
#include "server/main/commands.hpp"
#include "server/main/machine.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <exception>
#include <iostream>

#include <fcntl.h>
#include <unistd.h>

namespace {

constexpr int usage_error = 2;

struct Options {
    std::string config = "/etc/amana/amana.toml";
    amana::server::ExportOptions exported;
    amana::server::PrintOptions printed;
    amana::server::SiteOptions site;
    std::string note;
    bool json = false;
};

// Descriptors 0 to 2 are always open, so that none of ours ever takes their place.
void open_standard_descriptors()
{
    for (int fd = ::open("/dev/null", O_RDWR); fd >= 0; fd = ::open("/dev/null", O_RDWR)) {
        if (fd <= STDERR_FILENO) continue;
        ::close(fd);
        return;
    }
}

int run(const CLI::App& app, const Options& options)
{
    const auto memory = amana::harden_process(amana::server::lockable_needed);
    if (!memory) {
        std::cerr << "amana-server: " << memory.error().text() << "\n";
        return 1;
    }
    if (const auto sound = amana::crypto::self_test(); !sound) {
        std::cerr << "amana-server: " << sound.error().text() << "\n";
        return 1;
    }
    if (app.got_subcommand("check")) return amana::server::run_check(options.config, *memory);
    if (app.got_subcommand("serve")) return amana::server::run_serve(options.config, *memory);
    if (app.got_subcommand("export")) return amana::server::run_export(options.config, options.exported);
    if (app.got_subcommand("witness")) return amana::server::run_witness(options.config, options.note);
    if (app.got_subcommand("print")) return amana::server::run_print(options.config, options.printed);
    if (app.got_subcommand("site")) return amana::server::run_site(options.config, options.site);
    if (app.got_subcommand("fsck")) return amana::server::run_fsck(options.config);
    return amana::server::run_status(options.config, *memory, options.json);
}

}  // namespace

int main(int argc, char** argv)
{
    open_standard_descriptors();
    // A program that ends before it has read what it is told is an error to be said, not the end of this one.
    (void)std::signal(SIGPIPE, SIG_IGN);
    Options options;
    CLI::App app("The Amana server: receives reports, seals them, stores them sealed.", "amana-server");
    app.footer("Exit codes: 0 done; 1 refused or failed, the reason is on stderr; 2 wrong use of the command line.");
    app.require_subcommand(1);
    const auto command = [&](const char* name, const char* what) {
        auto* sub = app.add_subcommand(name, what);
        sub->add_option("--config,-c", options.config, "The config file")->type_name("FILE")->capture_default_str();
        return sub;
    };
    command("check", "Say what is wrong with config, keys, certificate and machine; start nothing");
    command("serve", "Serve until SIGTERM or SIGINT, which let uploads under way finish");
    auto* export_command = command("export", "Write a bundle of stored envelopes for the courier to carry to the desk");
    export_command->add_option("OUT", options.exported.out, "The bundle file to write; must not exist")->required();
    export_command->add_option("--from", options.exported.from, "Leave out the first N envelopes of the log")->type_name("N");
    export_command
        ->add_option("--part-size", options.exported.part_bytes,
                     "Cut the bundle into files of at most this size, OUT.1, OUT.2, ...: for small media")
        ->type_name("SIZE")
        ->transform(CLI::AsSizeValue(false));
    command("witness", "Take the checkpoint that the desk has co-signed, as the courier brought it, and publish it")
        ->add_option("NOTE", options.note, "The file that 'amana-desk cosign' wrote")
        ->required();
    auto* print_command = command("print", "Make posters and cards, as PDF and PNG, with the form's address and the root key's fingerprint");
    print_command->add_option("--out,-o", options.printed.out, "The folder they go to")->required()->type_name("DIR");
    print_command->add_option("--only", options.printed.only, "One kind alone")->check(CLI::IsMember({"poster", "card", "sheet"}));
    print_command->add_flag("--force", options.printed.force, "Replace files that are there");
    auto* site_command = command("site", "Write the manifest of all that this site serves, for the desk to sign ('amana-desk sign-site')");
    site_command->add_option("--serial", options.site.serial, "Its number, higher than of any before")->required()->type_name("N");
    site_command->add_option("--out", options.site.out, "The file to write; must not exist. Default: standard output")->type_name("FILE");
    command("fsck", "Prove that the store is whole: every tree hash, every envelope, every row");
    command("status", "Say what runs, with which keys, and the log key that the desk must trust")
        ->add_flag("--json", options.json, "For programs");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : usage_error;
    }
    try {
        return run(app, options);
    } catch (const std::exception& error) {
        std::cerr << "amana-server: " << error.what() << "\n";
        return 1;
    }
}

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
    amana::server::ServeOptions serve;
    std::string place;
    amana::server::ExportOptions exported;
    amana::server::PrintOptions printed;
    amana::server::SiteOptions site;
    amana::server::DoctorOptions doctor;
    std::string note;
    std::string outbox;
    amana::server::BackupOptions backup;
    amana::server::RestoreOptions restore;
    std::string scratch;
    bool json = false;
    bool daily = false;
    bool sandbox = false;
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
    if (app.got_subcommand("notice")) return amana::server::run_notice(options.config, options.daily);  // holds no secret
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
    if (app.got_subcommand("serve")) return amana::server::run_serve(options.config, *memory, options.serve);
    if (app.got_subcommand("attend")) return amana::server::run_attend(options.place, options.serve.rendezvous);
    if (app.got_subcommand("export")) return amana::server::run_export(options.config, options.exported);
    if (app.got_subcommand("witness")) return amana::server::run_witness(options.config, options.note);
    if (app.got_subcommand("import")) return amana::server::run_import(options.config, options.outbox);
    if (app.got_subcommand("backup")) return amana::server::run_backup(options.config, options.backup);
    if (app.got_subcommand("restore")) return amana::server::run_restore(options.config, options.restore);
    if (app.got_subcommand("drill")) return amana::server::run_drill(options.restore.backup, options.scratch);
    if (app.got_subcommand("metrics")) return amana::server::run_metrics(options.config);
    if (app.got_subcommand("print")) return amana::server::run_print(options.config, options.printed);
    if (app.got_subcommand("site")) return amana::server::run_site(options.config, options.site);
    if (app.got_subcommand("doctor")) return amana::server::run_doctor(options.config, *memory, options.doctor);
    if (app.got_subcommand("fsck")) return amana::server::run_fsck(options.config);
    if (options.sandbox) return amana::server::run_sandbox_status(options.config, options.json);
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
    app.set_version_flag("--version", "amana-server " AMANA_VERSION);
    app.require_subcommand(1);
    const auto command = [&](const char* name, const char* what) {
        auto* sub = app.add_subcommand(name, what);
        sub->add_option("--config,-c", options.config, "The config file")->type_name("FILE")->capture_default_str();
        return sub;
    };
    command("check", "Say what is wrong with config, keys, certificate and machine; start nothing");
    auto* serve_command = command("serve", "Serve until SIGTERM or SIGINT, which let uploads under way finish; SIGHUP reads config, keys and certificates anew");
    auto* rendezvous = serve_command->add_option("--rendezvous", options.serve.rendezvous, "Start no front and no keeper: they come to sockets in this folder, each as a user of its own, by 'attend'")
                           ->type_name("DIR");
    auto* front_user = serve_command->add_option("--front-user", options.serve.front_user, "Whose the front is that comes there")->type_name("USER")->needs(rendezvous);
    auto* keeper_user = serve_command->add_option("--keeper-user", options.serve.keeper_user, "Whose the keeper is that comes there, and the storage directory")->type_name("USER")->needs(rendezvous);
    rendezvous->needs(front_user, keeper_user);
    auto* attend_command = app.add_subcommand("attend", "Be the front or the keeper of the server that waits in a folder ('serve --rendezvous'), once; what the systemd units run");
    attend_command->add_option("PLACE", options.place, "front or keeper")->required()->check(CLI::IsMember({"front", "keeper"}));
    attend_command->add_option("--rendezvous", options.serve.rendezvous, "The folder")->required()->type_name("DIR");
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
    command("import", "Take the desk's answers, as the courier brought them: a whole outbox, in place of the one before")
        ->add_option("OUTBOX", options.outbox, "The file that 'amana-desk outbox' wrote")
        ->required();
    auto* backup_command = command("backup", "Write a backup of the store, beside the running server: sealed reports and the log's state");
    backup_command->add_option("OUT", options.backup.out, "The folder to write; must not exist")->required();
    backup_command->add_flag("--handover", options.backup.handover,
                             "The last one, of a server that was stopped: with the log's key, to go on on another machine; this one serves no more");
    auto* restore_command = command("restore", "Put a backup back, into an empty storage directory");
    restore_command->add_option("BACKUP", options.restore.backup, "The folder that 'backup' wrote")->required();
    restore_command->add_flag("--after-loss", options.restore.after_loss, "The server is lost: begin a new log, whose key the desk must be told");
    auto* drill_command = app.add_subcommand("drill", "Prove that a backup restores: do so into a folder of its own, check all of it, and take that away again");
    drill_command->add_option("BACKUP", options.restore.backup, "The folder that 'backup' wrote")->required();
    drill_command->add_option("--in", options.scratch, "Where there is room for it. Default: beside the backup")->type_name("DIR");
    auto* print_command = command("print", "Make posters and cards, as PDF and PNG, with the form's address and the root key's fingerprint");
    print_command->add_option("--out,-o", options.printed.out, "The folder they go to")->required()->type_name("DIR");
    print_command->add_option("--only", options.printed.only, "One kind alone")->check(CLI::IsMember({"poster", "card", "sheet"}));
    print_command->add_flag("--force", options.printed.force, "Replace files that are there");
    auto* site_command = command("site", "Write the manifest of all that this site serves, for the desk to sign ('amana-desk sign-site')");
    site_command->add_option("--serial", options.site.serial, "Its number, higher than of any before")->required()->type_name("N");
    site_command->add_option("--out", options.site.out, "The file to write; must not exist. Default: standard output")->type_name("FILE");
    site_command->add_option("--address", options.site.address, "Of this [[site_address]], where there are several. Default: the first")->type_name("URL");
    auto* doctor_command = command("doctor", "Look at the machine, the proxy and the running service as an outsider would: what betrays, and what to do about it");
    doctor_command->add_flag("--json", options.doctor.json, "For programs");
    doctor_command->add_flag("--local", options.doctor.local, "Look at the listeners alone, not at the public address");
    doctor_command->add_option("--ignore", options.doctor.ignored, "Leave out what you have decided to live with; may be given again")->type_name("FINDING");
    doctor_command->add_option("--ca", options.doctor.ca, "A PEM file of issuers to trust beside the machine's own")->type_name("FILE");
    doctor_command->add_option("--root", options.doctor.root, "The machine's files are below this folder: a mounted disk, a container")->type_name("DIR");
    doctor_command->add_flag("--list", options.doctor.list, "All that can be found, as the table in docs/RUNBOOK.md");
    doctor_command->footer(amana::server::doctor_manual());
    command("metrics", "Serve metrics and health to this machine alone, as [metrics] says; 'serve' starts it by itself");
    command("notice", "Hand the daily notice to the command in [notice]: whether the courier's round is due")
        ->add_flag("--daily", options.daily, "Every day at the time in [notice]; 'serve' starts it by itself");
    command("fsck", "Prove that the store is whole: every tree hash, every envelope, every row");
    auto* status_command = command("status", "Say what runs, with which keys, and the log key that the desk must trust");
    status_command->add_flag("--json", options.json, "For programs");
    status_command->add_flag("--sandbox", options.sandbox, "Say instead what each process can still do");
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

// SPDX-License-Identifier: AGPL-3.0-or-later
// amana-desk: the offline tool. Reads the command line, hardens the process, runs one command.
#include "base/process.hpp"
#include "desk/commands.hpp"
#include "desk/keys.hpp"
#include "desk/outbox_plan.hpp"
#include "desk/site_check.hpp"
#include "desk/terminal.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <exception>
#include <functional>
#include <type_traits>

#include <sys/stat.h>

namespace {

using namespace std::string_view_literals;
using amana::Result;
using amana::desk::CommandLine;
using amana::desk::Surroundings;

constexpr int refused = 1;
constexpr int usage = 2;
constexpr int not_well = 3;

// The largest manifest, opened, with its tree, beside the epoch keys: what a limit of 8 MiB leaves room for.
constexpr std::size_t locked_memory_needed = 7 * 1024 * 1024;

struct Command {
    CLI::App* app;
    // False: done, and what it looked at is not well.
    std::function<Result<bool>(const CommandLine&, const Surroundings&)> run;
};

template <typename Value>
auto answering(Result<Value> (*run)(const CommandLine&, const Surroundings&))
{
    return [run](const CommandLine& line, const Surroundings& surroundings) -> Result<bool> {
        const auto done = run(line, surroundings);
        if (!done) return done.error();
        if constexpr (std::is_void_v<Value>) return true;
        else return *done;
    };
}

std::vector<Command> declare(CLI::App& app, CommandLine& line)
{
    std::vector<Command> commands;
    const auto add = [&](const char* name, const char* help, auto run) {
        auto* command = app.add_subcommand(name, help);
        command->add_option("DIR", line.directory, "The desk's folder")->required();
        commands.push_back({command, answering(run)});
        return command;
    };
    const auto passphrase = [&](CLI::App* command) {
        command->add_option("--passphrase-file", line.passphrase_file, "Read the passphrase from this file (its bytes less one newline at the end)");
        return command;
    };
    const auto weeks = [&](CLI::App* command, const char* help) {
        command->add_option("--weeks", line.weeks, help)
            ->default_val(amana::desk::default_weeks)
            ->check(CLI::Range(1u, amana::desk::max_weeks));
        return command;
    };
    const auto data = [&](CLI::App* command) {
        command->add_option("--data", line.data, "Where forms/ and locale/ are, when not where they are installed");
        return command;
    };
    const auto readable = [&](CLI::App* command) {
        command->add_option("--language", line.language, "Of questions and answers that are chosen")->capture_default_str();
        return data(passphrase(command));
    };
    namespace desk = amana::desk;

    auto* init = weeks(passphrase(add("init", "Make a new desk and its keys", desk::run_init)), "Keys for this week and so many more");
    init->add_option("--deployment", line.deployment, "Name of the deployment, in the key set")->capture_default_str();

    auto* extend = weeks(passphrase(add("extend", "Add keys for further weeks; needs the root's secret", desk::run_extend)),
                         "How many weeks more");
    extend->add_option("--root", line.root_secret, "Where root.secret is, when it is not in DIR");

    add("public", "Print the signed key set, which goes to the server", desk::run_public)
        ->add_option("--out", line.out, "Write it to this file instead");

    auto* trust = add("trust", "Trust a server's log key, as 'amana-server status' prints it", desk::run_trust);
    trust->add_option("VERIFIER", line.verifier, "NAME+HEXID+BASE64")->required();
    auto* replace = trust->add_flag("--replace", line.replace, "Trust it instead of the one trusted before; the log goes on");
    trust->add_flag("--new-log", line.new_log, "With --replace: the server began a new log; forget the one seen")->needs(replace);

    auto* import = passphrase(add("import", "Verify a bundle from the server and import it, whole or not at all", desk::run_import));
    import->add_option("BUNDLE", line.bundles, "What 'amana-server export' wrote: the file, or its parts in any order")
        ->required();
    import->add_flag("--accept-erased", line.accept_erased,
                     "Go on where contents were erased before this desk had them: for a new desk and an old log");

    auto* list = readable(add("list", "List the reports", desk::run_list));
    list->add_flag("--json", line.json, "As JSON");
    list->add_option("--lane", line.lane, "Only what came in calm, or only what came under pressure, when the server was asked for more than it can do")
        ->check(CLI::IsMember({"calm", "pressure"}));

    auto* show = readable(add("show", "Show one report", desk::run_show));
    show->add_option("ID", line.id, "The beginning of its identifier")->required();
    show->add_flag("--json", line.json, "As JSON");

    auto* save = readable(add("save", "Save one report and its attachments as files", desk::run_save));
    save->add_option("ID", line.id, "The beginning of its identifier")->required();
    save->add_option("OUTDIR", line.out, "A folder that does not exist yet, or an empty one")->required();

    data(add("form", "Add a questionnaire, so that reports which answer it are shown in its words", desk::run_form))
        ->add_option("FILE", line.form, "As the server has it: docs/FORMS.md")
        ->required();

    auto* audit = passphrase(add("audit", "Say what is known of the log's honesty: evidence against it, canaries", desk::run_audit));
    audit->add_option("--grace", line.grace_days, "Days after which a canary that did not arrive is missing")->default_val(14)->check(CLI::Range(0u, 3650u));
    audit->add_option("--settle", line.settle, "Mark this piece of evidence as explained; it is kept");
    audit->add_flag("--json", line.json, "As JSON");

    passphrase(add("cosign", "Sign, as a witness, the log as far as it is verified", desk::run_cosign))
        ->add_option("OUT", line.out, "The file for the courier, for 'amana-server witness'")
        ->required();

    auto* canary = passphrase(add("canary", "Make test reports, to be sent from outside as anybody sends", desk::run_canary));
    canary->add_option("OUTDIR", line.out, "A folder that does not exist yet")->required();
    canary->add_option("--count", line.count, "How many")->default_val(1)->check(CLI::Range(1u, 1000u));
    canary->add_option("--texts", line.texts, "Your own texts, with lines of three hyphens between them, instead of invented ones");

    add("proof", "Check a proof that a citizen saved", desk::run_proof)->add_option("FILE", line.proof, "proof.txt")->required();
    return commands;
}

// What the desk says to its citizens.
void declare_answers(CLI::App& app, CommandLine& line, std::vector<Command>& commands)
{
    namespace desk = amana::desk;
    const auto add = [&](const char* name, const char* help, auto run) {
        auto* command = app.add_subcommand(name, help);
        commands.push_back({command, answering(run)});
        command->add_option("--passphrase-file", line.passphrase_file, "Read the passphrase from this file (its bytes less one newline at the end)");
        return command;
    };
    const auto written = [&](CLI::App* command) {
        command->add_option("--text-file", line.text_file, "The text, instead of writing it in an editor ($VISUAL, $EDITOR); - for standard input");
        command->add_flag("--yes", line.yes, "Do not ask whether what was written in the editor is meant");
    };
    const auto folder = [&](CLI::App* command) { return command->add_option("DIR", line.directory, "The desk's folder"); };

    auto* reply = add("reply", "Answer a report, or what was written on from its code", desk::run_reply);
    auto* directory = folder(reply);
    auto* id = reply->add_option("ID", line.id, "The beginning of its identifier");
    written(reply);
    reply->add_option("--attach", line.attachments, "A file that goes with it, at most 16 MiB; up to 16 times")->allow_extra_args(false);
    reply->add_option("--template", line.reply_template, "Begin with this text");
    reply->add_option("--language", line.language, "Of the template")->capture_default_str();
    reply->add_option("--data", line.data, "Where replies/ and forms/ are, when not where they are installed");
    auto* list = reply->add_flag("--list-templates", line.list_templates, "Say which templates there are, and do nothing else");
    reply->callback([list, directory, id] {
        if (list->count() == 0 && (directory->count() == 0 || id->count() == 0)) throw CLI::RequiredError("DIR and ID");
    });

    auto* notice = add("notice", "Say one thing to everybody who has an answer, in place of any notice before", desk::run_notice);
    folder(notice)->required();
    written(notice);
    notice->add_flag("--withdraw", line.withdraw, "Take the present notice back");

    auto* unsend = add("unsend", "Take an answer back: it is erased, or goes into no further outbox", desk::run_unsend);
    folder(unsend)->required();
    unsend->add_option("N", line.message, "Its number, as 'show' gives it")->required()->check(CLI::PositiveNumber);

    auto* outbox = add("outbox", "Write all open answers into one file for the courier", desk::run_outbox);
    folder(outbox)->required();
    outbox->add_option("--out", line.out, "The file; an older outbox of this desk is written over, nothing else")->required();
    outbox->add_option("--keep", line.keep_days, "How many days an answer is open, from its first outbox on")
        ->default_val(desk::default_keep_days)
        ->check(CLI::Range(1u, 3650u));
}

// The commands about the two manifests; those without a desk's folder, too.
void declare_site(CLI::App& app, CommandLine& line, std::vector<Command>& commands)
{
    namespace desk = amana::desk;
    const auto add = [&](const char* name, const char* help, auto run) {
        auto* command = app.add_subcommand(name, help);
        commands.push_back({command, answering(run)});
        return command;
    };
    const auto passphrase = [&](CLI::App* command) {
        command->add_option("--passphrase-file", line.passphrase_file, "Read the passphrase from this file (its bytes less one newline at the end)");
    };
    const auto signs = [&](CLI::App* command) {
        command->add_option("FILE", line.manifest, "The manifest's text")->required();
        command->add_option("--out", line.out, "Where the signed note goes")->required();
        command->add_flag("--yes", line.yes, "Sign without asking; what changed is still told");
        passphrase(command);
    };

    auto* sign_site = add("sign-site", "Sign a site's manifest with the root, having seen what changed", desk::run_sign_site);
    sign_site->add_option("DIR", line.directory, "The desk's folder")->required();
    signs(sign_site);
    sign_site->add_option("--root", line.root_secret, "Where root.secret is, when it is not in DIR");

    auto* release_key = add("release-key", "Make a key that signs releases (for the makers of Amana, not for a desk)", desk::run_release_key);
    release_key->add_option("KEYFILE", line.file, "A file that does not exist yet")->required();
    passphrase(release_key);

    auto* sign_release = add("sign-release", "Sign a release's manifest with a release key", desk::run_sign_release);
    sign_release->add_option("KEYFILE", line.file, "As 'release-key' made it; what was signed last is kept beside it")->required();
    signs(sign_release);

    const auto fingerprint = [](const std::string& text) {
        const auto parsed = desk::parse_fingerprint(text);
        return parsed ? std::string() : parsed.error().text();
    };
    auto* verify = add("verify-site", "Look whether a site serves what was signed; needs no desk", desk::run_verify_site);
    verify->add_option("SITE", line.site, "https://HOST[:PORT], or a folder into which the site was saved")->required();
    verify->add_option("--root", line.root, "The root's fingerprint, as it stands on paper")->check(fingerprint);
    verify->add_option("--release-key", line.release_key, "amana-release+HEXID+BASE64, as the makers publish it");
    verify->add_option("--seen", line.seen, "Remember here what was seen, so that an older site or release is named");
    verify->add_option("--proxy", line.proxy, "socks5h://HOST:PORT; for Tor: socks5h://127.0.0.1:9050");
    verify->add_option("--ca", line.ca, "Trust the certificates of this file in place of the system's");
    verify->add_option("--agent", line.agent, "Call itself this, and not Tor Browser");
    verify->add_option("--seconds", line.seconds, "How long one answer may take")->default_val(60)->check(CLI::Range(1u, 3600u));
    verify->add_flag("--quiet", line.quiet, "Say nothing when all is well: for cron");
    verify->callback([&line] {
        if (line.root.empty() && line.seen.empty()) throw CLI::RequiredError("--root FINGERPRINT, as it stands on paper, or --seen of an earlier look,");
    });
}

// The desk's machine is kept up to date by the courier's medium too.
void declare_update(CLI::App& app, CommandLine& line, std::vector<Command>& commands)
{
    namespace desk = amana::desk;
    const auto add = [&](const char* name, const char* help, auto run) {
        auto* command = app.add_subcommand(name, help);
        commands.push_back({command, answering(run)});
        return command;
    };
    auto* update = add("update", "Verify an update of this machine that the courier brought, and say how root installs it", desk::run_update);
    update->add_option("DIR", line.directory, "The desk's folder")->required();
    update->add_option("FOLDER", line.update, "What 'make-update' wrote, as it lies on the medium")->required();
    auto* key = update->add_option("--release-key", line.release_key, "Trust this release key from now on: amana-release+HEXID+BASE64");
    update->add_flag("--replace", line.replace, "Trust it instead of the one trusted before")->needs(key);
    update->add_flag("--yes", line.yes, "Do not ask whether the key is the one on paper")->needs(key);

    auto* make = add("make-update", "Make an update for a desk's machine and sign it, where the release key is; needs no desk", desk::run_make_update);
    make->add_option("KEYFILE", line.file, "As 'release-key' made it; what was signed last is kept beside it")->required();
    make->add_option("OUTDIR", line.out, "A folder that does not exist yet: it is what goes on the medium")->required();
    make->add_option("PACKAGE", line.packages, "The package amana-desk, and any others; of a folder, all that are in it")->required();
    make->add_option("--serial", line.serial, "Higher than the last one's; left out, the minute, such as 202611300645")->check(CLI::Range(std::uint64_t{1}, std::uint64_t{INT64_MAX}));
    make->add_flag("--yes", line.yes, "Sign without asking; what changed is still told");
    make->add_option("--passphrase-file", line.passphrase_file, "Read the passphrase from this file (its bytes less one newline at the end)");
}

int fail(const amana::Error& error)
{
    amana::desk::say("amana-desk: " + error.text());
    return refused;
}

int run(int argc, char** argv)
{
    CLI::App app{"Amana's desk: opens the reports that citizens sent. It works offline.", "amana-desk"};
    app.set_version_flag("--version", "amana-desk " AMANA_VERSION);
    app.footer("Exit status: 0 done; 1 refused or failed, with the reason and what to do on stderr; 2 not understood; 3 (audit, "
               "proof, verify-site) done, and something is wrong with the log, or the site is not as it was signed.");
    app.require_subcommand(1);
    CommandLine line;
    auto commands = declare(app, line);
    declare_answers(app, line, commands);
    declare_site(app, line, commands);
    declare_update(app, line, commands);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : usage;
    }
    ::umask(077);
    // A closed pipe is an error of writing, not the end of the process with a half-made folder.
    (void)std::signal(SIGPIPE, SIG_IGN);
    if (const auto hardened = amana::harden_process(locked_memory_needed); !hardened) return fail(hardened.error());
    if (const auto tested = amana::crypto::self_test(); !tested) return fail(tested.error());
    const Surroundings surroundings{amana::system_clock(), amana::crypto::sensitive_limits()};
    for (const auto& command : commands) {
        if (!command.app->parsed()) continue;
        const auto well = command.run(line, surroundings);
        if (!well) return fail(well.error());
        if (!*well) return not_well;
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv)
{
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        return fail({error.what(), ""});
    }
}

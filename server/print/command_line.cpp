// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/print/command_line.hpp"

#include <CLI/CLI.hpp>

namespace amana::print {

void declare(CLI::App& app, Arguments& to)
{
    app.add_option("--data", to.data, "Where locale/ lies")->type_name("DIR")->required();
    app.add_option("--language", to.languages, "The languages to print")->type_name("LANG")->required();
    app.add_option("--form", to.form, "The questionnaire whose invitation is the headline")->type_name("FILE");
    app.add_option("--headline", to.headlines, "Instead of that invitation")->type_name("LANG=TEXT");
    app.add_option("--name", to.names, "The ministry's name")->type_name("LANG=TEXT");
    app.add_option("--numbers", to.numbers, "Whom to call in an emergency")->type_name("LANG=TEXT");
    app.add_option("--address", to.address, "The form's address")->type_name("URL")->required();
    app.add_option("--onion", to.onion, "Its onion address")->type_name("URL");
    app.add_option("--root", to.root, "The root key's fingerprint")->type_name("HEX")->required();
    app.add_option("--colour", to.colour, "The ground of the headline")->type_name("#RRGGBB")->capture_default_str();
    app.add_option("--logo", to.logo, "The ministry's logo, a PNG")->type_name("FILE");
    app.add_option("--out", to.out, "Where to write; made if missing")->type_name("DIR")->required();
    app.add_option("--only", to.only, "poster, card or sheet; otherwise all three")->type_name("KIND");
    app.add_flag("--force", to.force, "Replace files that exist");
    app.footer("Exit codes: 0 done; 1 failed, the reason is on stderr; 2 wrong use of the command line.");
}

}  // namespace amana::print

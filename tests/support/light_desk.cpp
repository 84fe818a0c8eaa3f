// SPDX-License-Identifier: AGPL-3.0-or-later
//
// light_desk DIR DEPLOYMENT WEEKS PASSPHRASE-FILE
// A desk as 'amana-desk init' makes it, but for the price of its passphrase: the least that a desk opens with, instead of
// some seconds for each of the hundreds of commands that tests give. From here on it is a desk like any other.

#include "base/clock.hpp"
#include "desk/keys.hpp"
#include "desk/passphrase.hpp"

#include <exception>
#include <iostream>
#include <string>

int main(int count, char** arguments)
{
    if (count != 5) {
        std::cerr << "usage: light_desk DIR DEPLOYMENT WEEKS PASSPHRASE-FILE\n";
        return 2;
    }
    try {
        constexpr amana::crypto::Argon2Limits light{1, 8192};
        const auto weeks = static_cast<unsigned>(std::stoul(arguments[3]));
        const auto passphrase = amana::desk::passphrase_from_file(arguments[4]).value();
        (void)amana::desk::init_desk(arguments[1], arguments[2], weeks, passphrase.view(), light, amana::system_clock()()).value();
    } catch (const std::exception& error) {
        std::cerr << "light_desk: " << error.what() << '\n';
        return 1;
    }
    return 0;
}

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What the packages use and Chromium 80 does not have yet (it came with 93). Imported before them.
if (!Object.hasOwn) Object.hasOwn = (object, name) => Object.prototype.hasOwnProperty.call(object, name);

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Every language there is a catalogue for, the four that are complete first.

import fs from 'node:fs';

import { source } from './amana.mjs';

const first = ['ar', 'en', 'fr', 'ru'];
const found = fs.readdirSync(`${source}/web/locale`).filter((name) => name.endsWith('.po')).map((name) => name.slice(0, -3)).sort();
export const languages = [...first, ...found.filter((one) => !first.includes(one))];

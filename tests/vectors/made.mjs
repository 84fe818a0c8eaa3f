// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Vectors that a program makes from a definition alone: `write`, its first argument, writes them; without it the file is held to them.

import fs from 'node:fs';
import path from 'node:path';

import { count, same, summary, test } from '../support/checks.mjs';

/** `name`: of the file, NAME.json in this folder. */
export async function writeOrHold(name, entries) {
  const file = path.join(import.meta.dirname, `${name}.json`);
  const text = `[\n${entries.map((entry) => JSON.stringify(entry)).join(',\n')}\n]\n`;
  if (process.argv[2] === 'write') {
    fs.writeFileSync(file, text);
    return;
  }
  await test('the vectors are what the definition makes', () => {
    same(fs.readFileSync(file, 'utf8'), text, `${name}.json`);
    count('vectors', entries.length);
  });
  summary(`vectors_${name}`);
}

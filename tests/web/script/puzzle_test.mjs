// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The price of a place in line, as the page pays it: the very numbers of tests/vectors/work.json, in slices between which the
// worker hears of an abort.

import fs from 'node:fs';
import path from 'node:path';

import { check, count, same, summary, test } from '../../support/checks.mjs';
import { isSolved } from './front.mjs';
import { script, source } from './modules.mjs';
import { bytesOf, refused, some } from './sealing.mjs';

const { solve } = await script('puzzle.mjs');
const vectors = JSON.parse(fs.readFileSync(path.join(source, 'tests/vectors/work.json'), 'utf8'));
const numbersOf = (solved) => Array.from({ length: 8 }, (_, i) => Buffer.from(solved).readUInt32BE(32 + 4 * i));

await test('each vector is solved by the smallest numbers, behind the token', async () => {
  const first = new Set();  // of each token, the entry that is the smallest
  for (const { token, bits, solution, solved } of vectors) {
    if (!solved || first.has(token) || bits === 1) continue;
    first.add(token);
    const found = await solve(bytesOf(token), bits);
    same(Buffer.from(found.subarray(0, 32)).toString('hex'), token, 'the token');
    same(numbersOf(found), solution, `${bits} bits`);
    count('vectors');
  }
  check(first.size >= 8, `${first.size} vectors`);
});

await test('what is solved, and what is not, is so for the tests\' front too', () => {
  for (const { token, bits, solution, solved } of vectors) {
    const written = Buffer.alloc(32);
    solution.forEach((number, i) => written.writeUInt32BE(number, 4 * i));
    same(isSolved(bytesOf(token), bits, written), solved, `${token}, ${bits} bits`);
  }
});

await test('random tokens', async () => {
  for (let bits = 1; bits <= 11; bits += 1) {
    const token = some(32);
    const found = await solve(token, bits);
    check(isSolved(token, bits, Buffer.from(found.subarray(32))), `${bits} bits`);
    count('tokens');
  }
});

await test('an abort ends it between two slices', async () => {
  const control = new AbortController();
  setTimeout(() => control.abort(), 20);
  const began = performance.now();
  same((await refused(() => solve(some(32), 24, control.signal))).name, 'AbortError', 'the end');
  check(performance.now() - began < 1000, 'soon');
  same((await refused(() => solve(some(32), 1, control.signal))).name, 'AbortError', 'aborted before');
});

summary('web_script_puzzle');

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

// In a world where things stand so: { crypto, performance, setTimeout }.
async function inWorld(world, work) {
  const before = Object.entries(Object.getOwnPropertyDescriptors(globalThis)).filter(([name]) => name in world);
  for (const [name, value] of Object.entries(world)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  try {
    return await work();
  } finally {
    for (const [name, descriptor] of before) Object.defineProperty(globalThis, name, descriptor);
  }
}

// The browser's own hash is taken when it is the faster one: here our own takes an hour for each breath.
let asked = 0, now = 0;
const { subtle } = globalThis.crypto, { setTimeout: later } = globalThis;
const counted = { digest: (...given) => { asked += 1; return subtle.digest(...given); } };
for (const [what, world, least, most] of [
  ['by the browser\'s hash, which is faster', { crypto: { subtle: counted }, performance: { now: () => now }, setTimeout: (...given) => { now += 3.6e6; return later(...given); } }, 4096, Infinity],
  ['by our own, which is faster', { crypto: { subtle: { digest: async (...given) => { now += 3.6e6; return counted.digest(...given); } } }, performance: { now: () => now } }, 256, 256],
  ['where the browser has none', { crypto: {} }, 0, 0],
])
  await test(`the same numbers ${what}`, async () => {
    asked = 0;
    const { token, bits, solution } = vectors.find((one) => one.bits === 13 && one.solved);
    same(numbersOf(await inWorld(world, () => solve(bytesOf(token), bits))), solution, 'the numbers');
    check(asked >= least && asked <= most, `${asked} asked of the browser`);
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

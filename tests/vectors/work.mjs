// SPDX-License-Identifier: AGPL-3.0-or-later
//
// work.mjs [write]
// The price of a place in line, from docs/ADMISSION.md, section 3, alone and with Node.js' own hash: makes the vectors of
// work.json anew, each number the smallest that will do, and holds the file to them. `write` writes it.
//
// An entry: { token, bits, solution: [eight numbers], solved }.

import { createHash } from 'node:crypto';

import { same } from '../support/checks.mjs';
import { writeOrHold } from './made.mjs';

const PARTS = 8;

function zeroBits(token, part, number) {
  const text = Buffer.concat([Buffer.from('amana work v1'), token, Buffer.of(part), Buffer.alloc(4)]);
  text.writeUInt32BE(number, 46);
  const bits = [...createHash('sha256').update(text).digest()].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return bits.indexOf('1');
}

function smallest(token, bits) {
  return Array.from({ length: PARTS }, (_, part) => {
    let number = 0;
    while (zeroBits(token, part, number) < bits) number += 1;
    return number;
  });
}

const isSolved = (token, bits, solution) => solution.every((number, part) => zeroBits(token, part, number) >= bits);

function made() {
  const entries = [];
  const add = (token, bits, solution) => entries.push({ token: token.toString('hex'), bits, solution, solved: isSolved(token, bits, solution) });
  for (const [i, bits] of [1, 2, 5, 8, 9, 11, 12, 13, 16].entries()) {
    // As the front makes it: the bits first.
    const token = createHash('sha256').update(`token ${i}`).digest();
    token[0] = bits;
    const solution = smallest(token, bits);
    add(token, bits, solution);
    // One number that will not do, in each place; two that have changed places; for another token.
    for (const part of [0, 3, 7]) {
      let wrong = solution[part] + 1;
      while (zeroBits(token, part, wrong) >= bits) wrong += 1;
      add(token, bits, solution.with(part, wrong));
    }
    if (solution[0] !== solution[1]) add(token, bits, [solution[1], solution[0], ...solution.slice(2)]);
    const other = Buffer.from(token);
    other[31] ^= 1;
    add(other, bits, solution);
  }
  // The largest numbers there are.
  const token = Buffer.alloc(32, 255);
  add(token, 1, Array.from({ length: PARTS }, (_, part) => {
    let number = 2 ** 32 - 1;
    while (zeroBits(token, part, number) < 1) number -= 1;
    return number;
  }));
  add(token, 1, new Array(PARTS).fill(0));
  return entries;
}

const entries = made();
same(entries.some(({ solved }) => solved) && entries.some(({ solved }) => !solved), true, 'both kinds');
await writeOrHold('work', entries);

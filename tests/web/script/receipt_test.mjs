// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The receipt code as the page will have it, held to tests/vectors/receipt.json.

import { createHash } from 'node:crypto';
import fs from 'node:fs';

import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js';

import { check, count, same, summary, test, tier } from '../../support/checks.mjs';
import { random } from '../../support/random.mjs';
import { script, source } from './modules.mjs';

const { keysOf, newCode, readCode } = await script('receipt.mjs');
const hex = (bytes) => Buffer.from(bytes).toString('hex');

await test('what is typed, and its keys, are as the vectors say', () => {
  for (const { comment, typed, fault, root, digits, inbox, reply, erasure, reply_public } of JSON.parse(fs.readFileSync(`${source}/tests/vectors/receipt.json`))) {
    same(readCode(typed), fault ? { fault } : { digits }, comment);
    count('vectors');
    if (fault) continue;
    const keys = keysOf(digits, Buffer.from(root, 'hex'));
    same([keys.inbox, keys.reply, keys.erasure].map(hex), [inbox, reply, erasure], comment);
    same(createHash('sha256').update(xwing.keygen(keys.reply).publicKey).digest('hex'), reply_public, `${comment}: public`);
  }
});

await test('a new code is good; every wrong digit and every swap of neighbours is caught', () => {
  const drawn = random('script/receipt');
  const counts = new Array(10).fill(0);
  for (let n = 0; n < tier(20, 200); n += 1) {
    const code = newCode((length) => Uint8Array.from(drawn.bytes(length)));
    same(readCode(code), { digits: code }, code);
    for (let at = 0; at < code.length; at += 1) {
      counts[code[at]] += 1;
      for (let by = 1; by < 10; by += 1) same(readCode(`${code.slice(0, at)}${(Number(code[at]) + by) % 10}${code.slice(at + 1)}`), { fault: 'check' }, 'a wrong digit');
      if (at && code[at - 1] !== code[at]) same(readCode(`${code.slice(0, at - 1)}${code[at]}${code[at - 1]}${code.slice(at + 1)}`), { fault: 'check' }, 'a swap');
    }
    count('codes');
  }
  const all = counts.reduce((sum, one) => sum + one);
  check(counts.every((one) => Math.abs(one - all / 10) < 5 * Math.sqrt(all * 0.09)), `each digit as often: ${counts}`);
});

await test('bytes from which no digit is taken', () => {
  const given = [255, 250, 0, 249, ...new Array(40).fill(7)];
  same(newCode(() => [given.shift()]).slice(0, 3), '097', 'the first digits');
});

await test('what it costs is printed', () => {
  const began = performance.now();
  for (let n = 0; n < 20; n += 1) keysOf('1'.repeat(28), new Uint8Array(32));
  console.log(`        ${((performance.now() - began) / 20).toFixed(1)} ms from a code to its keys`);
});

summary('web_script_receipt');

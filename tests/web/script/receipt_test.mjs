// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The receipt code as the page has it, held to tests/vectors/receipt.json, and what becomes of one when a report is sent.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js';

import { check, count, same, summary, test, tier } from '../../support/checks.mjs';
import { random } from '../../support/random.mjs';
import { inboxOf, receiptKeys } from '../../vectors/answers.mjs';
import { Bench, named, right } from './bench.mjs';
import { script, source } from './modules.mjs';
import { some } from './sealing.mjs';

const { picture } = await script('picture.mjs');
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

await test('the picture of a code is one that a camera reads', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'amana-picture-'));
  try {
    for (let n = 0; n < tier(5, 50); n += 1) {
      const code = n === 0 ? '0'.repeat(28) : newCode(some), file = path.join(folder, 'code.png');
      const [, data] = picture(code).split('data:image/png;base64,');
      fs.writeFileSync(file, Buffer.from(data, 'base64'));
      same(execFileSync('zbarimg', ['--quiet', '--raw', '--nodbus', '-Sdisable', '-Sqrcode.enable', file], { encoding: 'utf8' }).trim(), code, 'read');
      same(execFileSync('identify', ['-format', '%w %h', file], { encoding: 'utf8' }), '232 232', 'of one size');
    }
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

await test('a report carries its inbox, and the code is told when it is stored', async () => {
  const bench = new Bench();
  const ended = await bench.send({ receipt: true, files: await bench.add(named(some(10))) });
  const [{ manifest }] = bench.front.stored;
  same(manifest.inbox, inboxOf(receiptKeys(ended.receipt.digits, Buffer.from(bench.front.fingerprint, 'hex'))), 'the inbox of this code');
  same(manifest.kind, 'report', 'a report');
  same(ended.receipt.picture, picture(ended.receipt.digits), 'its picture');
  const next = await bench.send({ receipt: true });
  check(next.receipt.digits !== ended.receipt.digits, 'another code for another report');
  const none = await bench.send({ receipt: false });
  same([none.receipt, bench.front.stored[2].manifest.inbox], [undefined, undefined], 'none where none is wanted');
  same(bench.said.filter((message) => JSON.stringify(message).includes(ended.receipt.digits)).length, 1, 'it is told once');
  right(bench);
});

await test('one code for one submission, whatever comes between; and none is told before it is stored', async () => {
  const bench = new Bench();
  for (const state of ['full', 'failed']) {
    bench.front.meddle = ({ kind }) => (kind === 1 ? { state } : null);
    same((await bench.send({ receipt: true })).receipt, undefined, state);
  }
  bench.front.meddle = ({ n }) => { if (n === 2) { bench.workshop.cancel(); return 'break after'; } return null; };
  const doubtful = await bench.send({ receipt: true, answers: { story: 'first' } });
  same([doubtful.perhaps, doubtful.receipt], [true, undefined], 'nobody knows');
  bench.front.meddle = () => null;
  const ended = await bench.send({ receipt: true, answers: { story: 'changed' } });
  const [first, second] = bench.front.stored.map(({ manifest }) => manifest);
  same([first.id, first.inbox], [second.id, second.inbox], 'of both envelopes');
  same(second.inbox, inboxOf(receiptKeys(ended.receipt.digits, Buffer.from(bench.front.fingerprint, 'hex'))), 'the code');
});

await test('a report with a code is as long as one without, and as a cover body', async () => {
  const bench = new Bench({ cover: { mean: 45, most: 20 } });
  const settle = async () => { for (let i = 0; i < 50; i += 1) await new Promise((resolve) => { setImmediate(resolve); }); };
  bench.moment();
  await settle();
  for (const receipt of [true, false]) await bench.send({ receipt, hidden: false });
  same(bench.front.log.map(({ kind, length }) => [kind, length]), [0, 1, 1].map((kind) => [kind, bench.front.log[0].length]), 'requests');
});

await test('what it costs is printed', () => {
  const began = performance.now();
  for (let n = 0; n < 20; n += 1) keysOf('1'.repeat(28), new Uint8Array(32));
  console.log(`        ${((performance.now() - began) / 20).toFixed(1)} ms from a code to its keys`);
});

summary('web_script_receipt');

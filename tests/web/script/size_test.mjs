// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The script as a browser gets it: small enough for a slow line, without what a strict page forbids, and still right after
// it was made smaller. It runs with nothing but what a worker has in Chromium 80, the oldest browser it is for.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import vm from 'node:vm';
import { gzipSync } from 'node:zlib';

import { check, same, sameBytes, summary, test } from '../../support/checks.mjs';
import { KeysAlone } from '../../support/keyset.mjs';
import { bundle } from './bundle.mjs';
import { source } from './modules.mjs';

const LIMIT = 40 << 10;
const text = bundle();
const browser = { Blob, DOMException, TextDecoder, TextEncoder, atob, btoa, crypto, setTimeout, CompressionStream, DecompressionStream };
// What came later than Chromium 80.
const later = `
  for (const gone of ['hasOwn', 'groupBy']) delete Object[gone];
  for (const gone of ['at', 'findLast', 'findLastIndex', 'toSorted', 'toReversed', 'toSpliced', 'with']) {
    delete Array.prototype[gone];
    delete Object.getPrototypeOf(Uint8Array.prototype)[gone];
  }
  for (const gone of ['at', 'replaceAll', 'isWellFormed', 'toWellFormed']) delete String.prototype[gone];
  delete Promise.any;
  delete Promise.withResolvers;
  for (const gone of ['WeakRef', 'FinalizationRegistry', 'AggregateError', 'structuredClone']) delete globalThis[gone];
  delete Uint8Array.fromHex;
  delete Uint8Array.prototype.toHex;
`;
const inOldBrowser = () => vm.runInNewContext(`${later};${text};amana`, { ...browser });

await test('it is small', () => {
  const size = gzipSync(text, { level: 9 }).length;
  console.log(`        ${text.length} characters, ${size} bytes compressed, of ${LIMIT}`);
  check(size <= LIMIT, `${size} bytes`);
});

await test('it has nothing that a strict page forbids', () => {
  for (const word of ['eval(', 'Function(', 'innerHTML', 'outerHTML', 'WebAssembly', 'document.', 'import(', 'process.', 'require(']) check(!text.includes(word), word);
  // Syntax of es2020 alone: no private fields, no logical assignment, no class blocks.
  check(!/\.#|\?\?=|\|\|=|&&=|static\{/.test(text), 'later syntax');
});

await test('a vector is sealed by it, byte for byte', async () => {
  const folder = path.join(source, 'tests/vectors');
  const vector = JSON.parse(fs.readFileSync(path.join(folder, 'vectors.json'), 'utf8')).find(({ sealing }) => sealing?.recipients.length > 1);
  const { recipients, randomness, padded, payload } = vector.sealing;
  const { Sealer } = inOldBrowser();
  const given = Uint8Array.from(Buffer.from(randomness, 'hex'));
  let at = 0;
  const sealer = Sealer.inOrder(recipients.map((hex) => Uint8Array.from(Buffer.from(hex, 'hex'))), (length) => { at += length; return given.slice(at - length, at); });
  const whole = new Uint8Array(padded);
  whole.set(fs.readFileSync(path.join(folder, payload)));
  const parts = [];
  for await (const part of sealer.seal([whole])) parts.push(part);
  sameBytes(Buffer.concat(parts), fs.readFileSync(path.join(folder, vector.envelope)), vector.name);
});

await test('a key set is opened by it', async () => {
  const { openKeySet, sealingKeys } = inOldBrowser();
  const file = path.join(os.tmpdir(), `amana-keys-${process.pid}`);
  await new KeysAlone().publicKeys(file);
  const note = fs.readFileSync(file);
  fs.rmSync(file);
  const root = Buffer.from(/^root (.*)$/m.exec(note.toString())[1], 'base64');
  const keys = sealingKeys(openKeySet(new Uint8Array(note), createHash('sha256').update(root).digest('hex')), Math.floor(Date.now() / 1000));
  same([keys.length, keys[0].length], [1, 1216], 'a key');
});

await test('what it does not know it says', async () => {
  const { clean } = inOldBrowser();
  same((await clean(new Blob(['x'.repeat(100)]))).failure, 'unknown', 'some text');
});

summary('web_script_size');

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The script as a browser gets it: small enough for a slow line, without what a strict page forbids, and still right after
// it was made smaller. It runs with nothing but what a worker has in Chromium 80, the oldest browser it is for.

import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import vm from 'node:vm';
import { gunzipSync } from 'node:zlib';

import { check, same, sameBytes, summary, test, until } from '../../support/checks.mjs';
import { KeysAlone } from '../../support/keyset.mjs';
import { bundle } from './bundle.mjs';
import { FakeFront } from './front.mjs';
import { build, script, source } from './modules.mjs';

const { newCode, readCode } = await script('receipt.mjs');

// Both halves of a page, as they travel. The form's: 45 KiB and 8 for receipts.
const pairs = [{ of: ['page', 'worker'], limit: 53 << 10 }, { of: ['inbox', 'inbox_worker'], limit: 56 << 10 }];
const built = (name) => fs.readFileSync(path.join(build, 'share/amana/script', name));
const halves = [].concat(...pairs.map(({ of }) => of));
const text = await bundle();
const browser = {
  AbortController, Blob, DOMException, TextDecoder, TextEncoder, atob, btoa, crypto, navigator, performance, setTimeout, clearTimeout, CompressionStream, DecompressionStream,
};
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

await test('it is small, and packed is what it is', () => {
  for (const { of, limit } of pairs) {
    let sum = 0;
    for (const half of of) {
      const packed = built(`${half}.js.gz`);
      sameBytes(gunzipSync(packed), built(`${half}.js`), half);
      console.log(`        ${half}: ${built(`${half}.js`).length} characters, ${packed.length} bytes compressed`);
      sum += packed.length;
    }
    console.log(`        ${sum} bytes, of ${limit}`);
    check(sum <= limit, `${of.join(' and ')}: ${sum} bytes`);
  }
});

await test('it has nothing that a strict page forbids or an old browser lacks', () => {
  for (const half of halves) {
    const script = built(`${half}.js`).toString();
    for (const word of ['eval(', 'Function(', 'innerHTML', 'outerHTML', 'insertAdjacentHTML', 'document.write', 'WebAssembly', 'import(', 'process.', 'require(', 'replaceChildren', 'replaceAll(',
      'structuredClone', 'AbortSignal', 'throwIfAborted', 'randomUUID', 'Promise.any', 'localStorage', 'sessionStorage', 'indexedDB', 'cookie', 'sendBeacon', 'WebSocket'])
      check(!script.includes(word), `${half}: ${word}`);
    if (half.endsWith('worker')) check(!script.includes('document.'), 'the worker has no page');
    // Syntax of es2020 alone: no private fields, no logical assignment, no class blocks.
    check(!/\.#|\?\?=|\|\|=|&&=|static\{/.test(script), 'later syntax');
  }
});

await test('the source maps hold the sources, and no path of this machine', () => {
  for (const half of halves) {
    const { sources, sourcesContent } = JSON.parse(built(`${half}.js.map`));
    sources.forEach((name, i) => {
      check(/^(web\/script|node_modules\/(@noble|uqr))\//.test(name), name);
      if (name.startsWith('web/')) same(sourcesContent[i], fs.readFileSync(path.join(source, name), 'utf8'), name);
    });
    check(sources.includes(`web/script/${half}.mjs`), half);
  }
});

// A worker as it was built, with nothing but what an old browser has: what it said, and what tells it something.
function oldWorker(name, front) {
  const said = [], listeners = {};
  const self = { postMessage: (message) => said.push(message), addEventListener: (event, hear) => { listeners[event] = hear; }, fetch: front.fetch };
  vm.runInNewContext(`${later};${built(name)}`, { ...browser, self, WorkerGlobalScope: Object });
  const tell = (data) => listeners.message({ data });
  tell({ do: 'start', saving: false, sealing: { root: front.fingerprint, report: '/en/report', cover: null, form: { id: 'recruitment', version: 2 } } });
  return { said, tell };
}

await test('the worker sends a report, with nothing but what an old browser has', async () => {
  const front = new FakeFront();
  const { said, tell } = oldWorker('worker.js', front);
  tell({ do: 'clean', id: 1, file: Object.assign(new Blob(['x'.repeat(100)]), { name: 'x.txt' }) });
  await until('the file to be looked at', () => said.some(({ say }) => say === 'cleaned'));
  tell({ do: 'send', answers: { story: 'what happened' }, files: [{ id: 1, keep: true }], promise: false, hidden: true, receipt: true });
  await until('the end', () => said.some(({ say }) => say === 'ended'));
  const { state, receipt } = said.find(({ say }) => say === 'ended');
  same([state, readCode(receipt.digits).digits], ['stored', receipt.digits], 'the end');
  same(front.stored[0].manifest.answers, { story: 'what happened' }, 'at the desk');
  same(front.mistakes, [], 'what the front was sent');
});

await test("the inbox's worker opens a letter and a file, writes on and erases, with nothing but that", async () => {
  const front = new FakeFront(), code = newCode((length) => new Uint8Array(randomBytes(length)));
  front.inbox.letters = [{ to: code, messages: [{ text: 'an answer', files: [{ name: 'x', content: new Uint8Array(70000).fill(5) }] }] }];
  front.inbox.notice = { day: 3, text: 'to all' };
  front.inbox.publish();
  const { said, tell } = oldWorker('inbox_worker.js', front);
  const heard = async (message, wanted) => {
    const before = said.length;
    tell(message);
    await until(wanted, () => said.slice(before).some(({ say }) => say === wanted));
    return said.slice(before).find(({ say }) => say === wanted);
  };
  const { state, messages, notice } = await heard({ do: 'open', typed: code }, 'opened');
  same([state, messages[0].text, notice.text], ['letter', 'an answer', 'to all'], 'the letter');
  same((await heard({ do: 'get', number: 0 }, 'got')).blob.size, 70000, 'the file');
  same((await heard({ do: 'write', text: 'more', files: [] }, 'ended')).state, 'stored', 'written on');
  same((await heard({ do: 'erase' }, 'erased')).state, 'erased', 'erased');
  same([front.stored.map(({ manifest }) => manifest.kind), front.inbox.erased.length], [['follow_up', 'erasure'], 2], 'what came');
  same(front.mistakes, [], 'what the front was sent');
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
  for await (const part of sealer.seal([whole])) parts.push(Uint8Array.from(part));
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

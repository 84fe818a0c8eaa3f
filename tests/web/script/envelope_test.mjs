// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The sealer against the vectors, byte for byte, and what it seals by itself against both openers: tests/vectors/open.mjs
// and, through vectors_check, the desk's.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import v8 from 'node:v8';
import vm from 'node:vm';

import { check, count, same, sameBytes, summary, test, tier } from '../../support/checks.mjs';
import { random } from '../../support/random.mjs';
import { openEnvelope, readManifest, sealEnvelope } from '../../vectors/open.mjs';
import { build, script, source } from './modules.mjs';
import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js';

const { PIECE, Sealer, envelopeLength } = await script('envelope.mjs');
const { describe, writeManifest } = await script('manifest.mjs');
const { paddedPayload, payloadLength, sizeClass } = await script('payload.mjs');
const { Unsealed, newSubmission, sealReport } = await script('report.mjs');

const vectorsFolder = path.join(source, 'tests/vectors');
const vectors = JSON.parse(fs.readFileSync(path.join(vectorsFolder, 'vectors.json'), 'utf8'));
const bytesOf = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'));
const drawn = random('script/envelope');
const some = (length) => new Uint8Array(drawn.bytes(length));
const secrets = [0, 1, 2, 3].map(() => some(32));
const publics = secrets.map((secret) => xwing.getPublicKey(secret));

async function all(chunks) {
  const parts = [];
  for await (const chunk of chunks) parts.push(chunk);
  return new Uint8Array(Buffer.concat(parts));
}

async function refused(work) {
  try {
    await work();
    return null;
  } catch (error) {
    return error;
  }
}

const hashOf = (bytes) => createHash('sha256').update(bytes).digest('hex');
const form = { id: 'recruitment', version: 2 };
const answers = { story: 'é€𝄞 "\\\n\u0001\u007f\u2028', days: ['mon', ''], people: [{ name: 'x', 10: '3', 9: 'y' }] };
const fileOf = (size, name = `ملف ${size}.jpg`) => {
  const content = some(size);
  return { name, type: 'image/jpeg', blob: new Blob([content]), content };
};
const report = (files = [], more = {}) => ({ answers, files, form, submission: newSubmission(), ...more });

// Randomness that was written down, in the order in which the specification lists it.
function replay(randomness) {
  let at = 0;
  return (length) => {
    at += length;
    check(at <= randomness.length, 'more randomness is asked for than the specification says');
    return randomness.slice(at - length, at);
  };
}

// A payload cut at random places, some of them empty.
function* cut(payload, padded) {
  const whole = new Uint8Array(padded);
  whole.set(payload);
  for (let at = 0; at < padded;) {
    const length = drawn.below(100000);
    yield whole.subarray(at, at + length);
    at += length;
  }
}

await test('every vector that can be sealed again is, byte for byte', async () => {
  for (const vector of vectors.filter(({ sealing }) => sealing)) {
    const { recipients, randomness, padded, payload } = vector.sealing;
    const sealer = Sealer.inOrder(recipients.map(bytesOf), replay(bytesOf(randomness)));
    const sealed = await all(sealer.seal(cut(fs.readFileSync(path.join(vectorsFolder, payload)), padded)));
    sameBytes(sealed, fs.readFileSync(path.join(vectorsFolder, vector.envelope)), vector.name);
    count('vectors sealed again');
  }
  check(vectors.filter(({ sealing }) => sealing).length >= 4, 'there are vectors to seal');
});

await test('manifests and payloads of vectors are written as they stand there', async () => {
  let written = 0;
  for (const vector of vectors.filter(({ result, sealing }) => result === 'open' && sealing)) {
    const envelope = fs.readFileSync(path.join(vectorsFolder, vector.envelope));
    const { manifest, text, attachments } = openEnvelope(envelope, vector.secrets.map(bytesOf));
    if (manifest.kind !== 'report') continue;
    const content = { submission: manifest.id, form: manifest.form, answers: manifest.answers };
    const json = writeManifest(content, manifest.attachments);
    same(Buffer.from(json).toString(), text, `${vector.name}: manifest`);
    const padded = sizeClass(payloadLength(attachments.map(({ size }) => size), json.length), attachments.length > 0);
    same(padded, vector.sealing.padded, `${vector.name}: size class`);
    const kept = fs.readFileSync(path.join(vectorsFolder, vector.sealing.payload));
    if (kept.length !== payloadLength(attachments.map(({ size }) => size), json.length)) continue;  // in records of other lengths
    const pieces = attachments.map(function* pieces({ data }) {
      for (let at = 0; at < data.length; at += PIECE) yield data.subarray(at, at + PIECE);
    });
    const payload = await all(paddedPayload(pieces, () => json, padded));
    sameBytes(payload.subarray(0, kept.length), kept, `${vector.name}: payload`);
    check(payload.subarray(kept.length).every((byte) => byte === 0) && payload.length === padded, `${vector.name}: padding`);
    written += 1;
  }
  check(written >= 3, `${written} of them were reports`);
});

await test('what is sealed opens for every recipient, whatever the files', async () => {
  for (const n of [1, 2, 3, 4]) {
    for (const sizes of [[], [0], [1], [65535, 65536, 65537], [0, 200000, 0], [1 << 20], [3 << 20, 5]]) {
      const files = sizes.map((size) => fileOf(size));
      const sealed = sealReport(report(files), publics.slice(0, n));
      const envelope = await all(sealed);
      same(envelope.length, sealed.length, 'the length is known before');
      for (const secret of secrets.slice(0, n)) {
        const opened = openEnvelope(envelope, [some(32), secret]);
        same(opened.manifest.answers, answers, 'answers');
        same(opened.manifest.form, form, 'form');
        same(opened.manifest.attachments.map(({ name, type }) => ({ name, type })), files.map(({ name, type }) => ({ name, type })), 'names');
        opened.attachments.forEach(({ data }, i) => sameBytes(data, files[i].content, `file ${i}`));
        count('openings');
      }
    }
  }
});

await test('the same envelope as the other sealer, from one randomness but the order', async () => {
  const manifest = { v: 1, kind: 'report', id: '00112233445566778899aabbccddeeff', form, answers };
  for (const sizes of [[], [100], [70000]]) {
    const files = sizes.map((size) => fileOf(size));
    const ours = await all(sealReport(report(files, { submission: manifest.id }), publics.slice(0, 2)));
    const theirs = sealEnvelope({ recipients: publics.slice(0, 2), manifest, attachments: files.map(({ name, type, content }) => ({ name, type, data: content })) });
    same(ours.length, theirs.length, 'length');
    same(openEnvelope(ours, [secrets[0]]).text, openEnvelope(theirs, [secrets[0]]).text, 'manifest');
  }
});

await test('the order of slots is drawn evenly', () => {
  const seen = new Map(), rounds = tier(2400, 9600);
  const orders = random('script/orders');
  for (let i = 0; i < rounds; ++i) {
    const order = orderOf((length) => new Uint8Array(orders.bytes(length)));
    seen.set(order, (seen.get(order) ?? 0) + 1);
  }
  same(seen.size, 24, 'every order occurs');
  const expected = rounds / 24;
  const chi = [...seen.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  check(chi < 60, `chi squared of 23 degrees is ${chi.toFixed(1)}`);  // above 60 by chance: 4 in 100,000
});

// What create() hands to inOrder(), which would be slow.
function orderOf(draw) {
  let order = null;
  const { inOrder } = Sealer;
  Sealer.inOrder = (list) => { order = list.join(''); };
  try {
    Sealer.create(['a', 'b', 'c', 'd'], draw);
  } finally {
    Sealer.inOrder = inOrder;
  }
  return order;
}

await test('nothing of two envelopes of one report is the same but suite and size', async () => {
  const once = await all(sealReport(report(), publics.slice(0, 2)));
  const twice = await all(sealReport(report(), publics.slice(0, 2)));
  let alike = 0;
  for (let i = 2; i < once.length; ++i) if (once[i] === twice[i]) alike += 1;
  check(alike < once.length / 150, `${alike} of ${once.length} bytes are alike`);
});

await test('a sealer seals once, and at most to four', async () => {
  const sealer = Sealer.create(publics.slice(0, 1));
  await all(sealer.seal([some(10)]));
  check(await refused(() => all(sealer.seal([some(10)]))), 'a second payload');
  for (const keys of [[], [...publics, publics[0]]]) check(await refused(() => Sealer.create(keys)), `${keys.length} recipients`);
  check(await refused(() => Sealer.create([new Uint8Array(1216).fill(255)])), 'a key that ML-KEM refuses');
  check(await refused(() => all(Sealer.create([publics[0]]).seal([]))), 'an empty payload');
});

await test('keys are wiped when they have been used', async () => {
  const given = [];
  const sealer = Sealer.inOrder(publics.slice(0, 2), (length) => { given.push(some(length)); return given.at(-1); });
  const wiped = (bytes) => bytes.every((byte) => byte === 0);
  same(given.map(wiped), [true, false, true, true], 'file key, not the nonce, encapsulations');
  await all(sealer.seal([some(10)]));
  check(wiped(sealer.payloadKey), 'payload key');
});

await test('size classes, at their borders', () => {
  same([32767, 32768, 32769].map((length) => sizeClass(length, false)), [32768, 32768, undefined], 'without attachments');
  same([1, 65536, 65537, 262144, (1 << 20) + 1].map((length) => sizeClass(length, true)), [65536, 65536, 262144, 262144, 2 << 20], 'with attachments');
  same([128 << 20, (128 << 20) + 1].map((length) => sizeClass(length, true)), [128 << 20, undefined], 'the largest');
});

await test('what does not fit is refused before anything is read', async () => {
  const reason = async (given) => (await refused(() => sealReport(given, publics.slice(0, 1))))?.reason;
  same(await reason(report([], { answers: { story: 'x'.repeat(33000) } })), 'too_long', 'a long story');
  const huge = { name: '', type: '', blob: { size: 128 << 20 } };
  same(await reason(report([huge])), 'too_large', 'a large file');
  same(await reason(report(Array.from({ length: 257 }, () => fileOf(0)))), 'too_many', 'many files');
  const most = (128 << 20) - 5 * 2048 - 1000;
  same(sealReport(report([{ name: '', type: '', blob: { size: most } }]), publics.slice(0, 1)).length, envelopeLength(1, 128 << 20), 'the largest class');
  check(await refused(() => writeManifest({ submission: newSubmission(), form, answers: { Story: '' } }, [])) instanceof TypeError, 'a name');
  for (const [what, bad] of Object.entries({
    number: { a: 1 }, null: { a: null }, 'empty list': { a: [] }, 'empty row': { a: [{}] }, mixed: { a: ['x', { b: 'y' }] },
    'nested list': { a: [['x']] }, many: Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`a${i}`, ''])),
  })) check(await refused(() => sealReport(report([], { answers: bad }), publics.slice(0, 1))) instanceof TypeError, what);
});

// Texts within texts, each changed.
const mapped = (value, change) => {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapped(item, change));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapped(item, change)]));
};

await test('the manifest is one that the opener takes, whatever was typed', () => {
  const typed = ['\ud800', 'a\udc00b', '\ufeffx', '\u0000\u001f', '"\\/', '\u2028', 'ـ\u200f', '🏴‍☠️'];
  for (let i = 0; i < tier(300, 5000); ++i) {
    const text = () => Array.from({ length: drawn.below(6) }, () => (drawn.chance(0.5) ? drawn.pick(typed) : String.fromCharCode(drawn.below(65536)))).join('');
    const name = () => drawn.pick(['__proto__', 'constructor', '10', '9', 'a', 'z_9', 'length']);
    const value = () => drawn.pick([text, () => [text(), text()], () => [Object.fromEntries([[name(), text()], [name(), text()]])]])();
    const given = Object.fromEntries([[name(), value()], [name(), value()]]);
    const listed = [{ ...describe({ name: text(), type: text() }), size: drawn.below(1e9), sha256: 'a'.repeat(64) }];
    const { manifest } = readManifest(writeManifest({ submission: newSubmission(), form, answers: given }, listed));
    same(manifest.answers, mapped(given, (value) => value.toWellFormed()), 'the answers as they were typed');
    count('manifests');
  }
  same(describe({ name: 'é'.repeat(128), type: 'text/plain; x=y' }), { name: '', type: '' }, 'what a manifest may not hold');
  const most = { name: `${'é'.repeat(127)}x`, type: 'a'.repeat(100) };
  same(describe(most), most, 'what it may');
  same(describe({ name: 'x'.repeat(256), type: 'a'.repeat(101) }), { name: '', type: '' }, 'a byte too much');
});

await test('a file that changed or went away is named', async () => {
  const broken = (blob) => ({ name: 'x', type: '', blob });
  const gone = { size: 70000, slice: () => ({ arrayBuffer: () => Promise.reject(new Error('gone')) }) };
  const shrunk = { size: 70000, slice: () => new Blob([some(10)]) };
  for (const blob of [gone, shrunk]) {
    const error = await refused(() => all(sealReport(report([fileOf(5), broken(blob)]), publics.slice(0, 1))));
    check(error instanceof Unsealed, String(error));
    same([error.reason, error.file], ['unreadable', 1], 'which file');
  }
});

await test('progress is told, and an abort is obeyed', async () => {
  const told = [];
  const sealed = sealReport(report([fileOf(3 << 20)]), publics.slice(0, 1), { progress: (done, length) => told.push([done, length]) });
  await all(sealed);
  same(told.at(-1), [sealed.length, sealed.length], 'the end');
  check(told.every(([done], i) => i === 0 || done > told[i - 1][0]), 'it only rises');

  const stop = new AbortController();
  let handedOut = 0;
  const error = await refused(async () => {
    for await (const chunk of sealReport(report([fileOf(3 << 20)]), publics.slice(0, 1), { signal: stop.signal })) {
      handedOut += chunk.length;
      if (handedOut > 100000) stop.abort();
    }
  });
  same(error?.name, 'AbortError', 'what is thrown');
  check(handedOut < 300000, 'and at once');

  // From outside, while only padding is sealed: a task must get its turn.
  const late = new AbortController();
  setTimeout(() => late.abort(), 0);
  same((await refused(() => all(sealReport(report([fileOf(33 << 20)]), publics.slice(0, 1), { signal: late.signal }))))?.name, 'AbortError', 'from outside');
});

await test('memory does not grow with the files', async () => {
  const size = tier(16, 100) << 20;
  v8.setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc');
  const block = new Blob([new Uint8Array(1 << 20).fill(7)]);
  const blob = { size, slice: (from, to) => block.slice(0, to - from) };
  let most = 0, chunks = 0;
  const before = process.memoryUsage();
  for await (const chunk of sealReport(report([{ name: '', type: '', blob }]), publics.slice(0, 1))) {
    chunks += 1;
    if (chunks % 64 !== 0) continue;
    gc();
    const now = process.memoryUsage();
    most = Math.max(most, now.arrayBuffers + now.heapUsed - before.arrayBuffers - before.heapUsed);
    check(chunk.length > 0, 'a chunk');
  }
  check(most < 8 << 20, `${(most / 2 ** 20).toFixed(1)} MiB more`);
});

await test("the desk's opener opens it", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'amana-script-'));
  try {
    const into = path.join(folder, 'tests/vectors');
    fs.cpSync(vectorsFolder, into, { recursive: true });
    const made = [];
    for (const sizes of [[], [0], [65536, 0, 1], [300000], [1 << 20, 1 << 20]]) {
      for (const n of [1, 4]) {
        const files = sizes.map((size) => fileOf(size));
        const envelope = await all(sealReport(report(files), publics.slice(0, n)));
        const which = drawn.below(n);
        const name = `script-${made.length}`;
        fs.writeFileSync(path.join(into, `${name}.envelope`), envelope);
        made.push({ name, comment: '', envelope: `${name}.envelope`, secrets: [Buffer.from(secrets[which]).toString('hex')], result: 'open',
          manifest: openEnvelope(envelope, [secrets[which]]).text,
          attachments: files.map(({ content }) => ({ size: content.length, sha256: hashOf(content) })) });
      }
    }
    // vectors_check reads whatever stands in vectors.json.
    fs.writeFileSync(path.join(into, 'vectors.json'), JSON.stringify([...vectors, ...made]));
    execFileSync(path.join(build, 'tests/vectors_check'), ['every vector gives its result'], { env: { ...process.env, AMANA_SOURCE: folder }, stdio: 'pipe' });
    count('envelopes opened by the desk', made.length);
    // And it would have said so if not.
    made[0].manifest += ' ';
    fs.writeFileSync(path.join(into, 'vectors.json'), JSON.stringify([...vectors, ...made]));
    check(await refused(() => execFileSync(path.join(build, 'tests/vectors_check'), ['every vector gives its result'], { env: { ...process.env, AMANA_SOURCE: folder }, stdio: 'pipe' })), 'a wrong manifest is noticed');
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

summary('web_script_envelope');

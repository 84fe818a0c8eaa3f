// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The sealer, the payload and the manifest against the vectors, byte for byte, and at their borders.

import fs from 'node:fs';
import path from 'node:path';

import { check, count, same, sameBytes, summary, test, tier } from '../../support/checks.mjs';
import { random } from '../../support/random.mjs';
import { openEnvelope, readManifest } from '../../vectors/open.mjs';
import { script } from './modules.mjs';
import { all, bytesOf, drawn, form, publics, refused, some, vectorsFolder } from './sealing.mjs';

const { PIECE, Sealer } = await script('envelope.mjs');
const { describe, writeManifest } = await script('manifest.mjs');
const { paddedPayload, payloadLength, sizeClass } = await script('payload.mjs');
const { newSubmission } = await script('report.mjs');

const vectors = JSON.parse(fs.readFileSync(path.join(vectorsFolder, 'vectors.json'), 'utf8'));

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

summary('web_script_envelope');

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Letters, notices, files, what erases them, and the outbox's note as the inbox page reads and writes them, held to
// tests/vectors/letter.json.

import { createHash } from 'node:crypto';
import fs from 'node:fs';

import { check, count, same, summary, test, tier } from '../../support/checks.mjs';
import { random } from '../../support/random.mjs';
import { letterParts, sealFile, sealSlot, signingKey } from '../../vectors/answers.mjs';
import { canonical } from '../../vectors/open.mjs';
import { script, source } from './modules.mjs';

const { eraseRequest, forgetSignature } = await script('erasure.mjs');
const { BUCKET_BYTES, bucketOf, openFile, openLetter, openNotice, parseLetter, sealedBytes } = await script('letter.mjs');
const { canonical: written } = await script('manifest.mjs');
const { Doubt } = await script('note.mjs');
const { openOutbox } = await script('outbox.mjs');
const { addressOf, keysOf } = await script('receipt.mjs');

const drawn = random('script/letter');
const some = (length) => new Uint8Array(drawn.bytes(length));
const bytes = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (value) => Buffer.from(value).toString('hex');
const SLOT = 4096;

// A bucket's answer: noise, with these slots in places of their own.
function bucketWith(slots, notice = some(SLOT)) {
  const bucket = some(BUCKET_BYTES), places = Array.from({ length: 32 }, (_, i) => i);
  bucket.set(notice);
  for (const slot of slots) bucket.set(slot, SLOT * (1 + places.splice(drawn.below(places.length), 1)[0]));
  return bucket;
}

const doubted = (work, what) => {
  try {
    work();
  } catch (error) {
    check(error instanceof Doubt, `${what}: ${error.stack}`);
    return;
  }
  check(false, `${what}: it was believed`);
};

const judge = {
  address({ keys, manifest }) {
    const derived = keysOf(keys.digits, bytes(keys.root));
    same([derived.inbox, derived.reply, derived.erasure].map(hex), [keys.inbox, keys.reply, keys.erasure], 'keys');
    same(written(addressOf(derived)), manifest, 'address');
  },
  bucket: ({ inbox, buckets, bucket }) => same(bucketOf(bytes(inbox), buckets), bucket, 'bucket'),
  text({ text, fault, comment }) {
    const read = () => parseLetter(new TextEncoder().encode(text));
    if (fault) doubted(read, comment);
    else same(written(read()), text, comment);
  },
  letter({ keys, serial, courier, slots, text, fault, comment }) {
    const holder = keysOf(keys.digits, bytes(keys.root)), at = { root: bytes(keys.root), serial: BigInt(serial), courier: bytes(courier) };
    const bucket = bucketWith(slots.map(bytes));
    const open = () => openLetter(bucket, holder, at);
    if (fault) doubted(open, comment);
    else if (text === undefined) same(open(), null, comment);
    else same(written(open()), text, comment);
  },
  notice({ root, serial, courier, key, notice, day, text, fault, comment }) {
    const open = () => openNotice(bucketWith([], bytes(notice)), key, { root: bytes(root), serial: BigInt(serial), courier: bytes(courier) });
    if (fault) doubted(open, comment);
    else same(open(), { day, text, v: 1 }, comment);
  },
  file() {},  // below
  verifier() {},  // the server's
  erase({ root, request, serial, bucket, items, fault, comment }) {
    if (fault) return;
    const [{ keys }] = vectors.filter(({ what }) => what === 'address');
    same(hex(eraseRequest(keysOf(keys.digits, bytes(root)), { root: bytes(root), serial: BigInt(serial), bucket, items: items.map(bytes) })), request, comment);
  },
  forget: ({ keys, submission, signature }) => same(forgetSignature(keysOf(keys.digits, bytes(keys.root)), bytes(keys.root), submission), signature, 'a request to be forgotten'),
  note({ deployment, courier, note, serial, expires, buckets, fault, comment }) {
    const open = () => openOutbox(new TextEncoder().encode(note), deployment, bytes(courier));
    if (fault) doubted(open, comment);
    else same(open(), { serial: BigInt(serial), expires: Number(expires), buckets }, comment);
  },
};

const vectors = JSON.parse(fs.readFileSync(`${source}/tests/vectors/letter.json`, 'utf8'));

await test('all is as the vectors say', () => {
  for (const vector of vectors) {
    judge[vector.what](vector);
    count(`vectors of ${vector.what}`);
  }
});

await test('files, sealed by the other implementation', () => {
  for (const { size, class: sizeClass, key, content, sha256, sealed } of vectors.filter(({ what }) => what === 'file')) {
    const unit = Buffer.from(content), plain = Uint8Array.from({ length: size }, (_, i) => unit[i % unit.length]);
    const whole = sealFile(plain, { key: bytes(key), class: sizeClass });
    same(createHash('sha256').update(whole).digest('hex'), sealed, 'as it is sealed');
    same(whole.length, sealedBytes(sizeClass), 'length');
    const listed = { class: sizeClass, size, key, sha256 };
    same(hex(openFile(whole.slice(), listed)) === hex(plain), true, 'content');
    for (const at of [0, 65535, 65536, sizeClass - 1, whole.length - 1]) doubted(() => openFile(whole.with(at, whole[at] ^ 1), listed), 'a byte changed');
    doubted(() => openFile(whole.slice(0, -1), listed), 'cut off');
    doubted(() => openFile(whole.slice(), { ...listed, sha256: sha256.replace(/^../, '00') }), 'another hash');
    if (size > 0) doubted(() => openFile(whole.slice(), { ...listed, size: size - 1 }), 'something behind it');
    if (sizeClass > 65536) doubted(() => openFile(Uint8Array.from([...whole.subarray(65552, 131104), ...whole.subarray(0, 65552), ...whole.subarray(131104)]), listed), 'chunks swapped');
  }
});

await test('an older outbox than the one seen before is not believed', () => {
  const [{ note, deployment, courier }] = vectors.filter(({ what, fault }) => what === 'note' && !fault);
  const open = (least) => openOutbox(new TextEncoder().encode(note), deployment, bytes(courier), least);
  same(open(7n).serial, 7n, 'the same again');
  doubted(() => open(8n), 'an older one');
});

await test('a letter of which any bit is changed is not believed', () => {
  const { keys, serial, courier, slots, text } = vectors.find(({ what, fault, slots: all }) => what === 'letter' && !fault && all.length === 2);
  const holder = keysOf(keys.digits, bytes(keys.root)), at = { root: bytes(keys.root), serial: BigInt(serial), courier: bytes(courier) };
  const whole = slots.map(bytes);
  for (let n = 0; n < tier(40, 1000); n += 1) {
    const which = drawn.below(2), place = 16 + drawn.below(SLOT - 16), bit = 1 << drawn.below(8);
    doubted(() => openLetter(bucketWith(whole.map((slot, i) => (i === which ? slot.with(place, slot[place] ^ bit) : slot))), holder, at), `slot ${which}, byte ${place}`);
  }
  same(written(openLetter(bucketWith(whole), holder, at)), text, 'unchanged');
});

await test('what the courier signs is opened, whatever stands in it', () => {
  const seed = some(32), { keys } = vectors[0], root = bytes(keys.root), holder = keysOf(keys.digits, root), serial = 12345678901234567890n >> 1n;
  const address = addressOf(holder);
  for (const text of ['', '"\\\u0000\u001f\u007f\u2028', '😀'.repeat(100), '\ud7ff\ue000\uffff', '<script>alert(1)</script>', 'x\r\ny']) {
    const letter = canonical({ messages: [{ day: 1, files: [], text }], notice: '', v: 1 });
    const parts = letterParts(new TextEncoder().encode(letter), { root, inbox: holder.inbox, serial, courierSeed: seed });
    const slots = parts.map((part, i) => sealSlot(part, i, { inbox: holder.inbox, replyPublic: bytes(address.reply), serial }, some(64)));
    same(openLetter(bucketWith(slots), holder, { root, serial, courier: signingKey(seed) }).messages[0].text, text, JSON.stringify(text));
  }
});

summary('web_script_letter');

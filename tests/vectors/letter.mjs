// SPDX-License-Identifier: AGPL-3.0-or-later
//
// letter.mjs [write]
// Answers, from docs/ENVELOPE.md, section 9, and docs/INBOX.md alone (answers.mjs): makes the vectors of letter.json anew and holds
// the file to them, and opens each. `write` writes it.
//
// An entry says in `what` which it is. Bytes are hexadecimal; `serial` is a string of decimal digits; `fault` names what is wrong, and then
// it must not open. `keys` is { digits, root, inbox, reply (the secret key), erasure (the seed) }.
//
//   address   keys; manifest: canonical JSON of its `inbox`
//   bucket    inbox, buckets, bucket
//   text      text: a letter's, to be parsed, and written again where there is no fault
//   letter    keys, serial, courier; slots: in the order of its parts, to be looked for among others; tags; text. Without `text` and
//             `fault`: there is none
//   notice    root, serial, courier, key, notice; day, text
//   file      key, class, size, content: repeated up to the size; sha256 of that; sealed: SHA-256 of the file as it is sealed
//   verifier  erasure (the public key), item, verifier
//   erase     root, request; erasure (the public key), serial, bucket, items
//   forget    keys, submission, signature
//   note      deployment, courier, note (as text); serial, seen, expires, buckets, files: [[class, count], …], hash

import { createHash } from 'node:crypto';

import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { bytesToHex as hex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js';

import { check, same } from '../support/checks.mjs';
import {
  FILE_CLASSES, PART, bucketOf, decoySlot, inboxOf, isForget, letterParts, openFile, openLetter, openNotice, openOutboxNote, outboxText, parseLetter, readErase, receiptKeys,
  sealFile, sealNotice, sealSlot, signOutbox, signature, signingKey, slotTag, verifier, writeErase, writeForget,
} from './answers.mjs';
import { writeOrHold } from './made.mjs';
import { canonical } from './open.mjs';

const sha256 = (bytes) => Uint8Array.from(createHash('sha256').update(bytes).digest());
// Bytes that look random and are always the same, by what they are for.
const some = (label, length = 32) => concatBytes(...Array.from({ length: Math.ceil(length / 32) }, (_, i) => sha256(`${label} ${i}`))).subarray(0, length);

const root = some('root'), courierSeed = some('courier'), courier = signingKey(courierSeed), deployment = 'ministry.example';
const codes = ['8130527746190238847205613948', '0000000000000000000000000000', '2718281828459045235360287470'].map((digits) => digits.slice(0, 27));
const DAMM = ['0317598642', '7092154863', '4206871359', '1750983426', '6123045978', '3674209581', '5869720134', '8945362017', '9438617205', '2581436790'];
const whole = (digits) => digits + [...digits].reduce((state, digit) => DAMM[state][digit], 0);
const holders = codes.map((digits) => ({ digits: whole(digits), ...receiptKeys(digits, root) }));
const keysOf = ({ digits, inbox, reply, erasure }) => ({ digits, root: hex(root), inbox: hex(inbox), reply: hex(reply), erasure: hex(erasure) });

const file = (label, size, more = {}) =>
  ({ class: FILE_CLASSES.find((one) => one >= size), id: hex(some(`${label} id`, 16)), key: hex(some(`${label} key`)), name: `${label}.png`, sha256: hex(some(`${label} hash`)), size, type: 'image/png', ...more });
const message = (text, files = [], day = 20786) => ({ day, files, text });
const letterOf = (messages, notice = '') => ({ messages, notice, v: 1 });

function refuses(open) {
  try {
    open();
    return false;
  } catch {
    return true;
  }
}

// ---- letters ----------------------------------------------------------------------------------------------------------

function sealed(text, holder, { serial, seed = courierSeed, parts, change = () => {} }) {
  const made = letterParts(text, { root, inbox: holder.inbox, serial, courierSeed: seed, parts });
  change(made);
  const to = { inbox: holder.inbox, replyPublic: xwing.getPublicKey(holder.reply), serial };
  return made.map((part, i) => sealSlot(part, i, to, some(`letter ${hex(sha256(text))} ${i}`, 64)));
}

function letterEntry(comment, holder, serial, slots, { text, fault } = {}) {
  // Among others, as in a bucket.
  const bucket = [...Array.from({ length: 3 }, (_, i) => decoySlot((length) => some(`decoy ${i} ${length}`, length))), ...slots].reverse();
  const open = () => openLetter(bucket, holder, { root, serial, courier });
  if (fault) check(refuses(open), `${comment}: ${fault}`);
  else same(open()?.text, text, comment);
  return { what: 'letter', comment, keys: keysOf(holder), serial: `${serial}`, courier: hex(courier), slots: slots.map(hex),
    tags: slots.map((_, i) => hex(slotTag(holder.inbox, serial, i))), ...(text !== undefined && !fault && { text }), ...(fault && { fault }) };
}

function letters() {
  const [one, two] = holders, serial = 7n, entries = [];
  const good = (comment, value, holder = one, at = serial) => {
    const text = canonical(value);
    entries.push(letterEntry(comment, holder, at, sealed(utf8ToBytes(text), holder, { serial: at }), { text }));
  };
  good('one message', letterOf([message('شكرا. متى كان ذلك؟')]));
  good('two messages, files, a notice', letterOf([message('Look at this. 😀 \u0001 "\\" \u2028', [file('map', 123), file('', 16777216, { name: '', type: '' })], 0),
    message('', [], Number.MAX_SAFE_INTEGER)], hex(some('notice key'))), two, (1n << 63n) - 1n);
  good('two parts', letterOf([message('ب'.repeat(2000))]));
  const most = (left) => letterOf([message('x'.repeat(16384)), message('y'.repeat(left))]);
  good('eight parts, the last byte used', most(8 * PART - 69 - canonical(most(0)).length));
  same(entries.at(-1).slots.length, 8, 'parts');

  const text = canonical(letterOf([message('one')])), plain = utf8ToBytes(text);
  const long = utf8ToBytes(canonical(letterOf([message('z'.repeat(6000))])));
  const bad = (comment, fault, slots, holder = one, at = serial) => entries.push(letterEntry(comment, holder, at, slots, { fault }));
  const flipped = (slots, number, at) => slots.map((slot, i) => { const out = Uint8Array.from(slot); if (i === number) out[at] ^= 1; return out; });
  bad('the ciphertext changed', 'part', flipped(sealed(plain, one, { serial }), 0, 16));
  bad('the sealed part changed', 'part', flipped(sealed(plain, one, { serial }), 0, 4095));
  bad('another part changed', 'part', flipped(sealed(long, one, { serial }), 2, 2000));
  bad('a part is missing', 'part', sealed(long, one, { serial }).slice(0, 2));
  bad("another courier's", 'signature', sealed(plain, one, { serial, seed: some('other courier') }));
  const moved = letterParts(plain, { root, inbox: one.inbox, serial: 6n, courierSeed });
  bad('signed for another outbox', 'signature', moved.map((part, i) => sealSlot(part, i, { inbox: one.inbox, replyPublic: xwing.getPublicKey(one.reply), serial }, some('moved', 64))));
  const swapped = letterParts(plain, { root, inbox: two.inbox, serial, courierSeed });
  bad('signed for another inbox', 'signature', swapped.map((part, i) => sealSlot(part, i, { inbox: one.inbox, replyPublic: xwing.getPublicKey(one.reply), serial }, some('swapped', 64))));
  bad('a byte of the text changed', 'signature', sealed(plain, one, { serial, change: ([part]) => { part[80] ^= 1; } }));
  bad('a byte behind the text', 'padding', sealed(plain, one, { serial, change: ([part]) => { part[PART - 1] = 1; } }));
  bad('no parts', 'parts', sealed(plain, one, { serial, change: ([part]) => { part[0] = 0; } }));
  bad('nine parts', 'parts', sealed(plain, one, { serial, change: ([part]) => { part[0] = 9; } }));
  bad('a part more than needed', 'parts', sealed(plain, one, { serial, parts: 2 }));
  bad('longer than it is', 'length', sealed(plain, one, { serial, change: ([part]) => { part[1] = 255; } }));
  bad('of length 0', 'length', sealed(new Uint8Array(0), one, { serial }));
  bad('signed, and not canonical', 'text', sealed(utf8ToBytes(`${text} `), one, { serial }));
  entries.push(letterEntry('sealed to another inbox: there is none', two, serial, sealed(plain, one, { serial })));
  entries.push(letterEntry('of another outbox: there is none', one, serial + 1n, sealed(plain, one, { serial })));
  return entries;
}

function texts() {
  const entries = [];
  const good = (comment, value) => {
    const text = canonical(value);
    parseLetter(utf8ToBytes(text));
    entries.push({ what: 'text', comment, text });
  };
  const bad = (comment, value) => {
    const text = typeof value === 'string' ? value : canonical(value);
    check(refuses(() => parseLetter(utf8ToBytes(text))), comment);
    entries.push({ what: 'text', comment, text, fault: 'text' });
  };
  const one = letterOf([message('')]), listed = file('map', 123);
  const withFile = (more) => letterOf([message('', [{ ...listed, ...more }])]);
  const without = (value, name) => { const { [name]: gone, ...left } = value; return left; };
  good('the least', one);
  good('64 messages', letterOf(Array.from({ length: 64 }, (_, i) => message(`${i}`))));
  good('16 files', letterOf([message('', Array.from({ length: 16 }, () => listed))]));
  good('a text of 16,384 bytes', letterOf([message('ل'.repeat(8192))]));
  for (const size of FILE_CLASSES) good(`a file of ${size} bytes`, withFile({ class: size, size }));
  good('a file of nothing', withFile({ size: 0 }));
  good('a byte more than a class', withFile({ class: 262144, size: 65537 }));
  good('a name of 255 bytes', withFile({ name: 'n'.repeat(255) }));
  bad('a file in a larger class than needed', withFile({ class: 262144, size: 65536 }));
  bad('nothing', '');
  bad('not an object', '[]');
  bad('no messages', letterOf([]));
  bad('65 messages', letterOf(Array.from({ length: 65 }, () => message(''))));
  bad('17 files', letterOf([message('', Array.from({ length: 17 }, () => listed))]));
  bad('a text of 16,385 bytes', letterOf([message('x'.repeat(16385))]));
  for (const name of ['messages', 'notice', 'v']) bad(`without ${name}`, without(one, name));
  for (const name of ['day', 'files', 'text']) bad(`a message without ${name}`, letterOf([without(message(''), name)]));
  for (const name of Object.keys(listed)) bad(`a file without ${name}`, letterOf([message('', [without(listed, name)])]));
  bad('one member more', { ...one, w: 1 });
  bad('another version', { ...one, v: 2 });
  bad('a notice key that is short', { ...one, notice: '00' });
  bad('a notice key in capitals', { ...one, notice: 'A'.repeat(64) });
  bad('a day that is a string', letterOf([message('', [], '1')]));
  bad('a text that is a number', letterOf([message(1)]));
  for (const [comment, more] of [['no class', { class: 65537 }], ['larger than its class', { size: 65537 }], ['a short id', { id: '00' }], ['an id in capitals', { id: 'A'.repeat(32) }],
    ['a short key', { key: '' }], ['a short hash', { sha256: '' }], ['a name of 256 bytes', { name: 'n'.repeat(256) }], ['a type with a space', { type: 'a b' }],
    ['a type of 101 bytes', { type: 't'.repeat(101) }], ['a size that is a string', { size: '1' }]]) bad(`a file: ${comment}`, withFile(more));
  const text = canonical(one);
  bad('a space', text.replace(':', ': '));
  bad('a negative day', text.replace('20786', '-1'));
  bad('a fraction', text.replace('20786', '20786.5'));
  bad('another spelling of a number', text.replace('20786', '2.0786e4'));
  bad('a member twice', text.replace('"v":1', '"v":1,"v":1'));
  bad('members in another order', text.replace('"notice":"","v":1', '"v":1,"notice":""'));
  bad('an escape that is not needed', canonical(letterOf([message('a')])).replace('"a"', '"\\u0061"'));
  bad('something behind', `${text}\n`);
  return entries;
}

// ---- the rest ---------------------------------------------------------------------------------------------------------

function notices() {
  const serial = 7n, key = some('notice key'), entries = [];
  const add = (comment, notice, { fault, ...said }) => {
    const open = () => openNotice(notice, { key, root, serial, courier });
    if (fault) check(refuses(open), comment);
    else same(open(), { ...said, v: 1 }, comment);
    entries.push({ what: 'notice', comment, root: hex(root), serial: `${serial}`, courier: hex(courier), key: hex(key), notice: hex(notice), ...(fault ? { fault } : said) });
  };
  const sealedAs = (text, more = {}) => sealNotice(utf8ToBytes(text), { key, root, serial, courierSeed, ...more });
  const textOf = (day, text) => canonical({ day, text, v: 1 });
  add('a notice', sealedAs(textOf(20786, 'إعلان: لا تدفعوا مالا.')), { day: 20786, text: 'إعلان: لا تدفعوا مالا.' });
  add('of nothing', sealedAs(textOf(0, '')), { day: 0, text: '' });
  const most = 3072 - textOf(1, '').length;
  add('the longest', sealedAs(textOf(1, 'x'.repeat(most))), { day: 1, text: 'x'.repeat(most) });
  add('longer than that', sealedAs(textOf(1, 'x'.repeat(most + 1))), { fault: 'length' });
  const text = textOf(1, 'x');
  add("another courier's", sealedAs(text, { courierSeed: some('other courier') }), { fault: 'signature' });
  add('of another outbox', sealedAs(text, { serial: 8n }), { fault: 'seal' });
  add('under another key', sealedAs(text, { key: some('other key') }), { fault: 'seal' });
  add('there is none', some('no notice', 4096), { fault: 'seal' });
  add('not canonical', sealedAs(`${text} `), { fault: 'text' });
  add('one member more', sealedAs(canonical({ day: 1, text: '', v: 1, w: 1 })), { fault: 'text' });
  add('another version', sealedAs(canonical({ day: 1, text: '', v: 2 })), { fault: 'text' });
  const plainOf = (change) => {
    const plain = new Uint8Array(4080), body = utf8ToBytes(text);
    new DataView(plain.buffer).setUint32(0, body.length);
    plain.set(signature(courierSeed, 'amana/1 notice', root, hexToBytes(serial.toString(16).padStart(16, '0')), body), 4);
    plain.set(body, 68);
    change(plain);
    return xchacha20poly1305(key, new Uint8Array(24), concatBytes(utf8ToBytes('amana/1 notice'), hexToBytes(serial.toString(16).padStart(16, '0')))).encrypt(plain);
  };
  add('longer than it is', plainOf((plain) => { plain[0] = 1; }), { fault: 'length' });
  add('a byte behind the text', plainOf((plain) => { plain[4079] = 1; }), { fault: 'padding' });
  return entries;
}

const files = () => [['nothing', 0, 65536], ['a whole class', 65536, 65536], ['two chunks of four', 65537, 262144]].map(([comment, size, sizeClass]) => {
  const key = some(`file ${size}`), text = 'amana أمانة ', unit = utf8ToBytes(text), content = new Uint8Array(size).map((_, i) => unit[i % unit.length]);
  const listed = { class: sizeClass, size, key: hex(key), sha256: hex(sha256(content)) }, out = sealFile(content, { key, class: sizeClass });
  same(openFile(out, listed), content, comment);
  for (const at of [0, sizeClass - 1]) check(refuses(() => openFile(out.with(at, out[at] ^ 1), listed)), `${comment}, changed`);
  return { what: 'file', comment, ...listed, content: text, sealed: hex(sha256(out)) };
});

const addresses = () => holders.map((holder, i) => ({ what: 'address', comment: `code ${i}`, keys: keysOf(holder), manifest: canonical(inboxOf(holder)) }));

const buckets = () => holders.flatMap(({ inbox }) => [1, 2, 8, 512, 65536].map((count) =>
  ({ what: 'bucket', comment: `of ${count}`, inbox: hex(inbox), buckets: count, bucket: bucketOf(inbox, count) })));

function erasures() {
  const [holder, other] = holders, erasure = signingKey(holder.erasure), serial = 7n, entries = [];
  const items = (count) => Array.from({ length: count }, (_, i) => some(`item ${i}`, 16));
  for (const item of items(2)) entries.push({ what: 'verifier', comment: 'of an item', erasure: hex(erasure), item: hex(item), verifier: hex(verifier(erasure, item)) });
  const add = (comment, request, fault) => {
    if (fault) check(refuses(() => readErase(request, root)), comment);
    const { erasure: key, items: read, ...rest } = fault ? {} : readErase(request, root);
    entries.push({ what: 'erase', comment, root: hex(root), request: hex(request), ...(fault ? { fault } : { erasure: hex(key), serial: `${rest.serial}`, bucket: rest.bucket, items: read.map(hex) }) });
  };
  const request = (count, more = {}) => writeErase({ erasure: holder.erasure, root, serial, bucket: 5, items: items(count), ...more });
  for (const count of [0, 1, 255]) add(`${count} items`, request(count));
  const whole2 = request(2);
  add('at another deployment', request(2, { root: some('other root') }), 'signature');
  for (const [comment, at] of [['of another key', 0], ['another serial', 103], ['another bucket', 107], ['another item', 109]]) add(comment, whole2.with(at, whole2[at] ^ 1), 'signature');
  add('cut off', whole2.subarray(0, -1), 'length');
  add('a byte more', concatBytes(whole2, new Uint8Array(1)), 'length');
  add('fewer items than it says', whole2.with(108, 3), 'length');
  add('nothing', new Uint8Array(0), 'length');

  const submission = some('submission', 16);
  for (const one of [holder, other]) {
    const written = writeForget({ ...one, root, submission });
    check(isForget({ answers: { signature: written }, id: hex(submission), inbox: inboxOf(one) }, root), 'a request to be forgotten');
    entries.push({ what: 'forget', comment: 'to the desk', keys: keysOf(one), submission: hex(submission), signature: written });
  }
  return entries;
}

function notes() {
  const entries = [], body = some('body');
  const value = { deployment, serial: 7n, seen: 1000n, expires: 1800000000n, buckets: 8, files: [[65536, 4], [16777216, 1]], hash: body };
  const add = (comment, note, fault) => {
    if (fault) check(refuses(() => openOutboxNote(note, deployment, courier)), comment);
    const read = fault ? null : openOutboxNote(note, deployment, courier);
    entries.push({ what: 'note', comment, deployment, courier: hex(courier), note: Buffer.from(note).toString(),
      ...(fault ? { fault } : { serial: `${read.serial}`, seen: `${read.seen}`, expires: `${read.expires}`, buckets: read.buckets, files: read.files, hash: hex(read.hash) }) });
  };
  const text = outboxText(value);
  const signed = (changed, { name = deployment, seed = courierSeed } = {}) => signOutbox(changed, name, seed);
  add('a note', signed(text));
  add('without files', signed(outboxText({ ...value, files: [], buckets: 1, seen: 0n })));
  add('the most', signed(outboxText({ ...value, serial: (1n << 63n) - 1n, seen: (1n << 63n) - 1n, expires: 253402300799n, buckets: 65536, files: FILE_CLASSES.map((size) => [size, 4096]) })));
  add("another courier's", signed(text, { seed: some('other courier') }), 'signature');
  add('under another name', signed(text, { name: 'other.example' }), 'signature');
  add('of another deployment', signed(outboxText({ ...value, deployment: 'other.example' })), 'deployment');
  add('changed after it was signed', Buffer.from(Buffer.from(signed(text)).toString().replace('buckets 8', 'buckets 4')), 'signature');
  add('not signed', Buffer.from(text), 'note');
  for (const [comment, from, to] of [
    ['another version', 'v1', 'v2'], ['serial 0', 'serial 7', 'serial 0'], ['serial 2^63', 'serial 7', 'serial 9223372036854775808'], ['a leading zero', 'serial 7', 'serial 07'],
    ['no serial', 'serial 7\n', ''], ['buckets 0', 'buckets 8', 'buckets 0'], ['buckets 3', 'buckets 8', 'buckets 3'], ['buckets 131072', 'buckets 8', 'buckets 131072'],
    ['no class', 'files 65536', 'files 65537'], ['no files', 'files 65536 4', 'files 65536 0'], ['4097 files', 'files 65536 4', 'files 65536 4097'],
    ['classes in another order', 'files 65536 4\nfiles 16777216 1', 'files 16777216 1\nfiles 65536 4'], ['a class twice', 'files 65536 4', 'files 65536 4\nfiles 65536 4'],
    ['a short hash', /hash .*/, 'hash AAAA'], ['a line more', 'buckets 8', 'buckets 8\nmore 1'], ['two spaces', 'buckets 8', 'buckets  8'],
  ]) {
    check(text.replace(from, to) !== text, comment);
    add(comment, signed(text.replace(from, to)), 'lines');
  }
  return entries;
}

await writeOrHold('letter', [...addresses(), ...buckets(), ...texts(), ...letters(), ...notices(), ...files(), ...erasures(), ...notes()]);

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// open.mjs and carried.mjs held to themselves and to published values. What holds them to the other implementation is
// the vectors.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { argon2id } from '@noble/hashes/argon2.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js';
import * as carried from './carried.mjs';
import { MAX_ENVELOPE, canonical, openEnvelope, readManifest, sealEnvelope, sealPayload } from './open.mjs';

// Bytes that depend on nothing but AMANA_SEED and how many were drawn before.
let drawn = 0;
function bytes(length) {
  const out = new Uint8Array(length);
  for (let at = 0; at < length; at += 32) {
    const block = sha256(utf8ToBytes(`${process.env.AMANA_SEED ?? 20260101} ${drawn++}`));
    out.set(block.subarray(0, Math.min(32, length - at)), at);
  }
  return out;
}
const below = (limit) => new DataView(bytes(4).buffer).getUint32(0) % limit;
const zeros = (length) => new Uint8Array(length);
const hex = bytesToHex;

const secrets = [0, 1, 2, 3].map(() => bytes(32));
const publics = secrets.map((secret) => xwing.getPublicKey(secret));
const manifest = {
  v: 1, kind: 'report', id: '00112233445566778899aabbccddeeff', form: { id: 'recruitment', version: 1 },
  answers: { story: 'é€𝄞 "\\\n\u0001\u007f\u2028', days: ['mon', ''], people: [{ name: 'x', age: '3' }] },
};
const report = { ...manifest, attachments: [] };

const failure = (work) => { try { work(); return 'open'; } catch (error) { return error.failure ?? error.stack; } };
const opening = (envelope, keys = secrets) => failure(() => openEnvelope(envelope, keys));
const changed = (envelope, at, value) => { const copy = envelope.slice(); copy[at] = value; return copy; };

// A well-framed payload, and what a deterministic sealer makes of any payload at all.
const u32 = (n) => { const out = zeros(4); new DataView(out.buffer).setUint32(0, n); return out; };
const record = (type, data, length = data.length) => concatBytes(Uint8Array.of(type), u32(length), data);
const manifestRecord = (value) => record(3, typeof value === 'string' ? utf8ToBytes(value) : value);
const sealed = (payload, { padded = 32 << 10, recipients = [publics[0]] } = {}) =>
  sealPayload({ recipients, randomness: bytes(64 + 64 * recipients.length), padded, payload });
const openingPayload = (...parts) => opening(sealed(concatBytes(...parts), { padded: 1 << 20 }));
const good = manifestRecord(canonical(report));

test('X-Wing is that of the draft', () => {
  const secret = hexToBytes('7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26');
  const randomness = hexToBytes('3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e2' +
    '35b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2');
  const { cipherText, sharedSecret } = xwing.encapsulate(xwing.getPublicKey(secret), randomness);
  const expected = 'd2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384';
  assert.equal(hex(sharedSecret), expected);
  assert.equal(hex(xwing.decapsulate(cipherText, secret)), expected);
});

test('what is sealed opens, for every recipient, with every kind of attachment', () => {
  for (const n of [1, 2, 3, 4]) {
    const files = [0, 1, 65535, 65536, 65537, 200000].slice(0, n + 2).map((size) => bytes(size));
    const attachments = files.map((data, i) => ({ name: `ä${i}`, type: 'image/png', data }));
    const envelope = sealEnvelope({ recipients: publics.slice(0, n), manifest, attachments });
    for (const secret of secrets.slice(0, n)) {
      const opened = openEnvelope(envelope, [bytes(32), secret]);
      assert.deepEqual(opened.attachments.map(({ data }) => hex(data)), files.map((data) => hex(data)));
      assert.equal(opened.manifest.answers.story, manifest.answers.story);
    }
    assert.equal(opening(envelope, [bytes(32)]), 'no_slot');
    assert.equal(opening(envelope, []), 'no_slot');
  }
});

test('an envelope has the length of its class', () => {
  const length = (n, sizes, story = '') => sealEnvelope({ recipients: publics.slice(0, n),
    manifest: { ...manifest, answers: { story } },
    attachments: sizes.map((size) => ({ name: '', type: '', data: zeros(size) })) }).length;
  const formula = (n, padded) => 66 + 1168 * n + padded + 16 * Math.ceil(padded / 65536);
  assert.equal(length(2, []), formula(2, 32 << 10));
  assert.equal(length(1, [0]), formula(1, 64 << 10));
  assert.equal(length(1, [65536]), formula(1, 256 << 10));
  assert.equal(length(4, [1 << 20]), formula(4, 2 << 20));
  assert.throws(() => length(1, [], 'x'.repeat(33000)), /no size class/);
  assert.equal(MAX_ENVELOPE, formula(4, 128 << 20));
});

test('the deterministic sealer has nothing of its own', () => {
  const input = { recipients: publics.slice(0, 3), randomness: bytes(64 * 4), padded: 32 << 10, payload: good };
  assert.deepEqual(sealPayload(input), sealPayload(input));
  assert.equal(opening(sealPayload(input)), 'open');
});

test('the steps of opening fail in their order', () => {
  const envelope = sealed(good, { recipients: publics.slice(0, 2) }), header = 66 + 1168 * 2;
  assert.equal(opening(zeros(0)), 'truncated');
  assert.equal(opening(Uint8Array.of(9)), 'truncated');
  assert.equal(opening(Uint8Array.of(2, 9)), 'unknown_suite');
  for (const n of [0, 5, 255]) assert.equal(opening(Uint8Array.of(1, n)), 'bad_slot_count');
  for (const length of [2, 100, header - 1]) assert.equal(opening(envelope.subarray(0, length)), 'truncated');
  assert.equal(opening(envelope.subarray(0, header), []), 'no_slot');
  assert.equal(opening(envelope.subarray(0, header)), 'truncated');
  assert.equal(opening(envelope.subarray(0, -1)), 'truncated');
  assert.equal(opening(concatBytes(envelope, zeros(1))), 'bad_size');
  assert.equal(opening(changed(envelope, envelope.length - 1, envelope.at(-1) ^ 1).subarray(0, -1)), 'truncated');
  assert.equal(opening(changed(envelope, envelope.length - 1, envelope.at(-1) ^ 1)), 'bad_chunk');
  for (const at of [header - 1, header - 33, 2 + 1168 + 5]) {      // commitment, payload nonce, the other's slot
    assert.equal(opening(changed(envelope, at, envelope[at] ^ 1), [secrets[0]]), 'bad_commitment');
  }
  for (const at of [2 + 7, 2 + 1100, 2 + 1125]) {                  // ML-KEM, X25519, wrapped key
    assert.equal(opening(changed(envelope, at, envelope[at] ^ 1), [secrets[0]]), 'no_slot');
  }
});

test('chunks keep their places', () => {
  const envelope = sealed(good, { padded: 256 << 10 }), start = 66 + 1168, chunk = 65552;
  const at = (i) => envelope.subarray(start + i * chunk, start + (i + 1) * chunk);
  const head = envelope.subarray(0, start);
  assert.equal(opening(concatBytes(head, at(0), at(1), at(2), at(3))), 'open');
  assert.equal(opening(concatBytes(head, at(1), at(0), at(2), at(3))), 'bad_chunk');
  assert.equal(opening(concatBytes(head, at(0))), 'bad_chunk');    // 64 KiB is a class, but that piece was not the last
  assert.equal(opening(concatBytes(head, at(0), at(1))), 'bad_size');
});

test('a share of small order opens nothing', () => {
  const shared = xwing.encapsulate(publics[0], bytes(64)).cipherText;
  const envelope = sealed(good);
  for (const low of [zeros(32), Uint8Array.of(1, ...zeros(31)), Uint8Array.of(...zeros(31), 128)]) {
    const forged = envelope.slice();
    forged.set(shared.subarray(0, 1088), 2);
    forged.set(low, 2 + 1088);
    assert.equal(opening(forged), 'no_slot');
  }
});

test('no change of a byte goes through', () => {
  const envelope = sealed(good, { recipients: publics.slice(0, 1) });
  for (let i = 0; i < 100; ++i) {
    const at = i < 50 ? below(66 + 1168) : below(envelope.length);
    assert.notEqual(opening(changed(envelope, at, envelope[at] ^ (1 + below(255)))), 'open', `byte ${at}`);
  }
});

test('payloads are framed', () => {
  const empty = Uint8Array.of(2), one = record(1, bytes(1)), many = (n) => new Uint8Array(n).fill(2);
  assert.equal(openingPayload(good), 'open');
  assert.equal(openingPayload(good, zeros(9)), 'open');
  assert.equal(opening(sealed(concatBytes(good, zeros((32 << 10) - good.length)))), 'open');
  for (const [name, ...parts] of [
    ['nothing', zeros(0)], ['no manifest', empty], ['an unknown record', Uint8Array.of(4), good],
    ['padding first', zeros(1), good], ['two manifests', good, good], ['an attachment after', good, empty],
    ['padding', good, zeros(3), Uint8Array.of(1)], ['an open attachment', one, good],
    ['257 attachments', many(257), good],
    ['empty data', record(1, zeros(0)), empty, good], ['long data', record(1, bytes(65537)), empty, good],
    ['empty manifest', record(3, zeros(0))], ['long manifest', record(3, bytes(262145))],
    ['beyond the end', record(3, bytes(5), (1 << 20) - 4)], ['far beyond', record(1, bytes(5), 0xffffffff)],
  ]) assert.equal(openingPayload(...parts), 'bad_payload', name);
  assert.equal(opening(sealed(new Uint8Array(32 << 10).fill(1))), 'bad_payload');
  assert.equal(openingPayload(many(256), good), 'bad_attachment');
  assert.equal(openingPayload(empty, good), 'bad_attachment');
});

test('attachments are those of the manifest, however they were cut', () => {
  const data = bytes(50), listed = { name: '', type: '', size: 50, sha256: hex(sha256(data)) };
  const cut = concatBytes(...[...data].map((byte) => record(1, Uint8Array.of(byte))), Uint8Array.of(2));
  const as = (entry) => manifestRecord(canonical({ ...manifest, attachments: [entry] }));
  assert.equal(openingPayload(cut, as(listed)), 'open');
  assert.equal(openingPayload(cut, as({ ...listed, size: 51 })), 'bad_attachment');
  assert.equal(openingPayload(cut, as({ ...listed, sha256: hex(bytes(32)) })), 'bad_attachment');
  assert.equal(openingPayload(as(listed)), 'bad_attachment');
});

test('one text for one manifest', () => {
  const text = canonical(report);
  const reading = (json) => failure(() => readManifest(typeof json === 'string' ? utf8ToBytes(json) : json));
  const shaped = (change) => reading(canonical({ ...report, ...change }));
  assert.equal(reading(text), 'open');
  assert.match(text, /"é€𝄞 \\"\\\\\\n\\u0001\u007f\u2028"/);
  for (const [name, json] of Object.entries({
    'a space': text.replace(',', ', '), 'a newline': `${text}\n`, 'a byte order mark': `\ufeff${text}`,
    'a fraction': text.replace('"v":1', '"v":1.0'), 'an exponent': text.replace('"v":1', '"v":1e0'),
    'an escape': text.replace('mon', '\\u006don'), 'upper case': text.replace('\\u0001', '\\u001F'),
    'a slash': text.replace('mon', '\\/'), 'an order': text.replace('"kind":"report","v":1', '"v":1,"kind":"report"'),
    'a double': text.replace('"v":1', '"v":1,"v":1'), 'half a pair': text.replace('mon', '\\ud800'),
    'minus zero': text.replace('"version":1', '"version":-0'), 'depth': '['.repeat(262144),
    'null': 'null', 'a number': '1', 'nothing': '', 'bytes': bytes(9),
  })) assert.equal(reading(json), 'bad_manifest', name);
  assert.equal(reading(utf8ToBytes(text).map((byte) => (byte === 0x6d ? 0xff : byte))), 'bad_manifest');

  const item = { name: 'n'.repeat(255), type: '~'.repeat(100), size: 2 ** 53 - 1, sha256: 'a'.repeat(64) };
  const times = (n, make) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`a${i}`, make(i)]));
  const list = (n, value) => new Array(n).fill(value);
  for (const change of [
    { kind: 'decoy' }, { kind: 'canary' },
    { form: { id: 'a_9', version: 2 ** 32 - 1 } }, { form: { id: 'a', version: 0 } },
    { answers: {} }, { answers: times(256, () => '') }, { answers: { 1: 'a', 10: 'b', 9: 'c' } },
    { answers: JSON.parse('{"__proto__":"x"}') }, { answers: { a: list(256, '') } },
    { answers: { a: list(256, { b: '' }) } }, { answers: { a: [times(256, () => '')] } },
    { attachments: list(256, item) }, { attachments: [{ ...item, name: '', type: '' }] },
  ]) assert.equal(shaped(change), 'open', JSON.stringify(change).slice(0, 60));
  for (const change of [
    { v: 2 }, { v: '1' }, { kind: 'other' }, { id: 'A'.repeat(32) }, { id: 'a'.repeat(31) }, { more: 1 },
    { form: { id: 'a', version: 2 ** 32 } }, { form: { id: '', version: 1 } },
    { form: { id: 'a'.repeat(65), version: 1 } }, { form: { id: 'a', version: 1, x: 1 } },
    { answers: [] }, { answers: { 'a-b': '' } }, { answers: { A: '' } }, { answers: { '': '' } },
    { answers: times(257, () => '') }, { answers: { a: [] } }, { answers: { a: list(257, '') } },
    { answers: { a: ['', { b: '' }] } }, { answers: { a: [{}] } }, { answers: { a: [{ b: ['c'] }] } },
    { answers: { a: 1 } }, { answers: { a: { b: '' } } }, { answers: { a: [['b']] } },
    { attachments: {} }, { attachments: list(257, item) }, { attachments: [{ ...item, name: 'é'.repeat(128) }] },
    { attachments: [{ ...item, type: 'a b' }] }, { attachments: [{ ...item, type: 'a'.repeat(101) }] },
    { attachments: [{ ...item, sha256: 'A'.repeat(64) }] }, { attachments: [{ ...item, x: '' }] },
  ]) assert.equal(shaped(change), 'bad_manifest', JSON.stringify(change).slice(0, 60));
});

// ---- what is signed and carried

const base64 = (data) => Buffer.from(data).toString('base64');
const signer = (name) => {
  const seed = bytes(32), publicKey = ed25519.getPublicKey(seed);
  const signature = (text) => concatBytes(carried.keyId(name, publicKey), ed25519.sign(utf8ToBytes(text), seed));
  const line = (text) => `\u2014 ${name} ${base64(signature(text))}\n`;
  return { name, publicKey, line, key: carried.writeVerifierKey(name, publicKey),
    sign: (text, more = '') => utf8ToBytes(`${text}\n${more}${line(text)}`) };
};

test('signed notes', () => {
  const us = signer('example.com/log'), them = signer('example.com/log'), text = 'a\n\nb\n';
  const open = (note) => carried.openNote(note, us, 9999);
  assert.equal(open(us.sign(text)), text);
  assert.equal(open(us.sign(text, them.line(text))), text);
  assert.equal(open(us.sign(text, them.line(text).repeat(15))), text);
  assert.deepEqual(carried.parseVerifierKey(us.key), { name: us.name, publicKey: us.publicKey });
  for (const note of [
    them.sign(text), us.sign(text, them.line(text).repeat(16)), us.sign(text, us.line('c\n')), us.sign('a\tb\n'),
    us.sign(text).slice(0, -1), us.sign(text, 'x\n'), us.sign(text, '\u2014 a !\n'),
    Uint8Array.of(255, ...us.sign(text)), utf8ToBytes(text), utf8ToBytes(`${text}\n`),
    utf8ToBytes(`${text}x\n\n${us.line(text)}`),
  ]) assert.throws(() => open(note));
  for (const bad of ['', 'a+b', us.key.replace('+', ''), us.key.replace('log+', 'log2+'), `${us.key}=`]) {
    assert.throws(() => carried.parseVerifierKey(bad));
  }
  // The verifier key of the Go checksum database, which has this form.
  const known = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8';
  const { name, publicKey } = carried.parseVerifierKey(known);
  assert.equal(carried.writeVerifierKey(name, publicKey), known);
});

test('key sets', () => {
  const root = signer('amana-root'), fingerprint = hex(sha256(root.publicKey)), other = signer('amana-root');
  const lines = ['amana keys v1', 'deployment example', 'serial 7', `root ${base64(root.publicKey)}`,
    `courier 0 10 ${base64(bytes(32))}`, `witness 0 10 ${base64(bytes(32))}`,
    `epoch desk 100 300 ${base64(publics[0])}`, `epoch desk 200 400 ${base64(publics[1])}`,
    `epoch auditor 150 350 ${base64(publics[2])}`];
  const open = (changes = {}, serial = 7n, key = root) =>
    carried.openKeySet(key.sign(`${Object.assign([...lines], changes).join('\n')}\n`), fingerprint, serial);
  const keys = (now) =>
    Object.fromEntries([...carried.sealingKeys(open(), now)].map(([name, key]) => [name, hex(key)]));
  assert.equal(open().serial, 7n);
  assert.deepEqual(keys(199n), { desk: hex(publics[0]), auditor: hex(publics[2]) });
  assert.deepEqual(keys(200n), { desk: hex(publics[1]), auditor: hex(publics[2]) });
  for (const now of [99n, 149n, 350n, 400n]) assert.throws(() => keys(now), /is valid/);
  assert.throws(() => open({}, 8n), /serial/);
  assert.throws(() => open({}, 7n, other), /signed/);
  for (const changes of [
    { 0: 'amana keys v2' }, { 1: 'deployment a+b' }, { 1: 'deployment' }, { 2: 'serial 0' }, { 2: 'serial 07' },
    { 2: 'serial  7' }, { 3: `root ${base64(other.publicKey)}` }, { 4: lines[5] }, { 5: 'witness 0 10 AAAA' },
    { 6: `${lines[6]} ` }, { 6: lines[6].replace('100', '-1') }, { 6: lines[6].replace('desk', 'd\u00e9sk') },
    { 8: '' }, { 8: lines[5] }, { 9: 'x' },
    Object.fromEntries([9, 10, 11].map((i) => [i, lines[8].replace('auditor', `r${i}`)])),      // five recipients
  ]) assert.throws(() => open(changes, 0n), JSON.stringify(changes).slice(0, 60));
  const longer = (more) => Object.fromEntries(Array.from({ length: more }, (_, i) => [i + lines.length, lines[8]]));
  assert.equal(open(longer(1021)).epochs.length, 1024);
  assert.throws(() => open(longer(1022)), /lines/);
});

test('secret files', () => {
  const passphrase = 'twelve bytes', salt = bytes(16), nonce = bytes(24), seed = bytes(32);
  const masterKey = bytes(32);
  const file = (kind, operations, memory) => {
    const cost = concatBytes(u32(operations), u32(0), u32(memory));
    const head = concatBytes(utf8ToBytes('AMANA-SECRET-1\n'), Uint8Array.of(kind), cost, salt, nonce);
    const key = argon2id(utf8ToBytes(passphrase), salt, { t: 1, m: 8, p: 1, dkLen: 32 });
    return concatBytes(head, xchacha20poly1305(key, nonce, head).encrypt(seed));
  };
  assert.deepEqual(carried.openSecretFile(file(1, 1, 8192), passphrase), { kind: 1, secret: seed });
  assert.throws(() => carried.openSecretFile(file(1, 1, 8192), 'twelve bytez'));
  assert.throws(() => carried.openSecretFile(file(1, 1, 8192), 'short'));
  for (const bad of [
    file(3, 1, 8192), file(1, 0, 8192), file(1, 17, 8192), file(1, 1, 8191), file(1, 1, 8192).subarray(0, -1),
  ]) assert.throws(() => carried.openSecretFile(bad, passphrase));
  const record = concatBytes(nonce, xchacha20poly1305(masterKey, nonce, utf8ToBytes('label')).encrypt(seed));
  assert.deepEqual(carried.openSealedRecord(record, masterKey, 'label'), seed);
  assert.throws(() => carried.openSealedRecord(record, masterKey, 'other'));
});

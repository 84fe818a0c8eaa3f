// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A second implementation of answers, from docs/ENVELOPE.md, sections 8 and 9, and docs/INBOX.md alone, both ways: the desk's hand that
// seals, and the citizen's that opens. Whatever is not as it should be throws. Keys and hashes are Uint8Arrays; serials are bigints.
import { createHash, createHmac, createPrivateKey, createPublicKey, pbkdf2Sync, sign } from 'node:crypto';

import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js';

import { fromBase64, keyId, openNote } from './carried.mjs';
import { canonical, equal, isAttachment, isInteger, isList, isRecord, isString, utf8 } from './open.mjs';

export const SLOT = 4096, PART = 2944, BUCKET_SLOTS = 32, NOTICE = 4096;
const CIPHERTEXT = 1120, TAG = 16, HEAD = 1 + 4 + 64, MAX_PARTS = 8, CHUNK = 65536, MAX_TEXT = 16384, MAX_NOTICE = 3072;
export const FILE_CLASSES = [65536, 262144, 1048576, 4194304, 16777216];

const demand = (holds, what) => { if (!holds) throw new Error(what); };
const bytes = (...parts) => concatBytes(...parts.map((part) => (typeof part === 'string' ? utf8ToBytes(part) : Uint8Array.from(part))));
const big = (value, length) => hexToBytes(BigInt(value).toString(16).padStart(2 * length, '0'));
const sha256 = (...parts) => Uint8Array.from(createHash('sha256').update(bytes(...parts)).digest());
// RFC 5869 for at most one block, by its definition: Node's own takes no info of more than 1024 bytes.
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
const hkdf = (secret, info, length) => Uint8Array.from(hmac(hmac('', secret), bytes(info, [1])).subarray(0, length));

// ---- keys (section 8) -----------------------------------------------------------------------------------------------

const privateKey = (seed) => createPrivateKey({ key: bytes(hexToBytes('302e020100300506032b657004220420'), seed), format: 'der', type: 'pkcs8' });
export const signature = (seed, ...message) => Uint8Array.from(sign(null, bytes(...message), privateKey(seed)));
export const signingKey = (seed) => Uint8Array.from(createPublicKey(privateKey(seed)).export({ format: 'der', type: 'spki' }).subarray(-32));
const isSigned = (key, signed, ...message) => ed25519.verify(signed, bytes(...message), key, { zip215: false });

/** { inbox, reply, erasure } of a code's 28 digits. */
export function receiptKeys(digits, root) {
  const master = pbkdf2Sync(digits.slice(0, 27), bytes('amana/1 receipt', root), 1024, 32, 'sha256');
  const derive = (info) => hkdf(master, bytes(info), 32);
  return { inbox: derive('amana/1 inbox'), reply: derive('amana/1 inbox reply key'), erasure: derive('amana/1 inbox erasure key') };
}

/** As a manifest has it. */
export const inboxOf = ({ inbox, reply, erasure }) =>
  ({ erasure: bytesToHex(signingKey(erasure)), id: bytesToHex(inbox), reply: bytesToHex(xwing.getPublicKey(reply)) });

// ---- letter (sections 9.1, 9.2) -------------------------------------------------------------------------------------

const isFile = (value) => {
  if (!isRecord(value, ['class', 'id', 'key', 'name', 'sha256', 'size', 'type'])) return false;
  const { class: sizeClass, id, key, ...attachment } = value;
  return isAttachment(attachment) && sizeClass === FILE_CLASSES.find((one) => one >= attachment.size) && isString(id, /^[0-9a-f]{32}$/) && isString(key, /^[0-9a-f]{64}$/);
};
const isMessage = (value) =>
  isRecord(value, ['day', 'files', 'text']) && isInteger(value.day) && isList(value.files, 0, isFile) && value.files.length <= 16 &&
  isString(value.text) && utf8ToBytes(value.text).length <= MAX_TEXT;
const isLetter = (value) =>
  isRecord(value, ['messages', 'notice', 'v']) && value.v === 1 && isList(value.messages, 1, isMessage) && value.messages.length <= 64 &&
  isString(value.notice, /^([0-9a-f]{64})?$/);

function parsed(text, holds) {
  const json = utf8(text), value = JSON.parse(json);
  demand(holds(value), 'shape');
  demand(canonical(value) === json, 'not canonical');
  return value;
}

export const parseLetter = (text) => parsed(text, isLetter);

export const slotTag = (inbox, serial, part) => hkdf(inbox, bytes('amana/1 slot tag', big(serial, 8), [part]), 16);
const partKey = (shared, ciphertext, reply) => hkdf(shared, bytes('amana/1 slot part', ciphertext, reply), 32);

/** The number of an id's first log2(`buckets`) bits. */
export function bucketOf(inbox, buckets) {
  const bits = [...inbox].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return parseInt(bits.slice(0, Math.log2(buckets)) || '0', 2);
}

/** The parts of a letter before they are sealed. `text` is bytes, good or not. */
export function letterParts(text, { root, inbox, serial, courierSeed, parts }) {
  const count = parts ?? Math.ceil((HEAD + text.length) / PART);
  const whole = new Uint8Array(count * PART);
  whole.set(bytes([count], big(text.length, 4), signature(courierSeed, 'amana/1 letter', root, inbox, big(serial, 8), text), text));
  return Array.from({ length: count }, (_, i) => whole.subarray(i * PART, (i + 1) * PART));
}

/** `seed`: 64 bytes of randomness. */
export function sealSlot(part, number, { inbox, replyPublic, serial }, seed) {
  const tag = slotTag(inbox, serial, number);
  const { cipherText, sharedSecret } = xwing.encapsulate(replyPublic, seed);
  return bytes(tag, cipherText, xchacha20poly1305(partKey(sharedSecret, cipherText, replyPublic), new Uint8Array(24), tag).encrypt(part));
}

/** Random all through but for a ciphertext to a key that nobody keeps. `random(length)`: bytes. */
export const decoySlot = (random) =>
  bytes(random(16), xwing.encapsulate(xwing.keygen(random(32)).publicKey, random(64)).cipherText, random(PART + TAG));

/** { text, letter } of a bucket's slots; null when there is none for these keys. */
export function openLetter(slots, { inbox, reply }, { root, serial, courier }) {
  const replyPublic = xwing.getPublicKey(reply);
  const opened = (number) => {
    const tag = slotTag(inbox, serial, number);
    const slot = slots.find((one) => equal(one.subarray(0, TAG), tag));
    if (!slot) return null;
    const ciphertext = slot.subarray(TAG, TAG + CIPHERTEXT);
    return xchacha20poly1305(partKey(xwing.decapsulate(ciphertext, reply), ciphertext, replyPublic), new Uint8Array(24), tag).decrypt(slot.subarray(TAG + CIPHERTEXT));
  };
  const first = opened(0);
  if (!first) return null;
  const parts = first[0];
  demand(parts >= 1 && parts <= MAX_PARTS, 'number of parts');
  const whole = concatBytes(first, ...Array.from({ length: parts - 1 }, (_, i) => opened(i + 1)));
  const length = new DataView(whole.buffer, whole.byteOffset).getUint32(1);
  demand(length <= whole.length - HEAD && parts === Math.ceil((HEAD + length) / PART), 'length');
  const text = whole.subarray(HEAD, HEAD + length);
  demand(whole.subarray(HEAD + length).every((byte) => byte === 0), 'padding');
  demand(isSigned(courier, whole.subarray(5, HEAD), 'amana/1 letter', root, inbox, big(serial, 8), text), 'signature');
  return { text: utf8(text), letter: parseLetter(text) };
}

// ---- notice (section 9.3) -------------------------------------------------------------------------------------------

const noticeCipher = (key, serial) => xchacha20poly1305(key, new Uint8Array(24), bytes('amana/1 notice', big(serial, 8)));

export function sealNotice(text, { key, root, serial, courierSeed }) {
  const plain = new Uint8Array(NOTICE - TAG);
  plain.set(bytes(big(text.length, 4), signature(courierSeed, 'amana/1 notice', root, big(serial, 8), text), text));
  return noticeCipher(key, serial).encrypt(plain);
}

const isNotice = (value) => isRecord(value, ['day', 'text', 'v']) && value.v === 1 && isInteger(value.day) && isString(value.text);

/** { day, text }. */
export function openNotice(notice, { key, root, serial, courier }) {
  const plain = noticeCipher(key, serial).decrypt(notice);
  const length = new DataView(plain.buffer, plain.byteOffset).getUint32(0);
  demand(length <= MAX_NOTICE, 'length');
  const text = plain.subarray(68, 68 + length);
  demand(plain.subarray(68 + length).every((byte) => byte === 0), 'padding');
  demand(isSigned(courier, plain.subarray(4, 68), 'amana/1 notice', root, big(serial, 8), text), 'signature');
  return parsed(text, isNotice);
}

// ---- file (section 9.4) ---------------------------------------------------------------------------------------------

function chunks(key, size, visit) {
  for (let i = 0; i < size / CHUNK; i += 1) {
    const cipher = xchacha20poly1305(key, bytes(new Uint8Array(12), big(i, 11), [(i + 1) * CHUNK === size ? 1 : 0]));
    visit(cipher, [i * CHUNK, (i + 1) * CHUNK], [i * (CHUNK + TAG), (i + 1) * (CHUNK + TAG)]);
  }
}

export function sealFile(content, { key, class: size }) {
  const plain = new Uint8Array(size), out = new Uint8Array(size + TAG * (size / CHUNK));
  plain.set(content);
  chunks(key, size, (cipher, from, to) => out.set(cipher.encrypt(plain.subarray(...from)), to[0]));
  return out;
}

/** The content of a file as a letter lists it. */
export function openFile(sealed, { class: sizeClass, key, size, sha256: hash }) {
  demand(sealed.length === sizeClass + TAG * (sizeClass / CHUNK), 'length');
  const plain = new Uint8Array(sizeClass);
  chunks(hexToBytes(key), sizeClass, (cipher, to, from) => plain.set(cipher.decrypt(sealed.subarray(...from)), to[0]));
  demand(plain.subarray(size).every((byte) => byte === 0), 'padding');
  const content = plain.subarray(0, size);
  demand(bytesToHex(sha256(content)) === hash, 'hash');
  return content;
}

// ---- erasure (section 9.5; INBOX.md, sections 1 and 5) --------------------------------------------------------------

export const verifier = (erasurePublic, item) => sha256('amana/1 erasable', erasurePublic, item);

const erased = (root, serial, bucket, items) => bytes('amana/1 erase', root, big(serial, 8), big(bucket, 4), ...items);

export const writeErase = ({ erasure, root, serial, bucket, items }) =>
  bytes(signingKey(erasure), signature(erasure, erased(root, serial, bucket, items)), big(serial, 8), big(bucket, 4), [items.length], ...items);

/** { erasure (public), serial, bucket, items }. */
export function readErase(request, root) {
  demand(request.length >= 109 && request.length === 109 + 16 * request[108], 'length');
  const view = new DataView(request.buffer, request.byteOffset);
  const erasure = request.subarray(0, 32), serial = view.getBigUint64(96), bucket = view.getUint32(104);
  const items = Array.from({ length: request[108] }, (_, i) => request.subarray(109 + 16 * i, 125 + 16 * i));
  demand(isSigned(erasure, request.subarray(32, 96), erased(root, serial, bucket, items)), 'signature');
  return { erasure, serial, bucket, items };
}

const forget = (root, inbox, submission) => bytes('amana/1 forget', root, inbox, submission);
export const writeForget = ({ erasure, inbox, root, submission }) => bytesToHex(signature(erasure, forget(root, inbox, submission)));
/** Whether a manifest of kind erasure is signed by the key that it names. */
export const isForget = ({ answers, id, inbox }, root) =>
  isSigned(hexToBytes(inbox.erasure), hexToBytes(answers.signature), forget(root, hexToBytes(inbox.id), hexToBytes(id)));

// ---- outbox (INBOX.md, section 1) -----------------------------------------------------------------------------------

/** The text of an outbox's note. `files`: [[class, count], …]; `hash`: of the body. */
export const outboxText = ({ deployment, serial, seen, expires, buckets, files, hash }) => ['amana outbox v1', `deployment ${deployment}`, `serial ${serial}`,
  `seen ${seen}`, `expires ${expires}`, `buckets ${buckets}`, ...files.map(([size, count]) => `files ${size} ${count}`), `hash ${Buffer.from(hash).toString('base64')}`, ''].join('\n');

export function signOutbox(text, deployment, courierSeed) {
  const name = `${deployment}/courier`, key = signingKey(courierSeed);
  return bytes(`${text}\n— ${name} ${Buffer.from(bytes(keyId(name, key), signature(courierSeed, text))).toString('base64')}\n`);
}

const LINES = /^amana outbox v1\ndeployment (\S+)\nserial (\d+)\nseen (\d+)\nexpires (\d+)\nbuckets (\d+)\n((?:files \d+ \d+\n)*)hash (\S+)\n$/;

/** { deployment, serial, seen, expires, buckets, files, hash } of a note that the courier has signed. */
export function openOutboxNote(note, deployment, courier) {
  const text = openNote(note, { name: `${deployment}/courier`, publicKey: courier }, 2048);
  const [, named, serial, seen, expires, buckets, lines, hash] = LINES.exec(text) ?? [];
  demand(named === deployment, 'the lines of an outbox');
  const number = (digits, least, most) => {
    demand(/^(0|[1-9][0-9]{0,19})$/.test(digits) && BigInt(digits) >= least && BigInt(digits) <= most, 'a number');
    return BigInt(digits);
  };
  const files = lines.split('\n').slice(0, -1).map((line) => line.split(' ').slice(1).map(Number));
  files.forEach(([size, count], i) => demand(FILE_CLASSES.includes(size) && (i === 0 || files[i - 1][0] < size) && count >= 1 && count <= 4096, 'files'));
  const read = {
    deployment, serial: number(serial, 1n, 2n ** 63n - 1n), seen: number(seen, 0n, 2n ** 64n - 1n), expires: number(expires, 0n, 253402300799n),
    buckets: Number(number(buckets, 1n, 65536n)), files, hash: fromBase64(hash, 32),
  };
  demand(Number.isInteger(Math.log2(read.buckets)), 'buckets');
  demand(outboxText(read) === text, 'spelling');
  return read;
}

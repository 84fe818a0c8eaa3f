// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What the desk says to an inbox (docs/ENVELOPE.md, section 9), opened: letter, notice, file. Nothing is believed that the courier of
// the key set has not signed. What is damaged or not the courier's throws a Doubt (note.mjs).
//
// `at` is { root, serial, courier }: the fingerprint (32 bytes), the outbox's serial (a bigint), and the courier's public key. `keys` are
// those of receipt.mjs.
import './old_browsers.mjs';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js';
import { NO_SALT, hkdf, joined, number } from './derive.mjs';
import { canonical } from './manifest.mjs';
import { demand, equal, isSignedBy } from './note.mjs';

const SLOT = 4096, SLOTS = 32, NOTICE = 4096;
export const BUCKET_BYTES = NOTICE + SLOTS * SLOT;  // of an answer: the notice, and the slots
const ITEM = 16, CIPHERTEXT = 1120, PART = 2944, TAG = 16, SIGNATURE = 64, MAX_PARTS = 8;
const CHUNK = 65536;
export const FILE_CLASSES = [65536, 262144, 1048576, 4194304, 16777216];
export const sealedBytes = (sizeClass) => sizeClass + TAG * (sizeClass / CHUNK);
const MAX_MESSAGES = 64, MAX_FILES = 16, MAX_TEXT = 16384, MAX_NOTICE = 3072, MAX_NAME = 255;

const nonce = () => new Uint8Array(24);
const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
const damaged = (holds, what) => demand(holds, 'altered', what);
const utf8Length = (text) => new TextEncoder().encode(text).length;

function decrypted(cipher, sealed, what) {
  try {
    return cipher.decrypt(sealed);
  } catch {
    return damaged(false, what);
  }
}

// ---- its text -----------------------------------------------------------------------------------------------------------

const isText = (value, most) => typeof value === 'string' && utf8Length(value) <= most;
const isCount = (value, most = Number.MAX_SAFE_INTEGER) => Number.isInteger(value) && value >= 0 && value <= most;
const isHex = (value, bytes) => isText(value, 2 * bytes) && value.length === 2 * bytes && /^[0-9a-f]*$/.test(value);
const isList = (value, least, most, isItem) => Array.isArray(value) && value.length >= least && value.length <= most && value.every(isItem);
/** An object with exactly these members, each of which holds. */
const isRecord = (value, members) => typeof value === 'object' && value !== null && !Array.isArray(value) &&
  Object.keys(value).sort().join() === Object.keys(members).sort().join() && Object.entries(members).every(([name, holds]) => holds(value[name]));
const isVersion = (value) => value === 1;

const isFile = (value) => isRecord(value, {
  class: (one) => one === FILE_CLASSES.find((size) => size >= value.size), id: (one) => isHex(one, 16), key: (one) => isHex(one, 32), name: (one) => isText(one, MAX_NAME),
  sha256: (one) => isHex(one, 32), size: isCount, type: (one) => typeof one === 'string' && /^[\x21-\x7e]{0,100}$/.test(one),
});
const isMessage = (value) => isRecord(value, { day: isCount, files: (one) => isList(one, 0, MAX_FILES, isFile), text: (one) => isText(one, MAX_TEXT) });
const isLetter = (value) => isRecord(value,
  { messages: (one) => isList(one, 1, MAX_MESSAGES, isMessage), notice: (one) => one === '' || isHex(one, 32), v: isVersion });
const isNotice = (value) => isRecord(value, { day: isCount, text: (one) => isText(one, MAX_NOTICE), v: isVersion });

/** The value of canonical JSON that holds. */
function parsed(bytes, holds) {
  let value = null, text = '';
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch { /* said below */ }
  damaged(holds(value) && canonical(value) === text, 'what is signed is not what it should be');
  return value;
}

/** { messages: [{ day, files, text }], notice, v } of a letter's text. Its signature is the caller's to verify. */
export const parseLetter = (bytes) => parsed(bytes, isLetter);

/** The text of `whole`, which has its length at `head`, its signature behind that, and zeros behind the text. */
function signedText(whole, head, courier, ...labels) {
  const begin = head + 4 + SIGNATURE, length = viewOf(whole).getUint32(head), text = whole.subarray(begin, begin + length);
  damaged(text.length === length && whole.subarray(begin + length).every((byte) => byte === 0), 'the text does not end where it should');
  damaged(isSignedBy(courier, joined(...labels, text), whole.subarray(head + 4, begin)), 'not signed by the courier');
  return text;
}

// ---- where it stands ----------------------------------------------------------------------------------------------------

/** The number of the first log2(`buckets`) bits of an inbox's id. */
export const bucketOf = (inbox, buckets) => Math.floor(viewOf(inbox).getUint32(0) / (2 ** 32 / buckets));

const slotTag = (inbox, serial, part) => hkdf(inbox, NO_SALT, 'amana/1 slot tag', number(serial, 8), Uint8Array.of(part)).subarray(0, ITEM);

const slotOf = (bucket, tag) => {
  for (let from = NOTICE; from < bucket.length; from += SLOT) if (equal(bucket.subarray(from, from + ITEM), tag)) return bucket.subarray(from, from + SLOT);
  return null;
};

/** The letter in a bucket; null where there is none. */
export function openLetter(bucket, { inbox, reply }, { root, serial, courier }) {
  const publicKey = xwing.getPublicKey(reply);
  const part = (index) => {
    const tag = slotTag(inbox, serial, index), slot = slotOf(bucket, tag);
    if (!slot) return null;
    const ciphertext = slot.subarray(ITEM, ITEM + CIPHERTEXT);
    let shared = null;
    try {
      shared = xwing.decapsulate(ciphertext, reply);
    } catch { /* a share of small order: said below */ }
    damaged(shared, 'a slot is damaged');
    const key = hkdf(shared, NO_SALT, 'amana/1 slot part', ciphertext, publicKey);
    return decrypted(xchacha20poly1305(key, nonce(), tag), slot.subarray(ITEM + CIPHERTEXT), 'a slot is damaged');
  };
  const first = part(0);
  if (!first) return null;
  const [count] = first;
  damaged(count >= 1 && count <= MAX_PARTS, 'a letter of so many parts');
  const parts = [first];
  for (let index = 1; index < count; index += 1) {
    const next = part(index);
    damaged(next, 'a part is missing');
    parts.push(next);
  }
  const whole = concatBytes(...parts);
  const text = signedText(whole, 1, courier, 'amana/1 letter', root, inbox, number(serial, 8));
  damaged(count === Math.ceil((5 + SIGNATURE + text.length) / PART), 'more parts than are needed');
  return parseLetter(text);
}

/** { day, text } of the notice in a bucket. `key`: the letter's `notice`, not empty. */
export function openNotice(bucket, key, { root, serial, courier }) {
  const cipher = xchacha20poly1305(hexToBytes(key), nonce(), joined('amana/1 notice', number(serial, 8)));
  const plain = decrypted(cipher, bucket.subarray(0, NOTICE), 'the notice is damaged');
  const text = signedText(plain, 0, courier, 'amana/1 notice', root, number(serial, 8));
  damaged(text.length <= MAX_NOTICE, 'a notice is too long');
  return parsed(text, isNotice);
}

/** The content of a file that a letter lists. `sealed`: sealedBytes(its class) of bytes, which are overwritten. */
export function openFile(sealed, { class: sizeClass, key, size, sha256: hash }) {
  damaged(sealed.length === sealedBytes(sizeClass), 'a file has another length');
  const count = sizeClass / CHUNK, secret = hexToBytes(key), plain = sealed.subarray(0, sizeClass);
  for (let index = 0; index < count; index += 1) {
    const counted = nonce(), from = index * (CHUNK + TAG);
    viewOf(counted).setUint32(19, index);  // the low four of the counter's eleven bytes, 12 to 22
    counted[23] = index === count - 1 ? 1 : 0;
    plain.set(decrypted(xchacha20poly1305(secret, counted), sealed.subarray(from, from + CHUNK + TAG), 'a file is damaged'), index * CHUNK);
  }
  const content = plain.subarray(0, size);
  damaged(plain.subarray(size).every((byte) => byte === 0) && bytesToHex(sha256(content)) === hash, 'a file is another');
  return content;
}

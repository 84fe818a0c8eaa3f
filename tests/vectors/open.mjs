// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A second implementation of the envelope, written from docs/ENVELOPE.md alone (the section numbers below are its own).
//
//   node open.mjs vectors DIR                    opens, and where it can seals again, every vector of DIR/vectors.json
//   node open.mjs seal KEYS OUT --story TEXT [--attach FILE ...]
//                                                writes an envelope; KEYS holds public keys in hexadecimal, one a line
//   node open.mjs open ENVELOPE KEYS             prints the manifest and what was attached; KEYS holds secret keys
//
// The rest of that document, what is signed and carried, is in carried.mjs.
import { closeSync, openSync, readFileSync, readSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes, randomBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js';

const PIECE = 65536, TAG = 16, SLOT = 1120 + 32 + TAG, MAX_SLOTS = 4;
const MAX_MANIFEST = 262144, MAX_ATTACHMENTS = 256, MAX_LIST = 256;
const PLAIN_CLASS = 32 << 10;                                                       // a report without attachments
const ATTACHED_CLASSES = [64, 256, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072].map((k) => k << 10);
const CLASSES = [PLAIN_CLASS, ...ATTACHED_CLASSES];

const headerSize = (n) => 2 + n * SLOT + 32 + 32;
const sealedSize = (padded) => padded + TAG * Math.ceil(padded / PIECE);
export const MAX_ENVELOPE = headerSize(MAX_SLOTS) + sealedSize(CLASSES.at(-1));

export const utf8 = (bytes) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
export const equal = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Why an envelope was refused; `failure` is a class of section 1.2. */
export class Failure extends Error {
  constructor(failure, detail) {
    super(detail ? `${failure}: ${detail}` : failure);
    this.failure = failure;
  }
}
const fail = (failure, detail) => { throw new Failure(failure, detail); };
const demand = (holds, failure, detail) => { if (!holds) fail(failure, detail); };

// ---- keys and chunks (section 1) ------------------------------------------------------------------------------------

const NO_NONCE = new Uint8Array(24);
const slotKey = (shared, ciphertext, publicKey) =>
  hkdf(sha256, shared, new Uint8Array(0), concatBytes(utf8ToBytes('amana/1 slot'), ciphertext, publicKey), 32);

/** What a file key gives under the header up to its commitment. */
function fileKeys(fileKey, head) {
  const nonce = head.subarray(-32), hash = sha256(head);
  const derive = (label) => hkdf(sha256, fileKey, nonce, concatBytes(utf8ToBytes(label), hash), 32);
  return { commitment: derive('amana/1 commitment'), payloadKey: derive('amana/1 payload') };
}

/** Calls with(cipher, where the piece lies, where the chunk lies) for each chunk of a padded payload. */
function eachChunk(payloadKey, padded, visit) {
  const count = Math.ceil(padded / PIECE);
  for (let i = 0; i < count; ++i) {
    const nonce = new Uint8Array(24);
    new DataView(nonce.buffer).setUint32(19, i);       // the low four of the counter's eleven bytes, 12 to 22
    nonce[23] = i === count - 1 ? 1 : 0;
    const from = i * PIECE, to = Math.min(from + PIECE, padded);
    visit(xchacha20poly1305(payloadKey, nonce), [from, to], [from + i * TAG, to + (i + 1) * TAG]);
  }
}

// ---- opening (section 1.2) ------------------------------------------------------------------------------------------

/** Opens an envelope with the X-Wing secret keys at hand: { manifest, text, attachments: [{ size, sha256, data }] }. */
export function openEnvelope(envelope, secrets) {
  demand(envelope.length >= 2, 'truncated');
  demand(envelope[0] === 1, 'unknown_suite');
  const n = envelope[1], start = headerSize(n);
  demand(n >= 1 && n <= MAX_SLOTS, 'bad_slot_count');
  demand(envelope.length >= start, 'truncated');

  const fileKey = openSlots(envelope.subarray(2, 2 + n * SLOT), secrets);
  demand(fileKey, 'no_slot');
  const { commitment, payloadKey } = fileKeys(fileKey, envelope.subarray(0, start - 32));
  demand(equal(commitment, envelope.subarray(start - 32, start)), 'bad_commitment');

  const body = envelope.subarray(start);
  const padded = CLASSES.find((size) => sealedSize(size) === body.length);
  demand(padded || body.length > sealedSize(CLASSES[0]), 'truncated');
  demand(padded, 'bad_size');

  const payload = new Uint8Array(padded);
  eachChunk(payloadKey, padded, (cipher, piece, chunk) => {
    try {
      cipher.decrypt(body.subarray(...chunk), payload.subarray(...piece));
    } catch {
      fail('bad_chunk', `at ${piece[0]}`);
    }
  });

  const { files, manifest: json } = readPayload(payload);
  const { manifest, text } = readManifest(json);
  demand(files.length === manifest.attachments.length, 'bad_attachment', 'their number');
  const attachments = files.map((data, i) => {
    const listed = manifest.attachments[i];
    const found = { size: data.length, sha256: bytesToHex(sha256(data)), data };
    demand(found.size === listed.size && found.sha256 === listed.sha256, 'bad_attachment', `number ${i}`);
    return found;
  });
  return { manifest, text, attachments };
}

function openSlots(slots, secrets) {
  for (const secret of secrets) {
    const publicKey = xwing.getPublicKey(secret);
    for (let at = 0; at < slots.length; at += SLOT) {
      const ciphertext = slots.subarray(at, at + 1120), wrapped = slots.subarray(at + 1120, at + SLOT);
      try {
        const shared = xwing.decapsulate(ciphertext, secret);       // refuses an X25519 share of small order
        return xchacha20poly1305(slotKey(shared, ciphertext, publicKey), NO_NONCE).decrypt(wrapped);
      } catch {
        // not ours: the next one
      }
    }
  }
  return null;
}

// ---- payload (section 2) --------------------------------------------------------------------------------------------

/** Takes a padded payload apart, in place: the data of an attachment is moved together over its records' headers. */
function readPayload(payload) {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const files = [];
  let at = 0, file = null;
  const record = (max) => {
    demand(at + 5 <= payload.length, 'bad_payload', 'ends in a record');
    const from = at + 5, length = view.getUint32(at + 1);
    demand(length >= 1 && length <= max && length <= payload.length - from, 'bad_payload', 'length of a record');
    at = from + length;
    return [from, at];
  };
  for (;;) {
    demand(at < payload.length, 'bad_payload', 'no manifest');
    const type = payload[at];
    demand(type >= 1 && type <= 3, 'bad_payload', `record ${type}`);
    demand(type === 3 || files.length < MAX_ATTACHMENTS, 'bad_payload', 'too many attachments');
    if (type === 1) {
      const [from, to] = record(PIECE);
      file ??= { from, to: from };
      payload.copyWithin(file.to, from, to);
      file.to += to - from;
    } else if (type === 2) {
      files.push(file ? payload.subarray(file.from, file.to) : payload.subarray(at, at));
      file = null;
      at += 1;
    } else {
      demand(!file, 'bad_payload', 'an attachment does not end');
      const manifest = payload.subarray(...record(MAX_MANIFEST));
      for (; at < payload.length; ++at) demand(payload[at] === 0, 'bad_payload', 'padding');
      return { files, manifest };
    }
  }
}

function writePayload(text, files) {
  const parts = [];
  const record = (type, data) => {
    const head = new Uint8Array(5);
    head[0] = type;
    new DataView(head.buffer).setUint32(1, data.length);
    parts.push(head, data);
  };
  for (const data of files) {
    for (let at = 0; at < data.length; at += PIECE) record(1, data.subarray(at, at + PIECE));
    parts.push(Uint8Array.of(2));
  }
  record(3, utf8ToBytes(text));
  return concatBytes(...parts);
}

// ---- manifest (section 3) -------------------------------------------------------------------------------------------

/** RFC 8785, of what a manifest may hold. */
export function canonical(value) {
  if (typeof value === 'string' && value.isWellFormed()) return JSON.stringify(value);
  if (Number.isSafeInteger(value) && value >= 0) return String(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) throw new TypeError('not a value of a manifest');
  return `{${Object.keys(value).sort().map((name) => `${canonical(name)}:${canonical(value[name])}`).join(',')}}`;
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
export const isString = (value, pattern = /^/) => typeof value === 'string' && pattern.test(value);
const isName = (value) => isString(value, /^[a-z0-9_]{1,64}$/);
export const isInteger = (value, max = Number.MAX_SAFE_INTEGER) => Number.isSafeInteger(value) && value >= 0 && value <= max;
export const isRecord = (value, names) =>
  isObject(value) && Object.keys(value).length === names.length && names.every((name) => Object.hasOwn(value, name));
const isMap = (value, least, isValue) =>
  isObject(value) && Object.keys(value).length >= least && Object.keys(value).length <= MAX_LIST &&
  Object.keys(value).every((name) => isName(name) && isValue(value[name]));
export const isList = (value, least, isItem) =>
  Array.isArray(value) && value.length >= least && value.length <= MAX_LIST && value.every((item) => isItem(item));
const isAnswer = (value) =>
  isString(value) || isList(value, 1, (item) => isString(item)) ||
  isList(value, 1, (row) => isMap(row, 1, (cell) => isString(cell)));
export const isAttachment = (value) =>
  isRecord(value, ['name', 'sha256', 'size', 'type']) &&
  isString(value.name) && utf8ToBytes(value.name).length <= 255 && isString(value.type, /^[\x21-\x7e]{0,100}$/) &&
  isInteger(value.size) && isString(value.sha256, /^[0-9a-f]{64}$/);

const hexOf = (length) => new RegExp(`^[0-9a-f]{${2 * length}}$`);
const isInbox = (value) =>
  isRecord(value, ['erasure', 'id', 'reply']) && isString(value.erasure, hexOf(32)) && isString(value.id, hexOf(32)) && isString(value.reply, hexOf(1216));
/** With the inbox that its kind may or must have. */
const isAnswerable = (value) => {
  if (!Object.hasOwn(value, 'inbox')) return ['report', 'decoy', 'canary'].includes(value.kind);
  return ['report', 'follow_up', 'erasure'].includes(value.kind) && isInbox(value.inbox);
};

/** Is this the value of a manifest? The depth of what it accepts is bounded, so that it can be written again. */
const isManifest = (value) =>
  isObject(value) && isRecord(value, ['answers', 'attachments', 'form', 'id', ...(Object.hasOwn(value, 'inbox') ? ['inbox'] : []), 'kind', 'v']) &&
  value.v === 1 && isAnswerable(value) && isString(value.id, /^[0-9a-f]{32}$/) &&
  isRecord(value.form, ['id', 'version']) && isName(value.form.id) && isInteger(value.form.version, 2 ** 32 - 1) &&
  isMap(value.answers, 0, isAnswer) && isList(value.attachments, 0, isAttachment);

export function readManifest(json) {
  let manifest, text;
  try {
    text = utf8(json);
    manifest = JSON.parse(text);
  } catch {
    fail('bad_manifest', 'not JSON');
  }
  demand(isManifest(manifest), 'bad_manifest', 'shape');
  let again;
  try {
    again = canonical(manifest);
  } catch {
    fail('bad_manifest', 'half a surrogate pair');
  }
  demand(again === text, 'bad_manifest', 'not canonical');
  return { manifest, text };
}

// ---- sealing (sections 1 and 8) -------------------------------------------------------------------------------------

/**
 * The deterministic sealer of section 8: `recipients` in slot order; `randomness` is file key, payload nonce, and 64
 * bytes for each slot. It seals whatever payload it is given, well framed or not.
 */
export function sealPayload({ recipients, randomness, padded, payload }) {
  const n = recipients.length;
  if (n < 1 || n > MAX_SLOTS) throw new RangeError('1 to 4 recipients');
  if (randomness.length !== 64 + 64 * n) throw new RangeError('64 bytes of randomness, and 64 for each recipient');
  if (payload.length > padded || padded > CLASSES.at(-1)) throw new RangeError('the payload does not fit');
  const fileKey = randomness.subarray(0, 32);
  const slots = recipients.map((publicKey, i) => {
    const seed = randomness.subarray(64 + 64 * i, 128 + 64 * i);
    const { cipherText, sharedSecret } = xwing.encapsulate(publicKey, seed);
    const key = slotKey(sharedSecret, cipherText, publicKey);
    return concatBytes(cipherText, xchacha20poly1305(key, NO_NONCE).encrypt(fileKey));
  });
  const head = concatBytes(Uint8Array.of(1, n), ...slots, randomness.subarray(32, 64));
  const { commitment, payloadKey } = fileKeys(fileKey, head);

  const plain = new Uint8Array(padded), body = new Uint8Array(sealedSize(padded));
  plain.set(payload);
  eachChunk(payloadKey, padded, (cipher, piece, chunk) =>
    cipher.encrypt(plain.subarray(...piece), body.subarray(...chunk)));
  return concatBytes(head, commitment, body);
}

/**
 * Seals to one to four public keys. `manifest` has every member but `attachments`, which is made from `attachments`:
 * [{ name, type, data }].
 */
export function sealEnvelope({ recipients, manifest, attachments = [] }) {
  const listed = attachments.map(({ name, type, data }) =>
    ({ name, type, size: data.length, sha256: bytesToHex(sha256(data)) }));
  const text = canonical({ ...manifest, attachments: listed });
  const json = utf8ToBytes(text);
  readManifest(json);
  if (json.length > MAX_MANIFEST) throw new RangeError('the manifest is too long');
  const payload = writePayload(text, attachments.map(({ data }) => data));
  const padded = (attachments.length ? ATTACHED_CLASSES : [PLAIN_CLASS]).find((size) => size >= payload.length);
  if (!padded) throw new RangeError('no size class holds this report');
  const shuffled = recipients.map((key) => [bytesToHex(randomBytes(16)), key]).sort(([a], [b]) => (a < b ? -1 : 1));
  return sealPayload({ recipients: shuffled.map(([, key]) => key), padded, payload,
    randomness: randomBytes(64 + 64 * recipients.length) });
}

// ---- command line ---------------------------------------------------------------------------------------------------

/** The bytes of a file, and no more than one over `most`: enough to see that it is too long. */
function readBounded(path, most = MAX_ENVELOPE) {
  const file = openSync(path, 'r'), parts = [];
  try {
    for (let left = most + 1, got = 1; left > 0 && got > 0; left -= got) {
      const part = new Uint8Array(Math.min(left, 1 << 20));
      got = readSync(file, part);
      parts.push(part.subarray(0, got));
    }
  } finally {
    closeSync(file);
  }
  return concatBytes(...parts);
}

const readKeys = (path) => utf8(readBounded(path, 1 << 20)).split(/\s+/).filter(Boolean).map((hex) => hexToBytes(hex));

/** One vector: the checks that it failed, none when all is well. */
export function checkVector(dir, vector) {
  const envelope = readBounded(join(dir, vector.envelope));
  const wrong = [];
  const expect = (what, found, expected) => {
    if (JSON.stringify(found) !== JSON.stringify(expected)) wrong.push(`${what}: ${found} instead of ${expected}`);
  };
  let opened = null, result = 'open';
  try {
    opened = openEnvelope(envelope, vector.secrets.map((hex) => hexToBytes(hex)));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    result = error.failure;
  }
  expect('result', result, vector.result);
  if (opened && vector.result === 'open') {
    expect('manifest', opened.text, vector.manifest);
    const flat = (list) => list.map(({ size, sha256: hash }) => `${size} ${hash}`);
    expect('attachments', flat(opened.attachments), flat(vector.attachments));
  }
  if (vector.sealing) {
    const { recipients, randomness, padded, payload } = vector.sealing;
    const again = sealPayload({ recipients: recipients.map((hex) => hexToBytes(hex)),
      randomness: hexToBytes(randomness), padded, payload: readBounded(join(dir, payload)) });
    expect('sealed again', bytesToHex(sha256(again)), bytesToHex(sha256(envelope)));
  }
  return wrong;
}

function vectorsCommand(dir) {
  const vectors = JSON.parse(readFileSync(join(dir, 'vectors.json'), 'utf8'));
  let passed = 0, failed = 0, sealed = 0;
  for (const vector of vectors) {
    let wrong;
    try {
      wrong = checkVector(dir, vector);
    } catch (error) {
      wrong = [error.stack];
    }
    for (const line of wrong) console.log(`${vector.name}: ${line}`);
    if (wrong.length) failed += 1; else passed += 1;
    if (vector.sealing) sealed += 1;
  }
  console.log(`${vectors.length} vectors, ${sealed} of them sealed again`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

function sealCommand(keys, out, options) {
  let story = '';
  const paths = [];
  for (let i = 0; i < options.length; ++i) {
    if (options[i] === '--story' && i + 1 < options.length) story = options[++i];
    else if (options[i] !== '--attach') return usage();
    else while (i + 1 < options.length && !options[i + 1].startsWith('--')) paths.push(options[++i]);
  }
  const attachments = paths.map((path) =>
    ({ name: basename(path), type: 'application/octet-stream', data: readBounded(path, CLASSES.at(-1)) }));
  const manifest = { v: 1, kind: 'report', id: bytesToHex(randomBytes(16)), form: { id: 'recruitment', version: 1 },
    answers: { story } };
  writeFileSync(out, sealEnvelope({ recipients: readKeys(keys), manifest, attachments }));
  return 0;
}

function openCommand(path, keys) {
  const { text, attachments } = openEnvelope(readBounded(path), readKeys(keys));
  console.log(text);
  for (const { size, sha256: hash } of attachments) console.log(`${hash} ${size}`);
  return 0;
}

function usage() {
  console.error('open.mjs vectors DIR | seal KEYS OUT --story TEXT [--attach FILE ...] | open ENVELOPE KEYS');
  return 2;
}

function main([command, ...rest]) {
  try {
    if (command === 'vectors' && rest.length === 1) return vectorsCommand(rest[0]);
    if (command === 'seal' && rest.length >= 2) return sealCommand(rest[0], rest[1], rest.slice(2));
    if (command === 'open' && rest.length === 2) return openCommand(...rest);
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error.stack);
    return 1;
  }
  return usage();
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = main(process.argv.slice(2));
}

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A second implementation of what is signed and carried, from docs/ENVELOPE.md alone: signed notes (section 4), key
// sets (5), secret files (6). Whatever is not as it should be throws. The log and its bundles are in log.mjs and the files beside it.
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { argon2id } from '@noble/hashes/argon2.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { equal, utf8 } from './open.mjs';

const demand = (holds, what) => { if (!holds) throw new Error(what); };
const NAME = /^[\x21-\x2a\x2c-\x7e]{1,128}$/;

/** Padded base64 with one spelling for one meaning. */
export function fromBase64(text, size) {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  demand(Buffer.from(bytes).toString('base64') === text, 'base64');
  demand(size === undefined || bytes.length === size, 'length of a base64 value');
  return bytes;
}

function decimal(text) {
  demand(/^(0|[1-9][0-9]{0,19})$/.test(text) && BigInt(text) < 1n << 64n, 'a number');
  return BigInt(text);
}

// ---- signed notes (section 4) ---------------------------------------------------------------------------------------

export const keyId = (name, publicKey) =>
  sha256(concatBytes(utf8ToBytes(`${name}\n`), Uint8Array.of(1), publicKey)).subarray(0, 4);

export const writeVerifierKey = (name, publicKey) =>
  `${name}+${bytesToHex(keyId(name, publicKey))}+${Buffer.from([1, ...publicKey]).toString('base64')}`;

export function parseVerifierKey(text) {
  const [, name, id, key] = /^([^\s+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? [];
  demand(name, 'a verifier key');
  const typed = fromBase64(key, 33), publicKey = typed.subarray(1);
  demand(typed[0] === 1, 'a verifier key of a type that is not known');
  demand(equal(hexToBytes(id), keyId(name, publicKey)), 'a verifier key whose id is another');
  return { name, publicKey };
}

/** Takes a note apart: its text, and its signature lines. Nothing of it has been verified. */
function splitNote(bytes, most) {
  demand(bytes.length <= most, 'a note that is too long');
  const note = utf8(bytes);
  demand(!/[\x00-\x09\x0b-\x1f]/.test(note), 'a control character in a note');
  const end = note.lastIndexOf('\n\n') + 1;
  demand(end > 0 && note.endsWith('\n'), 'a note without signatures');
  const lines = note.slice(end + 1, -1).split('\n');
  demand(lines.length <= 16, 'too many signature lines');
  const signatures = lines.map((line) => {
    const [, name, value] = /^\u2014 ([^\s\u0085+]+) ([A-Za-z0-9+/=]+)$/u.exec(line) ?? [];
    demand(name, 'a signature line');
    const signature = fromBase64(value);
    demand(signature.length > 4, 'a short signature');
    return { name, id: signature.subarray(0, 4), signature: signature.subarray(4) };
  });
  return { text: note.slice(0, end), signatures };
}

/** Is there a good signature of this key, and no bad one? */
function demandSigned({ text, signatures }, { name, publicKey }) {
  const own = signatures.filter((line) => line.name === name && equal(line.id, keyId(name, publicKey)));
  demand(own.length > 0, 'a note that the key has not signed');
  for (const { signature } of own) {
    demand(signature.length === 64 && ed25519.verify(signature, utf8ToBytes(text), publicKey, { zip215: false }),
      'a bad signature');
  }
}

/** The text of a note that `key` ({ name, publicKey }) has signed. */
export function openNote(bytes, key, most) {
  const note = splitNote(bytes, most);
  demandSigned(note, key);
  return note.text;
}

// ---- key set (section 5) --------------------------------------------------------------------------------------------

const MAX_KEY_SET = 2 << 20, MAX_EPOCHS = 1024, MAX_RECIPIENTS = 4;

/**
 * A key set whose root has this fingerprint and whose serial is not below `serial`. Its root stands in the text that it
 * signs, so the text is read first and believed only when fingerprint and signature agree.
 */
export function openKeySet(bytes, fingerprint, serial = 1n) {
  const note = splitNote(bytes, MAX_KEY_SET);
  const lines = note.text.slice(0, -1).split('\n');
  demand(lines.length >= 7 && lines.length <= 6 + MAX_EPOCHS, 'the lines of a key set');
  const words = (line, first, count) => {
    const found = line.split(' ');
    demand(found[0] === first && found.length === count, `the ${first} line of a key set`);
    return found.slice(1);
  };
  const name = (text) => { demand(NAME.test(text), 'a name'); return text; };
  const timed = ([notBefore, notAfter, key], size) =>
    ({ notBefore: decimal(notBefore), notAfter: decimal(notAfter), key: fromBase64(key, size) });

  demand(lines[0] === 'amana keys v1', 'not a key set');
  const set = {
    deployment: name(words(lines[1], 'deployment', 2)[0]),
    serial: decimal(words(lines[2], 'serial', 2)[0]),
    root: fromBase64(words(lines[3], 'root', 2)[0], 32),
    courier: timed(words(lines[4], 'courier', 4), 32),
    witness: timed(words(lines[5], 'witness', 4), 32),
    epochs: lines.slice(6).map((line) => {
      const [recipient, ...rest] = words(line, 'epoch', 5);
      return { recipient: name(recipient), ...timed(rest, 1216) };
    }),
  };
  demand(new Set(set.epochs.map(({ recipient }) => recipient)).size <= MAX_RECIPIENTS, 'too many recipients');
  demand(bytesToHex(sha256(set.root)) === fingerprint, 'the root is another');
  demandSigned(note, { name: 'amana-root', publicKey: set.root });
  demand(set.serial >= 1n && set.serial >= serial, 'an old serial');
  return set;
}

/** The public keys to seal to at a moment (seconds, a bigint), by recipient. */
export function sealingKeys(set, now) {
  const best = new Map(set.epochs.map(({ recipient }) => [recipient, null]));
  for (const epoch of set.epochs) {
    if (epoch.notBefore > now || now >= epoch.notAfter) continue;
    const other = best.get(epoch.recipient);
    if (!other || epoch.notBefore > other.notBefore) best.set(epoch.recipient, epoch);
  }
  for (const [recipient, epoch] of best) demand(epoch, `no key of ${recipient} is valid`);
  return new Map([...best].map(([recipient, { key }]) => [recipient, key]));
}

// ---- secret files (section 6) ---------------------------------------------------------------------------------------

const SECRET_MAGIC = utf8ToBytes('AMANA-SECRET-1\n');

/** What lies under a passphrase: { kind, secret }. The Argon2 used here stops just short of the 4 GiB a file may ask */
export function openSecretFile(bytes, passphrase) {
  const password = utf8ToBytes(passphrase);
  demand(password.length >= 12 && password.length <= 1024, 'length of the passphrase');
  demand(bytes.length === 116 && equal(bytes.subarray(0, 15), SECRET_MAGIC), 'not a secret file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const kind = bytes[15], operations = view.getUint32(16), memory = Number(view.getBigUint64(20));
  demand(kind === 1 || kind === 2, 'a kind of secret that is not known');
  demand(operations >= 1 && operations <= 16 && memory >= 8 << 10 && memory <= 2 ** 32, 'cost of the passphrase');
  const key = argon2id(password, bytes.subarray(28, 44),
    { t: operations, m: Math.floor(memory / 1024), p: 1, dkLen: 32, maxmem: 2 ** 32 - 1 });
  const cipher = xchacha20poly1305(key, bytes.subarray(44, 68), bytes.subarray(0, 68));
  return { kind, secret: cipher.decrypt(bytes.subarray(68)) };
}

/** What lies under the master key with this label. */
export const openSealedRecord = (record, masterKey, label) =>
  xchacha20poly1305(masterKey, record.subarray(0, 24), utf8ToBytes(label)).decrypt(record.subarray(24));

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Signed notes (docs/ENVELOPE.md, section 4): bytes in, text and signatures out.
//
// Ed25519 is computed here on every browser, and not by WebCrypto where that has it: Chromium has it from 137 on, Firefox
// from 129, so old phones need this code anyway; and how it treats points of small order differs. Beside X-Wing, which brings
// the curve, it is 1 KiB.
import './old_browsers.mjs';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';

const { Point } = ed25519;
const MAX_SIGNATURES = 16;
const MAX_BASE64 = 12000;  // a signature of 8 KiB, as other algorithms' may have
const ED25519_ORDER = Point.CURVE().n;

/** Why something was not believed: `reason` is unreadable, foreign or altered. */
export class Doubt extends Error {
  constructor(reason, what) {
    super(what);
    this.reason = reason;
  }
}
export const demand = (holds, reason, what) => { if (!holds) throw new Doubt(reason, what); };

export const equal = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
const littleEndian = (bytes) => BigInt(`0x${bytesToHex(Uint8Array.from(bytes).reverse())}`);

export function base64(text, what) {
  let bytes = null;
  try {
    if (text.length <= MAX_BASE64) bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  } catch { /* said below */ }
  demand(bytes && btoa(String.fromCharCode(...bytes)) === text, 'unreadable', what);
  return bytes;
}

/** The id, in hexadecimal, of an Ed25519 key of this name. */
export const keyId = (name, key) => bytesToHex(sha256(concatBytes(utf8ToBytes(`${name}\n`), Uint8Array.of(1), key)).subarray(0, 4));

/** As libsodium verifies: canonical encodings only, no point of small order, cofactorless. */
export function isSignedBy(publicKey, message, signature) {
  try {
    const key = Point.fromBytes(publicKey);
    const commitment = signature.subarray(0, 32);
    const scalar = littleEndian(signature.subarray(32));
    if (signature.length !== 64 || scalar === 0n || scalar >= ED25519_ORDER) return false;
    if (key.isSmallOrder() || Point.fromBytes(commitment).isSmallOrder()) return false;
    const challenge = littleEndian(sha512(concatBytes(commitment, publicKey, message))) % ED25519_ORDER;
    return equal(Point.BASE.multiply(scalar).add(key.multiply(challenge).negate()).toBytes(), commitment);
  } catch {
    return false;
  }
}

/** A note of at most `most` bytes: { text, signers: [{ name, id, signature }] }. Nothing of it has been verified. */
export function parseNote(bytes, most) {
  demand(bytes.length <= most, 'unreadable', 'a note is too long');
  let whole = '';
  try {
    whole = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch { /* said below */ }
  const end = whole.lastIndexOf('\n\n');
  demand(end > 0 && whole.endsWith('\n'), 'unreadable', 'a note has no signature');
  const lines = whole.slice(end + 2, -1).split('\n');
  demand(lines.length <= MAX_SIGNATURES, 'unreadable', 'a note has too many signatures');
  const signers = lines.map((line) => {
    const found = /^\u2014 ([!-*,-~]{1,128}) (\S+)$/.exec(line);
    demand(found, 'unreadable', 'a signature line is not one');
    const signature = base64(found[2], 'a signature is not whole');
    demand(signature.length > 4, 'unreadable', 'a signature is too short');
    return { name: found[1], id: bytesToHex(signature.subarray(0, 4)), signature: signature.subarray(4) };
  });
  return { text: whole.slice(0, end + 1), signers };
}

/** At least one line of a note is this key's, and every such line is good. `what` is what the note is called. */
export function demandSigned(note, { name, id, key }, what) {
  const own = note.signers.filter((signer) => signer.name === name && signer.id === id);
  demand(own.length > 0, 'foreign', `${what} was signed by ${note.signers.map((signer) => `${signer.name} (${signer.id})`).join(', ')}`);
  demand(own.every(({ signature }) => isSignedBy(key, utf8ToBytes(note.text), signature)), 'altered', `${what} was changed after it was signed`);
}

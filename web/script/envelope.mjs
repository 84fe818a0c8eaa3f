// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The envelope, suite 1 (docs/ENVELOPE.md, section 1): a padded payload goes in as a stream, the header and the sealed
// chunks come out, and one chunk is in memory at a time.
import './old_browsers.mjs';
import { Poly1305 } from '@noble/ciphers/_poly1305.js';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js';
import { NO_SALT, hkdf } from './derive.mjs';

export const PIECE = 65536;
const TAG = 16;
const KEY = 32;
const SLOT = 1120 + KEY + TAG;
const MAX_SLOTS = 4;
const ENCAPSULATION = 64;  // bytes of randomness
const NO_NONCE = new Uint8Array(24);

// The package copies whatever it authenticates. In small parts such copies are gone at once; Firefox keeps large ones for long.
const PART = 1024;
const { update } = Poly1305.prototype;
Poly1305.prototype.update = function inParts(data) {
  for (let at = 0; at < data.length; at += PART) update.call(this, data.subarray(at, at + PART));
  return this;
};

/** The bytes of an envelope to `slots` recipients around a padded payload of `padded` bytes. */
export const envelopeLength = (slots, padded) => 2 + slots * SLOT + 2 * KEY + padded + TAG * Math.ceil(padded / PIECE);

/** So many bytes that nobody can guess. */
export const systemRandom = (length) => crypto.getRandomValues(new Uint8Array(length));

export class Sealer {
  /**
   * A sealer for one payload, under a new file key, with a slot for each of 1 to 4 X-Wing public keys in an order drawn
   * here. Throws when a key is not one. `random(length)` gives bytes.
   */
  static create(publicKeys, random = systemRandom) {
    return Sealer.inOrder(shuffled(publicKeys, random), random);
  }

  /** The same with the order kept: for test vectors, nothing else. */
  static inOrder(publicKeys, random) {
    if (publicKeys.length < 1 || publicKeys.length > MAX_SLOTS) throw new RangeError('1 to 4 recipients');
    const fileKey = random(KEY), payloadNonce = random(KEY);
    const slots = publicKeys.map((publicKey) => slot(publicKey, fileKey, random));
    const head = concatBytes(Uint8Array.of(1, slots.length), ...slots, payloadNonce);
    const hash = sha256(head);
    const derive = (label) => hkdf(fileKey, payloadNonce, label, hash);
    const header = concatBytes(head, derive('amana/1 commitment'));
    const payloadKey = derive('amana/1 payload');
    fileKey.fill(0);
    return new Sealer(header, payloadKey);
  }

  constructor(header, payloadKey) {
    this.header = header;
    this.payloadKey = payloadKey;
    this.used = false;
  }

  /**
   * The envelope, piece by piece, of a padded payload that comes as an iterable (async or not) of byte arrays, cut
   * anywhere. What is yielded lasts until the next is asked for. Once only: a second payload would be sealed under the nonces
   * of the first.
   */
  async *seal(payload) {
    if (this.used) throw new Error('a sealer seals once');
    this.used = true;
    const piece = new Uint8Array(PIECE);
    let filled = 0, index = 0;
    try {
      yield this.header;
      for await (const bytes of payload) {
        for (let at = 0; at < bytes.length;) {
          if (filled === PIECE) {  // only now is it known that this piece is not the last
            yield this.chunk(piece, index++, false);
            filled = 0;
          }
          const part = bytes.subarray(at, at + PIECE - filled);
          piece.set(part, filled);
          filled += part.length;
          at += part.length;
        }
      }
      if (filled === 0) throw new RangeError('a padded payload is never empty');
      yield this.chunk(piece.subarray(0, filled), index, true);
    } finally {
      piece.fill(0);
      this.payloadKey.fill(0);
    }
  }

  chunk(piece, index, last) {
    const nonce = new Uint8Array(24);
    new DataView(nonce.buffer).setUint32(19, index);  // the low four of the counter's eleven bytes, 12 to 22
    nonce[23] = last ? 1 : 0;
    this.sealed = this.sealed || new Uint8Array(PIECE + TAG);  // one for all: a browser is slow to give memory back
    return xchacha20poly1305(this.payloadKey, nonce).encrypt(piece, this.sealed.subarray(0, piece.length + TAG));
  }
}

function slot(publicKey, fileKey, random) {
  const seed = random(ENCAPSULATION);
  const { cipherText, sharedSecret } = xwing.encapsulate(publicKey, seed);
  const key = hkdf(sharedSecret, NO_SALT, 'amana/1 slot', cipherText, publicKey);
  // The nonce is fixed because a slot key seals one file key, once.
  const wrapped = xchacha20poly1305(key, NO_NONCE).encrypt(fileKey);
  for (const secret of [seed, sharedSecret, key]) secret.fill(0);
  return concatBytes(cipherText, wrapped);
}

/** Fisher–Yates. A byte that would favour some place is drawn again. */
function shuffled(list, random) {
  const out = Array.from(list);
  for (let left = out.length; left > 1; left -= 1) {
    let drawn;
    do [drawn] = random(1); while (drawn >= 256 - (256 % left));
    const other = drawn % left;
    [out[left - 1], out[other]] = [out[other], out[left - 1]];
  }
  return out;
}

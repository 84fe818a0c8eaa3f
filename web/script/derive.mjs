// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What keys are derived with, and numbers as they go into it.
import './old_browsers.mjs';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';

export const NO_SALT = new Uint8Array(0);

/** HKDF with SHA-256 (RFC 5869) of 32 bytes, which is one block; shorter keys are their beginning. `info`: bytes, or text. */
export function hkdf(secret, salt, ...info) {
  const extracted = hmac(sha256, salt, secret);
  const key = hmac(sha256, extracted, joined(...info, Uint8Array.of(1)));
  extracted.fill(0);
  return key;
}

/** Bytes and texts behind one another. */
export const joined = (...parts) => concatBytes(...parts.map((part) => (typeof part === 'string' ? utf8ToBytes(part) : part)));

/** A number, or a bigint, in so many bytes, big-endian. */
export const number = (value, length) => hexToBytes(value.toString(16).padStart(2 * length, '0'));

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The receipt code (docs/ENVELOPE.md, section 8): what is typed, and the keys that come from it.
import './old_browsers.mjs';
import { ed25519 } from '@noble/curves/ed25519.js';
import { pbkdf2 } from '@noble/hashes/pbkdf2.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js';
import { NO_SALT, hkdf, joined } from './derive.mjs';

const DIGITS = 28, ITERATIONS = 1024, MAX_TYPED = 1024;

// Damm's quasigroup, a row of ten digits for each state.
const QUASIGROUP = '0317598642709215486342068713591750983426612304597836742095815869720134894536201794386172052581436790';
const damm = (digits) => [...digits].reduce((state, digit) => Number(QUASIGROUP[10 * state + Number(digit)]), 0);

// The zeros of Unicode 14's decimal digits, in base 36.
const ZEROS = (
  '1c 19c 1dc 1j4 1uu 1ye 21y 25i 292 2cm 2g6 2jq 2na 2qu 2ts 2xc 2zk 37k 39s 4ps 4r4 4zq 53k 58g 58w 5e8 5gw 5kw 5lc ' +
  'wtc xcg xds xjk xkg xn4 xyo 1eds 1fhc 1h68 1ht2 1hww 1hyu 1i34 1ib4 1ikw 1iog 1iz4 1j28 1j5c 1jhc 1jkg 1k5s 1kcw 1kf4 ' +
  '1zkw 1znk 1zrk 2l72 2l7c 2l7m 2l7w 2l86 2n28 2ne8 2onk 2sc0'
).split(' ').map((zero) => parseInt(zero, 36));

function valueOf(character) {
  const code = character.codePointAt(0);
  const zero = ZEROS.find((one) => code >= one && code < one + 10);
  return zero === undefined ? '' : `${code - zero}`;
}

/** A new code's digits; `random(n)`: n random bytes. */
export function newCode(random) {
  let digits = '';
  while (digits.length < DIGITS - 1) {
    const [byte] = random(1);
    if (byte < 250) digits += byte % 10;
  }
  return digits + damm(digits);
}

/** { digits }, or { fault }: 'count' where there are not 28, 'check' where there is a slip among them. */
export function readCode(typed) {
  if (utf8ToBytes(typed).length > MAX_TYPED) return { fault: 'count' };
  const digits = Array.from(typed, valueOf).join('');
  if (digits.length !== DIGITS) return { fault: 'count' };
  return damm(digits) === 0 ? { digits } : { fault: 'check' };
}

/** { inbox, reply, erasure }, 32 bytes each, at the deployment whose root fingerprint is `root`, 32 bytes. */
export function keysOf(digits, root) {
  const master = pbkdf2(sha256, utf8ToBytes(digits.slice(0, DIGITS - 1)), joined('amana/1 receipt', root), { c: ITERATIONS, dkLen: 32 });
  const derive = (info) => hkdf(master, NO_SALT, info);
  const keys = { inbox: derive('amana/1 inbox'), reply: derive('amana/1 inbox reply key'), erasure: derive('amana/1 inbox erasure key') };
  master.fill(0);
  return keys;
}

/** What of these keys is in a manifest: where an answer can go (docs/ENVELOPE.md, section 3). */
export const addressOf = ({ inbox, reply, erasure }) =>
  ({ erasure: bytesToHex(ed25519.getPublicKey(erasure)), id: bytesToHex(inbox), reply: bytesToHex(xwing.getPublicKey(reply)) });

/** A new code and what goes into the report: { digits, inbox }. */
export function newReceipt(random, root) {
  const digits = newCode(random), keys = keysOf(digits, root);
  const inbox = addressOf(keys);
  for (const secret of [keys.reply, keys.erasure]) secret.fill(0);
  return { digits, inbox };
}

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The price of a place in line (docs/ADMISSION.md, section 3): eight numbers, each found by trying.
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { aborted } from './pause.mjs';

const PARTS = 8;
const TRIES_A_BREATH = 1024;  // a worker hears of an abort, and a slow phone lives, only between tasks

/** The token and behind it its solution, 64 bytes, as the head has them. Throws an AbortError when the signal says so. */
export async function solve(token, bits, signal) {
  const solved = concatBytes(token, new Uint8Array(4 * PARTS));
  const text = concatBytes(utf8ToBytes('amana work v1'), token, new Uint8Array(5));
  // One for all tries: to make one takes longer than to hash with it.
  const fresh = sha256.create(), hasher = sha256.create(), hash = new Uint8Array(32);
  const [number, found] = [text, solved].map(({ buffer }) => new DataView(buffer));
  for (let part = 0, tries = 0; part < PARTS; part += 1) {
    text[45] = part;
    for (let n = 0; ; n += 1) {
      tries += 1;
      if (tries % TRIES_A_BREATH === 0) await new Promise((resolve) => { setTimeout(resolve, 0); });
      if (signal && signal.aborted) throw aborted();
      number.setUint32(46, n);
      fresh._cloneInto(hasher).update(text).digestInto(hash);
      if ((hash[0] << 16 | hash[1] << 8 | hash[2]) >> (24 - bits) === 0) {
        found.setUint32(32 + 4 * part, n);
        break;
      }
    }
  }
  return solved;
}

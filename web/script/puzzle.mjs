// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The price of a place in line (docs/ADMISSION.md, section 3): eight numbers, each found by trying.
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { aborted } from './pause.mjs';

const PARTS = 8;

/** The token and behind it its solution, 64 bytes, as the head has them. Throws an AbortError when the signal says so. */
export async function solve(token, bits, signal) {
  const solved = concatBytes(token, new Uint8Array(4 * PARTS));
  const text = concatBytes(utf8ToBytes('amana work v1'), token, new Uint8Array(5));
  // One for all tries: to make one takes longer than to hash with it.
  const fresh = sha256.create(), hasher = sha256.create(), hash = new Uint8Array(32);
  const [number, found] = [text, solved].map(({ buffer }) => new DataView(buffer));
  const holds = (bytes) => (bytes[0] << 16 | bytes[1] << 8 | bytes[2]) >> (24 - bits) === 0;
  const put = (n) => { number.setUint32(46, n); return text; };
  // Each says which of so many tries from n on holds, or -1 in another task: a worker hears of an abort, and a slow phone lives, only
  // between two.
  const ours = (n, tries) => {
    for (let i = 0; i < tries; i += 1) {
      fresh._cloneInto(hasher).update(put(n + i)).digestInto(hash);
      if (holds(hash)) return i;
    }
    return new Promise((resolve) => { setTimeout(resolve, 0, -1); });
  };
  const theirs = async (n, tries) => (await Promise.all(Array.from({ length: tries }, (_, i) => crypto.subtle.digest('SHA-256', put(n + i)))))
    .findIndex((one) => holds(new Uint8Array(one)));
  // Who was faster up to now goes on: where no script is compiled (Tor Browser at "Safer") it is the browser's own hash, several times,
  // though it has to be waited for. A first time counts for nothing: there is much to compile.
  const ways = [{ run: ours, tries: 1024, time: 0, tried: -1024 }];
  if (crypto.subtle) ways.push({ run: theirs, tries: 128, time: 0, tried: -128 });
  const cost = ({ time, tried }) => tried > 0 ? time / tried : -1;
  for (let part = 0; part < PARTS; part += 1) {
    text[45] = part;
    for (let n = 0, at = -1; at < 0;) {
      const way = ways.reduce((best, one) => cost(one) < cost(best) ? one : best);
      const began = performance.now();
      at = await way.run(n, way.tries);
      if (signal && signal.aborted) throw aborted();
      if (at >= 0) found.setUint32(32 + 4 * part, n + at);
      else if ((way.tried += way.tries) > 0) way.time += performance.now() - began;
      n += way.tries;
    }
  }
  return solved;
}

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Signed notes, checkpoints and promises, written from docs/ENVELOPE.md (section 4) and docs/LOG.md (sections 1 and 6) alone.
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { HASH, demand, fail } from './log_tree.mjs';

export const MAX_NOTE = 8192;
const NAME = '[!-*,-~]{1,128}';
function base64(text, what) {
  const bytes = Buffer.from(text, 'base64');
  demand(text !== '' && bytes.toString('base64') === text, `${what} is not base64`);
  return new Uint8Array(bytes);
}
function decimal(text, what) {
  demand(/^(0|[1-9][0-9]{0,18})$/.test(text) && BigInt(text) < 1n << 63n, `${what} is not a number`);
  return BigInt(text);
}

const ED25519 = 1;
export const COSIGNATURE = 4;
export function parseVerifier(text, algorithm = ED25519) {
  const [, name, id, encoded] = new RegExp(`^(${NAME})\\+([0-9a-f]{8})\\+(.+)$`).exec(text) ?? fail('not a verifier key');
  const key = base64(encoded, 'the verifier key');
  demand(key.length === 33 && key[0] === algorithm, 'a verifier key of another kind');
  demand(bytesToHex(sha256(concatBytes(utf8ToBytes(`${name}\n`), key)).subarray(0, 4)) === id, 'a verifier key whose id does not fit it');
  return { name, id, algorithm, key: key.subarray(1) };
}

function parseNote(bytes) {
  const whole = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const end = whole.lastIndexOf('\n\n');
  demand(end >= 0 && whole.endsWith('\n') && whole.length > end + 2, 'not a signed note');
  const lines = whole.slice(end + 2, -1).split('\n');
  demand(lines.length <= 16, 'a note with more than 16 signatures');
  const signatures = lines.map((line) => {
    const [, name, encoded] = new RegExp(`^\\u2014 (${NAME}) (\\S+)$`).exec(line) ?? fail('not a signature line');
    const signature = base64(encoded, 'a signature');
    demand(signature.length > 4, 'a signature that is too short');
    return { name, id: bytesToHex(signature.subarray(0, 4)), signature: signature.subarray(4) };
  });
  return { text: whole.slice(0, end + 1), signatures };
}

/** The note's text, when the key has signed it. */
export function openNote(bytes, verifier) {
  const { text, signatures } = parseNote(bytes);
  const own = signatures.filter(({ name, id }) => name === verifier.name && id === verifier.id);
  demand(own.length > 0, 'not signed by this key');
  for (const { signature } of own) {
    let message = utf8ToBytes(text), plain = signature;
    if (verifier.algorithm === COSIGNATURE) {
      demand(signature.length === 72, 'a co-signature of a wrong length');
      const time = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
      demand(time % 86400n === 0n, 'a co-signature whose time is not a day');
      message = utf8ToBytes(`cosignature/v1\ntime ${time}\n${text}`);
      plain = signature.subarray(8);
    }
    let good = false;
    try { good = ed25519.verify(plain, message, verifier.key, { zip215: false }); } catch { /* no */ }
    demand(good, 'the signature is bad');
  }
  return text;
}

export function openCheckpoint(bytes, verifier) {
  demand(bytes.length <= MAX_NOTE, 'a checkpoint that is too long');
  const [origin, size, root, ...more] = openNote(bytes, verifier).split('\n');
  demand(more.length > 0 && origin === verifier.name, 'not a checkpoint of this log');
  const hash = base64(root, 'the root');
  demand(hash.length === HASH, 'a root of a wrong length');
  return { size: decimal(size, 'the size'), root: hash };
}

export function openPromise(bytes, verifier) {
  const lines = openNote(bytes, verifier).split('\n');
  demand(lines.length === 6 && lines[0] === 'amana promise v1' && lines[1] === verifier.name, 'not a promise of this log');
  const promise = { from: decimal(lines[2], 'FROM'), by: decimal(lines[3], 'BY'), leaf: base64(lines[4], 'LEAF') };
  demand(promise.leaf.length === HASH, 'a leaf of a wrong length');
  return promise;
}

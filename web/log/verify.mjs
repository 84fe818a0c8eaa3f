// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Whether the log has kept a promise (docs/LOG.md, sections 1 and 4; notes: docs/ENVELOPE.md, section 4). Pure: bytes in, a
// finding out. Sizes and indices are BigInt, as they go to 2^63.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import { base64, demand, demandSigned, equal, keyId, parseNote } from '../script/note.mjs';

const RANGE = 65536n;
const MAX_NUMBER = 1n << 63n;
const MOST_RANGES = 4096;
const MAX_NOTE = 8192;
const MAGIC = new TextEncoder().encode('AMANA-RANGE\n');

function decimal(text, what) {
  demand(/^(0|[1-9][0-9]{0,18})$/.test(text) && BigInt(text) < MAX_NUMBER, 'unreadable', what);
  return BigInt(text);
}

// ---- signatures -----------------------------------------------------------------------------------------------------

/** NAME+HEXID+BASE64, as the log's operator publishes it. */
export function parseVerifier(text) {
  const found = /^([!-*,-~]{1,128})\+([0-9a-f]{8})\+(.+)$/.exec(text.trim());
  demand(found, 'unreadable', 'the log key is not of the form name+id+key');
  const [, name, id, encoded] = found;
  const key = base64(encoded, 'the log key is not whole');
  demand(key.length === 33 && key[0] === 1, 'unreadable', 'the log key is of an unknown kind');
  demand(keyId(name, key.subarray(1)) === id, 'unreadable', 'the log key has an error: its id does not fit it');
  return { name, id, key: key.subarray(1) };
}

/** The lines of a note that this key has signed. */
function signedLines(bytes, verifier, what) {
  const note = parseNote(bytes, MAX_NOTE);
  demandSigned(note, verifier, what);
  return note.text.split('\n').slice(0, -1);
}

export function parsePromise(bytes, verifier) {
  const lines = signedLines(bytes, verifier, 'the proof');
  demand(lines.length === 5 && lines[0] === 'amana promise v1', 'unreadable', 'the proof file is not a promise');
  demand(lines[1] === verifier.name, 'foreign', `the proof is of the log ${lines[1]}`);
  const leaf = base64(lines[4], 'the proof has no leaf');
  const promise = { from: decimal(lines[2], 'FROM'), by: decimal(lines[3], 'BY'), leaf };
  demand(leaf.length === 32 && promise.from < promise.by, 'unreadable', 'the proof promises nothing');
  return promise;
}

function parseCheckpoint(bytes, verifier) {
  const lines = signedLines(bytes, verifier, 'the checkpoint of a range');
  demand(lines.length >= 3, 'unreadable', 'a checkpoint has three lines');
  demand(lines[0] === verifier.name, 'foreign', `the range is of the log ${lines[0]}`);
  const root = base64(lines[2], 'a checkpoint has no root');
  demand(root.length === 32, 'unreadable', 'a root has 32 bytes');
  return { size: decimal(lines[1], 'a size'), root };
}

// ---- the tree -------------------------------------------------------------------------------------------------------

const node = (left, right) => sha256(concatBytes(Uint8Array.of(1), left, right));

/** The sizes of the fewest complete subtrees that make up [begin, end), from left to right. */
export function cover(begin, end) {
  const sizes = [];
  for (let at = begin; at < end;) {
    let size = 1n;
    while (at % (2n * size) === 0n && at + 2n * size <= end) size *= 2n;
    sizes.push(size);
    at += size;
  }
  return sizes;
}

/** The root over complete subtrees, from left to right. */
export function rootOf(subtrees) {
  const edge = [];
  for (const { size, hash } of subtrees) {
    let last = { size, hash };
    while (edge.length > 0 && edge[edge.length - 1].size === last.size) last = { size: 2n * last.size, hash: node(edge.pop().hash, last.hash) };
    edge.push(last);
  }
  if (edge.length === 0) return sha256(new Uint8Array(0));
  return edge.reverse().reduce((right, { hash }) => (right ? node(hash, right) : hash), null);
}

/** { number, begin, end, size, root, leaves }: a range that the key's checkpoint vouches for. */
export function parseRange(bytes, verifier) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (count) => {
    demand(at + count <= bytes.length, 'unreadable', 'a range file is cut off, or is not one');
    at += count;
    return bytes.subarray(at - count, at);
  };
  const offset = (count) => { take(count); return at - count; };
  const hashes = (count) => Array.from({ length: count }, () => take(32));

  demand(equal(take(MAGIC.length), MAGIC), 'unreadable', 'that is not a range file');
  demand(view.getUint16(offset(2)) === 1, 'unreadable', 'the range file is of a later version');
  const length = view.getUint32(offset(4));
  demand(length <= MAX_NOTE, 'unreadable', 'a note is too long');
  const checkpoint = parseCheckpoint(take(length), verifier);
  const number = view.getBigUint64(offset(8));
  const count = view.getUint32(offset(4));
  const begin = number * RANGE;
  demand(begin < checkpoint.size, 'altered', 'the range lies beyond its tree');
  const end = begin + RANGE < checkpoint.size ? begin + RANGE : checkpoint.size;
  demand(BigInt(count) === end - begin, 'altered', 'the range has leaves too many or too few');
  const leaves = hashes(count);
  const left = hashes(take(1)[0]);
  const right = hashes(take(1)[0]);
  demand(at === bytes.length, 'unreadable', 'a range file has something behind it');

  const before = cover(0n, begin), after = cover(end, checkpoint.size);
  demand(left.length === before.length && right.length === after.length, 'altered', 'the range does not fit its tree');
  const root = rootOf([
    ...before.map((size, i) => ({ size, hash: left[i] })),
    ...leaves.map((hash) => ({ size: 1n, hash })),
    ...after.map((size, i) => ({ size, hash: right[i] })),
  ]);
  demand(equal(root, checkpoint.root), 'altered', 'the range does not give the root that was signed');
  return { number, begin, end, size: checkpoint.size, root: bytesToHex(root), leaves };
}

/** The numbers of the ranges from FROM on that a tree of this size has; the first thousands, should it claim to be huge. */
export function rangesFor(promise, size) {
  const numbers = [];
  for (let number = promise.from / RANGE; number * RANGE < size && numbers.length < MOST_RANGES; number += 1n) numbers.push(number);
  return numbers;
}

/**
 * What the ranges say of the promise: { verdict, size, index, missing }.
 *   kept        the leaf is in a signed tree, at `index`
 *   early       it is not there yet, and the tree has not BY leaves yet
 *   incomplete  the ranges `missing` are needed, of one and the same checkpoint
 *   broken      a signed tree of at least BY leaves does not have it
 */
export function judge(promise, ranges) {
  const size = ranges.reduce((most, range) => (range.size > most ? range.size : most), 0n);
  for (const range of ranges) {
    const found = range.leaves.findIndex((leaf, i) => range.begin + BigInt(i) >= promise.from && equal(leaf, promise.leaf));
    if (found >= 0) return { verdict: 'kept', size: range.size, index: range.begin + BigInt(found) };
  }
  if (size < promise.by) return { verdict: 'early', size };
  let missing = null;
  for (const { size: ofTree, root } of ranges.filter((range) => range.size >= promise.by)) {
    const seen = ranges.filter((range) => range.size === ofTree && range.root === root).map(({ number }) => number);
    const lacking = rangesFor(promise, ofTree).filter((number) => !seen.includes(number));
    if (lacking.length === 0) return { verdict: 'broken', size: ofTree };
    if (!missing || lacking.length < missing.length) missing = lacking;
  }
  return { verdict: 'incomplete', size, missing };
}

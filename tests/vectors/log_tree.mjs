// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Trees of the log, written from RFC 6962, section 2.1, alone; and what its verifier reads with.
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';

export const HASH = 32;
export const fail = (what) => { throw new Error(what); };
export const demand = (holds, what) => { if (!holds) fail(what); };
export const equal = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
export const split = (bytes) => Array.from({ length: bytes.length / HASH }, (_, i) => bytes.subarray(i * HASH, (i + 1) * HASH));

export const leafHash = (entry) => sha256(concatBytes(Uint8Array.of(0), entry));
const nodeHash = (left, right) => sha256(concatBytes(Uint8Array.of(1), left, right));
const splitOf = (n) => { let k = 1; while (2 * k < n) k *= 2; return k; };

export function treeHash(leaves) {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  if (leaves.length === 1) return leaves[0];
  const k = splitOf(leaves.length);
  return nodeHash(treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)));
}

/** PATH(m, D[n]) and PROOF(m, D[n]), as they are written there. */
export function inclusionPath(m, leaves) {
  if (leaves.length === 1) return [];
  const k = splitOf(leaves.length);
  return m < k ? [...inclusionPath(m, leaves.slice(0, k)), treeHash(leaves.slice(k))]
    : [...inclusionPath(m - k, leaves.slice(k)), treeHash(leaves.slice(0, k))];
}
export function consistencyProof(m, leaves) {
  const subproof = (size, all, whole) => {
    if (size === all.length) return whole ? [] : [treeHash(all)];
    const k = splitOf(all.length);
    return size <= k ? [...subproof(size, all.slice(0, k), whole), treeHash(all.slice(k))]
      : [...subproof(size - k, all.slice(k), false), treeHash(all.slice(0, k))];
  };
  return m === 0 ? [] : subproof(m, leaves, true);
}

/** Takes complete subtrees from left to right; their sizes are BigInt. */
export class Edge {
  constructor() { this.parts = []; }
  add(size, hash) {
    let last = { size, hash };
    for (let top = this.parts.at(-1); top && top.size === last.size; top = this.parts.at(-1))
      last = { size: 2n * last.size, hash: nodeHash(this.parts.pop().hash, last.hash) };
    this.parts.push(last);
  }
  root() {
    if (!this.parts.length) return sha256(new Uint8Array(0));
    return this.parts.reduceRight((right, { hash }) => (right ? nodeHash(hash, right) : hash), null);
  }
}

/** Sizes of the fewest complete subtrees over [begin, end). */
export function cover(begin, end) {
  const sizes = [];
  for (let at = begin; at < end; at += sizes.at(-1)) {
    let size = 1n;
    while ((at & (2n * size - 1n)) === 0n && at + 2n * size <= end) size *= 2n;
    sizes.push(size);
  }
  return sizes;
}

export function rootAt(leaves, size) {
  const edge = new Edge();
  for (const leaf of leaves.slice(0, size)) edge.add(1n, leaf);
  return edge.root();
}

export class Cursor {
  constructor(bytes) { this.bytes = bytes; this.at = 0; this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength); }
  take(count) {
    demand(this.at + count <= this.bytes.length, 'cut off');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
  number(bytes) {
    let value = 0n;
    for (const byte of this.take(bytes)) value = (value << 8n) | BigInt(byte);
    return value;
  }
  done() { return this.at === this.bytes.length; }
}

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A served log, its ranges and the proofs they give, written from docs/LOG.md (sections 3 and 4.2) alone.
import https from 'node:https';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { openCheckpoint, openNote } from './log_note.mjs';
import { Cursor, Edge, HASH, cover, demand, equal, rootAt, split, treeHash } from './log_tree.mjs';

const WIDTH = 256, LEVELS = 8, RANGE = 65536;

export const tilePath = (index) => {
  const groups = [];
  for (let rest = index; groups.length === 0 || rest > 0; rest = Math.floor(rest / 1000)) groups.unshift(`${rest % 1000}`.padStart(3, '0'));
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
};

function get(url) {
  return new Promise((resolve, reject) => {
    https.get(url, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode, body: new Uint8Array(Buffer.concat(pieces)) }));
    }).on('error', reject);
  });
}
async function getWhole(url, length) {
  const { status, body } = await get(url);
  demand(status === 200, `${url}: ${status}`);
  demand(length === undefined || body.length === length, `${url}: ${body.length} bytes instead of ${length}`);
  return body;
}

async function level(url, number, count) {
  const hashes = [];
  for (let tile = 0; tile * WIDTH < count; tile += 1) {
    const width = Math.min(WIDTH, count - tile * WIDTH);
    const path = `${url}/log/tile/${number}/${tilePath(tile)}${width < WIDTH ? `.p/${width}` : ''}`;
    hashes.push(...split(await getWhole(path, width * HASH)));
  }
  return hashes;
}

/** Every tile against the level below it and the root; { size, leaves, witnessed }. */
export async function verifyLog(url, verifier, witness) {
  const { size: big, root } = openCheckpoint(await getWhole(`${url}/log/checkpoint`), verifier);
  const size = Number(big);
  const leaves = await level(url, 0, size);
  for (let number = 1, below = leaves; number < LEVELS && below.length >= WIDTH; number += 1) {
    const hashes = await level(url, number, Math.floor(below.length / WIDTH));
    hashes.forEach((hash, i) => demand(equal(hash, treeHash(below.slice(i * WIDTH, (i + 1) * WIDTH))), `tile hash ${i} of level ${number} is wrong`));
    below = hashes;
  }
  demand(equal(rootAt(leaves, size), root), 'the tiles do not give the root that was signed');
  const found = await get(`${url}/log/witnessed`);
  if (found.status === 404) {
    demand(!witness, 'no checkpoint is co-signed');
    return { size, leaves, witnessed: null };
  }
  demand(found.status === 200, `/log/witnessed: ${found.status}`);
  const witnessed = openCheckpoint(found.body, verifier);
  if (witness) openNote(found.body, witness);
  demand(witnessed.size <= big && equal(rootAt(leaves, Number(witnessed.size)), witnessed.root), 'what was co-signed is not of this log');
  return { size, leaves, witnessed: Number(witnessed.size) };
}

export function openRange(bytes, verifier) {
  const cursor = new Cursor(bytes);
  demand(equal(cursor.take(12), utf8ToBytes('AMANA-RANGE\n')) && cursor.number(2) === 1n, 'not a range file of version 1');
  const { size, root } = openCheckpoint(cursor.take(Number(cursor.number(4))), verifier);
  const begin = cursor.number(8) * BigInt(RANGE);
  const end = [begin + BigInt(RANGE), size].reduce((a, b) => (a < b ? a : b));
  demand(begin < size && cursor.number(4) === end - begin, 'a range of a wrong length');
  const leaves = split(cursor.take(Number(end - begin) * HASH));
  const side = (sizes) => {
    demand(cursor.number(1) === BigInt(sizes.length), 'a wrong number of hashes beside a range');
    return sizes.map((of) => [of, cursor.take(HASH)]);
  };
  const left = side(cover(0n, begin)), right = side(cover(end, size));
  demand(cursor.done(), 'something behind a range');
  const edge = new Edge();
  for (const [of, hash] of left) edge.add(of, hash);
  for (const leaf of leaves) edge.add(1n, leaf);
  for (const [of, hash] of right) edge.add(of, hash);
  demand(equal(edge.root(), root), 'the range does not give the root that was signed');
  return { begin, end, size, root, leaves };
}

/** kept, early, incomplete or broken. The ranges are of one checkpoint, or what they lack is said to be incomplete. */
export function judgeProof(promise, ranges) {
  for (const { begin, leaves } of ranges)
    if (leaves.some((leaf, i) => begin + BigInt(i) >= promise.from && equal(leaf, promise.leaf))) return 'kept';
  const late = ranges.filter(({ size }) => size >= promise.by);
  if (!late.length) return 'early';
  return late.some(({ size, root }) => {
    let seen = promise.from - (promise.from % BigInt(RANGE));
    for (const range of ranges.filter((one) => one.size === size && equal(one.root, root)).sort((a, b) => (a.begin < b.begin ? -1 : 1)))
      if (range.begin === seen) seen = range.end;
    return seen >= size;
  }) ? 'broken' : 'incomplete';
}

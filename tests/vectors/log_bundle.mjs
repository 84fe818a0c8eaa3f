// SPDX-License-Identifier: AGPL-3.0-or-later
//
// An export of the log, written from docs/LOG.md (section 5) alone.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { MAX_NOTE, openCheckpoint } from './log_note.mjs';
import { Cursor, HASH, demand, equal, rootAt, split } from './log_tree.mjs';

const SLOT = 1120 + 32 + 16;
const CLASSES = [32, 64, 256, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072].map((k) => k * 1024);
const ENVELOPES = new Set([1, 2, 3, 4].flatMap((n) => CLASSES.map((c) => 2 + n * SLOT + 64 + c + 16 * Math.ceil(c / 65536))));

/** One part, its bytes read a piece at a time: { note, first, begin, end, part, parts, leaves, erased }. */
function readPart(path) {
  const file = openSync(path), whole = sha256.create(), piece = Buffer.alloc(1 << 20);
  const size = fstatSync(file).size;
  let at = 0;
  const take = (count, into) => {
    for (let left = count; left > 0;) {
      const got = readSync(file, piece, 0, Math.min(left, piece.length), at);
      demand(got > 0 && at + got <= size - HASH, `${path} is cut off`);
      into(piece.subarray(0, got));
      whole.update(piece.subarray(0, got));
      at += got;
      left -= got;
    }
  };
  const bytes = (count) => { const all = []; take(count, (some) => all.push(Uint8Array.from(some))); return concatBytes(...all); };
  const number = (count) => new Cursor(bytes(count)).number(count);
  try {
    demand(equal(bytes(13), utf8ToBytes('AMANA-BUNDLE\n')) && number(2) === 3n, `${path} is no bundle of version 3`);
    const length = Number(number(4));
    demand(length <= MAX_NOTE, 'a checkpoint that is too long');
    const found = { note: bytes(length), first: Number(number(8)), begin: Number(number(8)), end: Number(number(8)), part: Number(number(2)), parts: Number(number(2)), erased: 0 };
    demand(found.first <= found.begin && found.begin <= found.end && found.part >= 1 && found.part <= found.parts && found.parts <= 9999, `${path} has a head that cannot be`);
    demand((found.end - found.begin) * (HASH + 9) <= size, `${path} is cut off`);
    found.leaves = split(bytes((found.end - found.begin) * HASH));
    for (const leaf of found.leaves) {
      const entry = Number(number(8)), lane = Number(number(1));
      demand(lane <= (entry === 0 ? 0 : 4), `${path}: an entry of a lane that there is not`);
      if (entry === 0) { found.erased += 1; continue; }
      demand(ENVELOPES.has(entry), `${path}: an entry of no envelope's length`);
      const hash = sha256.create().update(Uint8Array.of(0));
      take(entry, (some) => hash.update(some));
      demand(equal(hash.digest(), leaf), `${path}: an entry that is not what its leaf says`);
    }
    demand(at === size - HASH, `${path} has something behind its entries`);
    const trailer = Buffer.alloc(HASH);
    demand(readSync(file, trailer, 0, HASH, at) === HASH && equal(trailer, whole.digest()), `${path}: its own hash does not fit`);
    return found;
  } finally {
    closeSync(file);
  }
}

export function verifyBundle(paths, verifier, before = []) {
  const parts = paths.map(readPart).sort((a, b) => a.part - b.part);
  const { size, root } = openCheckpoint(parts[0].note, verifier);
  demand(parts.length === parts[0].parts, 'parts are missing');
  let at = parts[0].first;
  parts.forEach((one, i) => {
    demand(one.part === i + 1 && one.parts === parts.length && one.first === parts[0].first && equal(one.note, parts[0].note), 'parts of several exports');
    demand(one.begin === at, 'a part does not begin where the one before ended');
    at = one.end;
  });
  demand(BigInt(at) === size, 'the last part does not end at the end of the tree');
  demand(before.length === parts[0].first, `${parts[0].first} leaves before the export are needed`);
  demand(equal(rootAt([...before, ...parts.flatMap(({ leaves }) => leaves)], at), root), 'the leaves do not give the root that was signed');
  return { size: at, first: parts[0].first, erased: parts.reduce((sum, { erased }) => sum + erased, 0) };
}

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Looks for traces of what somebody wrote in the memory of a process: every run of 16 bytes or more of any needle,
// wherever it lies. A run of 16 bytes covers one whole aligned word of 8 bytes, whatever its own alignment, so only
// aligned words are looked up, in a table of all words of the needles; a hit is then held to the bytes around it.

import fs from 'node:fs';

import { mappings } from './process.mjs';

const runBytes = 16;
const wordBytes = 8;
const pieceBytes = 4 * 1024 * 1024;
const pageBytes = 4096;

export class Needles {
  // `named`: { name: bytes }.
  constructor(named) {
    this.all = Object.entries(named).map(([name, bytes]) => ({ name, bytes: Buffer.from(bytes) }));
    const words = this.all.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.mask = 2 ** Math.ceil(Math.log2(words * 4 + 2)) - 1;
    this.table = new Int32Array(2 * (this.mask + 1)).fill(-1); // needle, offset
    this.all.forEach(({ bytes }, needle) => {
      for (let offset = 0; offset + wordBytes <= bytes.length; offset += 1) {
        let slot = this.slot(bytes.readUInt32LE(offset), bytes.readUInt32LE(offset + 4));
        while (this.table[2 * slot] >= 0) slot = (slot + 1) & this.mask;
        this.table[2 * slot] = needle;
        this.table[2 * slot + 1] = offset;
      }
    });
  }

  slot(low, high) {
    const mixed = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 15)) & this.mask;
  }

  // The longest run of a needle that has `at` in it; null when it is shorter than 16 bytes.
  run(memory, at, needle, offset) {
    const { name, bytes } = this.all[needle];
    let before = 0;
    while (before < at && before < offset && memory[at - before - 1] === bytes[offset - before - 1]) before += 1;
    let after = 0;
    while (at + after < memory.length && offset + after < bytes.length && memory[at + after] === bytes[offset + after])
      after += 1;
    if (after < wordBytes || before + after < runBytes) return null;
    return { name, offset: offset - before, length: before + after, from: at - before, to: at + after };
  }

  // Runs in a piece of memory whose first byte lies at an address that 8 divides.
  in(memory) {
    const words = new Uint32Array(memory.buffer, memory.byteOffset, Math.floor(memory.length / 4));
    const found = [];
    let past = 0;
    for (let i = 0; i + 1 < words.length; i += 2) {
      if (words[i] === 0 && words[i + 1] === 0) continue;
      let slot = this.slot(words[i], words[i + 1]);
      for (; this.table[2 * slot] >= 0; slot = (slot + 1) & this.mask) {
        if (4 * i < past) break;
        const run = this.run(memory, 4 * i, this.table[2 * slot], this.table[2 * slot + 1]);
        if (!run) continue;
        found.push(run);
        past = run.to;
      }
    }
    return found;
  }
}

// What of the needles lies in the process: [{ name, offset, length, address, where }], and how much was read. Memory
// that goes while it is read holds nothing.
export function scan(pid, needles) {
  const memory = fs.openSync(`/proc/${pid}/mem`, 'r');
  const piece = Buffer.alloc(pieceBytes + pageBytes);
  const found = [];
  let scanned = 0;
  for (const { from, to, name } of mappings(pid)) {
    // Pieces overlap by a page, so that no run falls between two.
    for (let at = from; at < to; at += pieceBytes) {
      const wanted = Math.min(piece.length, to - at);
      let count = 0;
      try {
        count = fs.readSync(memory, piece, 0, wanted, at);
      } catch {
        /* a guard page, or gone */
      }
      scanned += count;
      for (const run of needles.in(piece.subarray(0, count)))
        found.push({ ...run, address: (at + run.from).toString(16), where: name || 'anonymous' });
    }
  }
  fs.closeSync(memory);
  return { found, scanned };
}

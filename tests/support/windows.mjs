// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Finds whether any 16 bytes in a row of some texts stand anywhere in other bytes: every window of the texts is looked for
// at every offset. Windows of few different bytes (zeros, a line of dashes) say nothing, and are left out.

import fs from 'node:fs';

const width = 16;
const base = 0x01000193;
const leaving = (() => { // base to the power of `width`, modulo 2^32
  let power = 1;
  for (let i = 0; i < width; i += 1) power = Math.imul(power, base);
  return power;
})();

export class Windows {
  // `texts`: buffers.
  constructor(texts) {
    this.text = Buffer.concat(texts);
    let bits = 10;
    while (2 ** bits < this.text.length * 4) bits += 1;
    this.shift = 32 - bits;
    this.mask = 2 ** bits - 1;
    this.slots = new Int32Array(2 ** bits); // offset + 1 of a window, by its hash; 0 is none
    this.count = 0;
    let at = 0;
    for (const { length } of texts) {
      for (let i = at; i + width <= at + length; i += 1)
        if (new Set(this.text.subarray(i, i + width)).size >= 6) this.add(i);
      at += length;
    }
  }

  add(at) {
    let hash = 0;
    for (let i = 0; i < width; i += 1) hash = (Math.imul(hash, base) + this.text[at + i]) | 0;
    let slot = scatter(hash) >>> this.shift;
    while (this.slots[slot] !== 0) slot = (slot + 1) & this.mask;
    this.slots[slot] = at + 1;
    this.count += 1;
  }

  // Where in `bytes` a window stands, or -1.
  find(bytes) {
    const { slots, shift, mask, text } = this;
    let hash = 0;
    for (let i = 0; i < bytes.length; i += 1) {
      hash = (Math.imul(hash, base) + bytes[i]) | 0;
      if (i >= width) hash = (hash - Math.imul(leaving, bytes[i - width])) | 0;
      if (i < width - 1) continue;
      for (let slot = scatter(hash) >>> shift; slots[slot] !== 0; slot = (slot + 1) & mask) {
        const at = slots[slot] - 1;
        const from = i + 1 - width;
        let same = 0;
        while (same < width && text[at + same] === bytes[from + same]) same += 1;
        if (same === width) return from;
      }
    }
    return -1;
  }

  // The same in a file, however large.
  findInFile(path) {
    const file = fs.openSync(path, 'r');
    try {
      const piece = Buffer.alloc(4 * 1024 * 1024);
      for (let kept = 0, start = 0; ;) {
        const got = fs.readSync(file, piece, kept, piece.length - kept, null);
        const found = this.find(piece.subarray(0, kept + got));
        if (found >= 0) return start + found;
        if (got === 0) return -1;
        const keep = Math.min(width - 1, kept + got);
        piece.copy(piece, 0, kept + got - keep, kept + got);
        start += kept + got - keep;
        kept = keep;
      }
    } finally {
      fs.closeSync(file);
    }
  }
}

const scatter = (hash) => Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);

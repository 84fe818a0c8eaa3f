// SPDX-License-Identifier: AGPL-3.0-or-later
//
// How a file is read and written again: a window of it is in memory, and the copy is put together from slices of the
// original, so that what is kept is kept to the bit. Every read is bounded by the file; what breaks a bound is Refused.

const WINDOW = 65536;
const MAX_HELD = 16 << 20;  // the largest part that is read whole
const MAX_PARTS = 100000;

/** Why a file can't be cleaned: `reason` is unknown (no format of ours), damaged, or unsupported. */
export class Refused extends Error {
  constructor(reason, what) {
    super(what);
    this.reason = reason;
  }
}
export const demand = (holds, what, reason = 'damaged') => { if (!holds) throw new Refused(reason, what); };

export const ascii = (bytes, from, to) => String.fromCharCode(...bytes.subarray(from, to));
export const fromAscii = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));
export const startsWith = (bytes, text) => bytes.length >= text.length && ascii(bytes, 0, text.length) === text;
export const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

export class Source {
  constructor(blob) {
    this.blob = blob;
    this.size = blob.size;
    this.start = 0;
    this.window = new Uint8Array(0);
  }

  /** Exactly so many bytes from there on. */
  async bytes(from, length) {
    demand(length <= MAX_HELD, 'a part is too large', 'unsupported');
    demand(length <= this.size - from, 'a part reaches beyond the end of the file');
    if (from < this.start || from + length > this.start + this.window.length) {
      const buffer = await this.blob.slice(from, Math.min(from + Math.max(length, WINDOW), this.size)).arrayBuffer();
      this.start = from;
      this.window = new Uint8Array(buffer);
      demand(length <= this.window.length, 'the file has become shorter');
    }
    return this.window.subarray(from - this.start, from - this.start + length);
  }

  /** From there on as many bytes as are in memory, at least two. */
  async some(from) {
    await this.bytes(from, 2);
    return this.window.subarray(from - this.start);
  }
}

/** The copy: what is kept of the original, what is new, and zeros. */
export class Copy {
  constructor(source) {
    this.source = source;
    this.parts = [];
  }

  /** The original's bytes from there to there. */
  keep(from, to) {
    const last = this.parts[this.parts.length - 1];
    if (last && last.to === from) last.to = to;
    else if (to > from) this.push({ from, to });
  }

  add(bytes) {
    this.push(bytes.slice());
  }

  zeros(length) {
    for (let left = length; left > 0; left -= MAX_HELD) this.push(zeroBlob(Math.min(left, MAX_HELD)));
  }

  push(part) {
    demand(this.parts.length < MAX_PARTS, 'too many parts', 'unsupported');
    this.parts.push(part);
  }

  blob() {
    const { blob } = this.source;
    return new Blob(this.parts.map((part) => (part.to ? blob.slice(part.from, part.to) : part)), { type: blob.type });
  }
}

let zeroMemory = null;
function zeroBlob(length) {
  if (!zeroMemory) zeroMemory = new Blob(Array.from({ length: MAX_HELD / WINDOW }, () => new Uint8Array(WINDOW)));
  return zeroMemory.slice(0, length);
}

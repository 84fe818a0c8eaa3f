// SPDX-License-Identifier: AGPL-3.0-or-later
//
// PNG and animated PNG (W3C, third edition): chunks that say how pixels look are kept, if they have the length such a
// chunk has. Texts, times, private chunks and what follows the image go.
import { takeExif, writeExif } from './exif.mjs';
import { MAX_PROFILE, cleanProfile } from './icc.mjs';
import { Copy, ascii, demand, fromAscii, viewOf } from './source.mjs';

const SIGNATURE = 8, AROUND = 12;  // a chunk's length, type and checksum
const MAX_CHUNKS = 1 << 20;
// The least and the most bytes of what is kept.
const KEPT = {
  IHDR: [13, 13], PLTE: [3, 768], IDAT: [0, Infinity], IEND: [0, 0],
  tRNS: [1, 256], cHRM: [32, 32], gAMA: [4, 4], sRGB: [1, 1], sBIT: [1, 4], bKGD: [1, 6], cICP: [4, 4], mDCV: [24, 24], cLLI: [8, 8],
  acTL: [8, 8], fcTL: [26, 26], fdAT: [4, Infinity],
};
const isCritical = (type) => type[0] <= 'Z';

export async function cleanPng(source, removed, kept) {
  const copy = new Copy(source), rest = new Copy(source);
  let orientation = 1, profile = null, data = 0;
  copy.keep(0, SIGNATURE);
  let at = SIGNATURE;
  for (let count = 0, type = ''; type !== 'IEND'; count += 1) {
    demand(count < MAX_CHUNKS, 'too many chunks', 'unsupported');
    const head = await source.bytes(at, 8), length = viewOf(head).getUint32(0);
    type = ascii(head, 4, 8);
    demand(/^[A-Za-z]{4}$/.test(type) && length <= source.size - at - AROUND, 'a chunk is not one');
    demand((type === 'IHDR') === (count === 0), 'the header is not where it belongs');
    const limits = KEPT[type];
    if (limits) {
      demand(length >= limits[0] && length <= limits[1], `a chunk ${type} has a wrong length`);
      (count === 0 ? copy : rest).keep(at, at + AROUND + length);
      if (type === 'IDAT') data += 1;
    } else {
      demand(!isCritical(type), `a chunk ${type}`, 'unsupported');
      if (type === 'eXIf') orientation = takeExif(await source.bytes(at + 8, length), removed, kept);
      else if (type === 'iCCP') {
        profile = profile || await profileChunk(await source.bytes(at + 8, length));
        (profile ? kept : removed).add('profile');
      } else removed.add(await nameOf(source, type, at));
    }
    at += AROUND + length;
  }
  demand(data > 0, 'there is no image in it');
  if (at < source.size) removed.add('trailing');

  const exif = writeExif(orientation);
  if (profile) copy.add(profile);
  if (exif) copy.add(chunk('eXIf', exif));
  rest.parts.forEach(({ from, to }) => copy.keep(from, to));
  return copy.blob();
}

async function nameOf(source, type, at) {
  if (type === 'tIME') return 'times';
  if (!/^[tzi]TXt$/.test(type)) return 'other';
  return ascii(await source.some(at + 8), 0, 17) === 'XML:com.adobe.xmp' ? 'xmp' : 'text';
}

/** A cleaned iCCP chunk; null when this browser can't make one. */
async function profileChunk(body) {
  const end = body.indexOf(0);
  if (end < 1 || end > 79 || body[end + 1] !== 0 || typeof DecompressionStream !== 'function') return null;
  try {
    const profile = await through(new DecompressionStream('deflate'), body.slice(end + 2));
    const clean = profile && cleanProfile(profile);
    const packed = clean && await through(new CompressionStream('deflate'), clean);
    if (!packed) return null;
    const out = new Uint8Array(5 + packed.length);
    out.set(fromAscii('icc'));
    out.set(packed, 5);
    return chunk('iCCP', out);
  } catch {
    return null;
  }
}

/** What a compression stream makes of the bytes; null when that is more than a profile may be. */
async function through(stream, bytes) {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const parts = [];
  for (let size = 0; ;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > MAX_PROFILE) {
      await reader.cancel();
      return null;
    }
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

export function chunk(type, body) {
  const out = new Uint8Array(AROUND + body.length), view = viewOf(out);
  view.setUint32(0, body.length);
  out.set(fromAscii(type), 4);
  out.set(body, 8);
  view.setUint32(8 + body.length, crc(out.subarray(4, 8 + body.length)));
  return out;
}

/** CRC-32 as PNG has it (ISO 3309). */
function crc(bytes) {
  let value = -1;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; ++bit) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return ~value;
}

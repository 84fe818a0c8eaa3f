// SPDX-License-Identifier: AGPL-3.0-or-later
//
// WebP (RFC 9649): image and animation chunks are kept, their frames taken apart and put together again; of Exif the
// orientation stays, of a profile the colours.
import { takeExif, writeExif } from './exif.mjs';
import { cleanProfile } from './icc.mjs';
import { Copy, ascii, demand, fromAscii, startsWith, viewOf } from './source.mjs';

const RIFF = 12, HEAD = 8, FRAME = 16;
const MAX_CHUNKS = 1 << 16;
const HAS_PROFILE = 0x20, HAS_EXIF = 0x08, HAS_XMP = 0x04;
const IMAGE = /^(VP8 |VP8L|ALPH)$/;

export async function cleanWebp(source, removed, kept) {
  const size = viewOf(await source.bytes(0, RIFF)).getUint32(4, true) + 8;
  demand(size <= source.size && size >= RIFF, 'the file is cut off');
  if (size < source.size) removed.add('trailing');

  const parts = [];  // { type, length, write }
  let extended = null, profile = null, orientation = 1;
  for await (const { type, from, length } of chunks(source, RIFF, size)) {
    if (IMAGE.test(type)) parts.push(asItIs(type, from, length));
    else if (type === 'ANMF') parts.push(await frame(source, from, length, removed));
    else if (type === 'ANIM' && length === 6) parts.push(asItIs(type, from, length));
    else if (type === 'VP8X' && length === 10 && !extended) extended = (await source.bytes(from, length)).slice();
    else if (type === 'ICCP' && !profile) {
      profile = cleanProfile(await source.bytes(from, length));
      (profile ? kept : removed).add('profile');
    } else if (type === 'EXIF') {
      const body = await source.bytes(from, length);
      orientation = takeExif(startsWith(body, 'Exif\0\0') ? body.subarray(6) : body, removed, kept);
    } else removed.add(type === 'XMP ' ? 'xmp' : 'other');
  }
  demand(parts.some(({ type }) => IMAGE.test(type) || type === 'ANMF'), 'there is no image in it');

  if (extended) {
    // Without the extended header there is no place for the rest.
    const exif = writeExif(orientation);
    extended[0] = (extended[0] & ~(HAS_PROFILE | HAS_EXIF | HAS_XMP)) | (profile ? HAS_PROFILE : 0) | (exif ? HAS_EXIF : 0);
    if (profile) parts.unshift(made('ICCP', profile));
    parts.unshift(made('VP8X', extended));
    if (exif) parts.push(made('EXIF', exif));
  }
  return written(source, parts);
}

async function* chunks(source, begin, end) {
  let at = begin;
  for (let count = 0; at < end; count += 1) {
    demand(count < MAX_CHUNKS, 'too many chunks', 'unsupported');
    demand(at + HEAD <= end, 'a chunk is cut off');
    const head = await source.bytes(at, HEAD), length = viewOf(head).getUint32(4, true);
    demand(length <= end - at - HEAD, 'a chunk is longer than the file');
    yield { type: ascii(head, 0, 4), from: at + HEAD, length };
    at += HEAD + length + (length & 1);
  }
}

const asItIs = (type, from, length) => ({ type, length, write: (copy) => copy.keep(from, from + length) });
const made = (type, bytes) => ({ type, length: bytes.length, write: (copy) => copy.add(bytes) });
const padded = (length) => HEAD + length + (length & 1);
const total = (parts) => parts.reduce((sum, { length }) => sum + padded(length), 0);

/** A frame of an animation has chunks of its own. */
async function frame(source, from, length, removed) {
  demand(length >= FRAME, 'a frame is cut off');
  const parts = [];
  for await (const inner of chunks(source, from + FRAME, from + length)) {
    if (IMAGE.test(inner.type)) parts.push(asItIs(inner.type, inner.from, inner.length));
    else removed.add('other');
  }
  demand(parts.length > 0, 'a frame without an image');
  return { type: 'ANMF', length: FRAME + total(parts), write: (copy) => {
    copy.keep(from, from + FRAME);
    parts.forEach((part) => writePart(copy, part));
  } };
}

function writePart(copy, { type, length, write }) {
  copy.add(head(type, length));
  write(copy);
  if (length & 1) copy.add(Uint8Array.of(0));
}

function head(type, length) {
  const out = new Uint8Array(HEAD);
  out.set(fromAscii(type));
  viewOf(out).setUint32(4, length, true);
  return out;
}

function written(source, parts) {
  const copy = new Copy(source);
  copy.add(head('RIFF', 4 + total(parts)));
  copy.add(fromAscii('WEBP'));
  parts.forEach((part) => writePart(copy, part));
  return copy.blob();
}

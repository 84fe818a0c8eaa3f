// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Pictures, video and sound without what they say of where, when and with what they were made. Containers are written
// again; pixels and sound are never decoded, so they stay what they were to the bit.
import { cleanGif } from './gif.mjs';
import { cleanHeic } from './heic.mjs';
import { cleanJpeg } from './jpeg.mjs';
import { cleanPng } from './png.mjs';
import { Refused, Source, ascii, demand } from './source.mjs';
import { cleanVideo } from './video.mjs';
import { cleanWebp } from './webp.mjs';

const STILL = /^(heic|heix|heim|heis|mif1|avif|miaf)$/;
const MOVING = /^(moov|mdat|wide|free|skip|pnot)$/;  // how QuickTime files without ftyp begin

/** By what a file is, whatever its name says. */
function cleanerFor(head) {
  if (ascii(head, 0, 3) === '\xff\xd8\xff') return cleanJpeg;
  if (ascii(head, 0, 8) === '\x89PNG\r\n\x1a\n') return cleanPng;
  if (/^GIF8[79]a/.test(ascii(head, 0, 6))) return cleanGif;
  if (/^RIFF[^]{4}WEBP/.test(ascii(head, 0, 12))) return cleanWebp;
  const box = ascii(head, 4, 8);
  if (box === 'ftyp') return STILL.test(ascii(head, 8, 12)) ? cleanHeic : cleanVideo;
  return MOVING.test(box) ? cleanVideo : null;
}

/**
 * { blob, removed, kept }: the copy, in parts that are read when it is; what was taken out, sorted, of
 *   exif location xmp iptc text times preview profile track trailing other
 * and what was there and stays: orientation, profile. Or { failure, detail }: the file can't be cleaned, since it is
 *   unknown      of no format that is known here
 *   damaged      not what its format allows
 *   unsupported  more than is understood here
 *   unreadable   gone, or the browser can't read it
 */
export async function clean(blob) {
  const removed = new Set(), kept = new Set();
  try {
    const source = new Source(blob);
    const cleaner = cleanerFor(await source.bytes(0, Math.min(16, blob.size)));
    demand(cleaner, 'no format that is known', 'unknown');
    const copy = await cleaner(source, removed, kept);
    return { blob: copy, removed: Array.from(removed).sort(), kept: Array.from(kept).sort() };
  } catch (error) {
    return { failure: error instanceof Refused ? error.reason : 'unreadable', detail: error.message };
  }
}

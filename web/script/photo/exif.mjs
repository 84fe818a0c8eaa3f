// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Of Exif (a TIFF file inside a picture) nothing is kept but which way is up.
import { ascii, viewOf } from './source.mjs';

const ORIENTATION = 0x0112, GPS = 0x8825;
const SHORT = 3;
const UPRIGHT = 1;

/** { orientation (1 to 8), location }: whether there is one. Of what can't be read, upright and none. */
export function readExif(tiff) {
  const found = { orientation: UPRIGHT, location: false };
  const order = ascii(tiff, 0, 4);
  if (tiff.length < 8 || (order !== 'II*\0' && order !== 'MM\0*')) return found;
  const little = order[0] === 'I', view = viewOf(tiff);
  const at = view.getUint32(4, little);
  if (at > tiff.length - 2) return found;
  const count = Math.min(view.getUint16(at, little), Math.floor((tiff.length - at - 2) / 12));
  for (let entry = at + 2; entry < at + 2 + 12 * count; entry += 12) {
    const tag = view.getUint16(entry, little), value = view.getUint16(entry + 8, little);
    if (tag === GPS) found.location = true;
    if (tag === ORIENTATION && view.getUint16(entry + 2, little) === SHORT && value >= 1 && value <= 8) found.orientation = value;
  }
  return found;
}

/** Exif that holds the orientation and nothing else; null when the picture is upright anyway. */
export const writeExif = (orientation) => (orientation === UPRIGHT ? null : Uint8Array.of(
  0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8,                             // big-endian, the directory at 8
  0, 1, ORIENTATION >> 8, ORIENTATION & 255, 0, SHORT, 0, 0, 0, 1, 0, orientation, 0, 0,
  0, 0, 0, 0));                                                // no further directory

/** Notes what was in there; gives its orientation. */
export function takeExif(tiff, removed, kept) {
  const { orientation, location } = readExif(tiff), own = writeExif(orientation);
  if (!own || own.length !== tiff.length || own.some((byte, i) => byte !== tiff[i])) removed.add('exif');
  if (location) removed.add('location');
  if (own) kept.add('orientation');
  return orientation;
}

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Colour profiles (ICC.1) say who made them, when, for which device. A copy keeps what colours are computed from.
import { ascii, fromAscii, viewOf } from './source.mjs';

export const MAX_PROFILE = 4 << 20;
const HEADER = 128, ENTRY = 12, MAX_TAGS = 100;
// Size; version, class, colour space, connection space; signature; intent and illuminant.
const KEPT_OF_HEADER = [[0, 4], [8, 24], [36, 40], [64, 80]];
const COLOUR = /^([rgbk]TRC|[rgb]XYZ|wtpt|bkpt|chad|chrm|lumi|A2B[0-3]|B2A[0-3]|[AB]2D[0-3]|D2B[0-3]|B2D[0-3]|gamt|cicp|aa[rbg]g)$/;
const COLOUR_TYPE = /^(XYZ |curv|para|sf32|mft1|mft2|mAB |mBA |mpet|chrm|cicp)$/;

/** The profile without words, dates and devices, of the same length; null when it can't be read. */
export function cleanProfile(profile) {
  const view = viewOf(profile);
  if (profile.length < HEADER + 4 || profile.length > MAX_PROFILE || ascii(profile, 36, 40) !== 'acsp') return null;
  const size = view.getUint32(0), count = view.getUint32(HEADER);
  if (size > profile.length || count > MAX_TAGS || HEADER + 4 + ENTRY * count > size) return null;

  const out = new Uint8Array(profile.length), outView = viewOf(out);
  for (const [from, to] of KEPT_OF_HEADER) out.set(profile.subarray(from, to), from);
  let kept = 0;
  for (let entry = HEADER + 4; entry < HEADER + 4 + ENTRY * count; entry += ENTRY) {
    const name = ascii(profile, entry, entry + 4);
    const from = view.getUint32(entry + 4), length = view.getUint32(entry + 8);
    if (from < HEADER + 4 + ENTRY * count || length < 8 || from + length > size) return null;
    const data = profile.subarray(from, from + length), type = ascii(data, 0, 4);
    if (COLOUR.test(name) && COLOUR_TYPE.test(type)) out.set(data.subarray(0, neededBytes(data, type)), from);
    else if (name !== 'desc' && name !== 'cprt') continue;
    else if (!emptyText(out.subarray(from, from + length), type)) return null;
    out.set(profile.subarray(entry, entry + ENTRY), HEADER + 4 + ENTRY * kept);
    kept += 1;
  }
  outView.setUint32(HEADER, kept);
  return out;
}

/** Behind numbers there is room for more; tables (the other types) are taken as they are. */
function neededBytes(data, type) {
  if (type === 'XYZ ') return 20;
  if (type === 'sf32') return 8 + 9 * 4;
  if (type === 'curv' && data.length >= 12) return 12 + 2 * viewOf(data).getUint32(8);
  if (type === 'para' && data.length >= 12) return 12 + 4 * [1, 3, 4, 5, 7][data[9]];
  return data.length;
}

/** A profile must have a description and a copyright. Theirs is empty, in the type that it was. */
function emptyText(out, type) {
  const least = { text: 9, mluc: 16, desc: 90 }[type];
  if (!least || out.length < least) return false;
  out.set(fromAscii(type));
  if (type === 'mluc') out[15] = 12;  // no records, of 12 bytes each
  if (type === 'desc') out[11] = 1;   // one character, the terminator
  return true;
}

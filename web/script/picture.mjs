// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A receipt code as a picture that a camera reads: a QR code of its digits, as PNG. Drawn here, bit by bit, and on no canvas: Tor
// Browser lets no page read one as it is.
/*! uqr - MIT License (c) Project Nayuki, (c) 2023 Anthony Fu */
import { encode } from 'uqr';
import { chunk } from './photo/png.mjs';

const SIDE = 8, QUIET = 4;  // pixels to a module, so that a row has a byte for each; modules around it

/** "data:image/png;base64,…". */
export function picture(digits) {
  const { data } = encode(digits, { ecc: 'M', border: QUIET });
  const side = SIDE * data.length, rows = [];
  for (const row of data) {
    const line = [0, ...row.map((dark) => (dark ? 0 : 255))];  // of no filter
    for (let i = 0; i < SIDE; i += 1) rows.push(...line);
  }
  const head = new Uint8Array(13), view = new DataView(head.buffer);
  view.setUint32(0, side);
  view.setUint32(4, side);
  head[8] = 1;  // a bit to a pixel, of grey
  const bytes = [137, 80, 78, 71, 13, 10, 26, 10];
  for (const part of [chunk('IHDR', head), chunk('IDAT', stored(rows)), chunk('IEND', new Uint8Array(0))]) bytes.push(...part);
  return `data:image/png;base64,${btoa(String.fromCharCode(...bytes))}`;
}

/** Bytes, at most 65535, as a zlib stream (RFC 1950) that does not compress them. */
function stored(bytes) {
  let low = 1, high = 0;
  for (const byte of bytes) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  }
  const { length } = bytes, out = new Uint8Array(length + 11), view = new DataView(out.buffer);
  out.set([0x78, 1, 1]);
  view.setUint16(3, length, true);
  view.setUint16(5, ~length, true);
  out.set(bytes, 7);
  view.setUint16(length + 7, high);
  view.setUint16(length + 9, low);
  return out;
}

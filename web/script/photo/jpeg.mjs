// SPDX-License-Identifier: AGPL-3.0-or-later
//
// JPEG (ITU-T T.81): what a decoder needs is kept as it stands, with a JFIF, an Exif, a profile and an Adobe segment made
// anew. Every other application segment and comment goes, and whatever follows the end of the image.
import { takeExif, writeExif } from './exif.mjs';
import { MAX_PROFILE, cleanProfile } from './icc.mjs';
import { Copy, demand, fromAscii, startsWith } from './source.mjs';

const SOI = 0xd8, EOI = 0xd9, SOS = 0xda, COM = 0xfe, APP0 = 0xe0, APP1 = 0xe1, APP2 = 0xe2, APP13 = 0xed, APP14 = 0xee, APP15 = 0xef;
const MAX_SEGMENTS = 4096, MAX_FILL = 64;
const PROFILE = 'ICC_PROFILE\0', EXIF = 'Exif\0\0';
const PROFILE_PIECE = 65519;  // what a segment holds beside its head

export async function cleanJpeg(source, removed, kept) {
  const found = { jfif: null, orientation: 1, adobe: null, profile: [], frames: 0, scans: 0 };
  const ranges = [];
  let at = 2;
  for (let count = 0; ; count += 1) {
    demand(count < MAX_SEGMENTS, 'too many segments', 'unsupported');
    const [from, marker] = await nextMarker(source, at);
    if (marker === EOI) {
      at = from + 2;
      break;
    }
    const head = await source.bytes(from + 2, 2), length = head[0] * 256 + head[1];
    demand(length >= 2, 'a segment without a length');
    const body = await source.bytes(from + 4, length - 2);
    at = from + 2 + length;
    if (marker === COM || (marker >= APP0 && marker <= APP15)) takeSegment(marker, body, found, removed, kept);
    else {
      checkSegment(marker, body, found);
      if (marker === SOS) at = await endOfScan(source, at);
      ranges.push([from, at]);
    }
  }
  demand(found.frames === 1 && found.scans > 0, 'there is no image in it');
  if (at < source.size) removed.add('trailing');

  const copy = new Copy(source);
  copy.add(Uint8Array.of(0xff, SOI));
  for (const segment of madeAnew(found, removed, kept)) copy.add(segment);
  for (const [from, to] of ranges) copy.keep(from, to);
  copy.add(Uint8Array.of(0xff, EOI));
  return copy.blob();
}

/** [where it begins, which it is]; fill bytes before it are passed over. */
async function nextMarker(source, from) {
  for (let at = from; at < from + MAX_FILL; at += 1) {
    const [first, second] = await source.bytes(at, 2);
    demand(first === 0xff && second !== 0, 'a marker is missing');
    if (second !== 0xff) return [at, second];
  }
  return demand(false, 'too many fill bytes');
}

/** Where the coded data that begins there ends: at a marker that is no restart marker. */
async function endOfScan(source, from) {
  for (let at = from; ;) {
    const bytes = await source.some(at);
    let next = bytes.indexOf(0xff);
    for (; next >= 0 && next + 1 < bytes.length; next = bytes.indexOf(0xff, next + 2)) {
      const marker = bytes[next + 1];
      if (marker !== 0 && (marker < 0xd0 || marker > 0xd7)) return at + next;
    }
    at += next < 0 ? bytes.length : next;
  }
}

/** A segment that decoders need has the length that its contents need, so that nothing else is in it. */
function checkSegment(marker, body, found) {
  const { length } = body;
  const exactly = (holds) => demand(holds, `segment ${marker.toString(16)} has a wrong length`);
  if (marker === SOS) {
    exactly(length === 4 + 2 * body[0]);
    found.scans += 1;
  } else if (marker === 0xc4) {                            // DHT
    let at = 0;
    while (at < length) at += 17 + body.subarray(at + 1, at + 17).reduce((sum, n) => sum + n, 0);
    exactly(at === length);
  } else if (marker === 0xdb) {                            // DQT
    let at = 0;
    while (at < length) at += 1 + (body[at] >> 4 === 0 ? 64 : 128);
    exactly(at === length);
  } else if (marker === 0xdd || marker === 0xdc) exactly(length === 2);  // DRI, DNL
  else if (marker === 0xcc) exactly(length % 2 === 0);     // DAC
  else {
    // SOF, but those of hierarchical JPEG.
    demand((marker >= 0xc0 && marker <= 0xc3) || (marker >= 0xc9 && marker <= 0xcb), `a segment ${marker.toString(16)}`, 'unsupported');
    exactly(length >= 6 && length === 6 + 3 * body[5]);
    found.frames += 1;
  }
}

/** Takes from an application segment or comment what a copy needs. */
function takeSegment(marker, body, found, removed, kept) {
  if (marker === APP0 && startsWith(body, 'JFIF\0') && body.length >= 14) {
    if (body.length > 14) removed.add('preview');
    found.jfif = found.jfif || body.slice(0, 12);
  } else if (marker === APP14 && startsWith(body, 'Adobe') && body.length >= 12) {
    found.adobe = found.adobe || body.slice(0, 12);
  } else if (marker === APP1 && startsWith(body, EXIF)) {
    const orientation = takeExif(body.subarray(EXIF.length), removed, kept);
    if (found.orientation === 1) found.orientation = orientation;
  } else if (marker === APP2 && startsWith(body, PROFILE) && body.length > PROFILE.length + 2) {
    found.profile.push(body.slice(PROFILE.length));
  } else removed.add(nameOf(marker, body));
}

function nameOf(marker, body) {
  if (marker === COM) return 'text';
  if (marker === APP1 && startsWith(body, 'http://ns.adobe.com/x')) return 'xmp';
  if (marker === APP13 && startsWith(body, 'Photoshop')) return 'iptc';
  if ((marker === APP0 && startsWith(body, 'JFXX')) || (marker === APP2 && startsWith(body, 'MPF'))) return 'preview';
  return 'other';
}

function madeAnew({ jfif, orientation, adobe, profile }, removed, kept) {
  const out = [];
  const add = (marker, name, ...parts) => {
    const length = 2 + name.length + parts.reduce((sum, part) => sum + part.length, 0);
    out.push(Uint8Array.of(0xff, marker, length >> 8, length & 255), fromAscii(name), ...parts);
  };
  if (jfif) {
    // The version, and a density that says no more than how wide a pixel is for its height.
    const square = jfif[8] === jfif[10] && jfif[9] === jfif[11];
    add(APP0, 'JFIF\0', jfif.subarray(5, 7), square ? Uint8Array.of(0, 0, 1, 0, 1) : jfif.subarray(7, 12), Uint8Array.of(0, 0));
  }
  const exif = writeExif(orientation);
  if (exif) add(APP1, EXIF, exif);
  if (profile.length > 0) {
    const clean = joinedProfile(profile);
    (clean ? kept : removed).add('profile');
    const pieces = clean ? Math.ceil(clean.length / PROFILE_PIECE) : 0;
    for (let i = 0; i < pieces; ++i) add(APP2, PROFILE, Uint8Array.of(i + 1, pieces), clean.subarray(i * PROFILE_PIECE, (i + 1) * PROFILE_PIECE));
  }
  if (adobe) add(APP14, 'Adobe', Uint8Array.of(0, 100, 0, 0, 0, 0, adobe[11]));  // how colours were transformed
  return out;
}

/** A profile in numbered pieces, each of which knows how many there are; null when they do not fit together. */
function joinedProfile(pieces) {
  const size = pieces.reduce((sum, piece) => sum + piece.length - 2, 0);
  if (size > MAX_PROFILE) return null;
  const whole = new Uint8Array(size);
  let at = 0;
  for (let number = 1; number <= pieces.length; ++number) {
    const piece = pieces.find((one) => one[0] === number && one[1] === pieces.length);
    if (!piece || at + piece.length - 2 > size) return null;
    whole.set(piece.subarray(2), at);
    at += piece.length - 2;
  }
  return cleanProfile(whole);
}

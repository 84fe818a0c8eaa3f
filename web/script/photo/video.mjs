// SPDX-License-Identifier: AGPL-3.0-or-later
//
// MP4, 3GP, M4A and MOV, cleaned in place (boxes.mjs). Tracks of picture and sound are kept, with the boxes that players need;
// times, names of devices and programs, and tracks of anything else (places, faces, telemetry) go. What encoders have written
// into the compressed pictures and sound themselves is not looked at.
import { boxesIn, copyOf, demandBytes, empty, find, isSpace, joined, topBoxes } from './boxes.mjs';
import { cleanProfile } from './icc.mjs';
import { mediaRanges } from './samples.mjs';
import { ascii, demand, viewOf } from './source.mjs';

const words = (text) => text.split(' ');
// Containers, and what of them is kept.
const KEPT = {
  moov: words('mvhd trak mvex'), mvex: words('mehd trex'),
  trak: words('tkhd edts mdia tapt'), edts: words('elst'), tapt: words('clef prof enof'),
  mdia: words('mdhd hdlr minf'), minf: words('vmhd smhd hdlr dinf stbl'), dinf: words('dref'),
  stbl: words('stsd stts stss ctts cslg stsc stsz stz2 stco co64 sdtp stsh stps sbgp sgpd'),
  moof: words('mfhd traf'), traf: words('tfhd tfdt trun sdtp sbgp sgpd'),
};
const KEPT_ON_TOP = words('ftyp styp sidx mfra mdat');
const SAMPLE_ENTRY = words('avcC hvcC av1C vpcC dvcC dvvC dvwC d263 esds dOps dac3 dec3 dac4 alac dfLa damr pcmC wave chan chnl srat ' +
  'colr pasp clap fiel gama chrm btrt clli mdcv amve ccst SmDm CoLL');
const EDIT = { mvhd: times, tkhd: times, mdhd: mediaHeader, hdlr: handler, dref: references, stsd: descriptions };
const UNDETERMINED = 0x55c4;  // a language
const MAX_EDITED = 32 << 20;

export async function cleanVideo(source, removed) {
  const { boxes, end } = await topBoxes(source);
  if (end < source.size) removed.add('trailing');
  demand(boxes.filter(({ type }) => type === 'moov').length === 1 && find(boxes, 'mdat'), 'the file is cut off, or is no video');

  const edited = new Map();
  let ranges = [], total = 0, tracks = 0, dropped = 0, fragments = 0;
  for (const { type, start, end: to } of boxes) {
    if (type === 'moov' || type === 'moof') {
      total += to - start;
      demand(total <= MAX_EDITED, 'the tables are too large', 'unsupported');
      const bytes = (await source.bytes(start, to - start)).slice();
      const [box] = boxesIn(bytes, 0, bytes.length);
      if (type === 'moof') fragments += 1;
      else {
        const found = tracksOf(bytes, box, removed);
        ({ tracks, dropped } = found);
        ranges = found.ranges;
      }
      tidy(bytes, box, removed);
      edited.set(start, bytes);
    } else if (!KEPT_ON_TOP.includes(type) && !isSpace(type)) removed.add('other');
  }
  demand(tracks > 0, 'there is no picture and no sound in it');
  // Fragments say by themselves where their media lie; that is not followed here.
  demand(fragments === 0 || dropped === 0, 'fragments with a track of something else', 'unsupported');
  return copyOf(source, boxes, { edited, media: fragments > 0 ? null : joined(ranges), isKept: (type) => KEPT_ON_TOP.includes(type) });
}

/** Empties the tracks that are neither picture nor sound; where the media of the others lie. */
function tracksOf(bytes, moov, removed) {
  const found = { ranges: [], tracks: 0, dropped: 0 };
  for (const trak of boxesIn(bytes, moov.body, moov.end).filter(({ type }) => type === 'trak')) {
    if (/^(vide|soun)$/.test(kindOf(bytes, trak))) {
      found.tracks += 1;
      for (const range of mediaRanges(bytes, inside(bytes, trak, 'mdia', 'minf', 'stbl'))) found.ranges.push(range);
    } else {
      empty(bytes, trak);
      found.dropped += 1;
      removed.add('track');
    }
  }
  return found;
}

/** The boxes in a box in a box, by their names. */
function inside(bytes, box, ...path) {
  return path.reduce((boxes, type) => {
    const next = find(boxes, type);
    demand(next, `a track without ${type}`);
    return boxesIn(bytes, next.body, next.end);
  }, boxesIn(bytes, box.body, box.end));
}

function kindOf(bytes, trak) {
  const hdlr = find(inside(bytes, trak, 'mdia'), 'hdlr');
  demand(hdlr, 'a track without hdlr');
  demandBytes(hdlr, 12);
  return ascii(bytes, hdlr.body + 8, hdlr.body + 12);
}

/** Empties what players do not need, box by box. */
function tidy(bytes, box, removed, kind = '') {
  for (const child of boxesIn(bytes, box.body, box.end)) {
    if (!KEPT[box.type].includes(child.type)) {
      if (!isSpace(child.type)) removed.add(child.type === 'udta' || child.type === 'meta' ? 'text' : 'other');
      empty(bytes, child);
    } else if (KEPT[child.type]) tidy(bytes, child, removed, child.type === 'trak' ? kindOf(bytes, child) : kind);
    else if (EDIT[child.type]) EDIT[child.type](bytes, child, removed, kind);
  }
}

function times(bytes, box, removed) {
  const width = bytes[box.body] === 1 ? 8 : 4;
  demandBytes(box, 4 + 2 * width);
  const stamps = bytes.subarray(box.body + 4, box.body + 4 + 2 * width);
  if (stamps.some((byte) => byte !== 0)) removed.add('times');
  stamps.fill(0);
}

function mediaHeader(bytes, box, removed) {
  times(bytes, box, removed);
  const language = bytes[box.body] === 1 ? 32 : 20;
  demandBytes(box, language + 4);
  viewOf(bytes).setUint16(box.body + language, UNDETERMINED);
}

/** What handles a track keeps its kind, and loses its maker and name. */
function handler(bytes, box) {
  demandBytes(box, 12);
  bytes.fill(0, box.body + 12, box.end);
}

/** Media lie in this file, or else a path of the sender's disk may stand here. */
export function references(bytes, box) {
  demandBytes(box, 8);
  for (const entry of boxesIn(bytes, box.body + 8, box.end)) {
    demand(entry.end - entry.body === 4 && bytes[entry.body + 3] === 1, 'media in another file', 'unsupported');
  }
}

/** Sample entries: how samples are coded. Behind fixed fields, among them names of encoders, boxes of the codec. */
function descriptions(bytes, box, removed, kind) {
  demandBytes(box, 8);
  for (const entry of boxesIn(bytes, box.body + 8, box.end)) {
    const fixed = fixedFields(bytes, entry, kind);
    demandBytes(entry, fixed);
    bytes.fill(0, entry.body + 12, entry.body + 16);                             // vendor
    if (kind === 'vide') bytes.fill(0, entry.body + 42, entry.body + 74);        // name of the compressor
    for (const child of boxesIn(bytes, entry.body + fixed, entry.end)) {
      if (isSpace(child.type) || /^(uuid|udta|meta)$/.test(child.type)) empty(bytes, child);
      else demand(SAMPLE_ENTRY.includes(child.type), `a description with ${child.type}`, 'unsupported');
      if (child.type === 'colr') colour(bytes, child, removed);
    }
  }
}

function fixedFields(bytes, entry, kind) {
  if (kind === 'vide') return 78;
  demandBytes(entry, 28);
  const version = viewOf(bytes).getUint16(entry.body + 8);
  demand(version <= 2, 'a description of sound', 'unsupported');
  return [28, 44, 64][version];
}

/** A colour box: some numbers, or a profile. */
export function colour(bytes, box, removed) {
  demandBytes(box, 4);
  const kind = ascii(bytes, box.body, box.body + 4);
  if ((kind === 'nclx' || kind === 'nclc') && box.end - box.body <= 11) return;
  const profile = bytes.subarray(box.body + 4, box.end), clean = /^(prof|rICC)$/.test(kind) && cleanProfile(profile);
  if (clean) profile.set(clean);
  else {
    empty(bytes, box);
    removed.add('profile');
  }
}

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// HEIC and AVIF (ISO 23008-12), cleaned in place (boxes.mjs). Items that are pictures are kept with what they are drawn from;
// Exif, XMP, thumbnails and any other item lose their bytes and their type, so that no reader looks for them. Which way is up
// is a property of the picture here, not a matter of Exif.
import { boxesIn, copyOf, demandBytes, empty, find, isSpace, joined, topBoxes } from './boxes.mjs';
import { colour, references } from './video.mjs';
import { ascii, demand, fromAscii, viewOf } from './source.mjs';

const words = (text) => text.split(' ');
const KEPT_ON_TOP = words('ftyp mdat');
const KEPT_IN_META = words('hdlr pitm dinf iinf iref iprp iloc idat grpl');
const PROPERTIES = words('hvcC av1C ispe pixi colr irot imir clap pasp auxC lsel a1op a1lx clli mdcv cclv amve ndwt reve');
const PICTURE = /^(hvc1|hev1|av01|grid|iovl|iden|tmap)$/;
const MAX_META = 4 << 20;
const ITEM_GONE = 'free';  // a type of items that no reader knows

export async function cleanHeic(source, removed, kept) {
  const { boxes, end } = await topBoxes(source);
  const meta = find(boxes, 'meta');
  demand(meta && boxes.filter(({ type }) => type === 'meta').length === 1, 'the file is cut off, or is no picture');
  demand(!find(boxes, 'moov'), 'a sequence of pictures', 'unsupported');
  demand(meta.end - meta.start <= MAX_META, 'the tables are too large', 'unsupported');
  if (end < source.size) removed.add('trailing');
  if (boxes.some(({ type }) => type !== 'meta' && !KEPT_ON_TOP.includes(type) && !isSpace(type))) removed.add('other');

  const bytes = (await source.bytes(meta.start, meta.end - meta.start)).slice();
  const media = cleanMeta(bytes, removed, kept);
  return copyOf(source, boxes, { edited: new Map([[meta.start, bytes]]), media, isKept: (type) => KEPT_ON_TOP.includes(type) });
}

/** Cleans the meta box in place; where in the file the pictures lie. */
function cleanMeta(bytes, removed, kept) {
  const [meta] = boxesIn(bytes, 0, bytes.length);
  demandBytes(meta, 4);
  const inside = boxesIn(bytes, meta.body + 4, meta.end);
  const box = (type) => {
    const found = find(inside, type);
    demand(found && inside.filter((one) => one.type === type).length === 1, `a picture without ${type}`);
    demandBytes(found, 4);
    return found;
  };
  for (const child of inside.filter(({ type }) => !KEPT_IN_META.includes(type))) {
    if (!isSpace(child.type)) removed.add('other');
    empty(bytes, child);
  }
  const hdlr = box('hdlr');
  demandBytes(hdlr, 12);
  bytes.fill(0, hdlr.body + 12, hdlr.end);
  const dinf = find(inside, 'dinf'), dref = dinf && find(boxesIn(bytes, dinf.body, dinf.end), 'dref');
  if (dref) references(bytes, dref);
  properties(bytes, box('iprp'), removed, kept);

  const iref = find(inside, 'iref');
  const pictures = items(bytes, box('iinf'), iref ? thumbnails(bytes, iref) : new Set(), removed);
  const idat = find(inside, 'idat');
  const { file, own } = places(bytes, box('iloc'), pictures);
  if (idat) keepOnly(bytes, idat, own);
  else demand(own.length === 0, 'a picture without its data');
  return file;
}

/** Turns, colours, sizes. One that is not known might be needed, or say anything. */
function properties(bytes, iprp, removed, kept) {
  const ipco = find(boxesIn(bytes, iprp.body, iprp.end), 'ipco');
  demand(ipco, 'a picture without properties');
  for (const property of boxesIn(bytes, ipco.body, ipco.end)) {
    if (isSpace(property.type)) bytes.fill(0, property.body, property.end);
    else if (property.type === 'udes') {
      empty(bytes, property);
      removed.add('text');
    } else demand(PROPERTIES.includes(property.type), `a property ${property.type}`, 'unsupported');
    if (property.type === 'irot' || property.type === 'imir') kept.add('orientation');
    if (property.type === 'colr') colour(bytes, property, removed);
  }
}

/** The numbers of the items that are thumbnails. */
function thumbnails(bytes, iref) {
  demandBytes(iref, 4);
  const view = viewOf(bytes), wide = bytes[iref.body] > 0;
  const found = new Set();
  for (const reference of boxesIn(bytes, iref.body + 4, iref.end).filter(({ type }) => type === 'thmb')) {
    demandBytes(reference, wide ? 4 : 2);
    found.add(wide ? view.getUint32(reference.body) : view.getUint16(reference.body));
  }
  return found;
}

/** The numbers of the pictures. Of other items the type goes, of all of them the name. */
function items(bytes, iinf, unwanted, removed) {
  const view = viewOf(bytes), pictures = new Set();
  for (const entry of boxesIn(bytes, iinf.body + (bytes[iinf.body] === 0 ? 6 : 8), iinf.end)) {
    const version = bytes[entry.body];
    demand(entry.type === 'infe' && (version === 2 || version === 3), 'an item of an old kind', 'unsupported');
    const type = entry.body + (version === 2 ? 8 : 10);
    demandBytes(entry, type + 4 - entry.body);
    const number = version === 2 ? view.getUint16(entry.body + 4) : view.getUint32(entry.body + 4);
    const name = ascii(bytes, type, type + 4);
    if (PICTURE.test(name) && !unwanted.has(number)) pictures.add(number);
    else if (name !== ITEM_GONE) {
      removed.add({ Exif: 'exif', mime: 'xmp' }[name] || (unwanted.has(number) ? 'preview' : 'other'));
      bytes.set(fromAscii(ITEM_GONE), type);
    }
    bytes.fill(0, type + 4, entry.end);
  }
  demand(pictures.size > 0, 'there is no picture in it');
  return pictures;
}

/** Where the pictures lie: in the file, and in the meta box's own data. */
function places(bytes, iloc, pictures) {
  const view = viewOf(bytes), version = bytes[iloc.body];
  demand(version <= 2, 'a table of places', 'unsupported');
  let at = iloc.body + 4;
  const number = (width) => {
    demand(iloc.end - at >= width, 'the table of places is cut off');
    at += width;
    if (width === 8) return view.getUint32(at - 8) * 2 ** 32 + view.getUint32(at - 4);
    return width === 4 ? view.getUint32(at - 4) : width === 2 ? view.getUint16(at - 2) : 0;
  };
  const widths = number(2);
  const [offset, length, base, index] = [12, 8, 4, 0].map((shift) => (widths >> shift) & 15);
  // A place has some bytes itself, so that no count can make this endless.
  demand([4, 8].includes(offset) && [4, 8].includes(length) && [base, index].every((width) => [0, 4, 8].includes(width)),
    'a table of places', 'unsupported');
  const found = { file: [], own: [], gone: [] };
  for (let left = number(version < 2 ? 2 : 4); left > 0; left -= 1) {
    const item = number(version < 2 ? 2 : 4), method = version > 0 ? number(2) & 15 : 0;
    demand(number(2) === 0, 'a picture in another file', 'unsupported');
    const from = number(base);
    for (let extents = number(2); extents > 0; extents -= 1) {
      if (version > 0) number(index);
      const begin = from + number(offset), end = begin + number(length);
      if (!pictures.has(item)) {
        if (method === 0) found.gone.push([begin, end]);
        continue;
      }
      demand(method <= 1 && end > begin, 'the place of a picture', 'unsupported');
      (method === 0 ? found.file : found.own).push([begin, end]);
    }
  }
  const file = joined(found.file);
  demand(joined(found.gone).every(([from, to]) => file.every(([begin, end]) => to <= begin || end <= from)), 'a picture in another item');
  return { file, own: joined(found.own) };
}

/** Zeros everything of a box but these ranges of its body. */
function keepOnly(bytes, box, ranges) {
  let at = box.body;
  for (const [from, to] of ranges) {
    demand(to <= box.end - box.body, 'the place of a picture');
    bytes.fill(0, at, box.body + from);
    at = box.body + to;
  }
  bytes.fill(0, at, box.end);
}

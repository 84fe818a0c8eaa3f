// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Boxes of the ISO base media file format (ISO 14496-12) and QuickTime. Files of this family are cleaned in place: what must
// go becomes a free box of zeros of the same length, so that no offset has to be moved.
import { Copy, ascii, demand, fromAscii, viewOf } from './source.mjs';

const MAX_BOXES = 20000;
const HEAD = 8, LARGE_HEAD = 16;
const FREE = fromAscii('free');

/** The boxes of a file: [{ type, start, body, end }], all of them places in the file; and where they end. */
export async function topBoxes(source) {
  const boxes = [];
  let at = 0;
  while (source.size - at >= HEAD) {
    demand(boxes.length < MAX_BOXES, 'too many boxes', 'unsupported');
    const box = header(await source.bytes(at, Math.min(LARGE_HEAD, source.size - at)), 0, source.size - at);
    // Something else behind the last box is no box; what is missing for it is looked for later.
    if (!box) break;
    boxes.push({ type: box.type, start: at, body: at + box.body, end: at + box.end });
    at += box.end;
  }
  return { boxes, end: at };
}

/** The box that begins at `at`, or null when none does that ends before `limit`. */
function header(bytes, at, limit) {
  if (bytes.length - at < HEAD || limit - at < HEAD) return null;
  const view = viewOf(bytes), type = ascii(bytes, at + 4, at + 8);
  let size = view.getUint32(at), body = at + HEAD;
  if (size === 1) {
    if (bytes.length - at < LARGE_HEAD) return null;
    size = view.getUint32(at + 8) * 2 ** 32 + view.getUint32(at + 12);
    body = at + LARGE_HEAD;
  } else if (size === 0) size = limit - at;
  const holds = /^[\x20-\x7e\xa9]{4}$/.test(type) && size >= body - at && size <= limit - at;
  return holds ? { type, start: at, body, end: at + size } : null;
}

/** The boxes inside a box of a part that is in memory. Zeros may follow them; QuickTime ends some lists so. */
export function boxesIn(bytes, from, to) {
  const boxes = [];
  let at = from;
  while (at < to) {
    const box = header(bytes, at, to);
    if (!box) {
      demand(to - at <= 8 && bytes.subarray(at, to).every((byte) => byte === 0), 'a box is longer than what it is in');
      break;
    }
    demand(boxes.length < MAX_BOXES, 'too many boxes', 'unsupported');
    boxes.push(box);
    at = box.end;
  }
  return boxes;
}

export const find = (boxes, type) => boxes.find((box) => box.type === type);

/** Only now are there so many bytes in the box. */
export function demandBytes(box, count) {
  demand(box.end - box.body >= count, `a box ${box.type} is too short`);
}

/** The box stays, its content does not. */
export function empty(bytes, box) {
  bytes.set(FREE, box.start + 4);
  bytes.fill(0, box.body, box.end);
}

export const isSpace = (type) => type === 'free' || type === 'skip' || type === 'wide';

/** Into a file's copy, a box that must go. */
export function copyEmpty(copy, box) {
  const large = box.body - box.start === LARGE_HEAD, head = new Uint8Array(box.body - box.start), view = viewOf(head);
  const size = box.end - box.start;
  view.setUint32(0, large ? 1 : size);
  head.set(FREE, 4);
  if (large) {
    view.setUint32(8, Math.floor(size / 2 ** 32));
    view.setUint32(12, size % 2 ** 32);
  }
  demand(large || size < 2 ** 32, 'a box is too large', 'unsupported');
  copy.add(head);
  copy.zeros(box.end - box.body);
}

/** The ranges [from, to) in ascending order, those that touch joined. */
export function joined(ranges) {
  const out = [];
  for (const [from, to] of ranges.sort(([a], [b]) => a - b)) {
    const last = out[out.length - 1];
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else if (to > from) out.push([from, to]);
  }
  return out;
}

/**
 * The copy of a file: `edited` maps the start of boxes that were changed in memory to their bytes. Of mdat boxes only what
 * lies in `media` (joined ranges; null: all of them) is kept. Boxes of types that `isKept` does not take are emptied.
 */
export function copyOf(source, boxes, { edited, media, isKept }) {
  const copy = new Copy(source);
  let next = 0;
  for (const box of boxes) {
    const bytes = edited.get(box.start);
    if (bytes) copy.add(bytes);
    else if (box.type === 'mdat' && media) {
      copy.keep(box.start, box.body);
      let at = box.body;
      for (; next < media.length && media[next][1] <= box.end; next += 1) {
        demand(media[next][0] >= at, 'media outside of where media lie');
        copy.zeros(media[next][0] - at);
        copy.keep(...media[next]);
        [, at] = media[next];
      }
      copy.zeros(box.end - at);
    } else if (isKept(box.type)) copy.keep(box.start, box.end);
    else copyEmpty(copy, box);
  }
  demand(!media || next === media.length, 'media outside of where media lie');
  return copy.blob();
}

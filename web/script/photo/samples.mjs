// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Where the media of a track lie (ISO 14496-12, 8.7): chunks of samples. Whatever of a file's mdat belongs to no track that is
// kept is not copied.
import { demandBytes, find } from './boxes.mjs';
import { demand, viewOf } from './source.mjs';

/** The ranges [from, to) of the file in which the samples of a sample table (the boxes of an stbl) lie. */
export function mediaRanges(bytes, table) {
  const box = (...types) => {
    const found = types.map((type) => find(table, type)).find(Boolean);
    demand(found, `a track without ${types[0]}`);
    demandBytes(found, 8);
    return found;
  };
  const view = viewOf(bytes);
  const sizes = sampleSizes(view, box('stsz', 'stz2'));
  const offsets = chunkOffsets(view, box('stco', 'co64'));
  const runs = chunkRuns(view, box('stsc'));
  let sample = 0, run = 0;
  return offsets.map((from, chunk) => {
    while (run + 1 < runs.length && runs[run + 1].first <= chunk) run += 1;
    demand(runs.length > 0 && runs[run].first <= chunk, 'a chunk of unknown length');
    const before = sample;
    sample += runs[run].samples;
    return [from, from + sizes(before, sample)];
  });
}

/** A function: the bytes of the samples [from, to) together. */
function sampleSizes(view, box) {
  demandBytes(box, 12);
  const size = view.getUint32(box.body + 4), count = view.getUint32(box.body + 8);
  const within = (to) => demand(to <= count, 'more samples than there are sizes');
  if (box.type === 'stsz' && size > 0) return (from, to) => { within(to); return (to - from) * size; };
  const bits = box.type === 'stsz' ? 32 : size & 255;
  demand(bits === 8 || bits === 16 || bits === 32, 'sizes of samples', 'unsupported');
  demandBytes(box, 12 + count * bits / 8);
  const read = { 8: 'getUint8', 16: 'getUint16', 32: 'getUint32' }[bits];
  return (from, to) => {
    within(to);
    let sum = 0;
    for (let i = from; i < to; ++i) sum += view[read](box.body + 12 + i * bits / 8);
    return sum;
  };
}

function chunkOffsets(view, box) {
  const width = box.type === 'co64' ? 8 : 4, count = view.getUint32(box.body + 4);
  demandBytes(box, 8 + count * width);
  return Array.from({ length: count }, (_, i) => {
    const at = box.body + 8 + i * width;
    return width === 4 ? view.getUint32(at) : view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
  });
}

/** [{ first, samples }]: from that chunk on (counted from 0) each has so many. */
function chunkRuns(view, box) {
  const count = view.getUint32(box.body + 4);
  demandBytes(box, 8 + count * 12);
  return Array.from({ length: count }, (_, i) => {
    const at = box.body + 8 + i * 12;
    return { first: view.getUint32(at) - 1, samples: view.getUint32(at + 4) };
  });
}

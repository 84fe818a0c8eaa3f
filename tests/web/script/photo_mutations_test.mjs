// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Damaged files: clean() answers, in time, with a copy or a failure, and no copy holds a text that was to go. Bits are
// flipped, bytes and lengths changed, pieces cut out, doubled and moved, files cut off.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { check, count, same, summary, test, tier } from '../../support/checks.mjs';
import { random } from '../../support/random.mjs';
import { SECRET, makeCorpus } from './corpus.mjs';
import { script } from './modules.mjs';

const { clean } = await script('photo/clean.mjs');

const SECONDS = 5;  // of the processor: the machine may have other work
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'amana-mutated-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true }));
const corpus = makeCorpus(folder);
const drawn = random('script/mutations');

// May put a text among pixels, where it is what a picture is made of.
function moved(bytes, at) {
  const from = drawn.below(bytes.length);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, from + drawn.below(400)), bytes.subarray(at)]);
}

const cut = (bytes, at) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + drawn.below(64))]);
const inserted = (bytes, at) => Buffer.concat([bytes.subarray(0, at), drawn.bytes(1 + drawn.below(16)), bytes.subarray(at)]);
// So may whatever shifts a file that says by offsets where its media lie; and in a GIF every changed length.
const mayKeepTexts = (format, mutation) => mutation === moved || format === 'gif' || (/heic|video/.test(format) && [cut, inserted].includes(mutation));

const EXTREME = [0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0xfe];
const MUTATIONS = [
  (bytes, at) => { bytes[at] ^= 1 << drawn.below(8); return bytes; },
  (bytes, at) => { bytes[at] = drawn.pick(EXTREME); return bytes; },
  (bytes, at) => { bytes.fill(drawn.pick([0, 0xff]), at, Math.min(at + 1 + drawn.below(8), bytes.length)); return bytes; },
  (bytes, at) => { bytes.writeUInt32BE(drawn.pick([0, 1, 8, bytes.length, bytes.length - at, 0x7fffffff, 0xffffffff]), Math.min(at, bytes.length - 4)); return bytes; },
  (bytes, at) => bytes.subarray(0, at),
  moved, cut, inserted,
];

// Most of a file is media; what is parsed stands at either end of it, and around names.
function place(bytes, names) {
  const kind = drawn.below(4);
  if (kind === 0) return drawn.below(bytes.length);
  if (kind === 1) return drawn.below(Math.min(bytes.length, 700));
  if (kind === 2) return bytes.length - 1 - drawn.below(Math.min(bytes.length, 6000));
  return Math.max(0, Math.min(bytes.length - 1, drawn.pick(names) - 8 + drawn.below(32)));
}

// Where something that looks like a name of a chunk or box, or a marker, stands.
function namesIn(bytes) {
  const found = [];
  for (let i = 0; i + 4 < bytes.length; ++i) {
    if (/^[A-Za-z]{4}$/.test(bytes.toString('latin1', i, i + 4)) || (bytes[i] === 0xff && bytes[i + 1] >= 0xc0)) found.push(i);
  }
  return found;
}

async function answer(bytes) {
  const begun = process.cpuUsage();
  const result = await clean(new Blob([bytes]));
  const copy = result.blob ? Buffer.from(await result.blob.arrayBuffer()) : null;
  const { user, system } = process.cpuUsage(begun);
  return { ...result, copy, seconds: (user + system) / 1e6 };
}

for (const [format, names] of Object.entries(corpus)) {
  await test(`${format}: damaged files are answered`, async () => {
    const files = names.map((name) => fs.readFileSync(path.join(folder, name)));
    const places = files.map(namesIn);
    let slowest = 0;
    for (let i = 0; i < tier(400, 8000); ++i) {
      const which = drawn.below(files.length);
      let bytes = Buffer.from(files[which]);
      let texts = true;
      for (let left = 1 + (drawn.chance(0.3) ? drawn.below(4) : 0); left > 0 && bytes.length > 8; left -= 1) {
        const mutate = drawn.pick(MUTATIONS);
        bytes = mutate(bytes, Math.min(place(bytes, places[which]), bytes.length - 1));
        if (mayKeepTexts(format, mutate)) texts = false;
      }
      const { failure, detail, copy, seconds } = await answer(bytes);
      slowest = Math.max(slowest, seconds);
      const what = () => {
        fs.writeFileSync(path.join(os.tmpdir(), `amana-mutated.${format}`), bytes);
        return `${names[which]}, number ${i}: ${failure} ${detail}`;
      };
      check(copy || ['unknown', 'damaged', 'unsupported'].includes(failure), copy ? '' : what());
      check(seconds < SECONDS, `${names[which]}, number ${i}: ${seconds} s`);
      if (texts && copy && copy.includes(SECRET)) check(false, what());
      count(copy ? `${format} cleaned` : `${format} refused`);
    }
    console.log(`        the slowest took ${(slowest * 1000).toFixed(0)} ms`);
  });
}

await test('lengths that promise the most are no work', async () => {
  const hex = (text) => Buffer.from(text.replace(/ /g, ''), 'hex');
  const times = (n, text) => Buffer.alloc(Math.floor(n) * hex(text).length, hex(text));
  const box = (type, ...parts) => { const body = Buffer.concat(parts); const size = Buffer.alloc(4); size.writeUInt32BE(body.length + 8); return Buffer.concat([size, Buffer.from(type), body]); };
  const many = 2 << 20;
  const ftyp = box('ftyp', Buffer.from('isom'), Buffer.alloc(4)), heic = box('ftyp', Buffer.from('heic'), Buffer.alloc(4));
  // A table of 65535 items with 65535 extents each, all of which take no bytes.
  const iloc = box('iloc', hex('01000000 0000 ffff'), times(20000, '0001 0000 0000 ffff'));
  const infe = box('infe', hex('02000000 0001 0000'), Buffer.from('hvc1\0'));
  const meta = box('meta', Buffer.alloc(4), box('hdlr', Buffer.alloc(24)), box('iinf', hex('00000000 0001'), infe), box('iprp', box('ipco')), iloc);
  const table = (count, run) => box('moov', box('trak', box('mdia', box('hdlr', Buffer.alloc(8), Buffer.from('vide'), Buffer.alloc(12)), box('minf', box('stbl',
    box('stsz', hex(`00000000 ${run} ffffffff`)), box('stco', hex('00000000 000fffff'), Buffer.alloc(4 * 0xfffff)), box('stsc', hex(`00000000 00000001 00000001 ${count} 00000001`)))))));
  for (const [what, bytes] of Object.entries({
    'fill bytes': Buffer.concat([hex('ffd8'), Buffer.alloc(many, 0xff)]),
    'a scan without end': Buffer.concat([hex('ffd8 ffda 0006 00 000000'), times(many / 2, 'ff00')]),
    'empty segments': Buffer.concat([hex('ffd8'), times(many / 4, 'fffe0002')]),
    'empty chunks': Buffer.concat([hex('89504e470d0a1a0a 0000000d 49484452'), Buffer.alloc(17), times(many / 12, '00000000 49444154 00000000')]),
    'empty blocks': Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(7), times(many / 3, '21fe00')]),
    'blocks of one byte': Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(7), hex('21fe'), times(many / 2, '0101')]),
    'empty boxes': Buffer.concat([ftyp, times(many / 8, '00000008 66726565')]),
    'boxes in boxes': Buffer.concat([ftyp, box('moov', times(many / 8, '00000008 7472616b')), box('mdat')]),
    'extents of nothing': Buffer.concat([heic, meta]),
    'samples of nothing': Buffer.concat([ftyp, table('ffffffff', '00000000'), box('mdat')]),
    'samples of one size': Buffer.concat([ftyp, table('00000001', 'ffffffff'), box('mdat')]),
    'empty RIFF chunks': Buffer.concat([Buffer.from('RIFF'), hex('f8ff1f00'), Buffer.from('WEBP'), times(many / 8, '4a554e4b 00000000')]),
  })) {
    const { failure, detail, seconds } = await answer(bytes);
    check(failure && failure !== 'unreadable', `${what}: ${failure} ${detail}`);
    check(seconds < SECONDS, `${what}: ${seconds.toFixed(1)} s`);
    console.log(`        ${what}: ${(seconds * 1000).toFixed(0)} ms, ${detail}`);
    count('bombs');
  }
  // A profile that unpacks to a gigabyte, of which no more than a profile's size is looked at.
  const png = fs.readFileSync(path.join(folder, corpus.png[0]));
  const { deflateSync, crc32 } = await import('node:zlib');
  const body = Buffer.concat([Buffer.from('iCCPx\0\0', 'latin1'), deflateSync(Buffer.alloc(64 << 20))]), head = Buffer.alloc(4), tail = Buffer.alloc(4);
  head.writeUInt32BE(body.length - 4);
  tail.writeUInt32BE(crc32(body));
  const { removed, seconds } = await answer(Buffer.concat([png.subarray(0, 33), head, body, tail, png.subarray(33)]));
  same([removed?.includes('profile'), seconds < SECONDS], [true, true], 'a profile of 64 MiB');
});

summary('web_script_photo_mutations');

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Randomness that a seed repeats: $AMANA_SEED, and a label for each use, so that one use more changes no other.

import { createCipheriv, createHash } from 'node:crypto';

export const seed = process.env.AMANA_SEED ?? '20260101';

// A generator: bytes(n), below(n), pick(list), chance(p).
export function random(label) {
  const key = createHash('sha256').update(`${seed}/${label}`).digest();
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  const bytes = (length) => stream.update(Buffer.alloc(length));
  const fraction = () => bytes(6).readUIntBE(0, 6) / 2 ** 48;
  return {
    bytes,
    fraction,
    below: (n) => Math.floor(fraction() * n),
    pick: (list) => list[Math.floor(fraction() * list.length)],
    chance: (p) => fraction() < p,
  };
}

const magics = {
  'image/png': Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
  'image/jpeg': Buffer.from('ffd8ffe000104a46494600010100', 'hex'),
  'audio/ogg': Buffer.concat([Buffer.from('OggS\0\x02', 'latin1'), Buffer.alloc(8)]),
  'video/mp4': Buffer.concat([Buffer.from([0, 0, 0, 32]), Buffer.from('ftypisom\0\0\x02\0isomiso2avc1mp41', 'latin1')]),
};

// Random bytes that begin as a file of that type does.
export function file(name, type, size) {
  const content = random(`file/${name}`).bytes(size);
  magics[type]?.copy(content, 0, 0, Math.min(size, magics[type].length));
  return { name, type, content };
}

const arabicWords = ('عرض علي رجل عملا حارسا في الخارج وقال إن الراتب كبير والسفر مجاني أخذوا جواز سفري ' +
  'ثم أرسلوا أخي إلى المعسكر ولم يعد يتصل بنا منذ شهرين').split(' ');

// An Arabic story of about so many characters, no two alike.
export function arabicStory(label, characters = 200) {
  const { pick, below } = random(`story/${label}`);
  let story = `بلاغ ${label}:`;
  while ([...story].length < characters) story += ` ${pick(arabicWords)} ${below(1e6)}`;
  return story;
}

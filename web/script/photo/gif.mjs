// SPDX-License-Identifier: AGPL-3.0-or-later
//
// GIF (87a and 89a): images, their timing and how often they repeat are kept. Comments, plain text, other applications'
// extensions and what follows the trailer go.
import { Copy, ascii, demand } from './source.mjs';

const EXTENSION = 0x21, IMAGE = 0x2c, TRAILER = 0x3b;
const GRAPHIC_CONTROL = 0xf9, PLAIN_TEXT = 0x01, APPLICATION = 0xff;
const MAX_BLOCKS = 1 << 18;

export async function cleanGif(source, removed) {
  const copy = new Copy(source);
  const [flags] = await source.bytes(10, 1);
  let at = 13 + colourTable(flags), images = 0;
  copy.keep(0, at);
  let pending = null;  // a graphic control goes with the image that it controls
  for (let count = 0; ; count += 1) {
    demand(count < MAX_BLOCKS, 'too many blocks', 'unsupported');
    const [kind] = await source.bytes(at, 1);
    if (kind === TRAILER) break;
    if (kind === IMAGE) {
      const descriptor = await source.bytes(at, 10), data = at + 10 + colourTable(descriptor[9]) + 1;
      const end = await endOfBlocks(source, data);
      if (pending) copy.keep(...pending);
      copy.keep(at, end);
      pending = null;
      images += 1;
      at = end;
    } else {
      demand(kind === EXTENSION, 'a block is not one');
      const head = await source.bytes(at, 3), end = await endOfBlocks(source, at + 2);
      if (head[1] === GRAPHIC_CONTROL && head[2] === 4 && end === at + 8) pending = [at, end];
      else if (head[1] === APPLICATION && await isLoop(source, at, end)) copy.keep(at, end);
      else removed.add(await nameOf(source, at, head));
      if (head[1] === PLAIN_TEXT) pending = null;  // it was for the text
      at = end;
    }
  }
  demand(images > 0, 'there is no image in it');
  if (at + 1 < source.size) removed.add('trailing');
  copy.add(Uint8Array.of(TRAILER));
  return copy.blob();
}

const colourTable = (flags) => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);

/** Behind the empty block that ends the blocks which begin there. */
async function endOfBlocks(source, from) {
  for (let at = from; ;) {
    const bytes = await source.some(at);
    let next = 0;
    while (next < bytes.length && bytes[next] !== 0) next += 1 + bytes[next];
    at += next;
    if (next < bytes.length) return at + 1;
  }
}

const application = async (source, at) => ascii(await source.bytes(at + 3, 11), 0, 11);

/** How often an animation repeats, and no byte more. */
async function isLoop(source, at, end) {
  if (end !== at + 19 || !/^(NETSCAPE2\.0|ANIMEXTS1\.0)$/.test(await application(source, at))) return false;
  const [length, kind] = await source.bytes(at + 14, 2);
  return length === 3 && kind === 1;
}

async function nameOf(source, at, [, kind, length]) {
  if (kind === 0xfe || kind === PLAIN_TEXT) return 'text';
  if (kind !== APPLICATION || length !== 11) return 'other';
  return { 'XMP DataXMP': 'xmp', ICCRGBG1012: 'profile' }[await application(source, at)] || 'other';
}

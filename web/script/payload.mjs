// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The payload (docs/ENVELOPE.md, sections 1.1 and 2): attachments as they are read, the manifest behind them, zeros up to a
// size class.
import { PIECE } from './envelope.mjs';

const DATA = 1, END = 2, MANIFEST = 3;
const HEAD = 5;  // of a record of data, or of the manifest
const PLAIN_CLASS = 32 << 10;
const ATTACHED_CLASSES = [64, 256, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072].map((kibibytes) => kibibytes << 10);

/** The bytes of a payload before padding, of attachments of these sizes and a manifest of this length. */
export const payloadLength = (sizes, manifestLength) =>
  sizes.reduce((sum, size) => sum + size + HEAD * Math.ceil(size / PIECE) + 1, HEAD + manifestLength);

/** The smallest size class that holds so many bytes; undefined when none does. */
export const sizeClass = (length, withAttachments) =>
  (withAttachments ? ATTACHED_CLASSES : [PLAIN_CLASS]).find((size) => size >= length);

/**
 * The padded payload, in pieces of at most 64 KiB. `attachments` are iterables (async or not) of byte arrays of 1 to 65536
 * bytes each; `manifest()` is asked for the manifest's bytes when they have all been read.
 */
export async function* paddedPayload(attachments, manifest, padded) {
  let length = 0;
  const counted = (bytes) => { length += bytes.length; return bytes; };
  for (const attachment of attachments) {
    for await (const data of attachment) {
      yield counted(head(DATA, data.length));
      yield counted(data);
    }
    yield counted(Uint8Array.of(END));
  }
  const text = manifest();
  yield counted(head(MANIFEST, text.length));
  yield counted(text);
  if (length > padded) throw new RangeError('the payload does not fit its size class');
  const zeros = new Uint8Array(PIECE);
  for (; length < padded; length += PIECE) yield zeros.subarray(0, padded - length);
}

function head(type, length) {
  const out = new Uint8Array(HEAD);
  out[0] = type;
  new DataView(out.buffer).setUint32(1, length);
  return out;
}

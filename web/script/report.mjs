// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A report, sealed where it is written. Files are read 512 KiB at a time and are never held whole.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { PIECE, Sealer, envelopeLength, systemRandom } from './envelope.mjs';
import { MAX_ATTACHMENTS, describe, writeManifest } from './manifest.mjs';
import { paddedPayload, payloadLength, sizeClass } from './payload.mjs';

const CHUNKS_A_BREATH = 16;
const WINDOW = 8 * PIECE;  // read at once: each reading costs Chromium more than a millisecond

/**
 * Why a report was not sealed, for the page to say; `reason` is
 *   too_long    the answers do not fit a report without files
 *   too_large   the files do not fit the largest size class
 *   too_many    more than 256 files
 *   unreadable  the file number `file` can't be read, or has changed since it was chosen
 */
export class Unsealed extends Error {
  constructor(reason, file) {
    super(reason);
    this.reason = reason;
    this.file = file;
  }
}

export const newSubmission = (random = systemRandom) => bytesToHex(random(16));

/**
 * The envelope of a report as an async iterable of byte arrays, which can be walked once. Its `length` is known at once.
 *
 *   report      { answers, files: [{ name, type, blob }], submission, form: { id, version }, kind, inbox }; see manifest.mjs
 *   recipients  X-Wing public keys, 1 to 4 (keyset.mjs)
 *   progress    called with (bytes so far, length) before each byte array is handed out
 *   signal      an AbortSignal; the iteration then throws an AbortError
 *
 * The files' sizes are taken now; all else of them is read as the envelope is.
 */
export function sealReport(report, recipients, { progress = () => {}, signal, random = systemRandom } = {}) {
  const { files, listed, manifest, padded } = prepare(report);
  const length = envelopeLength(recipients.length, padded);
  const sealer = Sealer.create(recipients, random);
  const attachments = files.map(({ blob }, i) => read(blob, i, (hash) => { listed[i].sha256 = hash; }));
  const envelope = sealer.seal(paddedPayload(attachments, manifest, padded));
  return { length, [Symbol.asyncIterator]: () => watched(envelope, length, progress, signal) };
}

/** The bytes of the envelope that sealReport() makes for so many recipients. It throws the same. */
export const reportLength = (report, recipients) => envelopeLength(recipients, prepare(report).padded);

function prepare({ files = [], ...said }) {
  if (files.length > MAX_ATTACHMENTS) throw new Unsealed('too_many');
  const listed = files.map((file) => ({ ...describe(file), size: file.blob.size, sha256: '0'.repeat(64) }));
  const manifest = () => writeManifest(said, listed);
  const padded = sizeClass(payloadLength(listed.map(({ size }) => size), manifest().length), files.length > 0);
  if (!padded) throw new Unsealed(files.length > 0 ? 'too_large' : 'too_long');
  return { files, listed, manifest, padded };
}

/** A file's bytes, and at their end what they hash to. What is yielded lasts until the next is asked for. */
async function* read(blob, number, tellHash) {
  const { size } = blob, hash = sha256.create(), windows = opened(blob);
  try {
    for (let at = 0; at < size; at += WINDOW) {
      const length = Math.min(WINDOW, size - at);
      const bytes = await windows.read(at, length).catch(() => null);
      if (!bytes || bytes.length !== length) throw new Unsealed('unreadable', number);
      for (let from = 0; from < length; from += PIECE) {
        const part = bytes.subarray(from, from + PIECE);
        hash.update(part);
        yield part;
      }
    }
  } finally {
    windows.close();
  }
  tellHash(bytesToHex(hash.digest()));
}

/**
 * Reads a file window after window, into one buffer: browsers are slow to give memory back, Firefox above all. One that is too
 * old for that reads slices.
 */
function opened(blob) {
  let stream;
  try {
    stream = blob.stream().getReader({ mode: 'byob' });
  } catch {
    return { read: async (at, length) => new Uint8Array(await blob.slice(at, at + length).arrayBuffer()), close() {} };
  }
  let buffer = new ArrayBuffer(WINDOW);
  return {
    async read(at, length) {
      for (let filled = 0; filled < length;) {
        const { value, done } = await stream.read(new Uint8Array(buffer, filled, length - filled));
        if (done) return null;
        buffer = value.buffer;
        filled += value.length;
      }
      return new Uint8Array(buffer, 0, length);
    },
    close() { stream.cancel().catch(() => {}); },
  };
}

async function* watched(envelope, length, progress, signal) {
  let done = 0, chunks = 0;
  for await (const bytes of envelope) {
    if (signal && signal.aborted) throw new DOMException('the report is not wanted any more', 'AbortError');
    done += bytes.length;
    progress(done, length);
    yield bytes;
    // A worker hears of an abort, and a page lives, only between tasks.
    chunks += 1;
    if (chunks % CHUNKS_A_BREATH === 0) await new Promise((resolve) => { setTimeout(resolve, 0); });
  }
}

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The outbox's note (docs/INBOX.md, section 1): which outbox stands on the server, and in how many buckets. What is refused throws a
// Doubt (note.mjs).
import { FILE_CLASSES } from './letter.mjs';
import { base64, demand, demandSigned, keyId, parseNote } from './note.mjs';

const MAX_NOTE = 2048, MAX_BUCKETS = 65536, MAX_COUNT = 4096, LATEST_TIME = 253402300799;
const LINES = /^amana outbox v1\ndeployment (\S+)\nserial ([1-9][0-9]{0,18})\nseen (0|[1-9][0-9]{0,18})\nexpires (0|[1-9][0-9]{0,11})\nbuckets ([1-9][0-9]{0,4})\n((?:files [1-9][0-9]{0,7} [1-9][0-9]{0,3}\n)*)hash (\S+)\n$/;

/** { serial, expires, buckets }: a bigint, seconds since 1970, and a number. `courier` is the public key. */
export function openOutbox(bytes, deployment, courier, leastSerial = 1n) {
  const note = parseNote(bytes, MAX_NOTE), name = `${deployment}/courier`;
  demandSigned(note, { name, id: keyId(name, courier), key: courier }, 'the outbox');
  const [, named, serial, seen, expires, buckets, files, hash] = LINES.exec(note.text) || [];
  demand(named === deployment && BigInt(serial) < 1n << 63n && BigInt(seen) < 1n << 63n && expires <= LATEST_TIME, 'unreadable', 'the lines of an outbox');
  demand(buckets <= MAX_BUCKETS && Number.isInteger(Math.log2(buckets)), 'unreadable', 'the buckets of an outbox');
  let largest = 0;
  for (const line of files.split('\n').slice(0, -1)) {
    const [, sizeClass, count] = line.split(' ').map(Number);
    demand(FILE_CLASSES.includes(sizeClass) && sizeClass > largest && count <= MAX_COUNT, 'unreadable', 'the files of an outbox');
    largest = sizeClass;
  }
  demand(base64(hash, 'the hash of an outbox').length === 32, 'unreadable', 'the hash of an outbox');
  demand(BigInt(serial) >= leastSerial, 'altered', 'the outbox is older than the one seen before');
  return { serial: BigInt(serial), expires: Number(expires), buckets: Number(buckets) };
}

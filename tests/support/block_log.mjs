// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What a disk holds after a power cut. qemu's driver blklogwrites logs a disk's writes and flushes in the format of Linux's
// dm-log-writes (Documentation/admin-guide/device-mapper/log-writes.rst): a superblock of one sector, then for each operation a
// sector { sector, sectors, flags, data length; each 64 bits, little endian } and its data. What was written before the last flush is
// on the disk; of what came later a disk keeps what it likes.

import fs from 'node:fs';

const sectorBytes = 512;
const flag = { flush: 1n, fua: 2n, discard: 4n };

export function* operations(log) {
  const head = Buffer.alloc(32);
  for (let at = sectorBytes; fs.readSync(log, head, 0, head.length, at) === head.length;) {
    const [sector, sectors, flags] = [0, 8, 16].map((offset) => head.readBigUInt64LE(offset));
    if (sectors === 0n && flags === 0n) return;
    const length = flags & flag.discard ? 0 : Number(sectors) * sectorBytes;
    yield { at: Number(sector) * sectorBytes, length, from: at + sectorBytes, flush: (flags & flag.flush) !== 0n, certain: (flags & flag.fua) !== 0n };
    at += sectorBytes + length;
  }
}

/** Brings the image `disk`, as it was when the log began, to what a cut leaves. `keeps()`: whether a write that no flush followed is
 *  there. Returns { kept, lost }: writes behind the last flush. */
export function afterPowerCut(disk, logFile, keeps) {
  const log = fs.openSync(logFile, 'r');
  const image = fs.openSync(disk, 'r+');
  const all = [...operations(log)];
  const lastFlush = all.findLastIndex((one) => one.flush);
  const told = { kept: 0, lost: 0 };
  all.forEach((one, index) => {
    if (one.length === 0) return;
    if (index > lastFlush && !one.certain) {
      const stays = keeps();
      told[stays ? 'kept' : 'lost'] += 1;
      if (!stays) return;
    }
    const data = Buffer.alloc(one.length);
    fs.readSync(log, data, 0, one.length, one.from);
    fs.writeSync(image, data, 0, one.length, one.at);
  });
  fs.closeSync(log);
  fs.closeSync(image);
  return told;
}

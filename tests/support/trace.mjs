// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What a command and all its children open and write, by strace: the names of the files, and every byte that leaves a
// process by a system call, be it for a file that is gone a moment later. (Not what is written through a memory map: that
// is in the file.)
//
//   run it under tracer(log), then:  for await (const { call, opened, to, written } of traced(log)) ...

import fs from 'node:fs';
import readline from 'node:readline';

const opening = 'open,openat,openat2,creat,memfd_create,rename,renameat,renameat2,link,linkat,symlink,symlinkat';
const openings = new Set(opening.split(','));
const writing = 'write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg,sendfile,copy_file_range,splice,vmsplice';

const tracing = (calls, log) => ['strace', '--follow-forks', '--seccomp-bpf', '--quiet=all', '--decode-fds=path',
  '--strings-in-hex=all', '--string-limit=1048576', `--trace=${calls}`, `--output=${log}`, '--'];
export const tracer = (log) => tracing(`${opening},${writing}`, log);
// The names alone, of files and of sockets: costs next to nothing, whatever is sent.
export const namesTracer = (log) => tracing(`${opening},connect`, log);

const bytesOf = (text) => Buffer.from(text.replaceAll('\\x', ''), 'hex');

// For each call that succeeded: `opened`, the absolute path of what it opened, or the path that it gave, and whether `forWriting`;
// `to`, the file or socket behind the first descriptor it wrote to, or the path of a socket that it connected to; `written`, the data.
export async function* traced(log) {
  for await (const line of readline.createInterface({ input: fs.createReadStream(log) })) {
    const call = /^\d+ +([a-z0-9_]+)\(/.exec(line)?.[1];
    if (!call || / = -1 E/.test(line)) continue; // else: a signal, an exit, the rest of an interrupted call
    const strings = [...line.matchAll(/"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?/g)];
    if (openings.has(call)) {
      const opened = / = \d+<((?:\\x[0-9a-f]{2})*)>/.exec(line)?.[1] ?? strings.at(-1)?.[1] ?? '';
      yield { call, opened: bytesOf(opened).toString(), forWriting: !call.startsWith('open') || /O_(WRONLY|RDWR|CREAT|TMPFILE)/.test(line), written: [] };
    } else if (call === 'connect') {
      yield { call, to: bytesOf(strings.at(-1)?.[1] ?? '').toString(), written: [] };
    } else {
      const to = /\([^<"]*<([^>]*)>/.exec(line)?.[1] ?? '';
      if (strings.some(([, , cut]) => cut)) throw new Error(`strace shortened what ${call} wrote`);
      yield { call, to: to.includes('\\x') ? bytesOf(to).toString() : to, written: strings.map(([, text]) => bytesOf(text)) };
    }
  }
}

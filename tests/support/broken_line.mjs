// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A line to a server on this machine that breaks when it is told to. TLS passes through it unopened.
//
//   const line = await brokenLine(port);       ... https://127.0.0.1:${line.port} ...
//   line.cutAfter(100_000);                    every connection breaks once so many more bytes have gone up, together
//   line.loseAnswerAfter(100_000);             from there on nothing comes back; a second later every connection breaks
//   line.cutAfter(100_000, { dead: true });    and no connection is made any more; loseAnswerAfter() likewise
//   await line.broke();                        resolves when it has broken
//   line.cutNow(); line.mend();                as new
//   line.up, line.breaks; line.close()

import net from 'node:net';

import { freePort } from './amana.mjs';
import { until } from './checks.mjs';

const QUIET_MS = 1000;

export async function brokenLine(target) {
  const line = { up: 0, breaks: 0, dead: false };
  const open = new Set();
  let cutAt = Infinity, deafAt = Infinity, deaf = false, thenDead = false;

  line.cutNow = () => {
    cutAt = deafAt = Infinity;
    deaf = false;
    line.dead = thenDead || line.dead;
    line.breaks += 1;
    for (const end of open) end.destroy();
    open.clear();
  };
  line.mend = () => {
    cutAt = deafAt = Infinity;
    deaf = thenDead = line.dead = false;
  };
  line.cutAfter = (bytes, { dead = false } = {}) => { cutAt = line.up + bytes; thenDead = dead; };
  line.loseAnswerAfter = (bytes, { dead = false } = {}) => { deafAt = line.up + bytes; thenDead = dead; };
  line.broke = async (seconds = 60) => {
    const before = line.breaks;
    if (cutAt === Infinity && deafAt === Infinity && !deaf) return;
    await until('the line to break', () => line.breaks > before, { seconds });
  };

  const server = net.createServer((client) => {
    if (line.dead) { client.destroy(); return; }
    const upstream = net.connect(target, '127.0.0.1');
    const ends = [client, upstream];
    for (const [from, to] of [ends, [upstream, client]]) {
      open.add(from);
      from.on('error', () => {});
      from.on('close', () => { open.delete(from); to.destroy(); });
      from.on('end', () => to.end());
      to.on('drain', () => from.resume());
    }
    client.on('data', (data) => {
      line.up += data.length;
      if (line.up >= cutAt) { line.cutNow(); return; }
      if (line.up >= deafAt && !deaf) { deaf = true; setTimeout(line.cutNow, QUIET_MS); }
      if (!upstream.write(data)) client.pause();
    });
    upstream.on('data', (data) => {
      if (deaf) return;
      if (!client.write(data)) upstream.pause();
    });
  });
  line.port = await freePort();
  await new Promise((resolve) => { server.listen(line.port, '127.0.0.1', resolve); });
  line.close = () => { for (const end of open) end.destroy(); server.close(); };
  return line;
}

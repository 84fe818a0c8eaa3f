// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A slow line before a server, on this machine: every byte takes half a round trip each way, no more pass than the rate
// allows, a connection costs a round trip before its first byte, and the server's side starts slowly, as TCP does: ten
// segments in flight, and one more for each that was acknowledged (RFC 6928, RFC 5681).
//
//   const line = await slowLine(port, { kbits: 400, roundTripMs: 600 });
//   ... https://127.0.0.1:${line.port} ... line.down: bytes that came back; with line.tap = [], the bytes too ... line.close()

import net from 'node:net';

import { freePort } from './amana.mjs';

const segment = 1460;
const firstFlight = 10 * segment;

export async function slowLine(target, { kbits, roundTripMs }) {
  const line = { down: 0, up: 0 };
  const bytesPerMs = (kbits * 1000) / 8 / 1000;

  // Hands on what it is given: later by the delay, no faster than the rate, at most `window()` of it unacknowledged.
  const direction = (from, to, count, slowStart) => {
    let free = 0; // when the line is free again
    let window = firstFlight;
    let inFlight = 0;
    const waiting = [];
    const pump = () => {
      while (waiting.length && (!slowStart || inFlight < window)) {
        const piece = waiting.shift();
        inFlight += piece.length;
        const now = performance.now();
        free = Math.max(free, now) + piece.length / bytesPerMs;
        setTimeout(() => to.write(piece), free - now + roundTripMs / 2);
        setTimeout(() => {
          inFlight -= piece.length;
          window += piece.length;
          pump();
        }, free - now + roundTripMs);
      }
    };
    from.on('data', (data) => {
      count(data.length);
      for (let at = 0; at < data.length; at += segment) waiting.push(data.subarray(at, at + segment));
      pump();
    });
    from.on('end', () => setTimeout(() => to.end(), Math.max(free - performance.now(), 0) + roundTripMs));
    for (const end of [from, to]) end.on('error', () => { from.destroy(); to.destroy(); });
  };

  const server = net.createServer((client) => {
    client.pause();
    setTimeout(() => {
      const upstream = net.connect(target, '127.0.0.1');
      direction(client, upstream, (n) => { line.up += n; }, false);
      upstream.on('data', (data) => line.tap?.push(data));
      direction(upstream, client, (n) => { line.down += n; }, true);
      client.resume();
    }, roundTripMs);
  });
  line.port = await freePort();
  await new Promise((resolve) => { server.listen(line.port, '127.0.0.1', resolve); });
  line.close = () => server.close();
  return line;
}

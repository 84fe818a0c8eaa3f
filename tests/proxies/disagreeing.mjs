// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A proxy that knows Content-Length alone, and one that it asks over a single shared connection, which takes chunks first: what
// smuggling needs. Plain HTTP on this machine, for the test of the test.

import net from 'node:net';

import { freePort } from '../support/amana.mjs';
import { Relay } from '../support/relay.mjs';

const listen = async (serve) => {
  const port = await freePort();
  const server = net.createServer(serve);
  await new Promise((resolve) => { server.listen(port, '127.0.0.1', resolve); });
  return { port, server };
};

// Takes requests off a connection as `bodyOf` frames them.
const requests = (socket, bodyOf, serve) => {
  let read = Buffer.alloc(0);
  socket.on('data', (data) => {
    read = Buffer.concat([read, data]);
    for (;;) {
      const end = read.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = read.toString('latin1', 0, end);
      const body = bodyOf(head, read.subarray(end + 4));
      if (body === null) return;
      serve(head, read.subarray(0, end + 4 + body));
      read = read.subarray(end + 4 + body);
    }
  });
  socket.on('error', () => {});
};
const byLength = (head, rest) => {
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  return rest.length < length ? null : length;
};
const byChunks = (head, rest) => {
  if (!/^transfer-encoding: *chunked/im.test(head)) return byLength(head, rest);
  const end = rest.indexOf('0\r\n\r\n');
  return end < 0 ? null : end + 5;
};

export async function disagreeing() {
  const behind = await listen((socket) => requests(socket, byChunks, (head) => {
    socket.write(`HTTP/1.1 ${head.includes(' /smuggled ') ? '404 Not Found' : '200 OK'}\r\nContent-Length: 0\r\n\r\n`);
  }));
  const relay = await Relay.before({ port: behind.port });
  const waiting = [];
  const shared = net.connect(relay.port, '127.0.0.1');
  let read = Buffer.alloc(0);
  shared.on('data', (data) => {
    read = Buffer.concat([read, data]);
    for (let end; (end = read.indexOf('\r\n\r\n')) >= 0; read = read.subarray(end + 4)) waiting.shift()?.write(read.subarray(0, end + 4));
  });
  const front = await listen((socket) => requests(socket, byLength, (head, bytes) => {
    waiting.push(socket);
    shared.write(bytes);
  }));
  return { port: front.port, relay, plain: true, close: () => { for (const { server } of [front, behind]) server.close(); shared.destroy(); } };
}

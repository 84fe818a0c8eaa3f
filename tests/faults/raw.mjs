// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A client that decides itself when which bytes go out: TLS connections, bytes written as they are, answers read as
// they come. And a form's body that is made while it is sent, so that a large one costs this process nothing.

import { once } from 'node:events';
import tls from 'node:tls';

import { sleep, within } from '../support/checks.mjs';

// A TLS connection. Bytes that come gather in socket.received; socket.over says that no more will.
export async function connect(port, options = {}) {
  const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  watch(socket);
  await Promise.race([once(socket, 'secureConnect'), socket.ended]);
  if (socket.failure) throw socket.failure;
  return socket;
}

export function watch(socket) {
  socket.received = Buffer.alloc(0);
  socket.over = false;
  socket.on('data', (data) => {
    socket.received = Buffer.concat([socket.received, data]);
  });
  socket.on('error', (error) => {
    socket.failure = error;
  });
  socket.ended = new Promise((resolve) => {
    for (const event of ['end', 'close'])
      socket.on(event, () => {
        socket.over = true;
        resolve();
      });
  });
}

// Resolves when the bytes are handed to the kernel; false when the connection is no more.
export async function write(socket, bytes) {
  if (socket.destroyed || socket.failure) return false;
  if (!socket.write(bytes)) await Promise.race([once(socket, 'drain').catch(() => {}), socket.ended]);
  return !socket.destroyed && !socket.failure;
}

// Takes one whole answer off what a connection received: { status, headers, body, closes }, or nothing yet. Throws when
// what came is no answer of ours.
export function takeAnswer(socket, { headOnly = false } = {}) {
  const end = socket.received.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [first, ...lines] = socket.received.toString('latin1', 0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) \S/.exec(first)?.[1]);
  if (!status) throw new Error(`no status line: ${JSON.stringify(first.slice(0, 100))}`);
  const headers = Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([A-Za-z0-9-]+): (.*)$/.exec(line) ?? [];
      if (!name) throw new Error(`no header line: ${JSON.stringify(line.slice(0, 100))}`);
      return [name.toLowerCase(), value];
    }),
  );
  const length = status < 200 || status === 204 || headOnly ? 0 : Number(headers['content-length']);
  if (!Number.isInteger(length)) throw new Error(`an answer ${status} without a length`);
  if (socket.received.length < end + 4 + length) return null;
  const body = socket.received.toString('utf8', end + 4, end + 4 + length);
  socket.received = socket.received.subarray(end + 4 + length);
  return { status, headers, body, closes: headers.connection === 'close' };
}

// The next answer; null when the connection ended without one.
export function answer(socket, seconds = 60) {
  return within(
    seconds,
    'an answer',
    (async () => {
      for (;;) {
        const found = takeAnswer(socket);
        if (found) return found;
        if (socket.over || socket.failure) return takeAnswer(socket);
        await Promise.race([once(socket, 'data').catch(() => {}), socket.ended]);
      }
    })(),
  );
}

// --- forms ---------------------------------------------------------------------------------------------------------------

export const boundary = '----amana-test-boundary-0123456789';
export const field = (name, content) =>
  Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${content}\r\n`);
export const fileHead = (name, type = 'application/octet-stream') =>
  Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`,
  );
export const partEnd = Buffer.from('\r\n');
export const formEnd = Buffer.from(`--${boundary}--\r\n`);

export const requestHead = (
  length,
  { language = 'en', token, type = `multipart/form-data; boundary=${boundary}`, more = '' } = {},
) =>
  Buffer.from(
    `POST /${language}/report${token ? `?${token}` : ''} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\n` +
      `${length === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`}\r\n${more}\r\n`,
  );

// Sends a report with one file of `size` bytes, `block` over and over, and resolves to the answer (null when there was
// none). `token`: of the form it stands in. `pause`, milliseconds after each block, makes a slow sender. `halfway` is awaited when half of it is sent, with the socket.
export async function sendLarge(port, { story, size, block, token, pause = 0, halfway, name = 'large.bin', seconds = 600, connection = {} }) {
  const socket = await connect(port, connection);
  const before = Buffer.concat([field('story', story), field('no_receipt', '1'), fileHead(name)]);
  const after = Buffer.concat([partEnd, formEnd]);
  await write(socket, Buffer.concat([requestHead(before.length + size + after.length, { token }), before]));
  let waited = !halfway;
  for (let sent = 0; sent < size && !socket.over; sent += block.length) {
    if (!waited && sent >= size / 2) {
      waited = true;
      await halfway(socket);
    }
    if (!(await write(socket, block.subarray(0, Math.min(block.length, size - sent))))) break;
    if (pause) await sleep(pause);
  }
  await write(socket, after);
  const got = await answer(socket, seconds);
  socket.destroy();
  return got;
}

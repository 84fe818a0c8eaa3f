// SPDX-License-Identifier: AGPL-3.0-or-later
//
// HTTP by hand over one TLS connection, for what no client library would send.

import { once } from 'node:events';
import tls from 'node:tls';

import { within } from './checks.mjs';

export class Connection {
  // `options` are those of tls.connect. Rejects when the connection is refused.
  static async open(port, options = {}) {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'], ...options });
    await once(socket, 'secureConnect');
    return new Connection(socket);
  }

  constructor(socket) {
    this.socket = socket;
    this.received = Buffer.alloc(0);
    this.ended = false;
    socket.on('data', (bytes) => { this.received = Buffer.concat([this.received, bytes]); this.wake?.(); });
    for (const end of ['end', 'close', 'error']) socket.on(end, () => { this.ended = true; this.wake?.(); });
  }

  send(...pieces) {
    for (const piece of pieces) this.socket.write(piece);
  }
  get(target, headers = '') { this.send(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`); }

  // Sends the head of a report with this body.
  post(form, { language = 'en', headers = '' } = {}) {
    this.send(`POST /${language}/report HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${form.type}\r\n` +
      `Content-Length: ${form.length}\r\n${headers}\r\n`);
  }

  async more(what) {
    if (this.ended) throw new Error(`the connection ended before ${what}`);
    await new Promise((resolve) => { this.wake = resolve; });
  }

  // The next answer; of one to HEAD or with 1xx, only the head.
  async answer({ seconds = 20, bodyless = false } = {}) {
    return within(seconds, 'an answer', this.nextAnswer(bodyless));
  }
  async nextAnswer(bodyless) {
    let end;
    while ((end = this.received.indexOf('\r\n\r\n')) < 0) await this.more('an answer');
    const [first, ...lines] = this.received.subarray(0, end).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]));
    const status = Number(first.split(' ')[1]);
    const length = bodyless || status < 200 ? 0 : Number(headers['content-length']);
    while (this.received.length < end + 4 + length) await this.more('the end of an answer');
    const body = this.received.subarray(end + 4, end + 4 + length).toString();
    this.received = this.received.subarray(end + 4 + length);
    return { status, headers, body };
  }

  // Waits until the other side closes, and nothing more has come.
  async closed(seconds = 20) {
    await within(seconds, 'the end of the connection', (async () => { while (!this.ended) await this.more('its end'); })());
    if (this.received.length) throw new Error(`${this.received.length} bytes beyond the answers`);
  }
  close() { this.socket.destroy(); }
}

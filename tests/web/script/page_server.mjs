// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A site for a browser: pages, scripts and policies of a real server, passed on, and behind its endpoint for envelopes and
// its keys a front of the test's own (front.mjs), which can break lines and open what it is sent, and an outbox (fake_inbox.mjs).
//
//   const site = await PageServer.make(folder);      site.url, site.front, site.sealing (laid over sealing.json)
//   site.missing.add('/script/worker.js');           404 from now on

import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';

import { Server, freePort } from '../../support/amana.mjs';
import { KeysAlone } from '../../support/keyset.mjs';
import { FakeFront, answerBytes } from './front.mjs';

const read = async (stream) => {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
};

export class PageServer {
  static async make(folder, languages) {
    const site = new PageServer();
    site.server = await Server.make(`${folder}/server`, new KeysAlone(), { site: { languages, cover: '0s' } });
    await site.server.start();
    site.port = await freePort();
    site.url = `http://127.0.0.1:${site.port}`;
    site.http = http.createServer((request, response) => {
      site.answer(request, response).catch((error) => { site.errors.push(error.message); response.destroy(); });
    });
    site.errors = [];
    site.reset();
    await new Promise((resolve) => { site.http.listen(site.port, '127.0.0.1', resolve); });
    return site;
  }

  // A new front, and nothing meddled with.
  reset() {
    this.front = new FakeFront();
    this.missing = new Set();
    this.sealing = {};
    this.change = (html) => html;  // of a form
    this.requests = [];
    this.natively = 0;  // forms that came as without a script
  }

  async answer(request, response) {
    const body = await read(request);
    this.requests.push(`${request.method} ${request.url}`);
    if (this.missing.has(request.url)) { response.writeHead(404).end(); return; }
    if (request.url === '/keys') {
      const meddled = this.front.meddle({ kind: 'keys', n: this.front.log.length });
      if (meddled === 'break before') { response.destroy(); return; }
      response.writeHead(200, { 'Content-Type': 'text/plain' }).end(this.front.note);
    } else if (request.url.startsWith('/inbox/')) {
      const answer = this.front.inbox.answer(request.url, body.length > 0 ? Uint8Array.from(body) : undefined);
      if (answer) response.writeHead(answer.status, { 'Cache-Control': 'no-store' }).end(Buffer.from(answer.bytes));
      else response.destroy();
    } else if (request.method === 'POST' && request.headers['content-type'] === 'application/octet-stream') {
      const answer = this.front.take(Uint8Array.from(body));
      if (this.slow) await new Promise((resolve) => { setTimeout(resolve, this.slow); });
      if (answer) response.writeHead(200, { 'Content-Type': 'application/octet-stream' }).end(answerBytes(answer));
      else response.destroy();
    } else {
      if (request.method === 'POST') this.natively += 1;
      await this.pass(request, body, response);
    }
  }

  async pass({ method, url, headers }, body, response) {
    const upstream = await new Promise((resolve, reject) => {
      https.request(`${this.server.url}${url}`, { method, rejectUnauthorized: false, headers: { ...headers, host: `127.0.0.1:${this.server.port}`, 'accept-encoding': 'identity' } }, resolve)
        .on('error', reject).end(body);
    });
    let content = await read(upstream);
    if (/^\/[a-z]+\/$/.test(url)) content = Buffer.from(this.change(content.toString()));
    if (url.endsWith('/sealing.json')) {
      const sealing = JSON.parse(content);
      content = Buffer.from(JSON.stringify({ ...sealing, root: this.front.fingerprint, ...this.sealing }));
    }
    const { 'content-length': length, connection, ...kept } = upstream.headers;
    response.writeHead(upstream.statusCode, { ...kept, 'Content-Length': content.length }).end(content);
  }

  async stop() {
    this.http.closeAllConnections();
    this.http.close();
    await this.server.stop();
  }
}

// A picture with a text in it, as a camera leaves it.
export function photo(file, secret, run) {
  run('convert', ['-size', '64x48', 'plasma:red-blue', '-set', 'comment', secret, '-quality', '90', file]);
  run('exiftool', ['-config', '', '-q', '-overwrite_original', `-EXIF:Make=${secret}`, '-EXIF:GPSLatitude=50.45', '-EXIF:GPSLatitudeRef=N', file]);
  return fs.readFileSync(file);
}

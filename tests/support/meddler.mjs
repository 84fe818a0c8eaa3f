// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A hostile HTTPS server: gives a site's answers as they are, or with one thing altered. `answer(path)` gives, or promises,
// { status, headers, body } of the honest site; a meddling is (path, answer) => answer, or nothing to leave it. And a SOCKS5 proxy that
// counts what went through it, and that alone knows the name it is asked for.

import https from 'node:https';
import net from 'node:net';
import { gzipSync } from 'node:zlib';

export class Meddler {
  // `tls`: { key, cert }.
  static async start(answer, tls, port) {
    const meddler = new Meddler();
    meddler.meddle = null;
    meddler.server = https.createServer(tls, async (request, response) => {
      let given = await answer(request.url);
      given = (meddler.meddle && await meddler.meddle(request.url, given, request)) || given;
      if (given.never) return; // the answer that does not come
      if (given.raw) { response.socket.end(given.raw); return; }
      const packed = !given.plain && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
      const body = packed ? gzipSync(given.body) : given.body;
      const lines = [...given.headers, ...(packed ? [['Content-Encoding', 'gzip']] : []), ['Content-Length', `${body.length}`],
        ['Date', new Date().toUTCString()], ['Padding', '0000']];
      response.sendDate = false;
      response.writeHead(given.status, lines.flat());
      response.end(body);
    });
    await new Promise((resolve) => { meddler.server.listen(port, '127.0.0.1', resolve); });
    meddler.url = `https://localhost:${port}`;
    return meddler;
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => { this.server.close(resolve); });
  }
}

// RFC 1928, no authentication, CONNECT by name. Every name leads to `port` of this machine.
export async function socksProxy(listen, port) {
  const proxy = { names: [], server: net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (greeting) => {
      if (greeting[0] !== 5) { socket.destroy(); return; }
      socket.write(Buffer.from([5, 0]));
      socket.once('data', (request) => {
        const kind = request[3];
        if (kind !== 3) { proxy.names.push('an address'); socket.end(Buffer.from([5, 8, 0, 1, 0, 0, 0, 0, 0, 0])); return; }
        proxy.names.push(request.subarray(5, 5 + request[4]).toString());
        const out = net.connect(port, '127.0.0.1', () => {
          socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
          socket.pipe(out);
          out.pipe(socket);
        });
        out.on('error', () => socket.destroy());
        socket.on('close', () => out.destroy());
      });
    });
  }) };
  await new Promise((resolve) => { proxy.server.listen(listen, '127.0.0.1', resolve); });
  return proxy;
}

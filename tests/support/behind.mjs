// SPDX-License-Identifier: AGPL-3.0-or-later
//
// One server, and the ways that lead to it: bare, and behind each proxy as it is shipped.
//
//   const server = await serverBehindProxies(folder, desk);    started; listens for all shapes
//   for (const shape of ways) { const way = await server.way(shape); ... way.url, way.port, way.proxy ... await way.stop(); }
//
// The site is https://localhost/, whatever the port.

import fs from 'node:fs';

import { freePort, Server } from './amana.mjs';
import { Proxy, shapes, terminates } from './proxies.mjs';

// AMANA_WAYS: some of them, 'bare,apache terminating'.
export const ways = process.env.AMANA_WAYS?.split(',') ?? ['bare', ...shapes];

// Sections as of Server.make; `listener`: more of them.
export async function serverBehindProxies(folder, desk, { listener = [], ...sections } = {}) {
  fs.chmodSync(folder, 0o711);
  const socket = `${folder}/front.sock`;
  const passed = await freePort();
  const server = await Server.make(`${folder}/server`, desk, {
    ...sections,
    site_address: [{ url: 'https://localhost/' }],
    listener: [
      { address: `127.0.0.1:${passed}`, proxy: 'required' },
      // Each proxy has a user of its own: here anybody may.
      { address: `unix:${socket}`, tls: false, forwarded: 'X-Forwarded-For', mode: '0666' },
      ...listener,
    ],
  });
  server.fronts = { passed, socket };

  // `wrapper`: a command to run the proxy under. `front`: what stands between it and the server, { port } or { socket }. `label`: where
  // there are several of a shape.
  server.way = async (shape, { wrapper, changes, front, label = shape } = {}) => {
    if (shape === 'bare') return { shape, port: server.port, url: `https://localhost:${server.port}`, stop: async () => {} };
    const proxy = await Proxy.make(shape, `${folder}/${label.replace(/[ ,]+/g, '-')}`, {
      front: front ?? (terminates(shape) ? { socket } : { port: `127.0.0.1:${passed}` }), certificate: server.folder, changes,
    });
    await proxy.start({ wrapper });
    return { shape, proxy, port: proxy.port, url: proxy.url, stop: () => proxy.stop() };
  };
  return server;
}

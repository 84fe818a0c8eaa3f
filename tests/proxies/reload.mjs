// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Reloads under load, through each proxy and bare: of the proxy, as its unit does it, and of Amana, by SIGHUP with another certificate,
// over and over. No request fails: pages and reports on connections of their own, and pages over kept ones, where a connection that was
// closed before any of an answer came is made anew, as browsers do (RFC 9110, 9.2.2). Each new certificate is served.

import https from 'node:https';
import tls from 'node:tls';

import { makeCertificate, scratch } from '../support/amana.mjs';
import { serverBehindProxies, ways } from '../support/behind.mjs';
import { check, count, same, sleep, summary, test, tier, until } from '../support/checks.mjs';
import { request, wasAccepted } from '../support/client.mjs';
import { KeysAlone } from '../support/keyset.mjs';
import { terminates } from '../support/proxies.mjs';
import { needsRoot, withOwnNetwork } from '../faults/process.mjs';
import { sendInLine } from '../flood/phones.mjs';

needsRoot('starts proxies that change their user');
// As the head of Caddy's file asks.
withOwnNetwork({ 'net.ipv4.tcp_migrate_req': 1 });

const requests = tier(300, 10_000);
const senders = tier(6, 16);
const leastReloads = tier(3, 20);

const folder = scratch('proxies-reload');
const server = await serverBehindProxies(folder, new KeysAlone());
await server.start();

const served = (port) => new Promise((resolve, reject) => {
  const socket = tls.connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false }, () => {
    resolve(socket.getPeerX509Certificate().fingerprint256);
    socket.destroy();
  });
  socket.on('error', reject);
});

async function kept(url, agent) {
  for (;;) {
    try {
      return await request(url, { agent });
    } catch (error) {
      if (!['ECONNRESET', 'EPIPE'].includes(error.code) || !error.reused) throw error;
      count('kept connections that were closed between two requests');
    }
  }
}

async function load(way, state) {
  const failed = [];
  const one = async (number, agent) => {
    const kind = number % 10;
    const answer = kind === 0 ? await sendInLine(way.url, { story: `Reloaded while it was sent, report ${number}` }, { language: 'en' })
      : kind < 5 ? await kept(`${way.url}/en/`, agent) : await request(`${way.url}/en/`);
    check(kind === 0 ? wasAccepted(answer, 'en') : answer.status === 200, `status ${answer.status}`);
  };
  await Promise.all(Array.from({ length: senders }, async () => {
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    while (state.done < requests || state.reloads < leastReloads) {
      state.done += 1;
      await one(state.done, agent).catch((error) => failed.push(error.message));
    }
    agent.destroy();
  }));
  state.over = true;
  return failed;
}

for (const shape of ways.filter((one) => one.includes(process.argv[2] ?? '')))
  await test(`${shape}: nothing fails while it is reloaded`, async () => {
    const way = await server.way(shape);
    same((await request(`${way.url}/en/`)).status, 200, 'it serves, and takes signals');
    const state = { done: 0, reloads: 0, over: false };
    const running = load(way, state);
    while (!state.over) {
      await way.proxy?.reload();
      const before = terminates(shape) ? null : await served(way.port);
      makeCertificate(server.folder);
      process.kill(server.child.pid, 'SIGHUP');
      if (before) await until('the new certificate', async () => (await served(way.port)) !== before);
      else await sleep(300);
      state.reloads += 1;
      count('reloads');
    }
    const failed = await running;
    if (failed.length) console.log(way.proxy?.output);
    same(failed, [], `of ${state.done} requests failed`);
    count('requests', state.done);
    await way.stop();
  });

await test('the server is the one that was started, and ends', async () => same(await server.stop(), 0, 'exit code'));
summary('proxies_reload');
process.exit();

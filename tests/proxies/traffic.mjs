// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What people do, through each proxy as it is shipped, and bare: a report with a large file, many senders at once, slow ones, one who
// breaks off, one who goes on over the same connection. All that was acknowledged is opened at the desk, and nothing else. Then no
// 16 bytes of what was sent, and no address of who sent it, stand in any file of the proxy's or ours or in what they said. Each proxy
// runs under strace, which names every file that it opened for writing: one that is gone cannot be searched, and is a leak.

import fs from 'node:fs';
import https from 'node:https';

import { Desk, scratch } from '../support/amana.mjs';
import { allAreAtTheDesk } from '../support/at_the_desk.mjs';
import { serverBehindProxies, ways } from '../support/behind.mjs';
import { check, count, full, same, sameBytes, sleep, summary, test, tier } from '../support/checks.mjs';
import { request, sendReport, wasAccepted } from '../support/client.mjs';
import { Traces } from '../support/left_behind.mjs';
import { random } from '../support/random.mjs';
import { namesTracer } from '../support/trace.mjs';
import { sendLarge } from '../faults/raw.mjs';
import { inLine } from '../flood/phones.mjs';
import { needsRoot } from '../faults/process.mjs';

needsRoot('starts proxies that change their user');

const MIB = 1 << 20;
const largeMib = tier(2, 64);
const atOnce = tier(30, 1000);
const patience = tier(120, 600) * 1000;  // of somebody whose report is not taken yet: this machine serves and sends at once
const slow = { senders: tier(8, 200), pause: tier(150, 2500), pieces: 20 };

const folder = scratch('proxies-traffic');
const desk = await Desk.make(`${folder}/desk`);
// Few batches, since each is filled up with cover.
const server = await serverBehindProxies(folder, desk, { limits: { max_uploads: 256 }, log: { tick: '10s', file_ticks: 1 } });
await server.start();

// Over and over: a file of it holds each of its bytes often.
const block = random('proxies/traffic').bytes(MIB / 16);
const tell = random('proxies/stories');
const mark = tell.bytes(18).toString('base64url');
const network = '127.77';
const acknowledged = [];
const large = new Map();
let people = 0;

// Each has an address that nobody else has, and a story that no other tells; in each stands the mark.
function person(label) {
  people += 1;
  return {
    localAddress: `${network}.${1 + Math.floor(people / 250)}.${1 + (people % 250)}`,
    story: `${label} ${people}: ${mark} ${tell.bytes(60).toString('base64url')}`,
  };
}

// Until it is acknowledged, as a browser without a script does it: where there is a line, by its place in it.
// Resolves to how often it was told to wait.
async function untilAcknowledged(way, { story, localAddress }, send) {
  let token;
  let told = 0;
  for (const end = Date.now() + patience;;) {
    const answer = await send(token);
    if (answer && wasAccepted(answer, 'en')) break;
    check(answer && [200, 408, 503].includes(answer.status) && Date.now() < end, `${story.slice(0, 40)}: ${answer?.status} ${answer?.body.slice(0, 200)}`);
    count(answer.status === 408 ? 'gave way to others, and tried again' : 'tries more');
    told += 1;
    ({ token } = await inLine(answer.body.toString(), async (path) => (await request(`${way.url}${path}`, { localAddress })).body));
    await sleep(500);
  }
  acknowledged.push({ story, localAddress });
  return told;
}

const text = (way, one, options) => untilAcknowledged(way, one, (token) => sendReport(way.url, { story: one.story }, { token, language: 'en', localAddress: one.localAddress, seconds: 300, ...options }));
const pieces = (way, one, more) => untilAcknowledged(way, one, (token) =>
  sendLarge(way.port, { story: one.story, token, connection: { servername: 'localhost', localAddress: one.localAddress }, ...more }));

const acts = {
  async 'a large file'(way) {
    const one = person(`${way.shape} large`);
    large.set(way.shape, one.story);
    await pieces(way, one, { size: largeMib * MIB, block });
    count('MiB of files', largeMib);
  },
  async 'many at once'(way) {
    await Promise.all(Array.from({ length: atOnce }, () => text(way, person(`${way.shape} together`))));
    count('senders at once', atOnce);
  },
  async 'slow ones'(way) {
    await Promise.all(Array.from({ length: slow.senders }, () =>
      pieces(way, person(`${way.shape} slowly`), { size: slow.pieces * 1024, block: block.subarray(0, 1024), pause: slow.pause })));
    count('slow senders', slow.senders);
  },
  async 'one who breaks off'(way) {
    const { story, localAddress } = person(`${way.shape} broken off`);
    const answer = await sendLarge(way.port, { story, size: MIB, block, connection: { servername: 'localhost', localAddress },
      halfway: (socket) => socket.destroy() });
    same(answer, null, 'an answer to a report that was broken off');
    count('broken off');
  },
  async 'the same connection again'(way) {
    const one = person(`${way.shape} again`);
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set();
    agent.on('free', (socket) => ports.add(socket.localPort));
    const options = { agent, localAddress: one.localAddress };
    // A proxy that has no thread left closes who is idle, at the very moment perhaps; then a browser asks anew, and so does this one.
    let closed = 0;
    const ask = (does) => does().catch((error) => {
      if (!error.reused) throw error;
      closed += 1;
      count('kept connections closed under load');
      return does();
    });
    for (const path of ['/', '/en/', '/ar/', '/nowhere', '/en/help'])
      same((await ask(() => request(`${way.url}${path}`, options))).status, path === '/nowhere' ? 404 : 200, path);
    const waits = await ask(() => text(way, one, options));
    same((await ask(() => request(`${way.url}/en/received-1`, options))).status, 200, 'the page after it');
    agent.destroy();
    check(ports.size <= 1 + waits + closed, `${ports.size} connections of one who keeps it, waited ${waits} times and was closed ${closed} times`);
    count('requests over kept connections', 7);
  },
};

const traces = new Traces([network]);
for (const shape of ways)
  await test(`${shape}: people send`, async () => {
    const log = `${folder}/${shape.replace(' ', '-')}.trace`;
    const way = await server.way(shape, { wrapper: namesTracer(log) });
    try {
      const done = await Promise.allSettled(Object.entries(acts).map(([what, act]) => act(way).catch((error) => { throw new Error(`${what}: ${error.message}`); })));
      same(done.filter(({ status }) => status === 'rejected').map(({ reason }) => reason.message), [], 'what failed');
    } finally {
      await way.stop();
    }
    if (!way.proxy) return;
    traces.said(shape, way.proxy.output);
    await traces.wrote(shape, log);
    traces.mayHold(way.proxy.places);
  });

await test('the desk opens what was acknowledged, and nothing else', async () => {
await desk.trust(await server.verifier());await server.settled();  await server.export(`${folder}/reports.bundle`);  await allAreAtTheDesk(desk, `${folder}/reports.bundle`, acknowledged.map(({ story }) => story));  count('reports opened', acknowledged.length);
  const { reports } = await desk.list();  // A save costs an Argon2id.
  for (const [shape, story] of [...large].filter(([one]) => full || one === 'haproxy passthrough' || one === 'nginx terminating')) {
    const { id } = reports.find(({ beginning }) => story.startsWith(beginning));
    await desk.save(id, `${folder}/saved`);
    const saved = fs.readFileSync(`${folder}/saved/${fs.readdirSync(`${folder}/saved`).find((name) => name.startsWith('attachment-1'))}`);
    same(saved.length, largeMib * MIB, `${shape}: the file's length`);
    for (let at = 0; at < saved.length; at += block.length) sameBytes(saved.subarray(at, at + block.length), block, `${shape}: the file at ${at}`);
    fs.rmSync(`${folder}/saved`, { recursive: true });
  }
});

await test('no body and no address is in any file, nor in what was said', async () => {
  same(await server.stop(), 0, 'exit code');
  traces.said('Amana', server.child.output);
  traces.mayHold([server.folder]);
  const secrets = [Buffer.from(mark), block];
  const planted = `${folder}/planted`;
  for (const [what, bytes] of [['a body', block.subarray(999, 1016)], ['a body in a large file', Buffer.concat([Buffer.alloc(5_000_000), block.subarray(5000, 7000)])], ['an address', Buffer.from(`client: ${acknowledged[0].localAddress}, server`)]]) {
    fs.writeFileSync(planted, Buffer.concat([Buffer.alloc(500_000), bytes]));
    const there = new Traces([network]);
    there.mayHold([planted]);
    check(there.found(secrets).length > 0, `${what} that was planted is found`);
  }
  same(traces.found(secrets), [], 'left behind');
  count('files searched', traces.searched);
  check(traces.searched > 10, 'files were searched');
});
summary('proxies_traffic');
process.exit();

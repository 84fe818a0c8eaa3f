// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What a connection may do, and how serving ends: SIGTERM lets uploads under way finish and tells their senders so, takes
// nothing new, ends idle connections at once, and is over by the deadline whatever a sender does.

import fs from 'node:fs';
import net from 'node:net';

import { Server, scratch } from '../support/amana.mjs';
import { openBrowser } from '../support/browser.mjs';
import { check, count, same, sleep, summary, test, tier, until, within } from '../support/checks.mjs';
import { formBody } from '../support/client.mjs';
import { KeysAlone } from '../support/keyset.mjs';
import { arabicStory, file, random } from '../support/random.mjs';
import { Connection } from '../support/wire.mjs';

const drainSeconds = 8;
const folder = scratch('drain');
const server = await Server.make(`${folder}/server`, new KeysAlone(), { limits: { drain_timeout: `${drainSeconds}s` }, log: { tick: '3600s' } });
await server.start();

const open = () => Connection.open(server.port);
const stored = async () => {
  const { storage } = await server.status();
  same(storage['log-size'], 0, 'no batch, so that what is pending is what was stored');
  return storage.pending;
};
const form = (label, files = []) => formBody({ story: arabicStory(label), files });

await test('keep-alive: many requests on one connection', async () => {
  const connection = await open();
  const report = form('keep-alive');
  for (let round = 0; round < tier(5, 200); round += 1) {
    connection.get('/');
    same((await connection.answer()).status, 200, 'GET /');
    connection.get('/nothing');
    same((await connection.answer()).status, 404, 'GET /nothing');
    connection.post(report);
    connection.send(...report.pieces);
    const answer = await connection.answer();
    same([answer.status, answer.headers.location, answer.headers.connection], [303, '/en/received-1', undefined], 'POST');
    connection.get(answer.headers.location);
    same((await connection.answer()).status, 200, 'GET of the page that follows');
    count('requests on one connection', 4);
  }
  connection.get('/', 'Connection: close\r\n');
  same((await connection.answer()).headers.connection, 'close', 'when asked to close');
  await connection.closed();
});

await test('pipelining: answers come in the order of the requests', async () => {
  const connection = await open();
  const report = form('pipelined');
  const get = (target, verb = 'GET') => `${verb} ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  connection.send(get('/en/') + get('/ar/'));
  check((await connection.answer()).body.includes('<html lang="en"'), 'the first answer');
  check((await connection.answer()).body.includes('<html lang="ar"'), 'the second answer');
  connection.send(get('/en/', 'HEAD') + get('/nothing') + `POST /en/report HTTP/1.1\r\nHost: localhost\r\n` +
    `Content-Type: ${report.type}\r\nContent-Length: ${report.length}\r\n\r\n${Buffer.concat(report.pieces)}${get('/en/received-1')}`);
  same((await connection.answer({ bodyless: true })).status, 200, 'HEAD');
  same((await connection.answer()).status, 404, 'what is not there');
  same((await connection.answer()).status, 303, 'a report');
  same((await connection.answer()).status, 200, 'what follows it');
  connection.close();
});

await test('Expect: 100-continue', async () => {
  const connection = await open();
  const report = form('expected');
  connection.post(report, { headers: 'Expect: 100-continue\r\n' });
  same((await connection.answer()).status, 100, 'asked to go on');
  connection.send(...report.pieces);
  same((await connection.answer()).status, 303, 'and then accepted');
  connection.post({ ...report, length: 200e6 }, { headers: 'Expect: 100-continue\r\n' });
  const refused = await connection.answer();
  same([refused.status, refused.headers.connection], [413, 'close'], 'too large: told before it is sent');
  await connection.closed();
});

await test('HTTP/1.0 is answered and closed', async () => {
  const connection = await open();
  connection.send('GET /en/ HTTP/1.0\r\n\r\n');
  same((await connection.answer()).status, 200, 'status');
  await connection.closed();
});

// Whether the port takes a new connection.
const refusesConnections = () => new Promise((resolve) => {
  const socket = net.connect(server.port, '127.0.0.1');
  socket.on('connect', () => { socket.destroy(); resolve(false); });
  socket.on('error', (error) => resolve(error.code === 'ECONNREFUSED'));
});

const halves = (label, size) => {
  const report = form(label, size ? [file(`${label}.mp4`, 'video/mp4', size)] : []);
  const bytes = Buffer.concat(report.pieces);
  return { report, first: bytes.subarray(0, bytes.length / 2), second: bytes.subarray(bytes.length / 2) };
};

for (let round = 1; round <= tier(2, 20); round += 1)
  await test(`SIGTERM, round ${round}: slow uploads end well, nothing new begins`, async () => {
    const before = await stored();
    const idle = await open();
    idle.get('/');
    await idle.answer();
    const untouched = await open();
    const uploads = [];
    for (const size of [0, 3000, 5e6, 20e6]) {
      const connection = await open();
      const { report, first, second } = halves(`slow-${round}-${size}`, size);
      connection.post(report);
      connection.send(first);
      uploads.push({ connection, second });
    }
    await sleep(random(`drain/${round}`).below(300));
    const began = Date.now();
    process.kill(server.processes().warden, 'SIGTERM');
    await until('new connections are refused', refusesConnections, { seconds: 2 });
    // Two seconds are left to each for a last request.
    await idle.closed(6);
    await untouched.closed(6);
    for (const { connection, second } of uploads) { // in ten drops, over two seconds
      for (let i = 0; i < 10; i += 1) setTimeout(() => connection.send(second.subarray((second.length * i) / 10, (second.length * (i + 1)) / 10)), 200 * i);
    }
    for (const { connection } of uploads) {
      const { status, headers, body } = await connection.answer();
      same([status, headers.connection], [200, 'close'], 'the answer');
      check(body.includes('class="good" role="status"'), 'it is the page that says that the report is stored');
      await connection.closed();
      count('slow uploads finished while draining');
    }
    check(Date.now() - began > 1500, 'they were slow');
    same(await within(drainSeconds, 'the end', server.child.ended), 0, 'exit code');
    await server.start();
    same(await stored(), before + uploads.length, 'reports stored');
  });

await test('SIGTERM: one who never ends is not waited for beyond the deadline', async () => {
  const before = await stored();
  const { report, first } = halves('endless', 5e6);
  const connection = await open();
  connection.post(report);
  connection.send(first);
  await sleep(200);
  const began = Date.now();
  same(await server.stop(drainSeconds + 10), 0, 'exit code');
  const seconds = (Date.now() - began) / 1000;
  check(seconds > drainSeconds - 1 && seconds < drainSeconds + 6, `the end came after ${seconds} s`);
  await server.start();
  same(await stored(), before, 'reports stored');
});

await test('SIGTERM while Chromium sends 60 MiB: the page that says that it is stored', async () => {
  const browser = await openBrowser('chromium', { javascript: false });
  const path = `${folder}/video.mp4`;
  fs.writeFileSync(path, file('video', 'video/mp4', 60 * 1024 * 1024).content);
  const before = await stored();
  await browser.goto(`${server.url}/ar/`);
  await browser.type('#story', arabicStory('browser'));
  await browser.choose('#files', [path]);
  const answered = browser.follow('button');
  await sleep(500);
  const ended = server.stop();
  same(await answered, 200, 'status');
  check(await browser.has('.good[role=status]'), 'the page');
  same(browser.url().replace(/\?.*/, ''), `${server.url}/ar/report`, 'it came while draining, at once');
  same(await ended, 0, 'exit code');
  await browser.close();
  await server.start();
  same(await stored(), before + 1, 'reports stored');
});

await test('SIGTERM with nothing to do ends at once', async () => same(await server.stop(3), 0, 'exit code'));
summary('flow_drain');

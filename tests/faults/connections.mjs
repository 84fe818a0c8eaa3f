// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Connections in every way they can be abused, in numbers: ones that say nothing, idle ones, a byte a second, floods of handshakes,
// heads and chunks that are bombs, requests without end, answers that nobody reads, renegotiation, key updates and resumption.
// Through all of it reports from other networks (127.x.y.0/24 stand for them) are received, each at its first try. How long they
// took is printed, and what front and keeper came to hold is bounded.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';

import { Desk, program, scratch, Server } from '../support/amana.mjs';
import { check, count, full, same, sleep, summary, test, tier } from '../support/checks.mjs';
import { agentOf, ask, plainPhone, scriptPhone } from '../flood/phones.mjs';
import { needsRoot } from './process.mjs';

needsRoot('reads the peak memory of processes that hide it');

const many = tier(2000, 10_000);
const most = tier(1000, 4096);
const seconds = tier(8, 60);
const honestEach = tier(6, 40);
// What a report may take; and what one without a script may wait in the line besides (docs/ADMISSION.md, section 1), where slow reports
// take all places.
const mostSeconds = 25, mostInLine = 120;
// What may be resident at the most, whatever comes: some 25 KiB for each connection that has shaken hands, 1 MiB for each report
// under way, and what a process is without any.
const mebibyte = 1024 * 1024;
const mostFront = (64 + 64 + (many * 40) / 1024) * mebibyte;
const mostKeeper = 64 * mebibyte;

const crowdProgram = `${program('amana-server').replace(/bin\/[^/]*$/, '')}tests/crowd`;
const folder = scratch('connections');
const host = 'Host: localhost\r\n';
const form = 'Content-Type: multipart/form-data; boundary=x\r\n';
const textFile = (name, text) => {
  fs.writeFileSync(`${folder}/${name}`, text);
  return `${folder}/${name}`;
};

const texts = {
  report: textFile('report', `--x\r\nContent-Disposition: form-data; name="story"\r\n\r\n${'slowly '.repeat(10_000)}`),
  reportHead: textFile('report-head', `POST /en/report HTTP/1.1\r\n${host}${form}Content-Length: 60000\r\n\r\n`),
  otherHead: textFile('other-head', `POST /en/ HTTP/1.1\r\n${host}Content-Length: 60000\r\n\r\n`),
  slowHead: textFile('slow-head', `GET /en/ HTTP/1.1\r\n${host}X-Slow: ${'s'.repeat(4000)}`),
  nothing: textFile('nothing', ''),
  fields: textFile('fields', `GET /en/ HTTP/1.1\r\n${host}${Array.from({ length: 400 }, (_, i) => `X-${i}: y\r\n`).join('')}\r\n`),
  longField: textFile('long-field', `GET /en/ HTTP/1.1\r\n${host}X: ${'y'.repeat(100_000)}\r\n\r\n`),
  longTarget: textFile('long-target', `GET /${'y'.repeat(100_000)} HTTP/1.1\r\n${host}\r\n`),
  extensions: textFile('extensions', `POST /en/report HTTP/1.1\r\n${host}${form}Transfer-Encoding: chunked\r\n\r\n` +
    `1;${'e'.repeat(200)}\r\nx\r\n`.repeat(500)),
  extension: textFile('extension', `POST /en/report HTTP/1.1\r\n${host}${form}Transfer-Encoding: chunked\r\n\r\n1;${'e'.repeat(100_000)}`),
  trailers: textFile('trailers', `POST /en/report HTTP/1.1\r\n${host}${form}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n` +
    `X: ${'y'.repeat(200)}\r\n`.repeat(60) + '\r\n'),
  chunks: textFile('chunks', `POST /en/ HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(20_000)}`),
  pages: textFile('pages', `GET /en/ HTTP/1.1\r\n${host}Accept-Encoding: gzip\r\n\r\n`.repeat(2000)),
  nowhere: textFile('nowhere', `HEAD /nowhere HTTP/1.1\r\n${host}\r\n`),
  largePages: textFile('large-pages', `GET /en/ HTTP/1.1\r\n${host}\r\n`.repeat(100)),
};

// Settles to what became of it.
// They come at such a rate that each, before it gives way to the next, is there for two seconds.
function crowd(port, mode, size, time, { rate = most / 2, sources = 1, first = 0, text, head } = {}) {
  const args = [port, mode, size, time, rate, sources, first, ...(text ? [text] : []), ...(head ? [head] : [])];
  const child = spawn(crowdProgram, args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (data) => { said += data; });
  return new Promise((resolve, reject) => {
    child.on('close', (code) => (code === 0 ? resolve(JSON.parse(said)) : reject(new Error(`crowd ${mode} ended with ${code}`))));
  });
}

const peak = (pid) => Number(/^VmHWM:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
const inMebibytes = (bytes) => (bytes / mebibyte).toFixed(0);

// With a script and without by turns, each on connections of its own; where there is pressure they stand in the line.
let senders = 0;
async function honest(server) {
  senders += 1;
  const localAddress = `127.${20 + Math.floor(senders / 250)}.${senders % 250}.1`;
  const story = `They promised work abroad, and took our papers. Report ${senders}.`;
  const { seconds: took } = senders % 2 ? await scriptPhone(server.url, localAddress, story, server.sealing) : await plainPhone(server.url, localAddress, story, { language: 'en' });
  count('reports');
  return took;
}

// An argument names the only one to be run.
const wanted = process.argv[2] ?? '';

// Each begins in calm: pressure lasts for half a minute.
async function endures(server, what, assaults, { pressed = false } = {}) {
  if (!what.includes(wanted)) return;
  await server.start();
  await test(what, async () => {
    server.sealing ??= JSON.parse((await ask(agentOf('127.0.0.1'), `${server.url}/en/sealing.json`)).body);
    const before = server.processes();
    for (const pid of [before.front, before.keeper]) fs.writeFileSync(`/proc/${pid}/clear_refs`, '5');
    const running = assaults.map(([mode, size, options]) => crowd(server.port, mode, size, seconds, options));
    await sleep(tier(2000, 10_000));
    // Spread over what is left of it.
    const sent = await Promise.allSettled(Array.from({ length: honestEach }, async (_, i) => {
      await sleep((i * (seconds - tier(3, 20)) * 1000) / honestEach);
      return honest(server);
    }));
    const ended = await Promise.all(running);
    const failed = sent.filter(({ status }) => status === 'rejected').map(({ reason }) => reason.message);
    same(failed, [], 'reports that were not received');
    const times = sent.map(({ value }) => value);
    times.sort((a, b) => a - b);
    const [front, keeper] = [peak(before.front), peak(before.keeper)];
    same({ ...server.processes() }, before, 'nobody was restarted');
    console.log(`        median ${times[times.length >> 1].toFixed(2)} s, worst ${times.at(-1).toFixed(2)} s; ` +
      `front ${inMebibytes(front)} MiB, keeper ${inMebibytes(keeper)} MiB`);
    for (const one of ended) {
      console.log(`        ${JSON.stringify(one)}`);
      check(one.connected > 0, 'there was an assault');
      same(one.reused, 0, 'sessions that were resumed');
      count('hostile connections', one.connected);
    }
    check(times.at(-1) <= mostSeconds + (pressed ? mostInLine : 0), `the worst took ${times.at(-1)} s`);
    check(front <= mostFront, `the front held ${inMebibytes(front)} MiB, not at most ${inMebibytes(mostFront)}`);
    check(keeper <= mostKeeper, `the keeper held ${inMebibytes(keeper)} MiB`);
    same(await server.stop(), 0, 'exit code');
    same(server.child.output.split('\n').filter((line) => line && !/serving on|stopp|pressure/.test(line)), [], 'what it had to say');
  });
  await server.kill();
}

async function assaults(server) {
  const one = { sources: 1, first: 0 };
  const twenty = { sources: 20, first: 0 };
  const thousand = { sources: 1000, first: 0 };
  await endures(server, 'nobody', []);
  await endures(server, 'connections that say nothing', [['connect', many, thousand]]);
  await endures(server, 'idle ones, of one network', [['idle', many, one]]);
  await endures(server, 'idle ones, of a thousand', [['idle', many, thousand]]);
  await endures(server, 'a report, a byte a second, of one network', [['drip', many, { ...one, text: texts.report, head: texts.reportHead }]], { pressed: true });
  await endures(server, 'a report, a byte a second, of twenty', [['drip', many, { ...twenty, text: texts.report, head: texts.reportHead }]], { pressed: true });
  await endures(server, 'what is no report, a byte a second', [['drip', many, { ...thousand, text: texts.report, head: texts.otherHead }]]);
  await endures(server, 'a head, a byte a second', [['drip', many, { ...thousand, text: texts.slowHead, head: texts.nothing }]]);
  await endures(server, 'a ClientHello and no more', [['hello', many, thousand]]);
  await endures(server, 'a flood of ClientHellos, of one network', [['greet', 500, { ...one, rate: 20_000 }]]);
  await endures(server, 'a flood of handshakes, of twenty', [['shake', 200, { ...twenty, rate: 20_000 }]]);
  await endures(server, 'heads that are bombs', ['fields', 'longField', 'longTarget'].map((text, i) => ['once', 40, { sources: 20, first: 20 * i, text: texts[text] }]));
  await endures(server, 'chunks that are', ['extensions', 'extension', 'trailers', 'chunks'].map((text, i) => ['once', 20, { sources: 20, first: 20 * i, text: texts[text] }]));
  await endures(server, 'requests without end, not waiting for their answers', [['repeat', 20, { ...one, text: texts.pages }]]);
  await endures(server, 'request after request', [['repeat', 100, { ...twenty, text: texts.nowhere }]]);
  await endures(server, 'answers that nobody reads', [['stall', many, { ...thousand, text: texts.largePages }]]);
  await endures(server, 'key updates and renegotiations', [['update', 50, twenty], ['renew', 50, { ...twenty, first: 20, text: texts.nowhere }]]);
}

const desk = await Desk.make(`${folder}/desk`);
const server = await Server.make(`${folder}/server`, desk, { limits: { max_connections: most } });
console.log(`        ${many} of them, where ${most} may be; ${os.availableParallelism()} processors`);
await assaults(server);
if (full) {
  // All of them at once.
  await server.configure({ limits: { max_connections: 10_400 } });
  console.log(`        ${many} of them, where more may be`);
  await endures(server, 'all idle, at once', [['idle', many, { sources: 1000, first: 0 }]]);
  await endures(server, 'all a byte a second, at once', [['drip', many, { sources: 20, first: 0, text: texts.report, head: texts.reportHead }]], { pressed: true });
}
summary('faults/connections');
process.exit();

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Requests that are made to be read differently by a proxy and by the front (desyncs.mjs), against each shape as it is shipped, and
// against those that end TLS once more with connections to the front kept and shared, which the shipped files never do. A relay
// counts what the front answers. No desync: the front never answers more than visitors got, and whoever asks for a page after it,
// over shared connections, gets that page. Prints a table.
//
// The same judge finds the desync between two readers that are made to disagree.

import net from 'node:net';
import tls from 'node:tls';

import { scratch } from '../support/amana.mjs';
import { serverBehindProxies, ways } from '../support/behind.mjs';
import { check, count, full, same, sleep, summary, test } from '../support/checks.mjs';
import { KeysAlone } from '../support/keyset.mjs';
import { terminates } from '../support/proxies.mjs';
import { seed } from '../support/random.mjs';
import { Relay } from '../support/relay.mjs';
import { disagreeing } from './disagreeing.mjs';
import { takeAnswer, watch } from '../faults/raw.mjs';
import { needsRoot } from '../faults/process.mjs';
import { cases } from './desyncs.mjs';

needsRoot('starts proxies that change their user');

const quiet = 250;         // milliseconds without a byte after an answer: nothing more comes
const silence = 1200;      // without an answer: none comes
const patience = 10_000;   // for a visitor's page
const tries = 3;           // of what looks like a desync: on a busy machine an answer may come too late to be counted, but not each time
const usual = 'GET /en/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

// Sends the bytes over a connection of their own: the statuses that came back, 1xx left out. Ends after `count` of them, or when
// nothing more comes.
async function exchange(way, bytes, { most = Infinity, wait = silence } = {}) {
  const socket = way.plain ? net.connect(way.port, '127.0.0.1') : tls.connect({ host: '127.0.0.1', port: way.port, servername: 'localhost', rejectUnauthorized: false });
  watch(socket);
  let last = Date.now();
  for (const event of ['data', 'secureConnect']) socket.on(event, () => { last = Date.now(); });
  socket.write(bytes);
  const statuses = [];
  for (;;) {
    for (let answer; (answer = taken(socket));) if (answer.status >= 200) statuses.push(answer.status);
    if (socket.over || socket.failure || statuses.length >= most) break;
    if (Date.now() - last > (statuses.length ? quiet : wait)) break;
    await Promise.race([sleep(30), socket.ended]);
  }
  socket.destroy();
  return statuses;
}

// Of a proxy's own answers some say no length, and end with the connection.
function taken(socket) {
  try {
    return takeAnswer(socket);
  } catch {
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(socket.received.toString('latin1', 0, 12))?.[1]);
    socket.received = Buffer.alloc(0);
    return { status: status || 0 };
  }
}

const outcomes = new Map(cases.map(({ name }) => [name, new Map()]));

// What became of one: the attacker's statuses, whether the front answered any of it, and whether it is a desync.
async function judgeOnce(way, bytes, patient) {
  const before = way.relay?.answers.length ?? 0;
  const got = await exchange(way, bytes, { wait: silence * patient });
  const seen = (way.relay?.answers.length ?? 0) > before;
  const after = [];
  for (let i = 0; i < (way.kept || way.plain ? 2 : 1); i += 1) after.push(await exchange(way, usual, { most: 1, wait: patience }));
  const answered = (way.relay?.answers.length ?? 0) - before;
  const delivered = got.length + after.flat().length;
  const wrong = after.some((statuses) => statuses.length !== 1 || statuses[0] !== 200);
  // Bare and passed through, the front alone reads: what is wrong has one answer at most, and the connection ends.
  return { got, seen, desync: wrong || answered > delivered };
}
async function judge(way, { bytes, valid }) {
  for (let one = 1; ; one += 1) {
    const outcome = await judgeOnce(way, bytes, one);
    if (!way.relay && !valid && outcome.got.length > 1) outcome.desync = true;
    if (!outcome.desync || one === tries) return outcome;
    count('tried again');
  }
}

// In a reduced run the shapes as they are shipped, which share no connection, have a third of them.
const chosen = (way) => cases.filter((_, i) => full || way.kept || way.name === 'bare' || (i + Number(seed)) % 3 === 0);

async function judgeAll(way) {
  const desyncs = [];
  for (const one of chosen(way)) {
    const { got, seen, desync } = await judge(way, one);
    outcomes.get(one.name).set(way.name, `${got.join(' ') || 'closed'}${seen ? '*' : ''}${desync ? ' DESYNC' : ''}`);
    if (desync) desyncs.push(`${one.name}: ${got}`);
    count('requests');
  }
  return desyncs;
}

const shared = {
  nginx: (path) => [[/worker_processes auto/, 'worker_processes 1'], [/server_tokens off;/, `server_tokens off; upstream front { server unix:${path}; keepalive 8; }`],
    [/proxy_pass http:[^;]*;/, 'proxy_pass http://front;'], [/proxy_set_header Connection close;/, 'proxy_set_header Connection "";']],
  haproxy: () => [[/option http-server-close/, 'option http-keep-alive'], [/http-reuse never/, 'http-reuse always'], [/maxconn 5200/, 'maxconn 5200\n    nbthread 1']],
  caddy: () => [[/keepalive off/, 'keepalive 1h']],
  apache: () => [[/ServerLimit 32\nStartServers 2/, 'ServerLimit 1\nStartServers 1'], [/MaxRequestWorkers 4096/, 'MaxRequestWorkers 128'], [/disablereuse=on/, 'enablereuse=on']],
};

await test('two readers that disagree: the judge finds it', async () => {
  const way = await disagreeing();
  const find = (name) => judge(way, cases.find((one) => one.name === name));
  same((await find('CL.TE')).desync, true, 'CL.TE');
  same((await find('authority, upper case')).desync, false, 'an honest request');
  way.close();
});

const folder = scratch('proxies-smuggling');
const server = await serverBehindProxies(folder, new KeysAlone());
await server.start();

async function open(shape, kept) {
  const name = `${shape}${kept ? ', shared' : ''}`;
  if (!terminates(shape)) return { name, ...(await server.way(shape)) };
  const path = `${folder}/${name.replace(/[ ,]+/g, '-')}.sock`;
  const relay = await Relay.before({ socket: server.fronts.socket }, path);
  const way = await server.way(shape, { front: { socket: path }, changes: kept ? shared[shape.split(' ')[0]](path) : [], label: name });
  return { name, relay, kept, ...way };
}
const opened = [];
for (const shape of ways) opened.push(await open(shape, false));
for (const shape of ways.filter(terminates)) opened.push(await open(shape, true));

const judged = await Promise.allSettled(opened.map(judgeAll));
for (const [i, way] of opened.entries())
  await test(`${way.name}: no desync`, async () => {
    check(judged[i].status === 'fulfilled', judged[i].reason?.stack);
    same(judged[i].value, [], 'desyncs');
    if (way.kept) check(way.relay.most > 1, 'connections to the front are kept and shared');
    else if (way.relay) same(way.relay.most, 1, 'answers on a connection to the front');
  });

const columns = opened.map(({ name }) => name);
const wide = (text, width) => text.padEnd(width);
const widths = columns.map((name) => Math.max(name.length, ...[...outcomes.values()].map((row) => (row.get(name) ?? '').length)));
console.log('\nWhat was answered (*: by the front, or after it had seen it)');
console.log(`${wide('', 36)} ${columns.map((name, i) => wide(name, widths[i])).join('  ')}`);
for (const [name, row] of outcomes) console.log(`${wide(name, 36)} ${columns.map((column, i) => wide(row.get(column) ?? '', widths[i])).join('  ')}`);

await test('the front is the one that was started', async () => {
  for (const way of opened) await way.stop();
  same(await server.stop(), 0, 'exit code');
});
summary('proxies_smuggling');
process.exit();

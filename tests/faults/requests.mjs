// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Requests that nobody's browser sends (mutations.mjs), to a server built with AddressSanitizer and UBSan. None of them
// crashes it: front and keeper are the same processes at the end, and have said nothing. None hangs: every one is
// answered or its connection closed in time, and the front holds no connection afterwards. An honest sender beside them
// is served throughout, and the desk opens what it sent. AMANA_CASE=NUMBER sends one of them alone and shows what came
// back.

import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';

import { Desk, scratch, Server } from '../support/amana.mjs';
import { allAreAtTheDesk } from '../support/at_the_desk.mjs';
import { check, count, same, sleep, summary, test, tier, until, within } from '../support/checks.mjs';
import { sendReport } from '../support/client.mjs';
import { arabicStory, seed } from '../support/random.mjs';
import { plainPhone } from '../flood/phones.mjs';
import { get, kindNames, makeCase, mutate } from './mutations.mjs';
import { connect, takeAnswer, watch, write } from './raw.mjs';

const cases = tier(720, 10_000);
const atOnce = 48;
const deadlineSeconds = 40;
const longestWaitSeconds = 120;  // in the line, without a script (docs/ADMISSION.md, section 1)
const statuses = new Set([100, 200, 303, 308, 400, 404, 405, 408, 413, 422, 431, 500, 503, 507]);

function checkAnswer(answer) {
  check(statuses.has(answer.status), `status ${answer.status}`);
  if (answer.status === 100) return;
  check(answer.headers['content-security-policy']?.startsWith("default-src 'none'"), 'a content security policy');
  check(
    answer.headers['cache-control'] === 'no-store' && answer.headers['x-content-type-options'] === 'nosniff',
    'strict headers',
  );
  check(
    !answer.headers.server && !answer.headers['set-cookie'] && /:00 GMT$/.test(answer.headers.date),
    'nothing told of us',
  );
}

// Some of the requests come without TLS, which is said once.
const expected = /^serving on |^amana-server: (stop|there is pressure|the pressure is over|warning: listener \S+ plain HTTP came to a TLS listener)/;

// All that a connection received. What came of an answer cut off by a reset can't be judged.
function answersOn(socket) {
  const answers = [];
  for (let answer = takeAnswer(socket); answer; answer = takeAnswer(socket)) {
    checkAnswer(answer);
    answers.push(answer);
  }
  check(
    socket.received.length === 0 || socket.failure,
    `bytes behind the last answer: ${socket.received.toString('latin1', 0, 80)}`,
  );
  return answers;
}

async function drip(socket, bytes, r) {
  const pace = r.pick([0, 2, 10, 120]);
  for (let at = 0; at < bytes.length && !socket.over;) {
    const size = 1 + r.below(Math.max(2, bytes.length / 60));
    if (!(await write(socket, bytes.subarray(at, at + size)))) return;
    at += size;
    await sleep(r.below(2 * pace + 1));
  }
}

async function overTls(port, { bytes, ending, drip: drips, random: r }) {
  const socket = await connect(port);
  if (drips) await drip(socket, bytes, r);
  else await write(socket, bytes);
  if (ending === 'gone') {
    await sleep(r.below(30));
    socket.destroy();
    return [];
  }
  if (ending === 'end') socket.end();
  await within(deadlineSeconds, 'the end of the connection', socket.ended);
  const answers = answersOn(socket);
  socket.destroy();
  return answers;
}

// --- beneath HTTP --------------------------------------------------------------------------------------------------------

// What a client says first.
async function clientHello(options) {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = tls.connect({ host: '127.0.0.1', port: server.address().port, rejectUnauthorized: false, ...options });
  client.on('error', () => {});
  const [socket] = await once(server, 'connection');
  const [hello] = await once(socket, 'data');
  client.destroy();
  socket.destroy();
  server.close();
  return hello;
}

async function tlsCase(port, { tls: what, random: r, ending }) {
  const tcp = net.connect({ host: '127.0.0.1', port });
  watch(tcp);
  await Promise.race([once(tcp, 'connect'), tcp.ended]);
  if (what === 'record changed') {
    const socket = tls.connect({ socket: tcp, rejectUnauthorized: false });
    watch(socket);
    await Promise.race([once(socket, 'secureConnect'), socket.ended]);
    if (r.chance(0.5)) await write(socket, get('/en/'));
    tcp.write(
      r.pick([
        r.bytes(100),
        Buffer.concat([Buffer.from('1703030040', 'hex'), r.bytes(64)]),
        Buffer.from('160303000100', 'hex'),
        Buffer.concat([Buffer.from('170303ffff', 'hex'), r.bytes(1000)]),
      ]),
    );
  } else {
    const versions =
      what === 'old version' ? { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } : {};
    const protocols =
      what === 'unknown protocol' ? { ALPNProtocols: r.pick([['h2'], ['x'.repeat(255)], ['spdy/1', 'h3']]) } : {};
    const hello = await clientHello({ ...versions, ...protocols });
    tcp.write(
      {
        garbage: () => r.bytes(1 + r.below(20_000)),
        plain: () => get('/'),
        'hello changed': () => mutate(r, hello),
        'hello cut': () => hello.subarray(0, r.below(hello.length)),
        alert: () => Buffer.from('15030300020228', 'hex'),
        'old version': () => hello,
        'unknown protocol': () => hello,
      }[what](),
    );
  }
  if (ending === 'gone') tcp.destroy();
  if (ending === 'end') tcp.end();
  await within(deadlineSeconds, 'the end of the connection', tcp.ended);
  tcp.destroy();
  return [];
}

// --- all of it -----------------------------------------------------------------------------------------------------------

let accepted = 0;

async function runCase(port, number) {
  const one = makeCase(number);
  try {
    const answers = one.tls
      ? await tlsCase(port, one)
      : await overTls(port, one.refused ? { ...one, ending: 'end' } : one);
    if (one.refused && answers.length !== 0)
      same(
        answers.map(({ status }) => status),
        [400],
        'the answers',
      );
    if (one.refused) count(answers.length ? 'ambiguous ones refused' : 'ambiguous ones closed');
    for (const { status } of answers) count(`answers ${status}`);
    accepted += answers.filter(({ status }) => status === 303).length;
    return answers;
  } catch (error) {
    error.stack += `\n(case ${number}, ${one.kind}${one.tls ? `, ${one.tls}` : ''}, ends by ${one.ending}, seed ${seed})`;
    throw error;
  }
}

// From another network than the rest. So much at once may be pressure: then it stands in the line.
async function beHonest(server, stories, going) {
  for (let i = 0; going() || i < 5; i += 1) {
    const story = arabicStory(`honest-${i}`, 150);
    const files = i % 5 ? [] : [{ name: 'صورة.jpg', type: 'image/jpeg', content: Buffer.alloc(20_000, i) }];
    await within(deadlineSeconds + longestWaitSeconds, 'the honest sender to be received', plainPhone(server.url, '127.9.0.1', story, { files }));
    stories.push(story);
    await sleep(100);
  }
}

const descriptors = (pid) => fs.readdirSync(`/proc/${pid}/fd`).length;

const folder = scratch('requests');
const desk = await Desk.make(`${folder}/desk`);
const server = await Server.make(`${folder}/server`, desk, {
  limits: { max_files: '1 MiB', header_timeout: '2s', idle_timeout: '2s', body_timeout: '15s' },
});
await server.start({ seconds: 120 });

if (process.env.AMANA_CASE) {
  const number = Number(process.env.AMANA_CASE);
  const { kind, bytes, tls: what } = makeCase(number);
  console.log(`case ${number}, ${kind} ${what ?? ''}\n${bytes?.toString('latin1', 0, 3000)}`);
  console.log('answers', await runCase(server.port, number));
  await server.stop();
  process.exit();
}

console.log(`        ${cases} requests of ${kindNames.length} kinds, ${atOnce} at once, seed ${seed}`);
const honest = [];
await test('every one is answered or closed, and the honest sender is served', async () => {
  await sendReport(server.url, { story: 'the first one, before all is counted' });
  const { front, keeper } = server.processes();
  const before = process.getuid() === 0 ? descriptors(front) : 0;
  let next = 0;
  let running = true;
  const honestly = beHonest(server, honest, () => running);
  const worker = async () => {
    while (next < cases) {
      next += 1;
      await runCase(server.port, next - 1);
    }
  };
  const mutating = Promise.all(Array.from({ length: atOnce }, worker));
  await Promise.race([mutating, honestly]);
  await mutating;
  running = false;
  await honestly;
  check(honest.length >= 5, `the honest sender sent only ${honest.length}`);
  same(server.processes(), { ...server.processes(), front, keeper }, 'nobody crashed');
  if (before) await until('the front to hold no connection', () => descriptors(front) <= before, { seconds: 30 });
  count('honest reports', honest.length);
  count('requests', cases);
});

await test('what was accepted opens at the desk, and nobody complained', async () => {
  await desk.trust(await server.verifier());
  await server.export(`${folder}/out.bundle`);
  same(await server.stop(), 0, 'exit code');
  same(
    server.child.output.split('\n').filter((line) => line && !expected.test(line)),
    [],
    'its output',
  );
  await allAreAtTheDesk(desk, `${folder}/out.bundle`, honest, accepted + 1);
  count('mutated ones accepted', accepted);
});
summary('faults/requests');
process.exit();

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A flood of many times what is received, from one source, from a thousand, and from twenty that honest people share: every
// honest phone gets through, with a script and without, also one whose form is of before the flood, also when the front falls
// in the middle. Printed: how long each took, what a report cost the flood, and what memory it cost us.
//
//   AMANA_FLOOD=one,many,shared   which of them (reduced: shared)
//
// Loopback addresses stand for sources: 127.x.y.0/24 is one.

import fs from 'node:fs';
import { spawn } from 'node:child_process';
import process from 'node:process';

import { Desk, Server, scratch } from '../support/amana.mjs';
import { check, count, same, sleep, summary, test, tier, until } from '../support/checks.mjs';
import { script } from '../web/script/modules.mjs';
import { agentOf, ask, plainPhone, scriptPhone } from './phones.mjs';

const { FormWorkshop } = await script('worker.mjs');
const { Pause } = await script('pause.mjs');

const PACE = 10;                       // reports a second that are received
const TIMES = tier(6, 50);             // as many requests
const PHONES = tier(12, 100);
const BEFORE = tier(20, 60);           // seconds of flood before the first phone
const EVERY = tier(9000, 22_000);      // a place is kept 25 s: so the flood has as many as it can
const FRONT_MORE = 128, KEEPER_MORE = 48;  // MiB
const which = (process.env.AMANA_FLOOD ?? tier('shared', 'one,many,shared')).split(',');

const folder = scratch('flood');
const memory = (pid) => Number(/^VmHWM:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const said = (list) => `median ${median(list).toFixed(0)} s, worst ${Math.max(...list).toFixed(0)} s`;

const places = {
  one: { flood: ['127.1.0.1'], honest: (i) => `127.10.${i}.1` },
  many: { flood: Array.from({ length: 1000 }, (_, i) => `127.${20 + Math.floor(i / 250)}.${i % 250}.1`), honest: (i) => `127.10.${i}.1` },
  shared: { flood: Array.from({ length: 20 }, (_, i) => `127.30.${i}.1`), honest: (i) => `127.30.${i % 20}.${2 + Math.floor(i / 20)}` },
};

// A body as the page's worker sends it, for the flood to repeat.
async function sealedBody(url, sealing) {
  let body = null;
  const agent = agentOf('127.0.0.1');
  const fetch = async (path, options = {}) => {
    if (options.method === 'POST') {
      body = Buffer.from(await options.body.arrayBuffer());
      throw new TypeError('kept');
    }
    const answer = await ask(agent, new URL(path, url));
    return { status: answer.status, headers: new Headers({ date: answer.headers.date }), arrayBuffer: async () => Uint8Array.from(answer.body).buffer };
  };
  const workshop = new FormWorkshop(() => {}, { fetch, pause: new Pause(), clock: new Pause() });
  workshop.start({ sealing: { ...sealing, cover: null }, saving: true });
  workshop.send({ answers: { story: 'flood '.repeat(20) }, files: [], promise: false, hidden: true });
  await until('a sealed body', () => body);
  workshop.cancel();
  return body;
}

// Its processor is its own: who solves puzzles would keep the others from sending.
function flooder(options) {
  const child = spawn(process.execPath, [`${import.meta.dirname}/flooder.mjs`, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (data) => { out += data; });
  const ended = new Promise((resolve) => { child.on('close', () => resolve(JSON.parse(out))); });
  return () => { child.stdin.end(); return ended; };
}

// Both kinds of flooder as one, where they are numbers; seconds are the same.
const added = (one, other) => Object.fromEntries(Object.entries(one).map(([name, value]) =>
  [name, typeof value === 'object' ? added(value, other[name]) : name === 'seconds' ? value : value + other[name]]));

for (const name of which)
  await test(`a flood of ${TIMES} times what is received, from ${places[name].flood.length} source${places[name].flood.length > 1 ? 's' : ''}${name === 'shared' ? ' that the honest share' : ''}`, async () => {
    const desk = await Desk.make(`${folder}/desk-${name}`);
    const server = await Server.make(`${folder}/${name}`, desk, { limits: { pace: PACE, max_files: '1 MiB' } });
    await server.start();
    await desk.trust(await server.verifier());
    const get = (path) => ask(agentOf('127.0.0.1'), `${server.url}${path}`).then(({ body }) => body.toString());
    const sealing = JSON.parse(await get('/ar/sealing.json'));
    const body = await sealedBody(server.url, sealing);
    const first = server.processes();
    const idle = { front: memory(first.front), keeper: memory(first.keeper) };

    const old = await Promise.all(Array.from({ length: PHONES }, (_, i) => (i % 8 === 0 ? get('/ar/') : null)));  // each its own
    const floods = [['blind', 'patient', 'patient'], ['worker']].map((kinds) =>
      flooder({ url: server.url, addresses: places[name].flood, rate: PACE * TIMES * kinds.length / 4, every: EVERY, body: body.toString('base64'), kinds }));
    await sleep(BEFORE * 1000);
    const stories = Array.from({ length: PHONES }, (_, i) => `${i} (${name}) رأيت ما حدث. ${'كلمة '.repeat(20)}`);
    const phones = Promise.all(stories.map(async (story, i) => {
      await sleep(i * tier(200, 300));
      const address = places[name].honest(i);
      const told = i % 2 ? await scriptPhone(server.url, address, story, sealing) : await plainPhone(server.url, address, story, { old: old[i] });
      return { ...told, script: i % 2 === 1 };
    }));
    phones.catch(() => {});
    let fell = first, peak = 0;
    if (name === 'shared') {
      await sleep(tier(15, 60) * 1000);
      console.log('        the front falls');
      peak = memory(first.front);
      process.kill(first.front, 'SIGKILL');
      await until('the next generation', () => { const now = server.processes(); return now.front && now.front !== first.front && now.keeper; });
      fell = server.processes();
    }
    const results = await phones;
    const flood = (await Promise.all(floods.map((stop) => stop()))).reduce(added);
    const now = server.processes();
    same(now.front, fell.front, 'the front is the one it was');
    const more = { front: Math.max(peak, memory(now.front)) - idle.front, keeper: memory(now.keeper) - idle.keeper };

    const [scripts, plain] = [true, false].map((script) => results.filter((one) => one.script === script));
    console.log(`        with a script: ${said(scripts.map(({ seconds }) => seconds))}; ${scripts.filter(({ waited }) => waited).length} of ${scripts.length} stood in the line`);
    console.log(`        without: ${said(plain.map(({ seconds }) => seconds))}; ${plain.filter(({ waited }) => waited).length} of ${plain.length} stood in the line, ${plain.reduce((sum, { back }) => sum + back, 0)} forms came back`);
    const accepted = Object.values(flood.accepted).reduce((sum, n) => sum + n, 0);
    console.log(`        the flood: ${(flood.requests / flood.seconds).toFixed(0)} requests a second for ${flood.seconds.toFixed(0)} s, ${flood.failed} failed; accepted ${JSON.stringify(flood.accepted)}; ` +
      `${(flood.cpu / Math.max(1, accepted)).toFixed(2)} s of its processor a report, ${Math.round(flood.hashes / Math.max(1, flood.accepted.worker))} hashes a solved one; holds ${JSON.stringify(flood.places)} places`);
    console.log(`        memory: front +${more.front.toFixed(0)} MiB, keeper +${more.keeper.toFixed(0)} MiB`);
    check(more.front < FRONT_MORE && more.keeper < KEEPER_MORE, 'memory is bounded');
    check(flood.requests / flood.seconds > PACE * TIMES / 2 || tier(true, false), 'the flood was one');

    await server.settled(120);
    const bundle = `${folder}/${name}.bundle`;
    await server.export(bundle);
    await desk.import(bundle);
    await server.stop();
    const { reports } = await desk.list();
    const missing = stories.filter((story) => !reports.some(({ beginning }) => story.startsWith(beginning)));
    same(missing, [], 'what honest phones saw acknowledged and the desk has not');
    const pressed = reports.filter(({ lane }) => lane > 0);
    console.log(`        at the desk: ${pressed.length} of ${reports.length} reports came under pressure`);
    check(stories.some((story) => pressed.some(({ beginning }) => story.startsWith(beginning))), 'what came under pressure is told apart');
    count('honest reports', results.length);
    count('flood requests', flood.requests);
  });

summary('flood');

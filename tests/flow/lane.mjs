// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What comes under pressure is told apart at the desk, with the programs as they are shipped: by an export while there is
// pressure, and after the keeper has restarted. Nothing is dropped for it, and what comes before and after is calm.

import process from 'node:process';

import { Desk, Server, scratch } from '../support/amana.mjs';
import { check, count, same, sleep, summary, test, until } from '../support/checks.mjs';
import { request, sendReport, wasAccepted } from '../support/client.mjs';
import { plainPhone } from '../flood/phones.mjs';

const folder = scratch('lane');
const desk = await Desk.make(`${folder}/desk`);
const server = await Server.make(`${folder}/server`, desk, { limits: { pace: 1 }, log: { tick: '3600s' } });
await server.start();
await desk.trust(await server.verifier());

let sent = 0;
const send = async (story) => {
  const taken = wasAccepted(await sendReport(server.url, { story }));
  sent += taken ? 1 : 0;
  return taken;
};
// An export is a batch: the lane of each report, by the first word of its story.
const lanes = async (name) => {
  await desk.import(await server.export(`${folder}/${name}.bundle`));
  const { reports } = await desk.list();
  return (word) => [...new Set(reports.filter(({ beginning }) => beginning.startsWith(word)).map(({ lane }) => lane))];
};
const pressed = async () => (await request(`${server.url}/ar/`)).body.includes('<iframe');

await test('in calm', async () => {
  check(await send('first, in calm'), 'taken');
  same((await lanes('first'))('first'), [0], 'its lane');
});

await test('under pressure', async () => {
  await until('pressure', async () => {
    await Promise.all(Array.from({ length: 20 }, () => send('many write').catch(() => {})));
    return pressed();
  }, { seconds: 90, every: 0.5 });
  const { waited } = await plainPhone(server.url, '127.0.0.1', 'honest, who waited');
  sent += 1;
  check(waited, 'it stood in the line');
  const found = (await lanes('pressed'));
  check(found('honest')[0] > 0, `its lane: ${found('honest')}`);
  same(found('many'), found('honest'), 'one batch, one lane');
  same(found('first'), [0], 'what came before stays calm');
});

await test('through a restart', async () => {
  check(await plainPhone(server.url, '127.0.0.1', 'before the keeper fell'), 'taken');
  sent += 1;
  const { keeper } = server.processes();
  process.kill(keeper, 'SIGKILL');
  await until('the next generation', () => { const now = server.processes(); return now.front && now.keeper && now.keeper !== keeper; });
  await sleep(2000);  // the new front has said that it is calm
  check((await lanes('fallen'))('before')[0] > 0, 'what was pending is marked');
});

await test('and in calm again', async () => {
  check(!await pressed(), 'no pressure');
  await lanes('between');  // what was under way at the batch before would be in this one
  check(await send('last, in calm again'), 'taken');
  same((await lanes('last'))('last'), [0], 'its lane');
});

await test('nothing is dropped, and the desk shows either lane', async () => {
  const all = (await desk.list()).reports.length;
  check(all >= sent, `${sent} taken, ${all} at the desk`);
  const listed = async (lane) => JSON.parse(await desk.command('list', ['--json', '--lane', lane])).reports.length;
  same(await listed('calm') + await listed('pressure'), all, 'both lanes together');
  same(await listed('calm'), 2, 'in calm');
  check((await desk.command('list', [])).includes('  pressure '), 'in its own words');
  count('reports', all);
});

await server.stop();
summary('lane');

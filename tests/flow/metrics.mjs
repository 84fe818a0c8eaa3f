// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What is recorded of a server that is watched: metrics and health over its socket, the same to the byte however many reports come
// within a tick, and alike over ticks with and without any; the daily notice, as long for yes as for no.

import fs from 'node:fs';
import http from 'node:http';

import { Desk, Server, program, run, scratch } from '../support/amana.mjs';
import { check, same, summary, test, until } from '../support/checks.mjs';
import { plainPhone } from '../flood/phones.mjs';

const folder = scratch('metrics');
const desk = await Desk.make(`${folder}/desk`);
const sections = (tick) => ({ log: { tick, file_ticks: 2 }, metrics: { address: `unix:${folder}/server/metrics.sock` }, notice: { command: ['/bin/sh', '-c', `cat > ${folder}/notice`] } });
const server = await Server.make(`${folder}/server`, desk, sections('1h'));

const get = (path) => new Promise((resolve, reject) => {
  const request = http.get({ socketPath: `${server.folder}/metrics.sock`, path, headers: { Host: 'watcher' } }, (response) => {
    let body = '';
    response.on('data', (data) => { body += data; });
    response.on('end', () => resolve({ status: response.statusCode, type: response.headers['content-type'], body }));
  });
  request.on('error', reject);
});
const up = () => until('the metrics', () => fs.existsSync(`${server.folder}/metrics.sock`));
const values = (text) => Object.fromEntries([...text.matchAll(/^amana_(\w+) (-?\d+)$/gm)].map(([, name, value]) => [name, Number(value)]));
const send = (story) => plainPhone(server.url, '127.0.0.1', story);

await test('metrics are served beside the server, in Prometheus\' text', async () => {
  await server.start();
  await desk.trust(await server.verifier());
  await up();
  const { status, type, body } = await get('/metrics');
  same([status, type], [200, 'text/plain; version=0.0.4; charset=utf-8'], 'answer');
  const found = values(body);
  same(found.up, 1, 'up');
  same([found.pressure_step, found.storage_step, found.restarts_total, found.log_step], [0, 0, 0, 0], 'steps');
  check(found.certificate_days >= 28 && found.certificate_days <= 30, `certificate: ${found.certificate_days}`);
  check(found.keys_days >= 6 && found.keys_days <= 28, `keys: ${found.keys_days}`);
  check(Number.isInteger(Math.log2(found.free_bytes)), `free bytes in a power of two: ${found.free_bytes}`);
  check(!('backup_days' in found) && !('courier_days' in found), 'nothing of what never was');
  same(await get('/healthz').then(({ status: code, body: text }) => [code, text]), [200, 'ok\n'], 'health');
  same((await get('/log')).status, 404, 'nothing else');
  const { stdout } = await run('stat', ['-c', '%a', `${server.folder}/metrics.sock`]);
  same(stdout.trim(), '660', 'mode of the socket');
});

await test('not a byte changes when reports come within a tick', async () => {
  const before = (await get('/metrics')).body;
  for (let i = 0; i < 5; i += 1) {
    await send(`The report of number ${i}`);
    same((await get('/metrics')).body, before, `after ${i + 1} reports`);
  }
  check((await server.status()).storage.pending === 5, 'they are there');
});

await test('a front that is killed is not counted before the tick, and health says when the server is gone', async () => {
  const { front } = server.processes();
  process.kill(front, 'SIGKILL');
  await until('the next generation', () => server.child.output.includes('serving again'));
  same(values((await get('/metrics')).body).restarts_total, 0, 'not within the tick');
  same(await server.stop(), 0, 'exit code');
  await until('the metrics to end with it', () => !fs.existsSync(`${server.folder}/metrics.sock`));
});

await test('over ticks, with reports and without, what is shown is alike; a backup and a courier are shown by their days', async () => {
  await server.configure(sections('1s'));
  await server.start();
  await up();
  const look = async () => { const { log_step: step, ...rest } = values((await get('/metrics')).body); return rest; };
  await run(program('amana-server'), ['backup', `${folder}/backup`, '--config', server.config]);
  await desk.import(await server.export(`${folder}/bundle`));
  await desk.command('cosign', [`${folder}/cosigned`]);
  await run(program('amana-server'), ['witness', `${folder}/cosigned`, '--config', server.config]);
  await until('both', async () => { const found = await look(); return found.backup_days === 0 && found.courier_days === 0; });
  const quiet = await look();
  for (let i = 0; i < 8; i += 1) {
    if (i % 2 === 0) await send(`report ${i} of some ticks`);
    await server.settled(); // so that a tick has passed
    same(await look(), quiet, 'but for the log\'s step');
  }
  process.kill(server.processes().front, 'SIGKILL');
  await until('the restart to be counted', async () => (await look()).restarts_total === 1);
});

await test('the notice says one of two words, and is as long', async () => {
  const notice = async () => {
    await run(program('amana-server'), ['notice', '--config', server.config]);
    return fs.readFileSync(`${folder}/notice`, 'utf8');
  };
  const no = await notice();
  check(no.includes('due:  no'), no);
  await server.stop();
  fs.rmSync(`${server.folder}/storage`, { recursive: true });
  fs.mkdirSync(`${server.folder}/storage`, { mode: 0o700 });
  await server.start();
  const yes = await notice();
  check(yes.includes('due: yes'), yes);
  same(yes.length, no.length, 'length');
  same(yes.replace('yes', ' no'), no, 'and nothing else');
});

await test('another server\'s socket, or a port that is taken, keeps nobody from serving', async () => {
  check((await get('/healthz')).status === 200, 'it is well');
  same(await server.stop(), 0, 'exit code');
  fs.writeFileSync(`${server.folder}/metrics.sock`, 'no socket');
  await server.start();
  check(await until('the journal', () => server.child.output.includes('metrics')), 'it is said');
  await send('all the same');
  same(fs.readFileSync(`${server.folder}/metrics.sock`, 'utf8'), 'no socket', 'what is there stays');
  same(await server.stop(), 0, 'exit code');
});
summary('flow_metrics');

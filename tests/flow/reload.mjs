// SPDX-License-Identifier: AGPL-3.0-or-later
//
// SIGHUP: certificate, config and what it names are used from then on; uploads under way finish, nobody is refused a connection,
// and what was acknowledged is stored. What is wrong is refused, and what was served is served on. And sockets that were handed
// over, as systemd does it.

import fs from 'node:fs';
import https from 'node:https';
import tls from 'node:tls';
import { execFileSync } from 'node:child_process';

import { Server, launch, program, scratch, freePort } from '../support/amana.mjs';
import { check, count, same, summary, test, tier, until, within } from '../support/checks.mjs';
import { formBody, request, sendReport, wasAccepted } from '../support/client.mjs';
import { KeysAlone } from '../support/keyset.mjs';
import { arabicStory, file } from '../support/random.mjs';
import { Connection } from '../support/wire.mjs';

const folder = scratch('reload');
const limits = { drain_timeout: '20s' };
const server = await Server.make(`${folder}/server`, new KeysAlone(), { limits, log: { tick: '3600s' } });
await server.start();

const hangUp = () => process.kill(server.processes().warden, 'SIGHUP');
const said = (text) => server.child.output.split(text).length - 1;
const stored = async () => (await server.status()).storage.pending;
const served = () => new Promise((resolve, reject) => {
  const socket = tls.connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
    resolve(socket.getPeerCertificate().fingerprint256);
    socket.destroy();
  });
  socket.on('error', reject);
});
const newCertificate = (days) => execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
  '-days', `${days}`, '-subj', '/CN=localhost', '-keyout', `${folder}/server/key.pem`, '-out', `${folder}/server/certificate.pem`], { stdio: 'pipe' });
// Another colour each time, so that something has changed.
let colours = 0;
async function recolour() {
  colours += 1;
  await server.configure({ limits, log: { tick: '3600s' }, site: { colour: `#5c0b${String(10 + (colours % 80))}` } });
}
async function reloaded() {
  await recolour();
  const before = said('serving again');
  hangUp();
  await until('the next generation', () => said('serving again') > before, { seconds: 120 });
}

await test('a renewed certificate is served without another generation, an upload under way goes on', async () => {
  const before = await served();
  const pending = await stored();
  const report = formBody({ story: arabicStory('reloaded'), files: [file('slow.mp4', 'video/mp4', 3e6)] });
  const bytes = Buffer.concat(report.pieces);
  const connection = await Connection.open(server.port);
  connection.post(report);
  connection.send(bytes.subarray(0, bytes.length / 2));
  newCertificate(40);
  hangUp();
  await until('the new certificate', async () => (await served()) !== before);
  same(said('reloading'), 0, 'generations ended');
  connection.send(bytes.subarray(bytes.length / 2));
  same((await connection.answer()).status, 303, 'the upload');
  same(await stored(), pending + 1, 'reports stored');
});

await test('an upload under way finishes before the config is read anew; who connects meanwhile waits', async () => {
  const pending = await stored();
  const report = formBody({ story: arabicStory('reloaded again'), files: [file('slow.mp4', 'video/mp4', 3e6)] });
  const bytes = Buffer.concat(report.pieces);
  const connection = await Connection.open(server.port);
  connection.post(report);
  connection.send(bytes.subarray(0, bytes.length / 2));
  await recolour();
  hangUp();
  await until('the reload to begin', () => said('reloading') === 1);
  const waiting = served();
  connection.send(bytes.subarray(bytes.length / 2));
  same((await connection.answer()).status, 200, 'the upload');
  await within(120, 'who waited', waiting);
  same(await stored(), pending + 1, 'reports stored');
});

await test('what is wrong is refused, with its place, and what was served is served on', async () => {
  const before = await served();
  const config = fs.readFileSync(server.config, 'utf8');
  const processes = server.processes();
  const wrongs = {
    "unknown key 'nonsense'": config.replace('[storage]', '[storage]\nnonsense = 1'),
    'change by a restart alone': config.replace('test.invalid', 'other.invalid'),
    'No such file': config.replace('certificate.pem', 'none.pem'),
    'not a colour': config.replace('[site]', '[site]\ncolour = "beige"'),
  };
  let refused = said('not reloaded:');
  for (const [what, wrong] of Object.entries(wrongs)) {
    fs.writeFileSync(server.config, wrong);
    hangUp();
    refused += 1;
    await until(`the refusal: ${what}`, () => said('not reloaded:') === refused, { seconds: 120 });
    count('wrong configs refused');
  }
  fs.writeFileSync(server.config, config);
  for (const what of Object.keys(wrongs).slice(0, 3)) check(said(what) > 0, `${what}:\n${server.child.output}`);
  same(server.processes(), processes, 'the processes');
  same(await served(), before, 'the certificate');
});

await test('the config anew: its colour is on the page', async () => {
  await reloaded();
  check((await request(server.url + '/en/')).body.includes(`#5c0b${String(10 + (colours % 80))}`), 'the colour');
});

// Half of them come by a new connection each time, half keep theirs as browsers do: they send again, by a new one, what a kept
// connection that was closed has not answered (RFC 9110, 9.2.2).
await test('reloads while reports come: none fails, and what was acknowledged is stored', async () => {
  const most = tier(300, 10_000);
  const pending = await stored();
  let begun = 0;
  let acknowledged = 0;
  const failures = [];
  const sender = async (name, agent) => {
    for (let i = 0; begun < most; i += 1) {
      begun += 1;
      const send = () => sendReport(server.url, { story: arabicStory(`${name}-${i}`) }, { agent });
      try {
        const answer = await send().catch((error) => {
          if (!error.reused) throw error;
          count('sent again, as a kept connection had closed');
          return send();
        });
        if (wasAccepted(answer) || answer.status === 200) acknowledged += 1;
        else failures.push(answer.status);
      } catch (error) {
        failures.push(error.code ?? error.message);
      }
    }
  };
  const agents = Array.from({ length: 4 }, () => new https.Agent({ keepAlive: true, maxSockets: 1 }));
  const sending = Promise.all([...[0, 1, 2, 3].map((n) => sender(`new-${n}`, false)), ...agents.map((agent, n) => sender(`kept-${n}`, agent))]);
  let over = false;
  sending.then(() => { over = true; });
  for (let rounds = 0; !over || rounds < 4; rounds += 1) {
    await reloaded();
    count('reloads under load');
  }
  await sending;
  for (const agent of agents) agent.destroy();
  same(failures, [], 'reports that failed');
  same(await stored(), pending + acknowledged, 'reports stored');
  count('reports acknowledged', acknowledged);
});

await test('it stops as ever', async () => same(await server.stop(), 0, 'exit code'));

await test('sockets handed over, as systemd does it: served by who has bound nothing, also after a reload', async () => {
  const child = launch('systemd-socket-activate', ['--listen', `127.0.0.1:${server.port}`, program('amana-server'), 'serve', '--config', server.config]);
  const says = (text) => child.output.split(text).length - 1;
  await until('systemd-socket-activate to listen', () => says('Listening on'));
  // The first connection starts it, and waits.
  check(wasAccepted(await sendReport(server.url, { story: arabicStory('handed over') })), 'a report');
  process.kill(child.pid, 'SIGHUP');
  await until('an answer to that', () => says('nothing has changed') === 1, { seconds: 120 });
  await recolour();
  process.kill(child.pid, 'SIGHUP');
  await until('the next generation', () => says('serving again') === 1, { seconds: 120 });
  check(wasAccepted(await sendReport(server.url, { story: arabicStory('after a reload') })), 'a report after a reload');
  process.kill(child.pid, 'SIGTERM');
  same(await within(120, 'the end', child.ended), 0, 'exit code');
});

await test('a socket that the config does not name is refused, and which it is', async () => {
  const child = launch('systemd-socket-activate', ['--listen', `127.0.0.1:${await freePort()}`, '--listen', `127.0.0.1:${server.port}`, program('amana-server'), 'serve', '--config', server.config]);
  await until('systemd-socket-activate to listen', () => child.output.split('Listening on').length === 3);
  served().catch(() => {});
  same(await within(120, 'the end', child.ended), 1, 'exit code');
  check(/systemd listens on 127\.0\.0\.1:\d+, which the config does not name/.test(child.output), child.output);
});
summary('flow_reload');

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The onion service: Debian's tor takes the shipped torrc, and means by it what is written there. The onion site, over its Unix socket
// and without TLS, has no clearnet link, no HSTS and a manifest of its own; the clearnet site names it in Onion-Location, and
// nothing else does.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

import { Desk, launch, run, scratch, Server, source } from '../support/amana.mjs';
import { check, count, same, summary, test, until } from '../support/checks.mjs';
import { formBody, request } from '../support/client.mjs';
import { replaceAll } from '../support/proxies.mjs';

const folder = scratch('proxies-onion');
fs.chmodSync(folder, 0o711);
const socket = `${folder}/onion.sock`;
// The shipped file with this test's folders, which are its user's.
const user = process.getuid() === 0 ? 'debian-tor' : null;
function torrc(changes = []) {
  const data = `${folder}/tor`;
  fs.mkdirSync(data, { recursive: true, mode: 0o700 });
  if (user) execFileSync('chown', [`${user}:${user}`, data]);
  const file = `${folder}/torrc`;
  fs.writeFileSync(file, replaceAll(fs.readFileSync(`${source}/deploy/onion/torrc`, 'utf8'), [
    [/\/var\/lib\/tor\/amana/g, `${data}/amana`], [/\/var\/lib\/tor$/gm, data], [/\/run\/amana\/onion\.sock$/gm, socket],
    [/^ControlSocket \S+/m, `ControlSocket ${data}/control`], ...(user ? [] : [[/^User debian-tor\n/m, '']]), ...changes]));
  return file;
}
const tor = (file, args) => run('/usr/bin/tor', ['-f', file, '--defaults-torrc', '/dev/null', ...args]);

// The address that tor makes, without a network.
async function onionAddress() {
  const child = launch('/usr/bin/tor', ['-f', torrc(), '--defaults-torrc', '/dev/null', '--DisableNetwork', '1']);
  const name = `${folder}/tor/amana/hostname`;
  await until("the service's name", () => fs.existsSync(name) && fs.readFileSync(name, 'utf8').includes('\n'));
  child.kill('SIGINT');
  await child.ended;
  check(!/\[(warn|err)\]/.test(child.output), child.output);
  return fs.readFileSync(name, 'utf8').trim();
}
const onion = await onionAddress();
check(/^[a-z2-7]{56}\.onion$/.test(onion), onion);

const desk = await Desk.make(`${folder}/desk`);
const other = 'https://mirror.example/';
const server = await Server.make(`${folder}/server`, desk, {
  site: { exit: 'https://www.wikipedia.org/' },
  site_address: [
    { url: 'https://localhost/', onion_location: `http://${onion}/` },
    { url: `http://${onion}/`, manifest: 'site-onion.note' },
    { url: other },
  ],
  listener: [{ address: `unix:${socket}`, tls: false, site: [`http://${onion}/`], mode: '0600' }],
});
fs.writeFileSync(`${server.folder}/site-onion.note`, 'the onion site\n');

// One request over the socket, as tor's.
const ask = (at, { method = 'GET', headers = {}, body } = {}) => new Promise((resolve, reject) => {
  const sent = http.request({ socketPath: socket, path: at, method, agent: false, headers: { Host: onion, ...headers } }, async (answer) => {
    const pieces = [];
    for await (const piece of answer) pieces.push(piece);
    resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(pieces).toString() });
  });
  sent.on('error', reject);
  sent.end(body);
});

await test("Debian's tor takes the file", async () => {
  const { stdout } = await tor(torrc(), ['--verify-config']);
  check(stdout.includes('Configuration was valid'), stdout);
  same(stdout.split('\n').filter((line) => /\[(warn|err)\]/.test(line)), [], 'warnings');
  await tor(torrc([[/^HiddenServicePoWDefensesEnabled 1$/m, 'HiddenServicePoWDefensesEnabled maybe']]), ['--verify-config']).then(
    () => check(false, 'a wrong file is taken'), ({ stdout: said }) => check(/HiddenServicePoWDefensesEnabled/.test(said), said));
});

await test('and means by it what is written there', async () => {
  check(/^pow: yes$/m.test((await run('/usr/bin/tor', ['--list-modules'])).stdout), 'tor knows proof of work');
  const { stdout } = await tor(torrc(), ['--dump-config', 'full']);
  for (const line of ['HiddenServicePoWDefensesEnabled 1', 'HiddenServiceSingleHopMode 0', 'HiddenServiceNonAnonymousMode 0', 'VanguardsLiteEnabled 1', 'SafeLogging 1', 'HeartbeatPeriod 0', 'SocksPort 0', `HiddenServicePort 80 unix:${socket}`])
    check(stdout.includes(line), `${line} in:\n${stdout.slice(0, 500)}`);
});

await server.start();

await test('the onion site: no clearnet link, no HSTS, nothing that names another address', async () => {
  for (const at of ['/', '/en/', '/ar/', '/en/help', '/en/received-1', '/nowhere', '/en/sealing.json', '/style.css']) {
    const { headers, body } = await ask(at);
    same(headers['strict-transport-security'], undefined, `${at}: HSTS`);
    same(headers['onion-location'], undefined, `${at}: Onion-Location`);
    const all = JSON.stringify(headers) + body;
    for (const named of ['localhost', 'mirror.example', 'https://', 'wikipedia']) check(!all.includes(named), `${at} names ${named}: ${all.slice(Math.max(0, all.indexOf(named) - 80), all.indexOf(named) + 80)}`);
    count('answers of the onion site');
  }
  same((await ask('/', { headers: { Host: 'localhost' } })).status, 421, 'the clearnet name over the socket');
});

await test('a report over the socket', async () => {
  const form = formBody({ story: 'Sent to the onion address, over a socket' });
  const answer = await ask('/en/report', { method: 'POST', headers: { 'Content-Type': form.type, 'Content-Length': form.length }, body: Buffer.concat(form.pieces) });
  same([answer.status, answer.headers.location], [303, '/en/received-1'], 'the answer');
  await desk.trust(await server.verifier());
  await server.settled();
  await server.export(`${folder}/reports.bundle`);
  await desk.import(`${folder}/reports.bundle`);
  same((await desk.list()).reports.length, 1, 'reports at the desk');
});

await test('the clearnet site names the onion one; the mirror names none', async () => {
  for (const at of ['/', '/en/', '/en/help']) {
    const { headers, body } = await request(`${server.url.replace('127.0.0.1', 'localhost')}${at}`);
    same(headers['onion-location'], `http://${onion}/`, `${at}: Onion-Location`);
    check(headers['strict-transport-security'], `${at}: HSTS`);
    check(!body.includes('mirror.example'), `${at} names the mirror`);
    const mirror = await request(`https://mirror.example:${server.port}${at}`);
    same(mirror.status, 200, 'the mirror');
    same(mirror.headers['onion-location'], undefined, 'Onion-Location of the mirror');
    check(!(JSON.stringify(mirror.headers) + mirror.body).includes('.onion'), 'the mirror names the onion site');
  }
  same((await request(`https://localhost:${server.port}/`, { servername: 'localhost', headers: { Host: onion } })).status, 421, 'the onion name over the clearnet');
});

await test('its own manifest', async () => {
  same((await ask('/manifest/site')).body, fs.readFileSync(`${server.folder}/site-onion.note`, 'utf8'), 'the manifest of the onion site');
  check((await request(`https://localhost:${server.port}/manifest/site`)).body !== 'the onion site\n', 'the clearnet site has another');
  same(path.basename(socket), 'onion.sock', 'the socket');
  same(await server.stop(), 0, 'exit code');
  check(!fs.existsSync(socket), 'the socket is gone');
});
summary('proxies_onion');
process.exit();

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// deploy/run as somebody meets it who has just got this repository: it serves, a report is sent, and the commands that it
// prints open it at the desk and find the site as it was signed. Then its server as an outsider sees it (every header, TLS),
// and what lies on its disk as another user of the machine sees it.

import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

import { freePort, launch, run, scratch, source } from '../support/amana.mjs';
import { check, count, same, sameBytes, summary, test, until, within } from '../support/checks.mjs';
import { request, sendReport, wasAccepted } from '../support/client.mjs';
import { arabicStory, file } from '../support/random.mjs';
import { agrees, probe, weakCiphers } from '../support/tls_probe.mjs';

const demo = scratch('deployed');
const port = await freePort();
const url = `https://127.0.0.1:${port}`;
const environment = { ...process.env, AMANA_PORT: `${port}`, AMANA_DEMO: demo, CCACHE_NOHASHDIR: '1' };
const deployRun = `${source}/deploy/run`;

async function deploy() {
  const child = launch(deployRun, [], { env: environment });
  let ended = false;
  child.ended.then(() => { ended = true; });
  await until('deploy/run to serve', () => ended || child.output.includes('Ctrl-C stops'), { seconds: 1500 });
  if (ended) throw new Error(`deploy/run has ended:\n${child.output}`);
  return child;
}
async function stop(child) {
  child.kill('SIGTERM');
  return within(60, 'deploy/run to stop', child.ended);
}
// The commands it prints for another terminal, one a line.
const printed = (output) => /^ {2}export PATH=[^]*?\n\n/m.exec(output)[0].trim().split('\n').map((line) => line.trim());
const verifying = (output) => /^ +(amana-desk verify-site .*)$/m.exec(output)[1];
const inTerminal = async (commands) => (await run('bash', ['-euc', commands.join('\n')], { cwd: demo })).stdout;

let demonstration;
let commands;
const story = arabicStory('deployed');
const video = file('فيديو.mp4', 'video/mp4', 3_000_001);

await test('deploy/run serves', async () => {
  demonstration = await deploy();
  check(demonstration.output.includes(`Amana is serving:  ${url}/\n`), 'the address is printed');
  commands = printed(demonstration.output);
});

await test('a second one on the same port says so at once', async () => {
  const second = spawnSync(deployRun, { env: { ...environment, AMANA_DEMO: `${demo}/second` }, encoding: 'utf8' });
  same(second.status, 1, 'exit code');
  check(second.stderr.includes(`port ${port} is in use`), second.stderr);
  fs.rmSync(`${demo}/second`, { recursive: true, force: true });
});

await test('reports are sent, and its own commands open them at the desk', async () => {
  check(wasAccepted(await sendReport(url, { story, files: [video] })), 'a report with a video');
  const curl = /^ +(curl .*)$/m.exec(demonstration.output)[1];
  const withCurl = spawnSync('curl', ['--version']).status === 0;
  if (withCurl) check(/^HTTP\/1.1 200 [^]*class="receipt-code"/.test(await inTerminal([curl])), 'the curl command it prints');
  const [path, ...rest] = commands;
  const before = rest.findIndex((command) => /\bID\b/.test(command));
  const listed = await inTerminal([path, ...rest.slice(0, before)]);
  const row = listed.split('\n').find((line) => line.includes(story.slice(0, 20)));
  check(row?.includes('1 file'), `the report in the list:\n${listed}`);
  if (withCurl) check(listed.includes('They promised work abroad'), "curl's report in the list");
  const id = row.trim().split(' ')[0];
  const [show, save] = rest.slice(before).map((command) => command.replace(/\bID\b/, id));
  check((await inTerminal([path, show])).includes('فيديو.mp4'), 'what is shown');
  await inTerminal([path, save]);
  same(fs.readFileSync(`${demo}/a-new-folder/story.txt`, 'utf8'), story, 'the story saved');
  sameBytes(fs.readFileSync(`${demo}/a-new-folder/attachment-1.mp4`), video.content, 'the video saved');
  count('printed commands run', rest.length + (withCurl ? 2 : 1));
});

await test('the command it prints finds the site as it was signed', async () => {
  const said = await inTerminal([commands[0], verifying(demonstration.output)]);
  check(said.includes('AS SIGNED: demo, site 1, release 1 (demo)'), said);
});

await test('every answer carries the strict headers, and no others', async () => {
  const answers = await Promise.all([
    ...['/', '/ar/', '/en/', '/ar', '/ar/received-1', '/ar/inbox', '/nothing', '/ar/report', '/favicon.ico'].map((path) => request(url + path)),
    sendReport(url, { story: 'short' }),
    sendReport(url, { story: arabicStory('headers') }),
  ]);
  same(answers.map(({ status }) => status).join(' '), '200 200 200 308 200 200 404 405 404 422 303', 'statuses');
  const inside = (tag) => new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(answers[0].body)[1];
  const hashOf = (tag) => createHash('sha256').update(inside(tag)).digest('base64');
  const strict = {
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; script-src 'sha256-${hashOf('script')}'; style-src 'sha256-${hashOf('style')}'; img-src data:; ` +
      "form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors 'none'",
    'content-type': 'text/html; charset=utf-8',
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  };
  const changing = ['content-length', 'date', 'permissions-policy', 'strict-transport-security', 'connection', 'location', 'allow', 'padding'];
  for (const { status, headers, body } of answers) {
    // The form's policy lets one more script in, its worker, what they send, and the frame that asks for a place.
    // One that gives the form back, with what was typed, lets in the frame alone.
    const form = /<script src="\/script\/(page|inbox)\.js"/.test(body);
    const again = !form && body.includes('<textarea');
    count('forms given back', again ? 1 : 0);
    const policy = again ? strict['content-security-policy'].replace('; frame-ancestors', "; frame-src 'self'; frame-ancestors") : form ? strict['content-security-policy'].replace("; style-src", " 'self'; worker-src 'self'; connect-src 'self'; frame-src 'self'; style-src")
      .replace("trusted-types 'none'", 'trusted-types amana') : strict['content-security-policy'];
    for (const [name, value] of Object.entries({ ...strict, 'content-security-policy': policy })) same(headers[name], value, `${status}: ${name}`);
    same(Object.keys(headers).filter((name) => !(name in strict) && !changing.includes(name)), [], `${status}: other headers`);
    check(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:00 GMT$/.test(headers.date), `${status}: Date ${headers.date}`);
    check(Math.abs(Date.parse(headers.date) - Date.now()) < 121_000, `${status}: Date is about now`);
    check(Number(/^max-age=(\d+)$/.exec(headers['strict-transport-security'])?.[1]) >= 31536000, `${status}: HSTS`);
    for (const feature of ['camera', 'geolocation', 'microphone', 'usb'])
      check(headers['permissions-policy'].includes(`${feature}=()`), `${status}: Permissions-Policy of ${feature}`);
    check(!/=\((?!\))/.test(headers['permissions-policy']), `${status}: Permissions-Policy allows something`);
    // One script, which the policy names, and one address elsewhere: where the button leads that leaves.
    const rest = body.replace(`<script>${inside('script')}</script>`, '').replace(/<script src="\/script\/(page|inbox).js" [^>]*><\/script>/, '').replace('href="https://www.wikipedia.org/"', '');
    check(!/<script|\bsrc=|style="|\son\w+=|http:|https:/i.test(rest), `${status}: the page loads or runs something`);
    count('answers checked');
  }
});

const anything = 'ALL:COMPLEMENTOFALL:@SECLEVEL=0';

await test('TLS: 1.2 and 1.3 with forward secrecy and AEAD, and nothing else', async () => {
  same((await agrees(port, ['-tls1_3'])).protocol, 'TLSv1.3', 'TLS 1.3');
  const strong = await agrees(port, ['-tls1_2']);
  check(/^ECDHE-ECDSA-(AES(128|256)-GCM|CHACHA20)/.test(strong.cipher), `TLS 1.2: ${strong.cipher}`);
  same((await agrees(port, ['-tls1_2', '-cipher', anything])).cipher, strong.cipher, 'the server chooses');
  for (const old of ['-tls1_1', '-tls1']) same(await agrees(port, [old, '-cipher', anything]), null, `offered ${old} alone`);
  for (const cipher of weakCiphers) {
    same(await agrees(port, ['-tls1_2', '-cipher', `${cipher}:@SECLEVEL=0`]), null, `offered ${cipher} alone`);
    count('weak ciphers refused');
  }
  same(await agrees(port, ['-alpn', 'h2']), null, 'offered HTTP/2 alone');
});

await test('TLS: the client of these tests does reach a server that takes what ours refuses', async () => {
  const weakPort = await freePort();
  const weak = launch('openssl', ['s_server', '-accept', `127.0.0.1:${weakPort}`, '-quiet', '-cipher', anything,
    '-cert', `${demo}/certificate.pem`, '-key', `${demo}/key.pem`]);
  try {
    await until('s_server', () => agrees(weakPort, ['-tls1_2']));
    same((await agrees(weakPort, ['-tls1_1', '-cipher', anything])).protocol, 'TLSv1.1', 'TLS 1.1');
    for (const cipher of ['ECDHE-ECDSA-AES128-SHA', 'AECDH-AES128-SHA'])
      same((await agrees(weakPort, ['-tls1_2', '-cipher', `${cipher}:@SECLEVEL=0`]))?.cipher, cipher, 'a weak cipher');
    check((await probe(weakPort, ['-tls1_3'])).includes('New Session Ticket arrived'), 'a session ticket');
    check((await probe(weakPort, ['-tls1_2', '-reconnect'], { seconds: 2 })).includes('Reused'), 'a session resumed');
  } finally {
    weak.kill('SIGKILL');
  }
});

await test('TLS: nothing that lets a connection be recognised as one from before', async () => {
  const get = { input: 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' };
  for (const version of ['-tls1_3', '-tls1_2']) {
    const output = await probe(port, [version, '-ign_eof'], get);
    check(output.includes('200 OK'), `${version}: an answer`);
    check(!/session ticket/i.test(output), `${version}: a session ticket`);
    check(!/Session-ID: *\S/.test(output), `${version}: a session id`);
    check(!/^Compression: (?!NONE)/m.test(output), `${version}: compression`);
    const again = await probe(port, [version, '-reconnect'], { seconds: 2 });
    check(!again.includes('Reused'), `${version}: a session is resumed`);
    check(!/Max Early Data: [1-9]/.test(output), `${version}: early data`);
  }
});

await test('what lies on the disk is for its owner alone', async () => {
  same((fs.statSync(demo).mode & 0o777).toString(8), '700', 'the folder');
  const isPublic = /\/(certificate\.pem|keys\.public|amana\.toml|serving|last\.log|(site|release)\.note(\.txt)?)$/;
  const passphrase = fs.readFileSync(`${demo}/passphrase`, 'utf8').trim();
  let secret = 0;
  for (const entry of fs.readdirSync(demo, { recursive: true, withFileTypes: true })) {
    const path = `${entry.parentPath}/${entry.name}`;
    const mode = fs.lstatSync(path).mode & 0o777;
    if (isPublic.test(path)) check(!fs.readFileSync(path, 'utf8').includes(passphrase), `${path} holds the passphrase`);
    else same([path, (mode & 0o077).toString(8)], [path, '0'], 'what others may do');
    if (!isPublic.test(path)) secret += 1;
  }
  check(secret > 15, `only ${secret} files and folders`);
  count('files and folders for their owner alone', secret);
});

await test('it stops when told, and goes on with the same desk and reports', async () => {
  const fingerprint = /<code[^>]*>([^<]*)</.exec((await request(url)).body)[1];
  same(await stop(demonstration), 0, 'exit code');
  demonstration = await deploy();
  same(/<code[^>]*>([^<]*)</.exec((await request(url)).body)[1], fingerprint, 'the fingerprint');
  same(printed(demonstration.output), commands, 'the commands');
  const [path, ...rest] = commands;
  const config = /--config (\S+)/.exec(rest.join(' '))[1];
  const { storage } = JSON.parse(await inTerminal([path, `amana-server status --json --config ${config}`]));
  check(storage['log-size'] >= 2, 'the reports');
  check((await inTerminal([path, verifying(demonstration.output)])).includes(', site 1, release 1 '), 'nothing is signed twice');
  same(await stop(demonstration), 0, 'exit code');
});

await test('with other keys the site is signed anew', async () => {
  await inTerminal([commands[0], `amana-desk extend ${demo}/desk --passphrase-file ${demo}/passphrase`]);
  demonstration = await deploy();
  check((await inTerminal([commands[0], verifying(demonstration.output)])).includes(', site 2, release 1 '), 'the site is as it was signed');
  same(await stop(demonstration), 0, 'exit code');
});
demonstration?.kill('SIGTERM');  // where something failed that would have stopped it
summary('flow_deployed');

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// amana-server doctor against a real server, with a made-up machine around it (--root): a right one, in which nothing is found, and
// broken ones, each named. At the public address stands the server itself, then a proxy that ends TLS and does everything wrong.

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';

import { Desk, Server, freePort, program, run, scratch, source } from '../support/amana.mjs';
import { check, count, same, summary, test } from '../support/checks.mjs';

const folder = scratch('doctor');
const root = `${folder}/root`;
const visitor = '198.51.100.23';  // whose address lies about in logs

function plant(name, text) {
  fs.mkdirSync(path.dirname(`${root}${name}`), { recursive: true });
  fs.writeFileSync(`${root}${name}`, text);
}

// A disk that is encrypted, no swap, no core dumps, nobody who logs.
function rightMachine() {
  fs.rmSync(root, { recursive: true, force: true });
  plant('/proc/self/mountinfo', '1 0 254:0 / / rw - ext4 /dev/mapper/root rw\n');
  plant('/sys/dev/block/254:0/dm/uuid', 'CRYPT-LUKS2-x\n');
  plant('/proc/swaps', 'Filename Type Size Used Priority\n');
  plant('/proc/sys/kernel/core_pattern', 'core\n');
}

const desk = await Desk.make(`${folder}/desk`, { weeks: 8 });
const server = await Server.make(`${folder}/server`, desk);
const configure = (port) => server.configure({ site: { languages: ['ar', 'en'], data: `${process.env.AMANA_BUILD}/share/amana`, cover: '0s', address: `https://localhost:${port}/` }, log: { tick: '15m', file_ticks: 24 } });
await configure(server.port);
rightMachine();

// What this machine itself is like, these tests don't know: its memory, its clock; and there is no backup.
const lived = ['check', 'clock-unsynchronised', 'backup-none'];
// { code, text }: of the page, or of JSON with `json`.
function doctor(args = [], ignored = lived) {
  return new Promise((resolve) => {
    execFile(program('amana-server'), ['doctor', '--config', server.config, '--root', root, '--ca', `${server.folder}/certificate.pem`, ...ignored.flatMap((name) => ['--ignore', name]), ...args],
      { maxBuffer: 1 << 24 }, (error, stdout, stderr) => resolve({ code: error ? error.code : 0, text: stdout, stderr }));
  });
}
async function findings(args, ignored) {
  const told = await doctor(['--json', ...(args ?? [])], ignored);
  const json = JSON.parse(told.text);
  check(!told.text.includes(visitor), "a visitor's address is printed");
  return { ...told, json, names: [...new Set(json.findings.map(({ name }) => name))].sort() };
}

await test('it says so when the server does not run', async () => {
  const found = await findings();
  check(found.names.includes('not-running'), found.text);
  same(found.code, 4, 'exit code');
});

await server.start();

await test('nothing is found where all is right, on one page and as JSON', async () => {
  await server.export(`${folder}/1.bundle`);
  const found = await findings();
  same(found.json.findings, [], 'findings');
  same([found.code, found.json.errors, found.json.warnings], [0, 0, 0], 'exit code and counts');
  check(/^grade A, TLSv1.3 /.test(found.json.facts.TLS), found.text);
  same(found.json.facts.courier, '0 days ago', 'the courier');
  const page = await doctor();
  same(page.code, 0, 'exit code');
  check(page.text.split('\n').length < 66, `not one page:\n${page.text}`);
  check(page.text.includes('0 errors, 0 warnings'), page.text);
  // The journal is another machine's.
  same(found.json.looked.filter((each) => each['not-looked-at'].length > 0).map(({ at }) => at), ['logs', ...(found.text.includes('whether the clock') ? ['clock'] : [])], 'not looked at');
});

await test('what is ignored is said, and what is not is found', async () => {
  const found = await findings([], []);
  check(found.names.includes('backup-none'), found.text);
  check(found.code === 3 || found.code === 4, `exit code ${found.code}`);
  const none = await doctor(['--ignore', 'no-such-finding']);
  same(none.code, 1, 'a name that there is not');
  check(none.stderr.includes('doctor --list'), none.stderr);
});

const nginx = (location) => `error_log stderr emerg;\nhttp {\n  access_log off;\n  server {\n    client_max_body_size 136m;\n    location / { proxy_pass https://127.0.0.1:${server.port};\n${location} }\n  }\n}\n`;
const planted = [
  ['proxy-spools', () => plant('/etc/nginx/nginx.conf', nginx('proxy_buffering off;')), ['proxy-ends-tls']],
  ['proxy-access-log', () => plant('/etc/nginx/nginx.conf', nginx('proxy_buffering off; proxy_request_buffering off; access_log /var/log/x combined;')), ['proxy-ends-tls']],
  ['proxy-access-log', () => plant('/etc/haproxy/haproxy.cfg', `global\n  log /dev/log local0\ndefaults\n  log global\nlisten amana\n  bind :443\n  server a 127.0.0.1:${server.port}\n`)],
  ['proxy-error-log', () => plant('/etc/caddy/Caddyfile', `x.example.org {\n  reverse_proxy https://127.0.0.1:${server.port} {\n    header_up -X-Forwarded-For\n  }\n}\n`), ['proxy-ends-tls']],
  ['log-holds-addresses', () => plant('/var/log/syslog', `Nov 29 amana-front: ${visitor}\n`)],
  ['firewall-logs', () => plant('/etc/ufw/ufw.conf', 'ENABLED=yes\nLOGLEVEL=medium\n')],
  ['swap-open', () => plant('/proc/swaps', 'Filename\n/dev/sda3 partition 1 0 -2\n')],
  ['core-dumps', () => plant('/proc/sys/kernel/core_pattern', '|/usr/lib/systemd/systemd-coredump %P\n')],
  ['disk-open', () => plant('/sys/dev/block/254:0/dm/uuid', 'LVM-x\n')],
  ['files-open', () => fs.chmodSync(`${server.folder}/storage/amana.db`, 0o644), [], () => fs.chmodSync(`${server.folder}/storage/amana.db`, 0o600)],
  ['config-writable', () => fs.chmodSync(server.config, 0o666), [], () => fs.chmodSync(server.config, 0o644)],
  ['courier-late', () => fs.writeFileSync(`${server.folder}/storage/courier-day`, `${Math.floor(Date.now() / 86400e3) - 30}\n`, { mode: 0o600 }), [],
    () => fs.writeFileSync(`${server.folder}/storage/courier-day`, `${Math.floor(Date.now() / 86400e3)}\n`)],
  ['backup-late', () => fs.writeFileSync(`${server.folder}/storage/backed-up`, `${Math.floor(Date.now() / 86400e3) - 30}\n`, { mode: 0o600 }), [], () => fs.rmSync(`${server.folder}/storage/backed-up`)],
];
for (const [name, break_, beside = [], mend = () => {}] of planted)
  await test(`${name} is named`, async () => {
    break_();
    try {
      const found = await findings(['--local']);
      same(found.names, [name, ...beside].sort(), 'findings');
      check(found.json.findings.every(({ remedy }) => remedy.length > 10), 'remedies');
      check(found.code === 3 || found.code === 4, `exit code ${found.code}`);
      count('planted faults named');
    } finally {
      mend();
      rightMachine();
    }
  });

await test('status tells of a late courier as the doctor does, in words, for programs, and by its exit code', async () => {
  const day = `${server.folder}/storage/courier-day`;
  const status = (options = []) => run(program('amana-server'), ['status', '--config', server.config, ...options]).then(({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }), ({ code, stdout, stderr }) => ({ code, out: stdout, err: stderr }));
  const today = Math.floor(Date.now() / 86400e3);
  const asked = async (was) => {
    if (was === null) fs.rmSync(day, { force: true });
    else fs.writeFileSync(day, `${was}\n`, { mode: 0o600 });
    return [await status(), await status(['--json'])];
  };
  for (const was of [today, today - 1, null]) {
    const [text, json] = await asked(was);
    same([text.code, json.code], [0, 0], `${text.err}${json.err}`);
    check(text.out.includes('\ncourier-late: no\n') && !/courier was here/.test(text.err + json.err), text.out);
    same(JSON.parse(json.out)['courier-late'], false, 'for programs');
  }
  const [text, json] = await asked(today - 30);
  same([text.code, json.code], [1, 1], 'exit codes');
  const words = 'the courier was here 30 days ago; the form promises that reports are read every ';
  check(text.out.includes(`\ncourier-late: yes, ${words}`), text.out);
  for (const { err } of [text, json]) check(err.includes(`error: ${words}`) && err.includes("The courier's round (docs/COURIER.md)"), err);
  const told = JSON.parse(json.out);
  same([told['courier-late'], told.storage['courier-day'], told.running], [true, new Date((today - 30) * 86400e3).toISOString().slice(0, 10), true], 'and all else is told');
  check(/^log-verifier: /m.test(text.out) && /^server: running/m.test(text.out), text.out);
  fs.writeFileSync(day, `${today}\n`);
});

await test('a certificate that was renewed and is not shown yet is named', async () => {
  const files = ['certificate.pem', 'key.pem'].map((name) => `${server.folder}/${name}`);
  const before = files.map((name) => fs.readFileSync(name));
  files.forEach((name) => fs.rmSync(name));
  await server.configure();
  await configure(server.port);
  const found = await findings(['--local']);
  files.forEach((name, i) => fs.writeFileSync(name, before[i]));
  check(found.names.includes('certificate-not-reloaded'), found.text);
});

await test('a proxy that ends TLS and does everything wrong is seen from outside', async () => {
  const port = await freePort();
  // Its own key; everything old, nothing that protects, and a mark on each visitor.
  const own = await Server.make(`${folder}/proxy`, desk);
  const proxy = https.createServer({ key: fs.readFileSync(`${own.folder}/key.pem`), cert: fs.readFileSync(`${own.folder}/certificate.pem`), minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' },
    (_, response) => response.writeHead(200, { Server: 'proxy/1.0', 'Set-Cookie': 'id=1', 'X-Cache': 'MISS', 'Cache-Control': 'max-age=60' }).end('<p>'));
  await new Promise((resolve) => { proxy.listen(port, '127.0.0.1', resolve); });
  await configure(port);
  const found = await findings();
  proxy.close();
  same(found.names.filter((name) => name !== 'tls-renegotiation'), ['certificate-untrusted', 'header-cache', 'header-cookie', 'header-csp', 'header-extra', 'header-hsts', 'header-protection', 'tls-ends-elsewhere', 'tls-old', 'tls-tickets', 'tls-weak'], 'findings');
  check(found.json.facts.TLS.startsWith('grade F'), found.json.facts.TLS);
  count('planted faults named', found.names.length);
});

await test('plain HTTP where TLS should be is no TLS, and a public address that is not there is said', async () => {
  const port = await freePort();
  const plain = http.createServer((_, response) => response.end('hello'));
  await new Promise((resolve) => { plain.listen(port, '127.0.0.1', resolve); });
  await configure(port);
  same((await findings()).names, ['site-unreachable'], 'plain HTTP');
  plain.close();
  same((await findings()).names, ['site-unreachable'], 'nobody');
  await configure(server.port);
});

await test('its help names all that it looks at, and its list is the one in the runbook', async () => {
  const help = (await doctor(['--help'])).text;
  for (const each of (await findings()).json.looked.filter(({ at }) => at !== 'check')) check(help.includes(each.at), `${each.at} in the help`);
  check(help.includes('Exit codes: 0'), help);
  const list = (await doctor(['--list'])).text;
  check(fs.readFileSync(`${source}/docs/RUNBOOK.md`, 'utf8').includes(list), 'the list in docs/RUNBOOK.md');
});

await server.stop();
summary('flow_doctor');

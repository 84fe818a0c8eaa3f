// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Every way in that a config can name, in one server as it is deployed: behind a PROXY header of either version, behind who ends TLS,
// an onion service's Unix socket, port 80, and two addresses of the site beside the onion one. What is set up wrongly is told to the
// admin by its cause; certificates are renewed under load; and no address that a proxy named is found in any file or line.

import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';

import { Server, freePort, program, run, scratch } from '../support/amana.mjs';
import { check, count, same, sleep, summary, test, tier, until, within } from '../support/checks.mjs';
import { formBody } from '../support/client.mjs';
import { KeysAlone } from '../support/keyset.mjs';
import { arabicStory, file } from '../support/random.mjs';
import { Connection } from '../support/wire.mjs';

const folder = scratch('ways-in');
const [direct, proxied, strict, terminated, redirect] = [await freePort(), await freePort(), await freePort(), await freePort(), await freePort()];
const onionSocket = `${folder}/onion.sock`;
const proxySocket = `${folder}/proxy.sock`;
const clearnet = 'https://report.example.org/';
const mirror = 'https://mirror.example.net/';
const onion = `http://${'a'.repeat(56)}.onion/`;
const hostOf = (url) => new URL(url).hostname;

// Sources that nothing else here has.
const v4 = '203.0.113.177';
const v6 = '2001:db8:5eed:f00d::b0b';

function makePair(name, kind, host) {
  const newkey = kind === 'rsa' ? ['rsa:2048'] : ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  execFileSync('openssl', ['req', '-x509', '-newkey', ...newkey, '-nodes', '-days', '30', '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${host}`,
    '-keyout', `${folder}/${name}.key`, '-out', `${folder}/${name}.pem`], { stdio: 'pipe' });
  fs.chmodSync(`${folder}/${name}.key`, 0o600);
}
makePair('ecdsa', 'ecdsa', hostOf(clearnet));
makePair('rsa', 'rsa', hostOf(clearnet));
makePair('mirror', 'ecdsa', hostOf(mirror));
// As Certbot keeps one.
fs.mkdirSync(`${folder}/live/mirror`, { recursive: true });
const certbot = (name) => {
  for (const [from, to] of [['pem', 'fullchain'], ['key', 'privkey']]) {
    fs.rmSync(`${folder}/live/mirror/${to}.pem`, { force: true });
    fs.symlinkSync(`../../${name}.${from}`, `${folder}/live/mirror/${to}.pem`);
  }
};
certbot('mirror');

const keys = new KeysAlone();
const sections = {
  listen: { address: undefined, threads: 2 },
  tls: { certificate: ['../ecdsa.pem', '../rsa.pem'], key: ['../ecdsa.key', '../rsa.key'] },
  listener: [
    { address: `127.0.0.1:${direct}` },
    { address: `127.0.0.1:${proxied}`, proxy: 'required' },
    { address: `127.0.0.1:${strict}`, proxy: 'required', peers: ['10.99.0.0/16'] },
    { address: `127.0.0.1:${terminated}`, tls: false, forwarded: 'X-Forwarded-For' },
    { address: `127.0.0.1:${redirect}`, redirect: true },
    { address: `unix:${onionSocket}`, tls: false, site: [onion] },
    { address: `unix:${proxySocket}`, tls: false, forwarded: 'X-Real-IP', mode: '0600', site: [clearnet, mirror] },
  ],
  site_address: [
    { url: clearnet, onion_location: onion },
    { url: mirror, certificate: '../live/mirror' },
    { url: onion },
  ],
};
const server = await Server.make(`${folder}/server`, keys, sections);
await server.start();

const binary = (command, family, behind = Buffer.alloc(0)) => Buffer.concat([Buffer.from('0d0a0d0a000d0a515549540a', 'hex'), Buffer.from([command, family, behind.length >> 8, behind.length & 255]), behind]);
const v1 = `PROXY TCP4 ${v4} 198.51.100.7 49152 443\r\n`;
const ipv6 = Buffer.from('20010db85eedf00d0000000000000b0b', 'hex');
const v2 = binary(0x21, 0x21, Buffer.concat([ipv6, ipv6, Buffer.from([0xc0, 0, 1, 0xbb]), Buffer.from([2, 0, 3, 97, 98, 99])]));
const local = binary(0x20, 0);

// A connection to a port or a Unix socket: what is said before all else, and TLS by a name.
async function enter(to, { before = '', name = undefined, secure = typeof to === 'number', ...options } = {}) {
  const socket = typeof to === 'number' ? net.connect(to, '127.0.0.1') : net.connect(to);
  await once(socket, 'connect');
  socket.on('error', () => {});
  if (before.length) socket.write(before);
  if (!secure) return new Connection(socket);
  const wrapped = tls.connect({ socket, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'], servername: name, ...options });
  await once(wrapped, 'secureConnect');
  wrapped.on('error', () => {});
  return new Connection(wrapped);
}
const ask = (host, target = '/en/', fields = '') => `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${fields}Connection: close\r\n\r\n`;
async function answerTo(to, request, options) {
  const connection = await enter(to, options);
  connection.send(request);
  const answer = await connection.answer();
  connection.close();
  return answer;
}
const refused = (to, options) => enter(to, options).then((connection) => { connection.close(); return false; }, () => true);
// All that is answered until the other side closes.
async function heard(to, said) {
  const connection = await enter(to, { secure: false });
  connection.send(said);
  await within(30, 'the end of the connection', (async () => { while (!connection.ended) await connection.more('its end'); })());
  return connection.received.toString('latin1');
}
const listenerOf = (port) => `listener 127.0.0.1:${port}: `;
const lines = (text) => server.child.output.split('\n').filter((line) => line.includes(text));
async function isSaid(where, what) {
  await until(`the journal to say: ${where}${what}`, () => lines(where + what).length > 0, { seconds: 10 });
  same(lines(where + what).length, 1, 'how often it is said');
  count('causes named');
}
const report = (label, files = []) => formBody({ story: arabicStory(label), files });
const post = (host, form, fields = '') => Buffer.concat([Buffer.from(`POST /ar/report HTTP/1.1\r\nHost: ${host}\r\nContent-Type: ${form.type}\r\nContent-Length: ${form.length}\r\n${fields}\r\n`), ...form.pieces]);
const stored = async () => { const { storage } = await server.status(); return storage.pending + storage['log-size']; };

await test('reports come in by every way, and are stored', async () => {
  const before = await stored();
  const host = hostOf(clearnet);
  const form = report('by every way', [file('film.mp4', 'video/mp4', 2_000_001)]);
  for (const [to, options, fields, site] of [
    [direct, { name: host }, '', host],
    [proxied, { before: v1, name: host }, '', host],
    [proxied, { before: v2, name: hostOf(mirror) }, '', hostOf(mirror)],
    [proxied, { before: local, name: host }, '', host],
    [terminated, { secure: false }, `X-Forwarded-For: 10.0.0.1, ${v4}\r\n`, host],
    [proxySocket, {}, `X-Real-IP: ${v6}\r\n`, hostOf(mirror)],
    [onionSocket, {}, '', hostOf(onion)],
  ]) {
    const answer = await answerTo(to, post(site, form, fields), options);
    same([answer.status, answer.headers.location], [303, '/ar/received-1'], `a report to ${to}`);
    count('reports stored');
  }
  check(await stored() >= before + 7, 'what is stored');
});

await test('ECDSA and RSA stand side by side, and each name has its own certificate', async () => {
  const shown = async (options) => {
    const connection = await enter(direct, options);
    const { subject } = new X509Certificate(connection.socket.getPeerCertificate().raw);
    connection.close();
    return subject;
  };
  const only = (algorithm) => ({ name: hostOf(clearnet), maxVersion: 'TLSv1.2', ciphers: `ECDHE-${algorithm}-AES128-GCM-SHA256` });
  same(await shown(only('ECDSA')), 'CN=ecdsa', 'who knows ECDSA alone');
  same(await shown(only('RSA')), 'CN=rsa', 'who knows RSA alone');
  same(await shown({ name: hostOf(mirror) }), 'CN=mirror', 'the other name');
  check(await refused(direct, { name: 'other.example.org' }), 'a name that is none of the site\'s');
  check(await refused(direct), 'no name at all');
});

await test('each address has headers of its own, and none leads to another but as config says', async () => {
  const pages = {};
  for (const [site, to, options] of [[clearnet, direct, { name: hostOf(clearnet) }], [mirror, direct, { name: hostOf(mirror) }], [onion, onionSocket, {}]]) {
    pages[site] = await answerTo(to, ask(hostOf(site)), options);
    same(pages[site].status, 200, site);
    for (const other of [clearnet, mirror, onion].filter((one) => one !== site)) {
      const { headers, body } = pages[site];
      const linked = site === clearnet && other === onion;
      same(headers['onion-location'] === other, linked, `${site}: Onion-Location of ${other}`);
      check(!body.includes(hostOf(other)), `${site}: its page names ${other}`);
    }
  }
  check(pages[clearnet].headers['strict-transport-security'] && pages[mirror].headers['strict-transport-security'], 'HSTS where TLS is');
  same(pages[onion].headers['strict-transport-security'], undefined, 'HSTS of an onion address');
  check(!/https?:/.test(pages[onion].body), 'the onion page leads out of Tor');
  check(pages[clearnet].body.includes('href="https://www.wikipedia.org/"') && pages[onion].body.includes('href="about:blank"'), 'where the exit leads');
});

await test('Host and SNI are held to config', async () => {
  const misdirected = async (to, request, options) => {
    const { status, headers, body } = await answerTo(to, request, options);
    same([status, headers.connection, headers['onion-location'], headers['strict-transport-security']], [421, 'close', undefined, undefined], 'a wrong Host');
    check(body.includes('هذا النموذج ليس على هذا العنوان') && ![clearnet, mirror, onion].some((site) => body.includes(hostOf(site))), 'its page');
  };
  await misdirected(direct, ask('other.example.org'), { name: hostOf(clearnet) });
  await misdirected(direct, ask(hostOf(mirror)), { name: hostOf(clearnet) });
  await misdirected(direct, ask(hostOf(onion)), { name: hostOf(clearnet) });
  await misdirected(onionSocket, ask(hostOf(clearnet)));
  await misdirected(terminated, ask('127.0.0.1', '/en/', `X-Forwarded-For: ${v4}\r\n`), { secure: false });
  same((await answerTo(onionSocket, ask(hostOf(onion), `http://${hostOf(clearnet)}/en/`))).status, 400, 'a target for another host');
  same((await answerTo(onionSocket, ask(hostOf(onion), `${onion}en/`))).status, 200, 'a target for this one');
});

await test('port 80 leads to https and leaks nothing', async () => {
  const to = async (host, target) => heard(redirect, ask(host, target));
  const page = await to(hostOf(clearnet), '/ar/help?from=somewhere');
  check(page.startsWith('HTTP/1.1 308 ') && page.includes(`\r\nLocation: ${clearnet}ar/help\r\n`) && !/cookie|somewhere|onion/i.test(page), page);
  check((await to(hostOf(mirror), '/secret/path')).includes(`\r\nLocation: ${mirror}\r\n`), 'a page that is none of ours');
  for (const host of ['evil.example', hostOf(onion)]) {
    const other = await to(host, '/');
    check(other.startsWith('HTTP/1.1 421 ') && !other.includes('Location'), `${host}: ${other}`);
  }
});

await test('health checks are answered by every listener, and leave no line', async () => {
  const before = server.child.output;
  for (const [to, options] of [[direct, { name: hostOf(clearnet) }], [proxied, { before: local, name: hostOf(clearnet) }], [terminated, { secure: false }],
    [redirect, { secure: false }], [onionSocket, {}], [proxySocket, {}]]) {
    const connection = await enter(to, options);
    connection.send('GET /healthz HTTP/1.0\r\n\r\n');
    await within(20, 'its end', (async () => { while (!connection.ended) await connection.more('its end'); })());
    check(connection.received.toString().startsWith('HTTP/1.1 204 No Content\r\n'), `of ${to}`);
    count('health checks');
  }
  // Whoever only connects, with a header or without.
  for (const said of ['', local, v1]) {
    const connection = await enter(proxied, { before: said, secure: false });
    connection.socket.end();
    await within(20, 'the end', (async () => { while (!connection.ended) await connection.more('its end'); })());
  }
  // A body that is held back somewhere, or is too large for somebody, is seen without any of it being sent.
  const probe = await enter(terminated, { secure: false });
  probe.send('POST /healthz HTTP/1.1\r\nHost: probe\r\nContent-Length: 134217728\r\n\r\nthe first of it');
  await until('an answer before the body', () => probe.received.includes('204 No Content'));
  probe.close();
  same(server.child.output, before, 'what the journal has to say');
});

await test('each mistake of a set-up is told by its cause', async () => {
  const proxyOf = listenerOf(proxied);
  check(await refused(strict, { before: v1, name: hostOf(clearnet) }), 'a stranger');
  await isSaid(listenerOf(strict), "a connection came from outside 'peers' and was closed unread");
  check(await refused(proxied, { name: hostOf(clearnet) }), 'no header');
  await isSaid(proxyOf, 'a PROXY header was expected and a TLS ClientHello came: let the proxy send one');
  same(await heard(proxied, ask(hostOf(clearnet))), '', 'HTTP for a header');
  await isSaid(proxyOf, 'a PROXY header was expected and an HTTP request came');
  same(await heard(proxied, 'SSH-2.0-x\r\n'), '', 'anything for a header');
  await isSaid(proxyOf, 'a PROXY header was expected and something else came');
  const cut = await enter(proxied, { before: v1.slice(0, 20), secure: false });
  cut.socket.end();
  await isSaid(proxyOf, 'a PROXY header was cut off');
  same(await heard(proxied, `PROXY TCP4 ${v4} ${v4} 99999 443\r\n`), '', 'a header that is none');
  await isSaid(proxyOf, 'a PROXY header was not well-formed');
  same(await heard(proxied, binary(0x21, 0x11, Buffer.from('cb0071b1c6336407c00001bb030004deadbeef', 'hex'))), '', 'a wrong checksum');
  await isSaid(proxyOf, "a PROXY header's checksum is wrong");
  check(await refused(proxied, { before: v1 + v1, name: hostOf(clearnet) }), 'two headers');
  await isSaid(proxyOf, 'a second PROXY header followed the first: there are two hops');
  check(await refused(direct, { before: v1, name: hostOf(clearnet) }), 'a header for nobody');
  await isSaid(listenerOf(direct), 'a PROXY header came and none is expected here');
  check((await heard(direct, ask(hostOf(clearnet)))).startsWith('HTTP/1.1 400 Bad Request\r\n'), 'HTTP to the TLS port is answered');
  await isSaid(listenerOf(direct), 'plain HTTP came to a TLS listener');
  check(await refused(terminated, { secure: true, name: hostOf(clearnet) }), 'TLS to the plain port');
  await isSaid(listenerOf(terminated), 'TLS came to a plain listener');
  same((await answerTo(terminated, ask(hostOf(clearnet)), { secure: false })).status, 400, 'nobody named');
  await isSaid(listenerOf(terminated), 'a request had no X-Forwarded-For');
  same((await answerTo(terminated, ask(hostOf(clearnet), '/en/', `X-Forwarded-For: ${v4}, unknown\r\n`), { secure: false })).status, 400, 'no address named');
  await isSaid(listenerOf(terminated), "the last element of a request's X-Forwarded-For is no address");
  await isSaid(listenerOf(terminated), 'a request named a Host that no site here has');  // above
  // Said once, however often it happens.
  for (let i = 0; i < 5; i += 1) check(await refused(proxied, { name: hostOf(clearnet) }), 'no header, again');
  await sleep(500);
  same(lines('a TLS ClientHello came').length, 1, 'how often it is said');
});

await test('certificates are renewed under load, and no request fails', async () => {
  const total = tier(400, 10_000);
  let asked = 0;
  let answered = 0;
  let renewing = true;  // until then they go on asking
  const failed = [];
  const seen = new Set();
  const visitor = async (fresh) => {
    let connection;
    while (asked < total || renewing) {
      asked += 1;
      try {
        connection ??= await enter(proxied, { before: v1, name: hostOf(mirror) });
        seen.add(new X509Certificate(connection.socket.getPeerCertificate().raw).subject);
        connection.send(`GET /en/ HTTP/1.1\r\nHost: ${hostOf(mirror)}\r\n\r\n`);
        const answer = await connection.answer();
        if (answer.status !== 200) throw new Error(`status ${answer.status}`);
        answered += 1;
        if (fresh || answer.headers.connection === 'close') { connection.close(); connection = undefined; }
      } catch (error) {
        failed.push(error.message);
        connection?.close();
        connection = undefined;
      }
    }
    connection?.close();
  };
  const visitors = Promise.all(Array.from({ length: 8 }, (_, i) => visitor(i % 2 === 0)));
  let renewals = 0;
  const renew = async (how) => {
    const name = `renewed-${renewals}`;
    const before = lines('certificates and keys were read anew').length;
    makePair(name, renewals % 2 ? 'rsa' : 'ecdsa', hostOf(mirror));
    certbot(name);
    how();
    await until('the renewal', () => lines('certificates and keys were read anew').length > before, { seconds: 30 });
    const connection = await enter(proxied, { before: v1, name: hostOf(mirror) });
    same(new X509Certificate(connection.socket.getPeerCertificate().raw).subject, `CN=${name}`, 'what is shown');
    connection.close();
    renewals += 1;
  };
  try {
    while (renewals < tier(3, 30)) await renew(() => process.kill(server.processes().warden, 'SIGHUP'));
    await renew(() => {});  // seen by itself
  } finally {
    renewing = false;
    await visitors;
  }
  same(failed, [], 'requests that failed');
  same(answered, asked, 'requests answered');
  check(seen.size >= renewals, 'each certificate was shown to somebody');
  count('requests while certificates were renewed', answered);
  count('renewals', renewals);
});

await test('a pair that is not in order is said, and the old one stays', async () => {
  const last = fs.readlinkSync(`${folder}/live/mirror/privkey.pem`);
  makePair('broken', 'ecdsa', hostOf(mirror));
  fs.rmSync(`${folder}/live/mirror/fullchain.pem`);
  fs.symlinkSync('../../broken.pem', `${folder}/live/mirror/fullchain.pem`);
  process.kill(server.processes().warden, 'SIGHUP');
  await until('it to be said', () => lines('certificates were not taken, and the old ones are still served').some((line) => line.includes('is not the key of')));
  const connection = await enter(direct, { name: hostOf(mirror) });
  same(`../../${new X509Certificate(connection.socket.getPeerCertificate().raw).subject.slice(3)}.key`, last, 'what is shown');
  connection.close();
  certbot('mirror');
});

await test('check and status name every way in; each address has a manifest of its own', async () => {
  const status = await server.status();
  same(status.listen.length, 7, 'listeners');
  check(status.listen.includes(`https://127.0.0.1:${proxied} (PROXY header)`) && status.listen.includes(`unix:${onionSocket}`), status.listen.join(', '));
  same(status['site-addresses'], [clearnet, mirror, onion], 'addresses of the site');
  const { stdout: checked } = await run(program('amana-server'), ['check', '--config', server.config]);
  check(checked.includes(`  is           ${clearnet}, ${mirror}, ${onion}\n`), checked);
  // A release that is signed by anybody will do to write down what is served.
  const signature = keys.note().split('\n').find((line) => line.startsWith('\u2014 '));
  fs.writeFileSync(`${server.folder}/release.note`, `amana release v1\nserial 1\nversion 1\nfile ${'0'.repeat(64)} style.css\n\n${signature}\n`);
  await server.configure({ ...sections, site: { release: 'release.note' } });
  const manifest = async (...address) => (await run(program('amana-server'), ['site', '--config', server.config, '--serial', '1', ...address])).stdout;
  const all = { [clearnet]: await manifest(), [mirror]: await manifest('--address', mirror), [onion]: await manifest('--address', onion) };
  same(all[clearnet], await manifest('--address', clearnet), 'the first address is what is meant');
  for (const [url, text] of Object.entries(all)) {
    same(text.includes('\nheader * Strict-Transport-Security: '), url !== onion, `HSTS in the manifest of ${url}`);
    same(text.includes(`\nheader * Onion-Location: ${onion}\n`), url === clearnet, `Onion-Location in the manifest of ${url}`);
  }
  const page = (text) => /^page (\S+) page \/en\/help$/m.exec(text)[1];
  check(page(all[clearnet]) === page(all[mirror]) && page(all[clearnet]) !== page(all[onion]), 'the onion pages lead out of themselves elsewhere');
  const unknown = await run(program('amana-server'), ['site', '--config', server.config, '--serial', '1', '--address', 'https://other.example/']).catch((error) => error);
  check(unknown.stderr.includes(`https://other.example/ is none of [[site_address]]; they are ${clearnet}, ${mirror}, ${onion}`), unknown.stderr);
});

await test('it stops, and takes its sockets away; no address is in any file or line', async () => {
  same(await server.stop(), 0, 'exit code');
  same(lines('serving again'), [], 'nothing had to be started again');
  check(!fs.existsSync(onionSocket) && !fs.existsSync(proxySocket), 'the sockets');
  const patterns = [v4, v6, '203.0.113.', '2001:db8:5eed'].map((text) => Buffer.from(text)).concat(ipv6);
  let bytes = 0;
  const search = (where, content) => {
    bytes += content.length;
    for (const pattern of patterns) check(!content.includes(pattern), `${where} has ${pattern.toString('hex')}`);
  };
  search('the journal', Buffer.from(server.child.output));
  for (const entry of fs.readdirSync(server.folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) search(entry.name, fs.readFileSync(`${entry.parentPath}/${entry.name}`));
  count('bytes searched', bytes);
});
summary('flow_ways_in');

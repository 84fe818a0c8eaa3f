// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Set-ups that are wrong, as admins get them wrong. Each gives a message that names its cause: a line of the journal, or what
// deploy/proxies/check says. And none of it lets an address end anywhere: neither in a file nor in a line.

import fs from 'node:fs';
import net from 'node:net';
import { execFile } from 'node:child_process';

import { freePort, scratch, source } from '../support/amana.mjs';
import { serverBehindProxies } from '../support/behind.mjs';
import { check, count, same, summary, test, until } from '../support/checks.mjs';
import { request } from '../support/client.mjs';
import { KeysAlone } from '../support/keyset.mjs';
import { Traces } from '../support/left_behind.mjs';
import { namesTracer } from '../support/trace.mjs';
import { connect, sendLarge, watch } from '../faults/raw.mjs';
import { needsRoot } from '../faults/process.mjs';

needsRoot('starts proxies that change their user');

const folder = scratch('proxies-misuse');
const network = '127.78';
const here = { localAddress: `${network}.12.34` };
const ports = {};
for (const name of ['cut', 'stranger', 'second', 'hops', 'none', 'plain', 'tls', 'unset', 'named']) ports[name] = await freePort();
const loopback = (name) => `127.0.0.1:${ports[name]}`;
const server = await serverBehindProxies(folder, new KeysAlone(), {
  listener: [
    { address: loopback('cut'), proxy: 'required', peers: ['127.0.0.0/8'] },
    { address: loopback('stranger'), proxy: 'required', peers: ['127.0.0.1'] },
    { address: loopback('second'), proxy: 'required', peers: ['127.0.0.0/8'] },
    { address: loopback('hops'), proxy: 'required' },
    { address: loopback('none') },
    { address: loopback('plain'), tls: false, forwarded: 'X-Forwarded-For', peers: ['127.0.0.0/8'] },
    { address: loopback('tls') },
    ...['unset', 'named'].map((name) => ({ address: loopback(name), tls: false, forwarded: 'X-Forwarded-For', peers: ['127.0.0.0/8'] })),
  ],
});
await server.start();
const traces = new Traces([network]);

const v1 = (address) => `PROXY TCP4 ${address} 127.0.0.1 4711 443\r\n`;
const v2 = (address) => Buffer.concat([Buffer.from('0d0a0d0a000d0a515549540a2111000c', 'hex'), Buffer.from(address.split('.').map(Number)), Buffer.from([127, 0, 0, 1, 0x12, 0x34, 1, 0xbb])]);

// Bytes over plain TCP, and whatever comes back until the connection ends.
async function say(name, bytes, { end = false } = {}) {
  const socket = net.connect({ port: ports[name], host: '127.0.0.1', ...here });
  watch(socket);
  if (bytes.length) socket.write(bytes);
  if (end) socket.end();
  return { socket, ended: socket.ended };
}

async function warns(name, pattern) {
  const line = await until(`a warning of ${name}: ${pattern}`, () =>
    server.child.output.split('\n').find((one) => one.includes(`warning: listener ${loopback(name)}: `) && pattern.test(one)), { seconds: 15 });
  console.log(`        ${line}`);
  count('messages of the journal');
}

const hello = Buffer.from('16030100c8010000c40303', 'hex');

await test('a PROXY header is expected, and TLS comes', async () => {
  await connect(server.fronts.passed, here).catch(() => {});
  const line = await until('a warning', () => server.child.output.split('\n').find((one) => /PROXY header was expected and a TLS ClientHello came/.test(one)));
  console.log(`        ${line}`);
});
await test('a PROXY header is expected, and HTTP comes', async () => {
  await say('cut', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await warns('cut', /PROXY header was expected and an HTTP request came/);
});
await test('a PROXY header is sent by a stranger', async () => {
  const { ended } = await say('stranger', v1('203.0.113.9'));
  await ended;
  await warns('stranger', /came from outside 'peers'/);
});
await test('a PROXY header comes twice: two hops', async () => {
  await say('second', Buffer.concat([v2(`${network}.1.1`), v2(`${network}.1.2`)]));
  await warns('second', /second PROXY header followed the first: there are two hops/);
});
await test('a PROXY header is cut off', async () => {
  await say('cut', v2(`${network}.1.3`).subarray(0, 20), { end: true });
  await warns('cut', /PROXY header was cut off/);
});
await test('a PROXY header comes where none is expected', async () => {
  await say('none', v1(`${network}.1.4`));
  await warns('none', /PROXY header came and none is expected here/);
});
await test('HTTP comes to the TLS port, and is told so', async () => {
  const { socket, ended } = await say('tls', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await ended;
  check(socket.received.toString().startsWith('HTTP/1.1 400 '), `answered: ${socket.received.toString('latin1', 0, 80)}`);
  await warns('tls', /plain HTTP came to a TLS listener/);
});
await test('TLS comes to a plain listener', async () => {
  await say('plain', hello);
  await warns('plain', /TLS came to a plain listener/);
});
await test('a proxy sets no forwarded address, or one that is none', async () => {
  for (const [name, lines, pattern] of [['unset', '', /had no X-Forwarded-For/], ['named', 'X-Forwarded-For: unknown\r\n', /last element of .*X-Forwarded-For is no address/]]) {
    const { socket } = await say(name, `GET /en/ HTTP/1.1\r\nHost: localhost\r\n${lines}Connection: close\r\n\r\n`);
    await socket.ended;
    same(/^HTTP\/1\.1 (\d+)/.exec(socket.received.toString())?.[1], '400', 'answered');
    await warns(name, pattern);
  }
});

// --- proxies whose files were changed ---------------------------------------------------------------------------------------------

// Starts the shape with `changes`; what `body` does with it, and what was left behind. May leave: what it is about.
async function changed(shape, label, changes, body, front) {
  const log = `${folder}/${label}.trace`;
  const way = await server.way(shape, { changes, label, front, wrapper: namesTracer(log) });
  try {
    await body(way);
  } finally {
    await way.stop();
  }
  traces.said(way.shape, way.proxy.output);
  return { way, log };
}

// What deploy/proxies/check says of it.
const checking = (way, places = []) => new Promise((resolve) => {
  execFile(`${source}/deploy/proxies/check`, ['--bytes', `${3 << 20}`, `${way.url}/`, ...(places.length ? places : way.proxy.places)], (error, out) => resolve({ code: error ? error.code ?? error.signal : 0, out }));
});
async function finds(way, pattern, places) {
  const { code, out } = await checking(way, places);
  console.log(out.trim().replace(/^/gm, '        '));
  check(pattern.test(out), `the check says ${pattern}:\n${out}`);
  same(code, 1, 'exit code of the check');
  count('messages of the check');
}

for (const shape of ['nginx passthrough', 'haproxy passthrough', 'nginx terminating', 'haproxy terminating', 'caddy terminating', 'apache terminating'])
  await test(`${shape}, as it is shipped: the check finds nothing`, async () => {
    const { way, log } = await changed(shape, `fine-${shape.replace(' ', '-')}`, [], async (one) => {
      const { code, out } = await checking(one);
      same(code, 0, `exit code of the check: ${out}`);
      count('checks that find nothing');
    });
    await traces.wrote(way.shape, log);
    traces.mayHold(way.proxy.places);
  });

await test('nginx sends no PROXY header: the journal and the check name it', async () => {
  await changed('nginx passthrough', 'no-header', [[/\s*proxy_protocol on;/, '']], async (way) => {
    await finds(way, /no answer came through the proxy[^]*journal names the cause/);
  });
  check(/a TLS ClientHello came: [^\n]*nginx: proxy_protocol on/.test(server.child.output), 'the journal says what to do');
});

await test('two proxies, one behind the other, and each adds a header', async () => {
  await changed('nginx passthrough', 'second-hop', [], async (inner) => {
    await changed('haproxy passthrough', 'first-hop', [], async (outer) => {
      await finds(outer, /no answer came through the proxy/);
    }, { port: `127.0.0.1:${inner.port}` });
  }, { port: loopback('hops') });
  await warns('hops', /two hops|second PROXY header|was not well-formed|something else came/);
});

for (const [shape, changes] of [
  ['nginx terminating', [[/client_max_body_size 136m/, 'client_max_body_size 1m']]],
  ['haproxy terminating', [[/gt 142606336/, 'gt 1048576']]],
  ['caddy terminating', [[/header -Server\n/, 'header -Server\n\trequest_body {\n\t\tmax_size 1MiB\n\t}\n']]],
])
  await test(`${shape}: a body limit that is too small`, async () => {
    await changed(shape, `small-${shape.replace(' ', '-')}`, changes, (way) => finds(way, /refuses large reports \(413\)|does not reach Amana \(413\)/));
  });

await test('nginx terminating: buffering left on, and the file that it writes is found', async () => {
  const secret = Buffer.from('They took our passports and told us to say nothing. '.repeat(4000));
  const { way, log } = await changed('nginx terminating', 'buffering', [[/proxy_request_buffering off;/, '']], async (one) => {
    await finds(one, /is held back, and lies in \S*\/var\/lib\/nginx\/body/);
    await sendLarge(one.port, { story: 'spooled', size: secret.length, block: secret, connection: { servername: 'localhost', ...here } });
  });
  const spooled = new Traces([network]);
  await spooled.wrote(way.shape, log);
  check(spooled.leaks.some((leak) => leak.includes('/var/lib/nginx/body')), `the file that is gone is found: ${spooled.leaks}`);
});

await test('an access log left on is found, and the address in it', async () => {
  const access = `${folder}/logged/access.log`;
  const { way } = await changed('nginx terminating', 'logged', [[/access_log off;/, `access_log ${access};`]], async (one) => {
    await request(`${one.url}/en/`, here);
    await finds(one, /the proxy writes down what is asked for: .*access\.log/);
  });
  const logged = new Traces([network]);
  logged.mayHold(way.proxy.places);
  check(logged.found([Buffer.from('nothing that was sent by anybody')]).some((leak) => leak.startsWith(access)), 'the address is found in it');
  fs.rmSync(access);
});

await test('no address is in any file of ours or of the proxies, nor in what was said', async () => {
  same(await server.stop(), 0, 'exit code');
  traces.said('Amana', server.child.output);
  traces.mayHold([server.folder]);
  same(traces.found([Buffer.from('They took our passports and told us to say nothing.')]), [], 'left behind');
  check(!/203\.0\.113|127\.0\.0\.1:\d+ +->/.test(server.child.output), server.child.output);
  count('files searched', traces.searched);
});
summary('proxies_misuse');
process.exit();

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What the pages weigh on the wire, and how long a slow phone on a slow line waits for the first field. The sizes must be
// as promised; times are printed, for docs/RESULTS.md, and fail nothing.

import tls from 'node:tls';

import { Server, scratch } from '../support/amana.mjs';
import { openBrowser } from '../support/browser.mjs';
import { check, count, same, summary, test, tier } from '../support/checks.mjs';
import { formBody } from '../support/client.mjs';
import { KeysAlone } from '../support/keyset.mjs';
import { languages } from '../support/languages.mjs';
import { slowLine } from '../support/slow_line.mjs';

const folder = scratch('first-load');
const server = await Server.make(`${folder}/server`, new KeysAlone(), { site: { languages } });
await server.start();

const small = 1536 + 13 * 1024;
const large = 1536 + 128 * 1024;
const mostOnTheWire = 20 * 1024;

// The status of one answer, and its bytes inside TLS, the head's included.
function answer(request, body = []) {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
    const pieces = [];
    socket.on('secureConnect', () => {
      socket.write(`${request}\r\nHost: a\r\nConnection: close\r\n`);
      for (const piece of body) socket.write(piece);
      if (!body.length) socket.write('\r\n');
    });
    socket.on('data', (data) => pieces.push(data));
    socket.on('error', reject);
    socket.on('end', () => {
      const bytes = Buffer.concat(pieces);
      resolve({ status: Number(bytes.toString('latin1', 9, 12)), size: bytes.length });
    });
  });
}
const get = (path, encoding = 'gzip, deflate, br') => answer(`GET ${path} HTTP/1.1\r\nAccept-Encoding: ${encoding}`);
function post(language, fields) {
  const form = formBody(fields);
  return answer(`POST /${language}/report HTTP/1.1\r\nAccept-Encoding: gzip`,
    [`Content-Type: ${form.type}\r\nContent-Length: ${form.length}\r\n\r\n`, ...form.pieces]);
}

await test('every page is of one of two sizes, whichever page, language and status', async () => {
  for (const language of languages) {
    for (const [path, status] of [['/', 200], [`/${language}/`, 200], [`/${language}/help`, 200], [`/${language}/received-1`, 200],
      [`/${language}/received-2`, 200], [`/${language}/report`, 405], ['/nothing', 404]]) {
      const packed = await get(path);
      same([packed.status, packed.size], [status, small], `${path}, packed`);
      const plain = await get(path, 'identity');
      same([plain.status, plain.size], [status, large], `${path}, plain`);
      count('small pages measured');
    }
    const longest = await post(language, { story: '\u0006'.repeat(3000) });
    for (const [what, page] of [['short', await post(language, { story: 'short' })], ['blank', await post(language, { story: '' })], ['too long', longest]]) {
      same([page.status, page.size], [422, large], `${what}, given back in ${language}`);
      count('large pages measured');
    }
    const withProof = await post(language, { story: `a proof in ${language}`, fields: { proof: '1' } });
    same([withProof.status, withProof.size], [200, small], `the proof in ${language}`);
    count('small pages measured');
  }
});

// The lengths of the records that carry data, as an observer of the wire sees them.
async function recordLengths(line, version, language, fields) {
  line.tap = [];
  const form = fields && formBody(fields);
  await new Promise((resolve, reject) => {
    const socket = tls.connect({ port: line.port, host: '127.0.0.1', rejectUnauthorized: false, minVersion: version, maxVersion: version }, () => {
      const head = form ? `POST /${language}/report HTTP/1.1\r\nContent-Type: ${form.type}\r\nContent-Length: ${form.length}` : `GET /${language}/ HTTP/1.1`;
      socket.write(`${head}\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n`);
      for (const piece of form?.pieces ?? []) socket.write(piece);
    });
    socket.on('error', reject).on('end', resolve).resume();
  });
  const bytes = Buffer.concat(line.tap);
  const lengths = [];
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) if (bytes[at] === 23) lengths.push(bytes.readUInt16BE(at + 3));
  return lengths.join(' ');
}

await test('nor do the lengths of records tell which page, which language, or how much was typed', async () => {
  const line = await slowLine(server.port, { kbits: 1_000_000, roundTripMs: 0 });
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    const smalls = new Set();
    const larges = new Set();
    for (const language of ['ar', 'en', 'am', 'ru']) {
      smalls.add(await recordLengths(line, version, language));
      smalls.add(await recordLengths(line, version, language, { story: `a proof, please, in ${language}`, fields: { proof: '1' } }));
      smalls.add(await recordLengths(line, version, language, { story: 'a proof, urgently', fields: { proof: '1', urgency: 'danger_now' } }));
      for (const typed of [10, 1000, 5000]) larges.add(await recordLengths(line, version, language, { story: 'short', fields: { pasted: '<'.repeat(typed) } }));
      count('answers whose records were compared', 6);
    }
    same([smalls.size, larges.size], [1, 1], `${version}: ${[...smalls, ...larges].join(' | ')}`);
    check(![...smalls][0].includes([...larges][0]), 'the two sizes differ');
  }
  line.close();
});

await test('with TLS around it, the first load is at most 20 KiB', async () => {
  const line = await slowLine(server.port, { kbits: 1_000_000, roundTripMs: 0 });
  for (const language of languages) {
    line.down = 0;
    await new Promise((resolve, reject) => {
      const socket = tls.connect({ port: line.port, host: '127.0.0.1', rejectUnauthorized: false }, () =>
        socket.write(`GET /${language}/ HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n`));
      socket.on('error', reject).on('end', resolve).resume();
    });
    check(line.down <= mostOnTheWire, `${language}: ${line.down} bytes`);
    count('first loads weighed');
    if (language === languages[0]) console.log(`        page, style, TLS and certificate: ${line.down} bytes`);
  }
  line.close();
});

await test('how long a slow phone on a slow line waits for the first field', async () => {
  const times = [];
  for (let round = 0; round < tier(2, 10); round += 1) {
    const browser = await openBrowser('chromium', { trusts: `${folder}/server/certificate.pem` });
    const line = await slowLine(server.port, { kbits: 400, roundTripMs: 600 });
    const session = await browser.page.context().newCDPSession(browser.page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
    await browser.page.goto(`https://127.0.0.1:${line.port}/ar/`, { waitUntil: 'commit' });
    await browser.page.waitForSelector('#story');
    await browser.page.focus('#story');
    await browser.page.keyboard.type('م');
    same(await browser.value('#story'), 'م', 'what was typed');
    // Painted, and read so far that nothing keeps it from being typed in.
    const moments = await browser.evaluate(() => {
      const [{ responseEnd, domInteractive }] = performance.getEntriesByType('navigation');
      return { arrived: responseEnd, usable: Math.max(domInteractive, ...performance.getEntriesByType('paint').map((one) => one.startTime)) };
    });
    times.push(moments);
    await browser.close();
    line.close();
  }
  const median = (what) => (times.map((one) => one[what]).sort((a, b) => a - b)[times.length >> 1] / 1000).toFixed(2);
  const worst = (Math.max(...times.map(({ usable }) => usable)) / 1000).toFixed(2);
  console.log(`        400 kbit/s, 600 ms, processor slowed fourfold, ${times.length} times: arrived after ${median('arrived')} s, field usable after ${median('usable')} s (medians), ${worst} s at worst`);
});

await test('the server ends', async () => same(await server.stop(), 0, 'exit code'));
summary('flow_first_load');

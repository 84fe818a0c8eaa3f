// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Whether the time until an answer tells a code that nobody has from an inbox that is empty, or from one that was erased:
// the front opens all three, many times, by turns, over connections that stand. docs/INBOX.md, section 4.

import { execFileSync } from 'node:child_process';
import tls from 'node:tls';

import { Desk, Server, scratch } from '../support/amana.mjs';
import { check, count, same, sleep, summary, test, tier } from '../support/checks.mjs';
import { formBody, sendReport } from '../support/client.mjs';
import { differenceOfMedians, median } from '../support/differing.mjs';
import { codeIn, newCode, openInbox } from '../support/inbox.mjs';
import { random } from '../support/random.mjs';

const openings = tier(60, 12_000);  // of each kind
const sources = 8, atOnce = 2;    // as many as one source may have under way
const apart = 34;                 // milliseconds
const seen = 50;                  // microseconds

// Ahead of whatever else runs here, and the server with it, where that may be had: what is to be seen is the server's own time.
try {
  execFileSync('chrt', ['--fifo', '--pid', '20', `${process.pid}`], { stdio: 'ignore' });
} catch { /* more noise, and the interval says so */ }

const folder = scratch('inbox-timing');
const desk = await Desk.make(`${folder}/desk`);
const server = await Server.make(`${folder}/server`, desk);
await server.start();
await desk.trust(await server.verifier());

// An inbox that was answered and erased, one that never was answered, and a code that was never given out.
async function codes() {
  const sent = async (story) => codeIn((await sendReport(server.url, { story, receipt: true })).body);
  const erased = await sent('The one that is answered: they took my brother.'), empty = await sent('The other one: they took my cousin.');
  await server.settled();
  await desk.import(await server.export(`${folder}/first.bundle`));
  const { reports } = await desk.list();
  await desk.reply(reports.find(({ beginning }) => beginning.startsWith('The one')).id, 'Which agency was it?');
  await desk.outbox(`${folder}/first.outbox`);
  await server.import(`${folder}/first.outbox`);
  return { erased, empty, nobodys: newCode(random('nobody')) };
}

class Line {
  static async open(source) {
    const socket = tls.connect({ port: server.port, host: '127.0.0.1', localAddress: `127.0.${source}.1`, rejectUnauthorized: false });
    await new Promise((resolve, reject) => { socket.once('secureConnect', resolve); socket.once('error', reject); });
    socket.setNoDelay(true);
    return new Line(socket);
  }

  constructor(socket) {
    this.socket = socket;
    this.asked = 0;
    this.closed = false;
    socket.once('end', () => { this.closed = true; });
    socket.once('close', () => { this.closed = true; });
  }

  // Microseconds from the last byte of the request to the first of the answer; the answer is read to its end.
  ask(code) {
    this.asked += 1;
    const form = formBody({ fields: { code, do: 'open' }, receipt: true });
    check(!this.closed, 'the line is open');
    const head = `POST /en/inbox HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Type: ${form.type}\r\nContent-Length: ${form.length}\r\n\r\n`;
    return new Promise((resolve, reject) => {
      let began, first, left, text = '';
      const closed = () => reject(new Error('closed before its answer'));
      const read = (piece) => {
        first ??= process.hrtime.bigint();
        if (left === undefined) {
          text += piece.toString('latin1');
          const end = text.indexOf('\r\n\r\n');
          if (end < 0) return;
          same(text.slice(9, 12), '200', 'status');
          left = Number(/content-length: (\d+)/i.exec(text)[1]) - (text.length - end - 4);
        } else left -= piece.length;
        if (left > 0) return;
        this.socket.off('data', read);
        this.socket.off('error', reject);
        this.socket.off('close', closed);
        resolve(Number(first - began) / 1000);
      };
      this.socket.on('data', read);
      this.socket.once('error', reject);
      this.socket.once('close', closed);
      this.socket.write(Buffer.concat([Buffer.from(head), ...form.pieces]), () => { began = process.hrtime.bigint(); });
    });
  }
}

const kinds = await codes();
await test('one was answered and is erased, the others have nothing', async () => {
  const before = await openInbox(server.url, kinds.erased);
  check(before.includes('Which agency was it?'), 'the answer was there');
  same((await openInbox(server.url, kinds.erased, { do: 'erase' })).includes('Which agency'), false, 'and is erased');
  const pages = [];
  for (const code of Object.values(kinds)) pages.push((await openInbox(server.url, code)).replaceAll(code, 'CODE').replaceAll(/\?[\w-]{43}"/g, '?TOKEN"'));
  same(new Set(pages).size, 1, 'pages that differ beyond the code and the token for what is sent');
});

const times = { erased: [], empty: [], nobodys: [] };
await test(`${openings} openings of each, by turns`, async () => {
  const drawn = random('order');
  const waiting = Object.keys(times).flatMap((kind) => Array(openings).fill(kind));
  for (let left = waiting.length; left > 1; left -= 1) {
    const other = drawn.below(left);
    [waiting[left - 1], waiting[other]] = [waiting[other], waiting[left - 1]];
  }
  // One after another, so far apart that none is still at work when the next begins: each waits half a second first.
  const lines = Array(sources * atOnce);
  const open = async (place) => {
    lines[place] = await Line.open(1 + (place % sources));
    await lines[place].ask(kinds.empty);  // the first is slower than any other
  };
  // Before it is closed for the number of its requests.
  const renew = async (place) => {
    if (lines[place].asked < 900 && !lines[place].closed) return;
    if (lines[place].closed) count('lines closed by the server');
    lines[place].socket.destroy();
    await open(place);
  };
  for (const place of lines.keys()) await open(place);
  const under = lines.map(() => Promise.resolve());
  const began = performance.now();
  for (const [i, kind] of waiting.entries()) {
    const place = i % lines.length;
    await under[place];
    await renew(place);
    const early = began + i * apart - performance.now();
    if (early > 0) await sleep(early);
    under[place] = lines[place].ask(kinds[kind]).then((time) => times[kind].push(time));
    if (i % 3000 === 2999) console.log(`        ${i + 1} of ${waiting.length}`);
  }
  await Promise.all(under);
  lines.forEach((line) => line.socket.destroy());
  count('openings', Object.values(times).reduce((sum, { length }) => sum + length, 0));
  for (const [kind, list] of Object.entries(times)) console.log(`        ${kind}: median ${median(list).toFixed(1)} µs of ${list.length}`);
});

for (const [one, other] of [['nobodys', 'empty'], ['nobodys', 'erased'], ['empty', 'erased']])
  await test(`no difference between ${one} and ${other}, where one of ${seen} µs would be seen`, () => {
    const { difference, low, high } = differenceOfMedians(times[one], times[other]);
    console.log(`        ${difference.toFixed(1)} µs (${low.toFixed(1)} to ${high.toFixed(1)})`);
    check(low <= 0 && high >= 0, 'the interval contains 0');
    if (tier(false, true)) check(difference - low < seen && high - difference < seen, `the interval is narrower than ${seen} µs to each side`);
    const late = differenceOfMedians(times[one].map((time) => time + (tier(high - low, seen))), times[other]);
    check(late.low > 0, 'what is added to one of them is found');
  });

await server.stop();
summary('forensic/inbox_timing');

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Somebody watches the line of people who open the form: packets' sizes and times, TLS unopened. In half of the visits a text
// report is sent. Can they tell in which? They learn from half of the visits and are judged on the other (docs/FORENSICS.md).
//
// With cover the 95 % interval of their accuracy must contain 0.5. Without cover, and without JavaScript, the figure is stated.
// Planted leaks must be found: a report that goes out at once, in spite of cover; a body, an answer, a connection that differs.

import net from 'node:net';

import { Server, freePort, scratch } from '../support/amana.mjs';
import { openBrowser } from '../support/browser.mjs';
import { check, count, sleep, summary, test, tier } from '../support/checks.mjs';
import { KeysAlone } from '../support/keyset.mjs';
import { watchLine } from '../support/pcap.mjs';
import { arabicStory, random } from '../support/random.mjs';
import { needsRoot } from '../faults/process.mjs';
import { attack } from './judge.mjs';

needsRoot('listens on the line');

const COVER_SECONDS = 1, VISIT_SECONDS = 12, ABREAST = 8;
const BODY = 20_000;  // a burst of more bytes than this carries a body
const folder = scratch('watcher');

// A port of its own for each visit, so that its packets are known.
async function ownPort(target) {
  const server = net.createServer((client) => {
    const upstream = net.connect(target, '127.0.0.1');
    client.setNoDelay(true);
    upstream.setNoDelay(true);
    client.pipe(upstream).pipe(client);
    for (const [one, other] of [[client, upstream], [upstream, client]]) {
      one.on('error', () => {});
      one.on('close', () => other.destroy());
    }
  });
  const port = await freePort();
  await new Promise((resolve) => { server.listen(port, '127.0.0.1', resolve); });
  return { port, close: () => server.close() };
}

// What is seen of one visit.
function numbersOf(packets) {
  const numbers = {};
  const start = packets[0].time;
  const bursts = [];
  for (const packet of packets) {
    const last = bursts[bursts.length - 1];
    if (!last || last.up !== packet.up || packet.time - last.end > 0.3) bursts.push({ up: packet.up, begin: packet.time, end: packet.time, bytes: packet.size, packets: 1, first: packet.size, last: packet.size });
    else Object.assign(last, { end: packet.time, bytes: last.bytes + packet.size, packets: last.packets + 1, last: packet.size });
  }
  const put = (name, value) => { numbers[name] = Number.isFinite(value) ? value : 0; };
  for (const up of [true, false]) {
    const side = packets.filter((packet) => packet.up === up), way = up ? 'up' : 'down';
    put(`${way} bytes`, side.reduce((sum, { size }) => sum + size, 0));
    put(`${way} packets`, side.length);
    put(`${way} bursts`, bursts.filter((burst) => burst.up === up).length);
  }
  put('connections', new Set(packets.map(({ connection }) => connection)).size);
  put('last packet', packets[packets.length - 1].time - start);
  const bodies = bursts.map((burst, i) => ({ ...burst, answer: bursts[i + 1] })).filter(({ up, bytes }) => up && bytes > BODY);
  put('bodies', bodies.length);
  const stats = (name, list) => {
    const middle = list.reduce((sum, x) => sum + x, 0) / list.length;
    put(`${name}, mean`, middle);
    put(`${name}, spread`, Math.sqrt(list.reduce((sum, x) => sum + (x - middle) ** 2, 0) / list.length));
    put(`${name}, least`, Math.min(...list));
    put(`${name}, most`, Math.max(...list));
  };
  stats('body bytes', bodies.map(({ bytes }) => bytes));
  stats('body packets', bodies.map((body) => body.packets));
  stats('body seconds', bodies.map(({ begin, end }) => end - begin));
  stats('gap', bodies.slice(1).map(({ begin }, i) => begin - bodies[i].begin));
  stats('answer after', bodies.map(({ end, answer }) => (answer ? answer.begin - end : 9)));
  stats('answer bytes', bodies.map(({ answer }) => answer?.bytes ?? 0));
  stats('first packet', bodies.map(({ first }) => first));
  stats('last packet of a body', bodies.map(({ last }) => last));
  bodies.slice(0, 8).forEach(({ begin, bytes }, i) => { put(`body ${i}, time`, begin - start); put(`body ${i}, bytes`, bytes); });
  const small = bursts.filter(({ up, bytes }) => up && bytes <= BODY && bytes > 0);
  stats('other upward bytes', small.map(({ bytes }) => bytes));
  return numbers;
}

// Somebody opens the form, reads or writes, sends or not, and leaves when the time is over.
async function visit(browser, port, number, { sends, now, javascript }) {
  const { pick, fraction } = random(`visit/${number}`);
  const { page, close } = await browser.tab();
  try {
    const until = Date.now() + VISIT_SECONDS * 1000;
    await page.goto(`https://127.0.0.1:${port}/${pick(['ar', 'en'])}/`);
    await page.fill('#story', arabicStory(`watched-${number}`, 100 + Math.floor(fraction() * 600)));
    await sleep(2000 + 3000 * fraction());
    if (sends) {
      await page.click('form button[type=submit]', { noWaitAfter: true });
      if (now && javascript) await page.click('#sealing-now', { noWaitAfter: true, timeout: 3000 }).catch(() => {});
    }
    await sleep(Math.max(0, until - Date.now()));
    if (!sends) return true;
    return await page.evaluate(() => document.querySelector('.good[role=status]') !== null);
  } finally {
    await close();
  }
}

async function visits(number, { cover = `${COVER_SECONDS}s`, javascript = true, now = false } = {}) {
  const server = await Server.make(`${folder}/${cover}-${javascript}-${now}`, new KeysAlone(), { site: { cover } });
  await server.start();
  const browser = await openBrowser('chromium', { javascript });
  browser.tab = async () => {
    const context = await browser.browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: javascript });
    return { page: await context.newPage(), close: () => context.close() };
  };
  const ports = [];
  for (let i = 0; i < number; i += 1) ports.push(await ownPort(server.port));
  const watch = await watchLine(ports.map(({ port }) => port), `${folder}/line.pcap`);
  const draw = random(`watched/${cover}/${javascript}/${now}`);
  const labels = ports.map(() => draw.chance(0.5));
  const kept = new Array(number).fill(false);
  let next = 0;
  await Promise.all(Array.from({ length: ABREAST }, async () => {
    while (next < number) {
      const i = next++;
      kept[i] = await visit(browser, ports[i].port, i, { sends: labels[i], now, javascript });
    }
  }));
  const packets = Map.groupBy(await watch.end(), ({ port }) => port);
  await browser.close();
  await server.stop();
  for (const { close } of ports) close();
  const late = kept.filter((one) => !one).length;
  console.log(`        ${number} visits, ${labels.filter(Boolean).length} of them with a report; in ${late} it was still under way at the end`);
  check(late <= number / 10, `${late} reports did not arrive in their visit`);
  count('visits', number);
  return ports.map(({ port }, i) => ({ numbers: numbersOf(packets.get(port)), label: labels[i] }));
}

const said = ({ right, of, share, lower, upper, leansOn }) =>
  `right in ${share.toFixed(3)} of ${of} (${right}), 95 % interval ${lower.toFixed(3)} to ${upper.toFixed(3)}; first by ${leansOn.join('; ')}`;

let covered = [];
await test('cover on: the watcher guesses', async () => {
  covered = await visits(tier(40, 400));
  const result = attack(covered);
  console.log(`        ${said(result)}`);
  check(result.lower <= 0.5 && result.upper >= 0.5, 'the interval contains 0.5');
});

for (const [what, options] of [['cover off', { cover: '0s' }], ['JavaScript off', { cover: '0s', javascript: false }]])
  await test(`${what}: what the watcher sees, stated`, async () => {
    console.log(`        ${said(attack(await visits(tier(16, 100), options)))}`);
  });

await test('planted: a report that goes out at once, in spite of cover, is found', async () => {
  const result = attack(await visits(tier(24, 100), { now: true }));
  console.log(`        ${said(result)}`);
  check(result.lower > 0.5 || tier(true, false), 'the interval lies above 0.5');
});

// In what was watched with cover on: as if a report differed by so little.
for (const [what, change] of [
  ['a body of 16 bytes more', (numbers) => { numbers['body bytes, most'] += 16; }],
  ['one more packet', (numbers) => { numbers['body packets, most'] += 1; }],
  ['an answer 50 ms later', (numbers) => { numbers['answer after, most'] += 0.05; }],
  ['one more connection', (numbers) => { numbers.connections += 1; }],
])
  await test(`planted: ${what}`, () => {
    const result = attack(covered.map(({ numbers, label }) => {
      const changed = { ...numbers };
      if (label) change(changed);
      return { numbers: changed, label };
    }));
    console.log(`        ${said(result)}`);
  });

summary('forensic_watcher');

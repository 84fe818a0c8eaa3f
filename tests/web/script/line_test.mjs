// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The worker while many are sending: the price, the place in line, the turn, and a line that breaks at any step of it.

import { check, count, same, sameBytes, summary, test } from '../../support/checks.mjs';
import { Bench, named, right } from './bench.mjs';
import { script } from './modules.mjs';
import { some } from './sealing.mjs';

const { backOff } = await script('pause.mjs');

// What was asked and answered while many were sending.
const line = (bench) => bench.front.log.map(({ kind, asks, length }) => (asks ? `${length}` : `${kind ? 'report' : 'cover'} ${length}`));
const price = 160, whole = 34018 + 160;

await test('many are sending: the price is paid, the line is asked by the head alone, and the report goes when its turn has come', async () => {
  for (const waits of [0, 1, 3]) {
    const bench = new Bench();
    bench.front.pressure = { bits: 5, waits };
    same((await bench.send({ promise: true })).promise, 'a promise', 'the end');
    same(line(bench), [`report ${whole}`, ...new Array(waits + 1).fill(`${price}`), `report ${whole}`], 'requests');
    same(bench.said.filter(({ say }) => say === 'state').map(({ state, before }) => (before ? `${state} ${before}` : state)),
      ['sending', 'busy', ...Array.from({ length: waits }, (_, i) => `wait ${10 * (waits - i - 1) + 1}`)], 'what was said');
    same(bench.pause.slept, [0, ...new Array(waits).fill(8000), 0], 'how long it waited');
    same([bench.front.stored.length, bench.front.tokens.size], [1, 1], 'reports, tokens');
    right(bench);
  }
});

await test('one turn is enough for all pieces of a report', async () => {
  const bench = new Bench();
  bench.front.pressure = { bits: 4, waits: 2 };
  const content = some(3 << 20);
  const files = await bench.add(named(content));
  same((await bench.send({ files })).state, 'stored', 'the end');
  sameBytes(bench.front.stored[0].attachments[0].data, content, 'the file');
  same(bench.front.log.map(({ asks, offset }) => (asks ? 'asks' : offset / 524288)), [0, 'asks', 'asks', 'asks', 0, 1, 2, 3, 4, 5, 6, 7, 8], 'requests');
  right(bench);
  // The next report has a price of its own.
  same((await bench.send()).state, 'stored', 'the second');
  same(bench.front.tokens.size, 2, 'tokens');
  right(bench);
});

await test('the line may break at any step of it', async () => {
  for (let at = 0; at < 6; at += 1)
    for (const how of ['break before', 'break after'])
      for (const times of [1, 3]) {
        const bench = new Bench();
        bench.front.pressure = { bits: 3, waits: 2 };
        bench.front.meddle = ({ kind, n }) => (kind === 1 && n >= at && n < at + times ? how : null);
        same((await bench.send()).state, 'stored', `${how} ${at}`);
        same(bench.front.stored.length, 1, 'reports');
        // Whoever has only asked knows that nothing was stored.
        const doubts = bench.front.log.slice(at, at + times).some(({ asks }) => !asks);
        same(bench.states().includes('unknown'), doubts, `${how} ${at}: a doubt`);
        right(bench);
        count('broken steps');
      }
});

await test('a front that starts anew has forgotten token and place: another price, and all the same once at the desk', async () => {
  for (let at = 1; at < 6; at += 1) {
    const bench = new Bench();
    bench.front.pressure = { bits: 3, waits: 2 };
    bench.front.meddle = ({ n }) => { if (n === at) bench.front.tokens.clear(); return null; };
    same((await bench.send()).state, 'stored', `the end, ${at}`);
    same(bench.front.stored.length, 1, 'reports');
    right(bench);
  }
  // Whose prices never end is asked less and less often.
  const bench = new Bench();
  bench.front.pressure = { bits: 1, waits: 0 };
  bench.front.meddle = ({ kind, n }) => (kind === 1 && n < 5 ? bench.front.price() : null);
  await bench.send();
  same(bench.pause.slept, [0, backOff(1), backOff(2), backOff(3), backOff(4), 0], 'how long it waited');
});

await test('calm again: whoever waits is called; busy, full and closed hold in the line too', async () => {
  const bench = new Bench();
  bench.front.pressure = { bits: 3, waits: 1000 };
  bench.front.meddle = ({ n }) => { if (n === 4) bench.front.pressure = null; return n === 2 ? { state: 'busy' } : null; };
  same((await bench.send()).state, 'stored', 'the end');
  same(line(bench), [`report ${whole}`, ...new Array(4).fill(`${price}`), `report ${whole}`], 'requests');
  for (const state of ['full', 'closed', 'failed', 'bad']) {
    const other = new Bench();
    other.front.pressure = { bits: 3, waits: 1000 };
    other.front.meddle = ({ n }) => (n === 3 ? { state } : null);
    const ended = await other.send();
    same([ended.state, ended.perhaps, other.front.stored.length], [state, false, 0], state);
    other.front.pressure = null;
    same((await other.send()).state, 'stored', 'again');
  }
});

await test('cancelled while it solves or waits: at once, and without a doubt', async () => {
  const bench = new Bench();
  bench.front.pressure = { bits: 24, waits: 0 };  // a quarter of an hour
  const sent = bench.send();
  await bench.heard(({ say, state }) => say === 'state' && state === 'busy');
  await new Promise((resolve) => { setTimeout(resolve, 50); });
  const pressed = performance.now();
  bench.workshop.cancel();
  const ended = await sent;
  same([ended.state, ended.perhaps], ['cancelled', false], 'while it solves');
  check(performance.now() - pressed < 1000, `after ${performance.now() - pressed} ms`);
  bench.front.pressure = { bits: 3, waits: 5 };
  const waiting = bench.send();
  await bench.heard(({ say, state }) => say === 'state' && state === 'wait');
  bench.workshop.cancel();
  const stopped = await waiting;
  same([stopped.state, stopped.perhaps, bench.front.stored.length], ['cancelled', false, 0], 'while it waits');
  // Who sends then has the place still.
  same((await bench.send()).state, 'stored', 'the end');
  same(bench.front.tokens.size, 2, 'tokens');
  right(bench);
});

await test('a cover body pays and waits like a report, and a report takes over its place', async () => {
  const settle = async () => { for (let i = 0; i < 400; i += 1) await new Promise((resolve) => { setImmediate(resolve); }); };
  const bench = new Bench({ cover: { mean: 45, most: 20 } });
  await settle();
  bench.front.pressure = { bits: 3, waits: 2 };
  bench.moment();
  await settle();
  same([line(bench), bench.front.covers], [[`cover ${whole}`, ...new Array(3).fill(`${price}`), `cover ${whole}`], 1], 'a cover body');
  for (const hidden of [true, false]) {
    bench.front.log.length = 0;
    let sent = null;
    bench.front.meddle = ({ asks, n }) => { if (asks && n === 2) sent = bench.send({ hidden }); return null; };
    bench.moment();
    await settle();
    same((await sent).state, 'stored', 'the end');
    await settle();
    same(line(bench), [`cover ${whole}`, ...new Array(3).fill(`${price}`), `report ${whole}`], `hidden: ${hidden}`);
    bench.front.meddle = () => null;
  }
  same([bench.front.covers, bench.front.stored.length, bench.front.tokens.size], [1, 2, 3], 'what arrived');
  right(bench);
});

summary('web_script_line');

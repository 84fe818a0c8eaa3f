// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The moments of cover bodies: drawn as docs/SEALING.md says, so many and no more, and none when they are off. What they
// carry, and how a report takes one's place, is in sending_test.mjs.

import { check, count, same, summary, test, tier } from '../../support/checks.mjs';
import { random } from '../../support/random.mjs';
import { script } from './modules.mjs';

const { drawDistance } = await script('cover.mjs');
const { Pause } = await script('pause.mjs');
const { Shipping } = await script('shipping.mjs');

const drawn = random('script/cover');
const bytes = (length) => Uint8Array.from(drawn.bytes(length));
const MEAN = 45, LONGEST = 4 * MEAN;
// Of an exponential distribution that is drawn again above four times its mean.
const below = (seconds) => (1 - Math.exp(-seconds / MEAN)) / (1 - Math.exp(-4));

await test('distances are exponential, up to four times the mean', () => {
  const n = tier(20000, 200000);
  const distances = Array.from({ length: n }, () => drawDistance(MEAN, bytes)).sort((a, b) => a - b);
  check(distances[0] >= 0 && distances[n - 1] <= LONGEST, `from ${distances[0]} to ${distances[n - 1]}`);
  // Kolmogorov and Smirnov: at 1.95 / sqrt(n) one run in a thousand is taken for another distribution.
  const off = distances.reduce((most, distance, i) => Math.max(most, Math.abs(below(distance) - i / n), Math.abs(below(distance) - (i + 1) / n)), 0);
  check(off < 1.95 / Math.sqrt(n), `${off} off`);
  const mean = distances.reduce((sum, one) => sum + one) / n;
  check(Math.abs(mean - 41.6) < 1, `a mean of ${mean}`);
  count('distances', n);
});

await test('the borders of what is drawn from', () => {
  const of = (...given) => (length) => { same(length, 8, 'bytes'); return Uint8Array.from(given); };
  same(drawDistance(MEAN, of(...new Array(8).fill(255))), -0, 'the largest');
  // The smallest is above the longest, and drawn again.
  let times = 0;
  const again = () => { times += 1; return Uint8Array.from(times === 1 ? new Array(8).fill(0) : [0, 8, 0, 0, 0, 0, 0, 0]); };
  check(Math.abs(drawDistance(MEAN, again) - MEAN * Math.LN2) < 1e-6 && times === 2, 'drawn again');
});

function ship(cover) {
  const sent = [], distances = [];
  let over = 0;
  const clock = new Pause({ setTimeout: (work, ms) => { distances.push(ms); return setImmediate(work); }, clearTimeout: clearImmediate });
  const shipping = new Shipping({ cover, clock, pause: new Pause(), random: bytes, over: () => { over += 1; },
    empty: () => ({}), send: async (job) => { sent.push(job); if (sent.length % 3 === 0) throw new Error('broken'); return { state: 'stored' }; } });
  return { shipping, sent, distances, over: () => over, ended: shipping.run() };
}

await test('so many and no more, whatever becomes of each', async () => {
  for (const most of [1, 20]) {
    const { ended, sent, distances, over, shipping } = ship({ mean: MEAN, most });
    same(shipping.hides, true, 'hides before');
    await ended;
    same([sent.length, distances.length, over(), shipping.hides], [most, most, 1, false], `${most} bodies`);
    check(distances.every((ms) => ms >= 0 && ms <= 1000 * LONGEST), 'distances');
  }
});

await test('none when it is off', async () => {
  const { ended, sent, distances, shipping } = ship(null);
  await ended;
  same([sent.length, distances.length, shipping.hides], [0, 0, false], 'bodies');
});

await test('a report counts as one of them, and those that go at once do not', async () => {
  const { ended, sent, shipping } = ship({ mean: MEAN, most: 5 });
  const { signal } = new AbortController();
  const report = { hidden: true, signal };
  await Promise.all([shipping.submit(report), shipping.submit({ hidden: false, signal })]);
  await ended;
  same(sent.length, 6, 'bodies');
  same(sent.filter((one) => one === report).length, 1, 'reports');
  // After the last there is nothing to wait for.
  const late = { hidden: true, signal };
  await Promise.all([shipping.submit(late).catch(() => {}), Promise.resolve()]);
  check(sent.includes(late), 'at once');
});

summary('web_script_cover');

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What a proxy that passes TLS through costs an upload: the same report, bare and through each, by turns, so that all meet the same
// machine. Prints the median of each, and its ratio to bare.

import { scratch } from '../support/amana.mjs';
import { serverBehindProxies, ways } from '../support/behind.mjs';
import { check, count, summary, test, tier } from '../support/checks.mjs';
import { wasAccepted } from '../support/client.mjs';
import { KeysAlone } from '../support/keyset.mjs';
import { terminates } from '../support/proxies.mjs';
import { random } from '../support/random.mjs';
import { sendLarge } from '../faults/raw.mjs';
import { needsRoot } from '../faults/process.mjs';

needsRoot('starts proxies that change their user');

const MIB = 1 << 20;
const mib = tier(4, 64);
const rounds = tier(3, 15);

const folder = scratch('bench-proxies');
// Nothing of the log's own work falls into an upload.
const server = await serverBehindProxies(folder, new KeysAlone(), { log: { tick: '1h' } });
await server.start();
const block = random('bench/proxies').bytes(MIB);
const measured = [];
for (const shape of ways.filter((one) => !terminates(one))) measured.push({ shape, way: await server.way(shape), rates: [] });

async function upload({ way, rates }, label) {
  const began = performance.now();
  const answer = await sendLarge(way.port, { story: label, size: mib * MIB, block, connection: { servername: 'localhost' } });
  check(answer && wasAccepted(answer, 'en'), `${label}: ${answer?.status}`);
  rates.push((mib * 1000) / (performance.now() - began));
  count('MiB sent', mib);
}
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

await test(`${rounds} rounds of ${mib} MiB each`, async () => {
  for (const one of measured) await upload(one, 'to warm up');
  for (const one of measured) one.rates.length = 0;
  for (let round = 0; round < rounds; round += 1)
    // Each is first as often as the others.
    for (let i = 0; i < measured.length; i += 1) await upload(measured[(round + i) % measured.length], `Measured, round ${round}`);
  const bare = median(measured[0].rates);
  for (const { shape, rates } of measured)
    console.log(`        ${shape.padEnd(20)} ${median(rates).toFixed(1)} MiB/s, ${(median(rates) / bare).toFixed(3)} of bare (${Math.min(...rates).toFixed(1)} to ${Math.max(...rates).toFixed(1)})`);
});
for (const { way } of measured) await way.stop();
await server.stop();
summary('bench_proxies');
process.exit();

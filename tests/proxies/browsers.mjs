// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Chromium and Firefox through each proxy as it is shipped, and bare: with a script, which seals, and without, a report with a picture.
// The desk opens each of them.

import { Desk, scratch } from '../support/amana.mjs';
import { allAreAtTheDesk } from '../support/at_the_desk.mjs';
import { serverBehindProxies, ways } from '../support/behind.mjs';
import { openBrowser } from '../support/browser.mjs';
import { check, count, full, same, summary, test, tier } from '../support/checks.mjs';
import { file, random } from '../support/random.mjs';
import { needsRoot } from '../faults/process.mjs';
import fs from 'node:fs';

needsRoot('starts proxies that change their user');

const folder = scratch('proxies-browsers');
const desk = await Desk.make(`${folder}/desk`);
const server = await serverBehindProxies(folder, desk, { site: { cover: '0s' } });
await server.start();
const picture = `${folder}/receipt.png`;
fs.writeFileSync(picture, file('receipt.png', 'image/png', tier(100_000, 20 << 20)).content);

const kinds = [['chromium', true], ['firefox', false], ['chromium', false], ['firefox', true]].slice(0, full ? 4 : 2);
const opened = await Promise.all(kinds.map(([name, javascript]) => openBrowser(name, { javascript })));
const told = random('proxies/browsers');
const stories = [];

for (const shape of ways.filter((one) => one.includes(process.argv[2] ?? ''))) {
  const way = await server.way(shape);
  for (const browser of opened)
    await test(`${shape}: ${browser.label}`, async () => {
      same(await browser.goto(`${way.url}/en/`), 200, 'the form');
      const story = `${shape}, ${browser.kind}: ${told.bytes(12).toString('hex')}`;
      await browser.type('#story', story);
      await browser.choose('#files', [picture]);
      await browser.toggle('#no-receipt');
      same(await browser.send(), 200, 'the answer');
      check(await browser.has('.good[role=status]'), 'the page says that the report is stored');
      stories.push(story);
      count('reports');
    });
  await way.stop();
}
for (const browser of opened) await browser.close();

await test('the desk opens every one', async () => {
  await desk.trust(await server.verifier());
  await server.settled();
  await server.export(`${folder}/reports.bundle`);
  await allAreAtTheDesk(desk, `${folder}/reports.bundle`, stories);
  same(await server.stop(), 0, 'exit code');
});
summary('proxies_browsers');
process.exit();

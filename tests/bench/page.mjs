// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What sealing costs the phone: memory of the page's process above what it has when the form lies idle, and processor time a
// mebibyte, in both browsers. A slowed processor is taken from that: four times the time.
//
//   AMANA_MIB=127 page.mjs       so many MiB of files (default: 30, at full count 127)

import fs from 'node:fs';

import { Server, scratch } from '../support/amana.mjs';
import { browsers, openBrowser } from '../support/browser.mjs';
import { check, sleep, summary, test, tier } from '../support/checks.mjs';
import { KeysAlone } from '../support/keyset.mjs';
import { random } from '../support/random.mjs';
import { SealingPage } from '../support/sealing_page.mjs';

const MIB = 1 << 20;
const mib = Number(process.env.AMANA_MIB ?? tier(30, 127));
const MOST_MORE = 64;  // MiB
const TICKS = 100;     // a second, of /proc

const folder = scratch('bench-page');
const server = await Server.make(`${folder}/server`, new KeysAlone(), { limits: { max_files: '127 MiB' } });
await server.start();
const content = random('bench/page').bytes(MIB);
const path = `${folder}/large.bin`;
for (let i = 0; i < mib; i += 1) fs.appendFileSync(path, content, { mode: 0o600 });
fs.truncateSync(path, mib * MIB - 70_000);  // room for the manifest

const read = (pid, file) => { try { return fs.readFileSync(`/proc/${pid}/${file}`, 'utf8'); } catch { return ''; } };

// The processes of this test's pages: of its descendants those that show one.
function pageProcesses() {
  const parents = new Map(fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => [pid, read(pid, 'stat').split(') ')[1]?.split(' ')[1]]));
  const ours = (pid) => pid !== undefined && (pid === `${process.pid}` || ours(parents.get(pid)));
  return [...parents.keys()].filter((pid) => ours(pid) && /--type=renderer|-isForBrowser/.test(read(pid, 'cmdline')));
}
const memory = (pids) => pids.reduce((sum, pid) => sum + Number(/^Pss:\s+(\d+)/m.exec(read(pid, 'smaps_rollup'))?.[1] ?? 0) / 1024, 0);
const seconds = (pids) => pids.reduce((sum, pid) => {
  const fields = read(pid, 'stat').split(') ')[1]?.split(' ') ?? [];
  return sum + (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS;
}, 0);

for (const name of browsers)
  await test(`${name}: ${mib} MiB of files`, async () => {
    const browser = await openBrowser(name);
    const page = await SealingPage.open(browser, server.url, 'en');
    await page.write('What does it cost to seal these files?');
    await page.choose([path]);
    await sleep(3000);
    const pages = pageProcesses();
    check(pages.length > 0, 'the page has a process');
    const idle = memory(pages), before = seconds(pages);
    let most = 0, going = true;
    const watching = (async () => {
      while (going) {
        most = Math.max(most, memory(pages));
        await sleep(100);
      }
    })();
    const began = Date.now();
    await page.send();
    await page.reaches('stored', 900);
    const took = (Date.now() - began) / 1000;
    going = false;
    await watching;
    const spent = seconds(pages) - before;
    await browser.close();
    const more = most - idle, slowed = mib * MIB / 1e6 / spent / 4;
    console.log(`        idle ${idle.toFixed(0)} MiB, at most ${more.toFixed(0)} MiB more (asked: below ${MOST_MORE})`);
    console.log(`        ${took.toFixed(1)} s in all; ${spent.toFixed(1)} s of the page's processor time, ` +
      `${(mib / spent).toFixed(1)} MiB a second; a processor four times slower: ${slowed.toFixed(1)} MB a second (asked: 5)`);
    check(more < MOST_MORE, `${more.toFixed(0)} MiB more`);
  });

await server.stop();
summary('bench_page');

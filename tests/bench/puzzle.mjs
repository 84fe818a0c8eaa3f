// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What a place in line costs whom: the price of each step (docs/ADMISSION.md, section 1) in both browsers, in Chromium with a
// processor slowed 4 and 20 times, and where no code is compiled, as in Tor Browser at "Safer".

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { build, scratch, source } from '../support/amana.mjs';
import { browsers, openBrowser } from '../support/browser.mjs';
import { check, summary, test, tier } from '../support/checks.mjs';

const STEPS = [9, 11, 12, 13];  // bits of each of the eight parts
const times = tier(5, 30);      // for luck to even out
const packages = path.join(build, 'web-packages');
const esbuild = path.join(packages, `node_modules/@esbuild/linux-${process.arch}/bin/esbuild`);
const bundle = (format) => execFileSync(esbuild, [`${source}/web/script/puzzle.mjs`, '--bundle', `--format=${format}`, '--global-name=amana', '--target=es2020', '--log-level=error'],
  { encoding: 'utf8', env: { ...process.env, NODE_PATH: path.join(packages, 'node_modules') } });

// Seconds of each.
async function solved({ bits, times }) {
  const took = [];
  for (let i = 0; i < times; i += 1) {
    const token = crypto.getRandomValues(new Uint8Array(32));
    const begun = performance.now();
    await globalThis.amana.solve(token, bits);
    took.push((performance.now() - begun) / 1000);
  }
  return took;
}

function tell(what, bits, took) {
  const sorted = took.toSorted((a, b) => a - b);
  check(sorted.length > 0, 'solved');
  console.log(`        ${what}, 8 × 2^${bits}: median ${sorted[sorted.length >> 1].toFixed(2)} s, worst of ${sorted.length} ${sorted.at(-1).toFixed(2)} s`);
}

const inPage = `(() => { ${bundle('iife')}; globalThis.amana = amana; })()`;
for (const name of browsers)
  await test(name, async () => {
    const browser = await openBrowser(name);
    await browser.page.goto('about:blank');
    await browser.evaluate(inPage);
    await browser.evaluate(solved, { bits: 9, times: 3 });  // for the compiler
    for (const bits of STEPS) tell(name, bits, await browser.evaluate(solved, { bits, times }));
    if (name === 'chromium') {
      const session = await browser.page.context().newCDPSession(browser.page);
      for (const rate of [4, 20]) {
        await session.send('Emulation.setCPUThrottlingRate', { rate });
        tell(`${name}, slowed ${rate} times`, STEPS.at(-1), await browser.evaluate(solved, { bits: STEPS.at(-1), times: tier(2, 10) }));
      }
    }
    await browser.close();
  });

await test('nothing compiled', () => {
  const file = `${scratch('bench-puzzle')}/solve.mjs`;
  fs.writeFileSync(file, `${bundle('esm')}\nglobalThis.amana = { solve };\nconsole.log(JSON.stringify(await (${solved})({ bits: ${STEPS.at(-1)}, times: ${tier(1, 10)} })));\n`);
  tell('V8 without its compilers', STEPS.at(-1), JSON.parse(execFileSync(process.execPath, ['--jitless', file], { encoding: 'utf8' })));
});

summary('bench_puzzle');

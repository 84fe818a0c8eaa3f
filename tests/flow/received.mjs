// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What the front receives of a report that the page sealed, seen by a debugger that reads along behind TLS: no run of 16 bytes
// of what was typed, of a file or of its name. A report from a browser without JavaScript shows that the debugger sees what comes.

import fs from 'node:fs';
import path from 'node:path';

import { Desk, Server, launch, scratch } from '../support/amana.mjs';
import { browsers, openBrowser } from '../support/browser.mjs';
import { check, count, same, summary, test, until, within } from '../support/checks.mjs';
import { arabicStory, file } from '../support/random.mjs';
import { SealingPage } from '../support/sealing_page.mjs';
import { needsRoot } from '../faults/process.mjs';
import { Needles } from '../faults/traces.mjs';

needsRoot('attaches a debugger to the front');

const folder = scratch('received');
const desk = await Desk.make(`${folder}/desk`);
const server = await Server.make(`${folder}/server`, desk, { site: { cover: '3s' } });
await server.start();

const received = `${folder}/received`;
fs.writeFileSync(received, '');
const debuggerOf = launch('gdb', ['-q', '-nx', '-batch', '-p', `${server.processes().front}`, '-x', path.join(import.meta.dirname, '../support/received.gdb.py')],
  { env: { ...process.env, AMANA_RECEIVED: received, DEBUGINFOD_URLS: '' } });
await until('the debugger to listen', () => debuggerOf.output.includes('received: listening'), { seconds: 120 });

function written(label) {
  const one = file(`جواز ${label} أخي.mp4`, 'application/octet-stream', 700_000);
  one.path = `${folder}/${one.name}`;
  fs.writeFileSync(one.path, one.content);
  const story = `${arabicStory(label, 600)} <&>`;
  return { story, one, needles: new Needles({ story, name: one.name, content: one.content }) };
}

// What has come since `from` that was written.
function seen(needles, from) {
  const bytes = fs.readFileSync(received).subarray(from);
  count('bytes received', bytes.length);
  const whole = Buffer.alloc(bytes.length);  // a buffer of its own is aligned
  bytes.copy(whole);
  return needles.in(whole);
}

// What the frame says renews itself more slowly then.
async function isTurn(browser) {
  const frame = browser.page.frames().find((one) => one.url().includes('/line?'));
  return Boolean(frame) && frame.evaluate(() => document.querySelector('meta[http-equiv=refresh]').content.startsWith('30')).catch(() => false);
}

for (const name of browsers) {
  await test(`${name} seals: nothing that was written is received`, async () => {
    const browser = await openBrowser(name);
    const { story, one, needles } = written(`sealed-${name}`);
    const before = fs.statSync(received).size;
    const page = await SealingPage.open(browser, server.url, 'ar');
    await page.write(story);
    await page.choose([one.path]);
    await page.send();
    await page.reaches('stored', 300);
    await browser.close();
    const size = fs.statSync(received).size - before;
    check(size > 1 << 20, `an envelope of 1 MiB was received: ${size} bytes`);
    same(seen(needles, before), [], 'what was written');
  });

  await test(`${name} without JavaScript: the debugger sees what was written`, async () => {
    const browser = await openBrowser(name, { javascript: false });
    const { story, one, needles } = written(`plain-${name}`);
    const before = fs.statSync(received).size;
    await browser.goto(`${server.url}/ar/`);
    await browser.paste('#story', story);
    await browser.choose('#files', [one.path]);
    // A front that is stopped again and again measures pressure; then the form comes back, and is sent when its turn has come.
    let status = await browser.follow('button');
    for (let i = 0; i < 5 && status === 503; i += 1) {
      await until('its turn', () => isTurn(browser), { seconds: 200, every: 1 });
      await browser.choose('#files', [one.path]);
      status = await browser.follow('form button');
    }
    same(status, 200, 'the answer');
    await browser.close();
    const found = new Set(seen(needles, before).map((run) => run.name));
    same([...found].sort(), ['content', 'name', 'story'], 'what was found');
  });
}

await test('the server ends', async () => {
  process.kill(debuggerOf.pid, 'SIGINT');
  debuggerOf.kill('SIGKILL');
  await within(20, 'the debugger to end', debuggerOf.ended).catch(() => {});
  await server.kill();
});
summary('flow_received');

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What people are shown when something is wrong, in real browsers, with JavaScript on and off: the page comes, says what is
// wrong in their language, and gives back exactly what they wrote. A browser shows an answer to an upload only when the
// upload was read, so the large files here are really sent. Pictures are left in $AMANA_BUILD/screenshots.

import fs from 'node:fs';

import { Server, scratch } from '../support/amana.mjs';
import { browsers, openBrowser } from '../support/browser.mjs';
import { check, count, full, same, sleep, summary, test, tier, until } from '../support/checks.mjs';
import { KeysAlone } from '../support/keyset.mjs';
import { arabicStory } from '../support/random.mjs';

const folder = scratch('problems');
const server = await Server.make(`${folder}/server`, new KeysAlone(), { limits: { max_files: '1 MiB' } });
await server.start();

const MiB = 1024 * 1024;
function sparseFile(size) {
  const path = `${folder}/${size}.mp4`;
  fs.closeSync(fs.openSync(path, 'w'));
  fs.truncateSync(path, size);
  return path;
}

const form = (on = server) => `${on.url}/ar/`;
// What the boxes of a form must bring back unharmed: a leading line break, markup, quotes, what looks like an entity,
// a control of direction, letters outside the basic plane. Browsers count UTF-16, the server characters, so seven
// characters with three such letters may be sent, and are too few.
const tooShort = '\n<&"😀😀😀';
const awkward = `\n\n <b>"قال" 'كذا'</b> </textarea> &amp; &lt; \u202eعكس\u202c 😀👨‍👩‍👧 \t`;

// The form once more, with its problem: in Arabic, the story as it was, and the alert where the eye and the reader begin.
async function isFormAgain(browser, story, what) {
  check(await browser.has('#page-problem[role=alert] h2'), `${what}: an alert with a title`);
  same(await browser.evaluate(() => document.documentElement.lang), 'ar', `${what}: the language`);
  same(await browser.value('#story'), story, `${what}: the story given back`);
  same(await browser.evaluate(() => document.activeElement.id), 'page-problem', `${what}: where the focus is`);
  count('forms given back');
}
async function isPage(browser, what) {
  check(await browser.has('main #page-problem[role=alert] h1'), `${what}: an alert with a title`);
  check(await browser.has('main a[href="/ar/"]'), `${what}: the way back`);
  same(await browser.evaluate(() => document.documentElement.dir), 'rtl', `${what}: the direction`);
  count('problem pages');
}

const cases = {
  async 'too short'(browser) {
    await browser.goto(form());
    await browser.type('#story', tooShort);
    same(await browser.follow('button'), 422, 'too short: status');
    await isFormAgain(browser, tooShort, 'too short');
    await browser.type('#story', arabicStory('longer')); // what is given back can be mended and sent
    same(await browser.follow('button'), 200, 'mended: status');
    check(await browser.has('.good[role=status]'), 'mended: the page says that it is stored');
    await browser.goto(form());
    await browser.type('#story', tooShort);
    await browser.follow('button');
  },

  async empty(browser) {
    await browser.goto(form());
    await browser.press('button'); // `required`: the browser itself says so
    await sleep(300);
    check(await browser.evaluate(() => document.querySelector('#story').matches(':invalid')), 'empty: invalid');
    same(browser.url(), form(), 'empty: nothing was sent');
    await browser.type('#story', ' \n   \t   \n   ');
    same(await browser.follow('button'), 422, 'blank: status');
    await isFormAgain(browser, ' \n   \t   \n   ', 'blank');
  },

  async 'too long'(browser) {
    await browser.goto(form());
    await browser.paste('#story', 'س'.repeat(5000));
    // A third of the limit's bytes: whatever the script, a browser lets nothing in that the server refuses.
    same((await browser.value('#story')).length, 4000, 'too long: what a browser lets in');
    await browser.evaluate(() => document.querySelector('#story').removeAttribute('maxlength')); // as an old browser has none
    const story = awkward + `${'س'.repeat(39)}\n`.repeat(160);
    await browser.evaluate(() => { document.querySelector('#story').value = ''; });
    await browser.paste('#story', story);
    same(await browser.follow('button'), 422, 'too long: status');
    await isFormAgain(browser, story, 'too long');
  },

  // Longer than the server holds: then it does not say that what was written is there.
  async 'far too long'(browser) {
    await browser.goto(form());
    await browser.evaluate(() => { document.querySelector('#story').value = 'سلام\n'.repeat(8000); });
    same(await browser.follow('button'), 422, 'far too long: status');
    await isPage(browser, 'far too long');
  },

  async 'as long as may be'(browser) {
    await browser.goto(form());
    await browser.paste('#story', `${`${'ह'.repeat(38)}\n`.repeat(102)}${'ह'.repeat(20)}😀`); // three bytes a letter; a line break counts once
    same((await browser.value('#story')).length, 4000, 'the longest: what a browser lets in');
    same(await browser.follow('button'), 200, 'the longest: status');
  },

  // Two ways in the server: beyond the limit as it streams, and beyond it by its announced length.
  async 'too large'(browser) {
    for (const size of [2 * MiB, 30 * MiB, ...(full ? [300 * MiB] : [])]) {
      const what = `files of ${size / MiB} MiB`;
      await browser.goto(form());
      await browser.paste('#story', awkward);
      await browser.choose('#files', [sparseFile(size)]);
      same(await browser.follow('button'), 413, `${what}: status`);
      await isFormAgain(browser, awkward, what);
    }
  },

  async 'not found'(browser) {
    same(await browser.goto(`${server.url}/nothing-here`), 404, 'not found: status');
    await isPage(browser, 'not found');
  },

  async 'not meant to be read'(browser) {
    same(await browser.goto(`${server.url}/ar/report`), 405, 'GET of a report: status');
    await isPage(browser, 'GET of a report');
  },
};

const opened = [];
for (const name of browsers) for (const javascript of [true, false]) opened.push(await openBrowser(name, { javascript, sealing: false }));

for (const browser of opened)
  for (let round = 1; round <= tier(1, 5); round += 1)
    for (const [what, run] of Object.entries(cases))
      await test(`${browser.label}: ${what}`, async () => {
        await run(browser);
        if (browser.kind.endsWith('off') && round === 1) await browser.pictures(`problem-${what.replaceAll(' ', '-')}`);
      });

// Keys that run out while people write. The server refuses to start without a valid key, so they are valid at first.
const shortLived = new KeysAlone({ seconds: 20 });
const closing = await Server.make(`${folder}/closing`, shortLived);
await closing.start();
for (const browser of opened) {
  same(await browser.goto(form(closing)), 200, 'before: the form');
  await browser.type('#story', awkward);
}
await sleep(21_000);
for (const browser of opened)
  await test(`${browser.label}: closed, for no key is valid any more`, async () => {
    same(await browser.follow('button'), 503, 'closed: status');
    await isFormAgain(browser, awkward, 'closed');
    if (browser.kind.endsWith('off')) await browser.pictures('problem-closed-meanwhile');
    same(await browser.goto(form(closing)), 503, 'closed, the form: status');
    await isPage(browser, 'closed, the form');
    if (browser.kind.endsWith('off')) await browser.pictures('problem-closed');
  });

// Beyond what the server reads to be polite (2 GiB) the connection ends, and what a browser shows is its own affair.
if (full)
  for (const browser of opened)
    await test(`${browser.label}: a body beyond all bounds`, async () => {
      await browser.goto(form());
      await browser.paste('#story', awkward);
      await browser.choose('#files', [sparseFile(3000 * MiB)]);
      const came = browser.follow('button').catch(() => {});
      await Promise.race([came, until('some page', () => browser.url() !== form(), { seconds: 110 })]);
      console.log(`        3000 MiB: ${browser.url().slice(0, 60)}`); // Chromium: our page; Firefox: its own, "reset"
      same(await browser.goto(form()), 200, 'and the server goes on');
    });

for (const browser of opened) await browser.close();
await test('the servers end', async () => {
  same(await server.stop(), 0, 'exit code');
  same(await closing.stop(), 0, 'exit code');
});
summary('flow_problem_pages');

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// While more is sent than may be received, in real browsers: the form with its place in line, as a browser without a script
// shows it and as an auditor of accessibility looks at it; who sends too early, and everybody's turn. How many get through
// is tests/flood's affair.

import { createRequire } from 'node:module';
import fs from 'node:fs';

import { Server, scratch, source } from '../support/amana.mjs';
import { openBrowser } from '../support/browser.mjs';
import { check, count, same, summary, test, tier, until } from '../support/checks.mjs';
import { request, sendReport } from '../support/client.mjs';
import { KeysAlone } from '../support/keyset.mjs';
import { languages as all } from '../support/languages.mjs';
import { SealingPage } from '../support/sealing_page.mjs';

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const languages = tier(['ar', 'en'], all);
const folder = scratch('line');
const server = await Server.make(`${folder}/server`, new KeysAlone(), { site: { languages: all, cover: '0s' }, limits: { pace: 1 } });
await server.start();

const story = 'وعدوه بعمل، ثم أخذوا جوازه. <b>"1"</b> 😀';
const words = Object.fromEntries(all.map((language) => {
  const text = fs.readFileSync(`${source}/web/locale/${language}.po`, 'utf8');
  return [language, (key) => new RegExp(`\nmsgid "${key}"\nmsgstr "(.*)"`).exec(text)[1].replaceAll('\\"', '"')];
}));

// More is received than may be, until every form says so. It falls half a minute after the last report at the soonest.
const pressed = () => until('pressure', async () => {
  const { body } = await request(`${server.url}/ar/`);
  if (body.includes('<iframe')) return true;
  await Promise.all(Array.from({ length: 20 }, () => sendReport(server.url, { story: 'many are writing to you' }).catch(() => {})));
  return false;
}, { seconds: 90, every: 0.5 });

// What the frame says; '' while it renews itself.
async function place(browser) {
  const frame = browser.page.frames().find((one) => one.url().includes('/line?'));
  return frame ? frame.evaluate(() => document.querySelector('[role=status]').innerText).catch(() => '') : '';
}
const isTurn = (browser, language) => until('its turn', async () => (await place(browser)).includes(words[language]('line_turn')), { seconds: 200, every: 0.5 });

async function violations(browser) {
  await browser.evaluate(() => { for (const one of document.querySelectorAll('details')) one.open = true; });
  await browser.evaluate(axe);
  const found = await browser.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  check(found.passes.length > 10, `${found.passes.length} rules held`);
  count('pages held to axe-core');
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
}

const auditor = await openBrowser('chromium', { sealing: false });
// As it is shown where no script runs, to an auditor that is one.
await auditor.page.route(/\/[a-z]+\/$/, async (route) => {
  const answer = await route.fetch();
  await route.fulfill({ response: answer, body: (await answer.text()).replaceAll(/<\/?noscript>/g, '') });
});

for (const scheme of ['light', 'dark'])
  for (const language of languages)
    await test(`axe-core: ${language}, ${scheme}`, async () => {
      await auditor.page.emulateMedia({ colorScheme: scheme });
      await pressed();
      await auditor.goto(`${server.url}/${language}/`);
      same(await violations(auditor), [], 'the form');
      const frame = await auditor.evaluate(() => document.querySelector('iframe').src);
      await auditor.paste('#story', story);
      same(await auditor.follow('button'), 503, 'too early');
      same(await violations(auditor), [], 'the form again');
      // A page must not renew itself under its reader (WCAG 2.2.1), but this is all that keeps a place without a script, it comes
      // back as it was, and it stands in a frame beside what is read and written.
      await auditor.goto(frame);
      const renewed = await violations(auditor);
      same(renewed.map((one) => one.split(':')[0]), ['meta-refresh'], `the place in line: ${renewed}`);
      await auditor.pictures(`line-${language}-${scheme}`);
    });
await auditor.close();

for (const [name, options] of [['chromium', { javascript: false }], ['firefox', { safest: true }]]) {
  const browser = await openBrowser(name, options);
  for (const language of tier([name === 'chromium' ? 'ar' : 'en'], ['ar', 'en']))
    await test(`${browser.label}, ${language}: the place is kept and told while somebody writes, and then it is their turn`, async () => {
      await pressed();
      same(await browser.goto(`${server.url}/${language}/`), 200, 'the form');
      await until('the place', async () => (await place(browser)).includes(words[language]('line_before')));
      await browser.pictures(`line-form-${language}`);
      await browser.paste('#story', story).catch(() => {});
      if (await browser.value('#story') !== story) await browser.type('#story', story);
      // Too early: all of it comes back, with a place of its own.
      same(await browser.follow('form button'), 503, 'too early');
      same(await browser.value('#story'), story, 'what was typed');
      const alert = await browser.text('#page-problem');
      for (const key of ['problem_crowded', 'problem_crowded_advice', 'again_kept', 'again_files']) check(alert.includes(words[language](key)), key);
      await until('the place', async () => (await place(browser)).includes(words[language]('line_before')));
      await browser.pictures(`line-again-${language}`);
      await isTurn(browser, language);
      await browser.pictures(`line-turn-${language}`);
      same(await browser.follow('form button'), 200, 'sent');
      check(await browser.has('.good[role=status]'), 'stored');
      count('turns without a script');
    });
  await browser.close();
}

for (const name of ['chromium', 'firefox']) {
  const browser = await openBrowser(name);
  await test(`${browser.label}: the page that seals pays, waits and is received`, async () => {
    await pressed();
    const page = await SealingPage.open(browser, server.url, 'ar');
    same(await browser.evaluate(() => document.querySelectorAll('iframe').length), 0, 'no frame where a script keeps the place');
    await page.write(story);
    await page.send();
    await page.reaches('line');
    await page.reaches('stored', 200);
    await page.thanks();
    count('turns with a script');
  });
  await browser.close();
}

await test('the server ends', async () => same(await server.stop(), 0, 'exit code'));
summary('flow_line');

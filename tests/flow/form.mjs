// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The whole questionnaire, as people fill it in: in each browser and language every question is answered, folded sections
// unfold where they apply, the report is sent, and the desk reads every answer as it was given. Pictures of the pages are
// left in $AMANA_BUILD/screenshots.

import { Desk, Server, scratch } from '../support/amana.mjs';
import { openBrowser } from '../support/browser.mjs';
import { check, count, full, same, summary, test, tier } from '../support/checks.mjs';
import { languages as all } from '../support/languages.mjs';

const folder = scratch('form');
const desk = await Desk.make(`${folder}/desk`);
// Nothing waits for a long batch here: no report has files.
const server = await Server.make(`${folder}/server`, desk, { site: { languages: all } });
await server.start();

// Unless there is time for all in each: one half with a script in one browser, and without in the other.
const languages = (browser) => tier(['ar', 'fr', 'en', 'ru'].filter((_, i) => (i < 2) === [true, false, false, true][opened.indexOf(browser)]), all);
const sent = [];

// What is typed into the n-th box: a sentence of the language's own letters around a Latin handle, where both directions meet.
const words = { ar: 'حساب المجند', fr: 'Le compte du « recruteur »', ru: 'Аккаунт вербовщика', hi: 'भर्ती करने वाले का खाता', am: 'የመልማዩ መለያ' };
const typed = (language, label, n) => `${words[language] ?? 'The account'} @recruiter_${n} <b>&amp;"${label}" +962 7 0000 00${n}`;

const visible = (browser, selector) => browser.evaluate((s) => document.querySelector(s).getClientRects().length > 0, selector);

const choose = (browser, field, value) => browser.evaluate(([name, chosen]) => {
  const list = document.querySelector(`select[name="${name}"]`);
  if (list) list.value = chosen;
  else document.querySelector(`[name="${name}"][value="${chosen}"]`).click();
}, [field, value]);

// Every control of the form that can be seen, as a person would find them: name, kind, and what there is to choose.
const controls = (browser) => browser.evaluate(() => [...document.forms[0].elements]
  .filter((one) => one.name && one.type !== 'file' && one.name !== 'proof' && one.getClientRects().length > 0)
  .map((one) => ({ name: one.name, type: one.type, value: one.value, most: one.maxLength, options: one.options && [...one.options].map((option) => option.value) })));

async function fillEverything(browser, language, label) {
  for (const section of ['#s-journey', '#s-person']) same(await visible(browser, section), false, `${section} before it applies`);
  await browser.evaluate(() => { for (const one of document.querySelectorAll('details')) one.open = true; });
  await choose(browser, 'about', 'family');
  await choose(browser, 'stage', 'booked');
  for (const section of ['#s-journey', '#s-person']) same(await visible(browser, section), true, `${section} when it applies`);
  same(await visible(browser, '.only-if'), false, 'what is said to browsers that show all');

  const answers = {};
  let n = 0;
  for (const { name, type, value, most, options } of await controls(browser)) {
    n += 1;
    const [field, row, part] = name.split('.');
    if (type === 'textarea' || type === 'text') {
      const text = type === 'textarea' ? `${typed(language, label, n)}\n\nسطر 2 😀` : typed(language, label, n).slice(0, most);
      await browser.paste(`[name="${name}"]`, text);
      if (row) (answers[field] ??= [])[row - 1] = { ...answers[field]?.[row - 1], [part]: text };
      else answers[field] = [text];
    } else if (type === 'select-one') {
      const chosen = field === 'stage' ? 'booked' : options[1 + (n % (options.length - 1))];
      await choose(browser, name, chosen);
      if (row) (answers[field] ??= [])[row - 1] = { kind: chosen };
      else answers[field] = [chosen];
    } else if (type === 'checkbox' && n % 2 === 0) {
      await choose(browser, name, value);
      (answers[field] ??= []).push(value);
    } else if (type === 'radio' && field !== 'about') {
      await choose(browser, name, value); // the last one stays
      answers[field] = [value];
    }
    count('controls filled');
  }
  answers.about = ['family'];
  return answers;
}

async function report(browser, language, pictures) {
  const label = `${browser.kind}/${language}`;
  same(await browser.goto(`${server.url}/${language}/`), 200, 'the form');
  const answers = await fillEverything(browser, language, label);
  check(Object.keys(answers).length >= 28, `${Object.keys(answers).length} questions answered`);
  const urgent = sent.length % 2 === 1;
  await choose(browser, 'urgency', urgent ? 'danger_now' : 'not_urgent');
  answers.urgency = [urgent ? 'danger_now' : 'not_urgent'];
  if (pictures) await browser.pictures(`filled-${language}`);
  const coded = sent.length % 4 < 2;
  if (!coded) await browser.toggle('#no-receipt');
  same(await browser.send(), 200, 'the answer');
  const behind = browser.seals ? '' : coded ? 'report' : `received-${urgent ? 2 : 1}`;
  same(browser.url().replace(/\?.*/, ''), `${server.url}/${language}/${behind}`, 'where it leads');
  same(await browser.has('.receipt-code'), coded, 'a code for an answer, where it was not declined');
  const page = await browser.text('main');
  const numbers = await browser.evaluate(() => {
    const [first, thanks] = ['.alert, .note', '.good'].map((one) => document.querySelector(one));
    return Boolean(first.compareDocumentPosition(thanks) & Node.DOCUMENT_POSITION_FOLLOWING);
  });
  same(numbers, urgent, `whom to call comes first: ${page.slice(0, 80)}`);
  if (pictures) await browser.pictures(`received-${urgent ? 'urgent-' : ''}${language}`);
  sent.push({ label, answers });
  count('reports with every question answered');
}

const opened = [
  await openBrowser('chromium'),
  await openBrowser('chromium', { javascript: false }),
  await openBrowser('firefox'),
  await openBrowser('firefox', { safest: true }),
];

for (const browser of opened)
  for (const language of languages(browser))
    await test(`${browser.label}: every question in ${language}`, async () => {
      const pictures = browser.kind === 'chromium-js-off' || browser.kind === 'firefox-safest';
      if (pictures) {
        await browser.goto(`${server.url}/${language}/`);
        await browser.pictures(`form-${language}`);
        await browser.goto(`${server.url}/${language}/help`);
        await browser.pictures(`help-${language}`);
      }
      await report(browser, language, pictures);
    });

for (const browser of opened)
  await test(`${browser.label}: what was answered to a question that no longer applies is not sent`, async () => {
    await browser.goto(`${server.url}/en/`);
    await browser.evaluate(() => { for (const one of document.querySelectorAll('details')) one.open = true; });
    await browser.paste('#story', `changed my mind ${browser.kind}`);
    await choose(browser, 'about', 'friend');
    await browser.paste('#person_name', 'a name that was thought better of');
    await choose(browser, 'about', 'me');
    same(await visible(browser, '#s-person'), false, 'the section, folded away again');
    same(await browser.send(), 200, 'the answer');
    sent.push({ label: `changed my mind ${browser.kind}`, answers: { about: ['me'], story: [`changed my mind ${browser.kind}`] } });
  });

for (const browser of opened)
  await test(`${browser.label}: a form with a mistake comes back with every answer`, async () => {
    await browser.withoutSealing();  // where the page seals, nothing has to come back
    await browser.goto(`${server.url}/ar/`);
    const answers = await fillEverything(browser, 'ar', browser.kind);
    await browser.evaluate(() => {
      const story = document.querySelector('#story');
      story.removeAttribute('minlength');
      story.value = 'قصير';
    });
    const before = await controls(browser);
    const checked = () => browser.evaluate(() => [...document.querySelectorAll(':checked')].map((one) => `${(one.closest('select') ?? one).name}=${one.value}`));
    const chosen = await checked();
    same(await browser.follow('button'), 422, 'the answer');
    check(await browser.has('#page-problem a[href="#story"]'), 'a link to the question');
    same(await browser.evaluate(() => document.querySelector('#story').getAttribute('aria-invalid')), 'true', 'the question is marked');
    same(await browser.evaluate(() => document.querySelectorAll('details.section:not([open])').length), 1, 'sections folded: the one for files alone');
    await browser.evaluate(() => { for (const one of document.querySelectorAll('details')) one.open = true; });
    const proof = ({ name }) => name !== 'proof';
    same((await controls(browser)).filter(proof), before.filter(proof), 'what was typed');
    same(await checked(), chosen, 'what was chosen');
    count('answers given back', Object.keys(answers).length);
    if (browser.kind === 'firefox-safest') await browser.pictures('again-ar');
  });

for (const browser of opened) await browser.close();

await test('the desk reads every answer', async () => {
  await desk.trust(await server.verifier());
  await server.settled();
  await server.export(`${folder}/reports.bundle`);
  await desk.import(`${folder}/reports.bundle`);
  const { reports } = await desk.list();
  same(reports.length, sent.length, 'reports');
  // One of each language, and each that was changed, unless there is time for all.
  const looked = new Set();
  for (const { id, beginning } of reports) {
    const one = sent.find(({ answers }) => answers.story[0].startsWith(beginning));
    const language = one?.label.split('/')[1] ?? one?.label;
    if (!full && looked.has(language)) continue;
    looked.add(language);
    const shown = await desk.show(id);
    const expected = sent.find(({ answers }) => answers.story[0] === shown.answers.story[0]);
    same(shown.answers, Object.fromEntries(Object.entries(expected.answers).sort(([a], [b]) => (a < b ? -1 : 1))), expected.label);
    same(shown.form, { id: 'recruitment', version: 2 }, 'the form');
    count('reports compared, answer by answer');
  }
});

await test('the server ends', async () => same(await server.stop(), 0, 'exit code'));
summary('flow_form');

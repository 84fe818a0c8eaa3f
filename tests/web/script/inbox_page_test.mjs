// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The inbox page in Chromium and Firefox, on a phone's screen, in Arabic and English, and the code on the form's page before that:
// what somebody sees, what they can do, what then lies at the desk, and what is nowhere.

import fs from 'node:fs';

import { scratch } from '../../support/amana.mjs';
import { browsers, openBrowser } from '../../support/browser.mjs';
import { check, count, same, sameBytes, summary, test, tier, until } from '../../support/checks.mjs';
import { SealingPage } from '../../support/sealing_page.mjs';
import { inboxOf } from '../../vectors/answers.mjs';
import { script } from './modules.mjs';
import { PageServer } from './page_server.mjs';
import { some } from './sealing.mjs';

const { newCode, readCode } = await script('receipt.mjs');

const folder = scratch('inbox-page'), downloads = `${folder}/downloads`;
fs.mkdirSync(downloads, { recursive: true });
const site = await PageServer.make(folder, ['ar', 'en']);
const content = some(70000);
const textFile = `${folder}/note.txt`;
fs.writeFileSync(textFile, 'a note');

const hostile = 'متى؟\n<img src=x onerror="document.title=1"><b>"1"</b> & \u202Ereversed';
const digitsOf = (language, digits) => (language === 'ar' ? digits.replace(/\d/g, (digit) => '٠١٢٣٤٥٦٧٨٩'[digit]) : digits);
const visible = (browser, selector) => browser.evaluate((s) => Boolean(document.querySelector(s)?.getClientRects().length), selector);
const wordsOf = (browser, language) => browser.evaluate(async (l) => (await (await fetch(`/${l}/sealing.json`)).json()).words, language);
const state = (browser) => browser.evaluate(() => { const { state: now, problem } = document.querySelector('#sealing').dataset; return problem || now; });
async function reaches(browser, wanted, seconds = 60) {
  let seen = '';
  try {
    await until(`the page to be ${wanted}`, async () => { seen = await state(browser); return seen === wanted; }, { seconds, every: 0.1 });
  } catch (error) {
    error.message += `; it is ${seen}`;
    throw error;
  }
}
// Nothing of a code is where a script or a later page finds it.
const traces = (browser, code) => browser.evaluate((digits) => [location.href, document.cookie, JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), JSON.stringify(history.state)].some((one) => one.includes(digits)), code);

function letter(code, more = {}) {
  site.front.inbox.letters = [{ to: code, messages: [{ text: hostile, files: [{ name: '../a\u202Egnp.exe', content }] }, { text: 'second', day: 20800 }], ...more }];
  site.front.inbox.notice = { day: 20810, text: 'to all' };
  site.front.inbox.publish();
}

async function look(browser, language, typed, wanted) {
  same(await browser.goto(`${site.url}/${language}/inbox`), 200, 'the page');
  await reaches(browser, 'ready');
  await browser.paste('#code', typed);
  await browser.press('#inbox button');
  await reaches(browser, wanted);
}

const cases = {
  async 'a code is shown once the report is stored, and gone with the way out'(browser, language) {
    const page = await SealingPage.open(browser, site.url, language);
    await page.write('they took my passport at the border');
    await page.send();
    await page.reaches('stored');
    const { digits: code } = readCode(await browser.text('.receipt-code'));
    same(site.front.stored[0].manifest.inbox, inboxOf(site.front.inbox.keys(code)), 'the code is that of the report');
    same(await browser.evaluate(() => document.querySelector('.receipt-code').textContent.trim()), digitsOf(language, code).match(/.{4}/g).join(' '), "in groups, in the page's digits");
    // From left to right, whatever the digits: each group stands right of, or below, the one before.
    const boxes = await browser.evaluate(() => [...document.querySelectorAll('.receipt-code bdi')].map((one) => { const { left, top } = one.getBoundingClientRect(); return [left, top]; }));
    check(boxes.every(([left, top], i) => i === 0 || (top > boxes[i - 1][1] + 2) || (Math.abs(top - boxes[i - 1][1]) <= 2 && left > boxes[i - 1][0])), `the groups stand in order: ${JSON.stringify(boxes)}`);
    check((await browser.text('.receipt b')).endsWith(`/${language}/inbox`), 'the address');
    await until('the picture', () => browser.evaluate(() => document.querySelector('.receipt img').naturalWidth === 232));
    same(await traces(browser, code), false, 'traces');
    await browser.pictures(`receipt-${language}`);
    // The way out, as if the other site never answered.
    await browser.evaluate(() => { const exit = document.querySelector('#exit'); exit.href = '#gone'; exit.click(); });
    same(await browser.evaluate(() => document.querySelectorAll('main, .receipt-code').length), 0, 'nothing is left of it');
  },

  async 'no code where none is wanted'(browser, language) {
    const page = await SealingPage.open(browser, site.url, language);
    await page.write('they took my passport at the border');
    await browser.evaluate(() => document.querySelector('#no-receipt').click());
    await page.send();
    await page.reaches('stored');
    same([site.front.stored[0].manifest.inbox, await browser.has('.receipt')], [undefined, false], 'no code');
  },

  async 'a letter is shown as text, its file is fetched by choice'(browser, language) {
    const code = newCode(some);
    letter(code);
    await look(browser, language, digitsOf(language, code), 'letter');
    const words = await wordsOf(browser, language);
    same(await browser.evaluate(() => [...document.querySelectorAll('.message .said')].map((one) => one.textContent)), [hostile, 'second', 'to all'], 'messages');
    same(await browser.evaluate(() => document.querySelectorAll('main img, main b').length), 0, 'it is text and nothing else');
    check((await browser.text('.message .day')).includes(digitsOf(language, '2026-11-29')), 'the day');
    same([await visible(browser, '#inbox'), await browser.value('#code')], [false, ''], 'the code is out of the page');
    check(!(await browser.text('main')).includes(words.inbox_seen ?? '\0'), 'nothing says that the server sees it');
    same(await traces(browser, code), false, 'traces');
    await browser.pictures(`inbox-letter-${language}`);
    check(!site.requests.includes('POST /inbox/file'), 'no file before');
    await browser.press('.message .file button');
    await until('the file', () => browser.has('.message .file a[download]'));
    same(await browser.evaluate(() => document.querySelector('.message .file a').download), '_agnp.exe', 'a name that is no path, and reads as it is');
    sameBytes(fs.readFileSync(await browser.download('.message .file a[download]')), Buffer.from(content), 'the file');
  },

  async 'slips, and no answer'(browser, language) {
    const code = newCode(some);
    letter(newCode(some));
    await look(browser, language, code.slice(3), 'count');
    same(await browser.evaluate(() => document.activeElement.id), 'page-problem', 'where the eye is');
    await look(browser, language, `${(Number(code[0]) + 1) % 10}${code.slice(1)}`, 'check');
    await browser.pictures(`inbox-slip-${language}`);
    await look(browser, language, code, 'empty');
    await browser.pictures(`inbox-empty-${language}`);
    same(await visible(browser, '#inbox'), true, 'another may be tried');
    same(site.requests.filter((line) => line.includes('/inbox/')), ['GET /inbox/table', 'POST /inbox/bucket'], 'requests');
  },

  async 'what is not signed is not shown'(browser, language) {
    const code = newCode(some);
    letter(code);
    for (const slot of site.front.inbox.outbox.slots) slot[3000] ^= 1;
    await look(browser, language, code, 'damaged');
    same(await browser.has('.message'), false, 'no message');
    await browser.pictures(`inbox-damaged-${language}`);
    site.front.inbox.publish();
    site.front.inbox.meddle = () => 'break';
    await look(browser, language, code, 'broken');
    site.front.inbox.meddle = () => null;
    await browser.press('#inbox button');
    await reaches(browser, 'letter');
  },

  async 'written on, with a file; pressed with nothing'(browser, language) {
    const code = newCode(some);
    letter(code);
    await look(browser, language, code, 'letter');
    await browser.press('#inbox-write > button');
    await reaches(browser, 'nothing');
    await browser.paste('#text', 'بعد المغرب');
    await browser.choose('#files', [textFile]);
    await until('the file to be looked at', () => browser.evaluate(() => document.querySelector('li[data-file]')?.dataset.cleaned));
    await browser.press('#inbox-write > button');
    await reaches(browser, 'undecided');
    await browser.evaluate(() => document.querySelector('.keep-file').click());
    let breaks = 1;
    site.front.meddle = ({ kind }) => { if (kind === 1 && breaks > 0) { breaks -= 1; return 'break after'; } return null; };
    await browser.press('#inbox-write > button');
    await reaches(browser, 'stored');
    const [{ manifest, attachments }] = site.front.stored;
    same([site.front.stored.length, manifest.kind, manifest.answers, manifest.inbox], [1, 'follow_up', { text: 'بعد المغرب' }, inboxOf(site.front.inbox.keys(code))], 'at the desk');
    same(Buffer.from(attachments[0].data).toString(), 'a note', 'the file');
    same(await browser.has('#text'), false, 'what was written is gone from the page');
    await browser.pictures(`inbox-sent-${language}`);
  },

  async 'erased, when asked twice'(browser, language) {
    const code = newCode(some);
    letter(code);
    await look(browser, language, code, 'letter');
    await browser.press('#inbox-erase');
    await browser.press('#inbox-erase-no');
    await browser.press('#inbox-erase');
    await browser.pictures(`inbox-sure-${language}`);
    site.front.inbox.meddle = ({ address }) => (address === '/inbox/erase' ? 'break' : null);
    await browser.press('#inbox-erase-sure');
    await reaches(browser, 'broken');
    site.front.inbox.meddle = () => null;
    await browser.press('#sealing-again');
    await reaches(browser, 'erased');
    same([site.front.stored.map(({ manifest }) => manifest.kind), site.front.inbox.erased.length], [['erasure'], 2], 'what came');
    same(await browser.has('.message'), false, 'nothing is left of it');
    await browser.pictures(`inbox-erased-${language}`);
    await look(browser, language, code, 'empty');
  },

  async 'false keys: a warning, and nothing is opened'(browser, language) {
    site.sealing = { root: '00'.repeat(32) };
    await browser.goto(`${site.url}/${language}/inbox`);
    await reaches(browser, 'false');
    await browser.paste('#code', newCode(some));
    await browser.evaluate(() => { document.querySelector('#page-problem').dataset.old = ''; });
    await browser.press('#inbox button');
    await until('it to be said again', () => browser.has('#page-problem:not([data-old])'));
    same([site.natively, site.requests.filter((line) => line.includes('/inbox/')).length], [0, 0], 'asked for');
  },

  async 'when anything is missing the form is sent as without a script'(browser, language, errors) {
    for (const missing of ['/keys', '/script/inbox_worker.js', '/script/inbox.js', `/${language}/sealing.json`]) {
      site.missing = new Set([missing]);
      await browser.goto(`${site.url}/${language}/inbox`);
      if (missing !== '/script/inbox.js') await reaches(browser, 'unavailable');
      check(await browser.has('#inbox-seen'), `without ${missing}: it says that the server sees it`);
      await browser.paste('#code', newCode(some));
      same(await browser.follow('#inbox button'), 200, `without ${missing}`);
      count('forms without');
    }
    same(site.natively, 4, 'forms');
    errors.splice(0);
  },
};

// A browser for each: Firefox's driver presses no key any more once something was saved.
async function visit(name, language, body) {
  const browser = await openBrowser(name, { downloads });
  const errors = [];
  // Firefox asks for an icon by itself, which the policy forbids, and says so.
  const heard = (text) => { if (!text.includes('/favicon.ico')) errors.push(text); };
  browser.page.on('pageerror', (error) => heard(error.message));
  browser.page.on('console', (message) => { if (/Content.Security.Policy|TrustedScript|violat/i.test(message.text())) heard(message.text()); });
  browser.page.on('dialog', (dialog) => dialog.accept().catch(() => {}));
  try {
    site.reset();
    await body(browser, language, errors);
    same(site.front.mistakes, [], 'what the front was sent');
    same(errors, [], 'errors of the page');
    count('visits');
  } finally {
    await browser.close();
  }
}

for (const [which, name] of browsers.entries())
  for (const [number, [what, body]] of Object.entries(cases).entries())
    // Reduced: each in both languages, but not in each browser.
    for (const language of tier([['ar', 'en'][(which + number) % 2]], ['ar', 'en']))
      await test(`${name}, ${language}: ${what}`, () => visit(name, language, body));
same(site.errors, [], 'errors of the site');
await site.stop();
summary('web_script_inbox_page');

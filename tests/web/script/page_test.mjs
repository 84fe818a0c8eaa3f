// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The page in Chromium and Firefox, on a phone's screen, in Arabic and English: what somebody sees, what they can do, and what
// then lies at the desk.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

import { scratch } from '../../support/amana.mjs';
import { browsers, openBrowser } from '../../support/browser.mjs';
import { check, count, same, sameBytes, sleep, summary, test, tier, until } from '../../support/checks.mjs';
import { SealingPage } from '../../support/sealing_page.mjs';
import { PageServer, photo } from './page_server.mjs';

const SECRET = 'xSecretx';
const folder = scratch('page');
const site = await PageServer.make(folder, ['ar', 'en']);
const run = (program, words) => execFileSync(program, words, { stdio: 'pipe' });
const photoFile = `${folder}/photo.jpg`, keptFile = `${folder}/kept.jpg`, textFile = `${folder}/note.txt`, bigFile = `${folder}/big.bin`;
const original = photo(photoFile, SECRET, run);
fs.writeFileSync(keptFile, original);
fs.writeFileSync(textFile, `${SECRET} in a text`);
fs.writeFileSync(bigFile, Buffer.alloc(3 << 20, 'amana'));

const story = 'وعدوه بعمل، ثم أخذوا جوازه. @recruiter <b>"1"</b> 😀';
const visible = (browser, selector) => browser.evaluate((s) => Boolean(document.querySelector(s)?.getClientRects().length), selector);
const guarded = (browser) => browser.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));
// Without the browser's own checks, as some old ones have none.
const unchecked = (browser) => browser.evaluate(() => { document.querySelector('form').noValidate = true; });
// The last of the things to do that stand on the page when the report is stored.
const closing = (browser) => browser.text('ol li:last-child');
const wordsOf = (browser, language) => browser.evaluate(async (l) => (await (await fetch(`/${l}/sealing.json`)).json()).words, language);
const reports = () => site.front.stored.map(({ manifest }) => manifest.answers.story);

const cases = {
  async 'a text is sealed, sent and gone from the page'(browser, language) {
    const page = await SealingPage.open(browser, site.url, language);
    for (const selector of ['#page-seal', '#page-seal details']) check(await visible(browser, selector), selector);
    same(await visible(browser, '#sealing'), false, 'nothing is under way');
    // What the form says of reports that are sealed when they arrive is not so here.
    const words = await wordsOf(browser, language);
    same(await browser.evaluate((said) => [...document.querySelectorAll('details')].filter((one) => one.textContent.includes(said)).length, words.seal_protects), 2, 'who reads it');
    for (const id of ['page-arriving', 'page-hidden']) same(await browser.has(`#${id}`), false, id);
    await browser.pictures(`seal-form-${language}`);
    await page.write(story);
    await browser.evaluate(() => {
      for (const one of document.querySelectorAll('details')) one.open = true;
      document.querySelector('[name=urgency][value=danger_now]').click();
      document.querySelector('#proof').click();
    });
    same(await guarded(browser), false, 'leaving is free before');
    await page.send();
    await page.reaches('stored');
    await page.thanks();
    same(site.front.stored.map(({ manifest }) => manifest.answers), [{ story, urgency: 'danger_now' }], 'at the desk');
    same(await browser.evaluate(() => location.pathname), `/${language}/`, 'the address');
    same(await browser.evaluate(() => document.activeElement.className), 'alert', 'the numbers to call come first');
    check((await browser.evaluate(() => decodeURIComponent(document.querySelector('#promise').href))).endsWith(',a promise'), 'the promise');
    same(await guarded(browser), false, 'leaving is free after');
    await browser.pictures(`seal-received-${language}`);
    same(site.natively, 0, 'nothing was sent without sealing');
  },

  async 'what is loaded, and nothing else'(browser, language) {
    await SealingPage.open(browser, site.url, language);
    same(site.requests.filter((line) => !line.endsWith('/favicon.ico')),
      [`GET /${language}/`, 'GET /script/page.js', `GET /${language}/sealing.json`, 'GET /script/worker.js', 'GET /keys'], 'requests');
  },

  async 'photos are cleaned, kept by choice, and what can\'t be cleaned is asked about'(browser, language) {
    const page = await SealingPage.open(browser, site.url, language);
    await page.write(story);
    await browser.evaluate(() => { for (const one of document.querySelectorAll('details')) one.open = true; });
    await browser.choose('#files', [photoFile, keptFile, textFile]);
    await until('files looked at', () => browser.evaluate(() => [...document.querySelectorAll('li[data-file]')].every((one) => one.dataset.cleaned) && document.querySelectorAll('li[data-file]').length));
    const states = await browser.evaluate(() => [...document.querySelectorAll('li[data-file]')].map((one) => one.dataset.cleaned));
    same(states, ['yes', 'yes', 'unknown'], 'what was found of each');
    await browser.pictures(`seal-files-${language}`);
    await page.send();
    await page.reaches('problem');
    same(await page.problem(), 'undecided', 'it is asked about');
    same(site.front.log.length, 0, 'nothing is sent before');
    await browser.evaluate(() => document.querySelector('li[data-cleaned=unknown] .leave-file').click());
    await browser.evaluate(() => document.querySelectorAll('.keep-data')[1].click());
    await until('the cost', () => browser.evaluate(() => document.querySelector('.files + [role=status]').textContent));
    await page.send();
    await page.reaches('stored');
    const [{ attachments }] = site.front.stored;
    same(attachments.length, 2, 'files');
    check(!Buffer.from(attachments[0].data).includes(SECRET), 'the secret is out');
    sameBytes(attachments[1].data, original, 'kept as it was');
  },

  async 'a broken line: said, tried again, stored once'(browser, language) {
    const page = await SealingPage.open(browser, site.url, language);
    await page.write(story);
    await page.choose([bigFile]);
    let breaks = 3;
    site.front.meddle = ({ kind, n }) => { if (kind === 1 && n > 2 && breaks > 0) { breaks -= 1; return breaks % 2 ? 'break after' : 'break before'; } return null; };
    await page.send();
    await page.reaches('line');
    check(await guarded(browser), 'leaving is asked about');
    same(await browser.evaluate(() => { document.body.hidden = true; const asked = !dispatchEvent(new Event('beforeunload', { cancelable: true })); document.body.hidden = false; return asked; }), false, 'the way out is free');
    await browser.pictures(`seal-line-${language}`);
    await page.reaches('stored');
    same(reports(), [story], 'at the desk');
    sameBytes(site.front.stored[0].attachments[0].data, fs.readFileSync(bigFile), 'the file');
  },

  async 'many are sending: the place in line is said, and it goes when its turn has come'(browser, language) {
    const page = await SealingPage.open(browser, site.url, language);
    const said = await browser.evaluate(async (address) => (await (await fetch(address)).json()).words, `/${language}/sealing.json`);
    await page.write(story);
    site.front.pressure = { bits: 9, waits: 3, seconds: 1 };
    await page.send();
    await page.reaches('line');
    await until('the place', async () => (await page.words()).includes(`${said.line_before} ${language === 'ar' ? '٢١' : '21'}`));
    const words = await page.words();
    for (const part of [said.seal_wait, `${said.line_minutes} ${language === 'ar' ? '٣' : '3'}`, said.seal_stay, said.seal_cancel]) check(words.includes(part), part);
    same(await visible(browser, '#sealing progress'), false, 'no bar');
    check(await guarded(browser), 'leaving is asked about');
    await browser.pictures(`seal-in-line-${language}`);
    await page.reaches('stored');
    same(reports(), [story], 'at the desk');
    same(site.front.log.map(({ asks }) => asks), [false, true, true, true, true, false], 'what was asked');
  },

  async 'cancelled while it solves: at once, with all that was written'(browser, language) {
    const page = await SealingPage.open(browser, site.url, language);
    await page.write(story);
    site.front.pressure = { bits: 24, waits: 0 };
    await page.send();
    await page.reaches('line');
    await sleep(500);
    await page.press('#sealing-cancel');
    await page.reaches('cancelled', 10);
    same(await browser.value('#story'), story, 'what was written');
    site.front.pressure = null;
    await page.send();
    await page.reaches('stored');
    same(reports(), [story], 'at the desk');
  },

  async 'little room: said before, and what comes too late is said with the way back'(browser, language) {
    site.change = (html) => html.replace('name="files"', 'name="files" data-most="2097152"');
    const page = await SealingPage.open(browser, site.url, language);
    await page.write(story);
    await page.choose([bigFile]);
    await page.send();
    await page.reaches('problem');
    same([await page.problem(), site.front.log.length], ['too_large', 0], 'too large for now');
    check((await browser.text('#page-problem')).includes(language === 'ar' ? '٢ ميغابايت' : '2 MB'), 'the limit of now');
    site.change = (html) => html;
    for (const [takes, limit] of [['small_files', language === 'ar' ? '٨ ميغابايت' : '8 MB'], ['text', null], ['nothing', null]]) {
      await SealingPage.open(browser, site.url, language);
      const said = await browser.evaluate(async (address) => (await (await fetch(address)).json()).words, `/${language}/sealing.json`);
      await page.write(story);
      await page.choose([bigFile]);
      site.front.meddle = ({ kind }) => (kind === 1 ? { state: 'full', takes } : null);
      await page.send();
      await until(takes, async () => await page.problem() === 'full');
      const text = await browser.text('#page-problem');
      check(text.includes(said[{ small_files: 'problem_too_large', text: 'room_text', nothing: 'problem_storage_full' }[takes]]), `${takes}: ${text}`);
      if (limit) check(text.includes(limit), limit);
      same(await browser.has('#page-problem a[href="#files"]'), takes !== 'nothing', 'the way to the files');
      same(await browser.has('#sealing-again'), takes === 'nothing', 'again');
      await browser.pictures(`seal-room-${takes}-${language}`);
    }
  },

  async 'cancelled, changed and sent again'(browser, language) {
    const page = await SealingPage.open(browser, site.url, language);
    await page.write(story);
    site.front.meddle = ({ kind }) => (kind === 1 ? { state: 'busy' } : null);
    await page.send();
    await page.reaches('line');
    await page.press('#sealing-cancel');
    await page.reaches('cancelled');
    same(await browser.value('#story'), story, 'what was written');
    site.front.meddle = () => null;
    await page.send();
    await page.reaches('stored');
    same(reports(), [story], 'at the desk');
  },

  async 'stopped when nobody knows: it is said'(browser, language) {
    const page = await SealingPage.open(browser, site.url, language);
    await page.write(story);
    site.front.meddle = ({ kind }) => (kind === 1 ? 'break after' : null);
    await page.send();
    await page.reaches('line');
    await page.press('#sealing-cancel');
    await page.reaches('problem');
    same(await page.problem(), 'perhaps', 'it is said');
    site.front.meddle = () => null;
    await page.press('#sealing-again');
    await page.reaches('stored');
    same(new Set(site.front.stored.map(({ manifest }) => manifest.id)).size, 1, 'submissions');
  },

  async 'cover: a text waits for its moment, or goes at once'(browser, language) {
    site.sealing = { cover: { mean: 3, most: 20 } };
    const page = await SealingPage.open(browser, site.url, language);
    await browser.pictures(`seal-cover-${language}`);
    await until('a cover body', () => site.front.covers > 0);
    site.sealing = { cover: { mean: 600, most: 20 } };
    await SealingPage.open(browser, site.url, language);
    const words = await wordsOf(browser, language);
    await page.write(story);
    await browser.evaluate(() => {
      const { postMessage } = Worker.prototype;
      Worker.prototype.postMessage = function post(...all) { window.worker = this; postMessage.apply(this, all); };
    });
    const before = site.front.log.length;
    await page.send();
    await page.reaches('waiting');
    await browser.pictures(`seal-waiting-${language}`);
    await sleep(500);
    same(site.front.log.length, before, 'nothing goes');
    await page.press('#sealing-now');
    await page.reaches('stored');
    same(reports(), [story], 'at the desk');
    same(new Set(site.front.log.map(({ length }) => length)).size, 1, 'all of one length');
    // Closed now it would have sent its last body as the report.
    same(await closing(browser), words.seal_linger, 'to be left open');
    await browser.pictures(`seal-linger-${language}`);
    await browser.evaluate(() => window.worker.dispatchEvent(new MessageEvent('message', { data: { say: 'over' } })));
    same(await closing(browser), words.received_close, 'to be closed, when no cover is left');
  },

  async 'cover: files show, and nobody is asked to leave the page open after them'(browser, language) {
    site.sealing = { cover: { mean: 600, most: 20 } };
    const page = await SealingPage.open(browser, site.url, language);
    const words = await wordsOf(browser, language);
    await page.write(story);
    await page.choose([textFile]);
    await page.send();
    await page.reaches('stored');
    same(await closing(browser), words.received_close, 'to be closed');
  },

  async 'pressed twice, sent once'(browser, language) {
    const page = await SealingPage.open(browser, site.url, language);
    await page.write(story);
    site.slow = 300;
    await browser.evaluate(() => { const [first, second] = document.querySelectorAll('form button[type=submit]'); first.click(); first.click(); second.click(); });
    await page.reaches('stored');
    site.slow = 0;
    await sleep(300);
    same(reports(), [story], 'at the desk');
  },

  async 'what is wrong is said before anything is sent'(browser, language) {
    const page = await SealingPage.open(browser, site.url, language);
    await unchecked(browser);
    for (const [text, problem] of [['   \n ', 'empty_story'], ['\n<&"😀😀😀', 'short_story'], [`${'"'.repeat(6001)}`, 'long_story']]) {
      await browser.evaluate((value) => { document.querySelector('#story').value = value; }, text);
      await page.send();
      await page.reaches('problem');
      same(await page.problem(), problem, problem);
      same(await browser.evaluate(() => document.activeElement.id), 'page-problem', 'where the eye is');
      same(await browser.value('#story'), text, 'what was written');
    }
    await browser.pictures(`seal-problem-${language}`);
    for (const [state, wanted] of [['full', 'full'], ['closed', 'closed'], ['failed', 'failed'], ['bad', 'bad']]) {
      site.front.meddle = ({ kind }) => (kind === 1 ? { state } : null);
      await browser.evaluate((value) => { document.querySelector('#story').value = value; }, story);
      await page.send();
      await until(wanted, async () => await page.problem() === wanted || (wanted === 'bad' && await page.problem() === 'unable'));
      same(await browser.value('#story'), story, 'what was written');
    }
    // What the page can't seal may be sent as without a script, by choice.
    same(await browser.follow('#sealing-without'), 200, 'sent without');
    same(site.natively, 1, 'as a form');
  },

  async 'false keys: a warning, and nothing is sent'(browser, language) {
    site.sealing = { root: '00'.repeat(32) };
    await browser.goto(`${site.url}/${language}/`);
    const page = new SealingPage(browser);
    await page.reaches('problem');
    same(await page.problem(), 'false', 'it is said');
    await page.write(story);
    await page.send();
    await sleep(300);
    same([site.front.log.length, site.natively], [0, 0], 'sent');
    await browser.pictures(`seal-false-${language}`);
  },

  async 'when anything is missing the form is sent as without a script'(browser, language, errors) {
    for (const missing of ['/keys', '/script/worker.js', '/script/page.js', `/${language}/sealing.json`]) {
      site.missing = new Set([missing]);
      await browser.goto(`${site.url}/${language}/`);
      if (missing !== '/script/page.js') await new SealingPage(browser).reaches('unavailable', 60);
      for (const id of ['page-arriving', 'page-hidden']) check(await browser.has(`#${id}`), `without ${missing}: ${id}`);
      await browser.choose('#files', [photoFile]);
      await sleep(500);
      same(await browser.has('li[data-file]'), false, 'nothing is said of hidden data that is taken out');
      await browser.paste('#story', story);
      same(await browser.follow('form button'), 200, `without ${missing}`);
      check(await browser.has('.good[role=status]'), 'stored');
      count('forms without');
    }
    same(site.natively, 4, 'forms');
    errors.splice(0);  // of what was missing
  },

  async 'without keys: files go as they are only when their sender says so, and nothing is promised of them'(browser, language, errors) {
    if (language !== 'ar') return;  // it waits for half a minute
    site.missing = new Set(['/keys']);
    await browser.goto(`${site.url}/${language}/`);
    const page = new SealingPage(browser);
    await until('the page to listen', () => browser.has('ul.files'));
    await page.choose([photoFile]);
    await page.write(story);
    await page.reaches('problem', 60);
    same(await page.problem(), 'unable', 'the problem');
    const words = await wordsOf(browser, language);
    check((await browser.text('#page-problem')).includes(words.seal_unable_files), 'what becomes of the files is said');
    await page.send();
    await sleep(500);
    same([site.front.log.length, site.natively], [0, 0], 'sent');
    await page.reaches('problem', 60);  // it has asked for keys once more
    same(await browser.follow('#sealing-without'), 200, 'sent when told to');
    same(site.natively, 1, 'forms');
    errors.splice(0);
  },
};

for (const [which, name] of browsers.entries()) {
  const browser = await openBrowser(name);
  const errors = [];
  // Firefox asks for an icon by itself, which the policy forbids, and says so.
  const heard = (text) => { if (!text.includes('/favicon.ico')) errors.push(text); };
  browser.page.on('pageerror', (error) => heard(error.message));
  browser.page.on('console', (message) => { if (/Content.Security.Policy|TrustedScript|violat/i.test(message.text())) heard(message.text()); });
  browser.page.on('dialog', (dialog) => dialog.accept().catch(() => {}));
  for (const [number, [what, body]] of Object.entries(cases).entries()) {
    // Reduced: each in both languages, but not in each browser.
    for (const language of tier([['ar', 'en'][(which + number) % 2]], ['ar', 'en']))
      await test(`${name}, ${language}: ${what}`, async () => {
        site.reset();
        await body(browser, language, errors);
        same(site.front.mistakes, [], 'what the front was sent');
        same(errors.splice(0), [], 'errors of the page');
        count('visits');
      });
  }
  await browser.close();
}
same(site.errors, [], 'errors of the site');
await site.stop();
summary('web_script_page');

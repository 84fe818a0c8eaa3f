// SPDX-License-Identifier: AGPL-3.0-or-later
//
// inbox.mjs chromium|firefox
// A report, its answer, and what is written on, there and back: with JavaScript and without, in Arabic and English. Whoever looks
// for the answer has a browser that has never been there, and the code.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

import { Desk, Server, scratch } from '../support/amana.mjs';
import { browsers, openBrowser } from '../support/browser.mjs';
import { check, count, same, sameBytes, summary, test, tier, until } from '../support/checks.mjs';
import { asciiDigits } from '../support/inbox.mjs';
import { arabicStory, file, random } from '../support/random.mjs';
import { SealingPage } from '../support/sealing_page.mjs';

const name = process.argv[2];
check(browsers.includes(name), `usage: inbox.mjs ${browsers.join('|')}`);

const folder = scratch(`inbox-${name}`);
const downloads = `${folder}/downloads`;
fs.mkdirSync(downloads);
const desk = await Desk.make(`${folder}/desk`);
const server = await Server.make(`${folder}/server`, desk);
await server.start();
await desk.trust(await server.verifier());

let trips = 0;
// From the server to the desk, once everything that was acknowledged is in the log.
async function toDesk() {
  trips += 1;
  await server.settled();
  return desk.import(await server.export(`${folder}/${trips}.bundle`));
}
// And back.
async function toServer() {
  const outbox = `${folder}/${trips}.outbox`;
  await desk.outbox(outbox);
  return server.import(outbox);
}

const findReport = async (story) => (await desk.list()).reports.find(({ kind, beginning }) => kind === 'report' && story.startsWith(beginning));

// --- the citizen ---------------------------------------------------------------------------------------------------------

// In the page: whether the eye meets the digits in the order in which they are written.
function digitsInOrder() {
  const places = [];
  const walker = document.createTreeWalker(document.querySelector('.receipt-code'), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    for (let at = 0; at < text.length; at += 1) {
      if (!/\p{Nd}/u.test(text.data[at])) continue;
      const range = document.createRange();
      range.setStart(text, at);
      range.setEnd(text, at + 1);
      const { left, top, height } = range.getBoundingClientRect();
      places.push({ left, line: Math.round(top / height) });
    }
  }
  return places.length === 28 && places.every(({ left, line }, i) => i === 0 || line > places[i - 1].line || (line === places[i - 1].line && left > places[i - 1].left));
}

async function sendReport(browser, language, story) {
  if (browser.seals) {
    const page = await SealingPage.open(browser, server.url, language);
    await page.write(story);
    await page.send();
    await page.reaches('stored');
  } else {
    same(await browser.goto(`${server.url}/${language}/`), 200, 'the form');
    await browser.paste('#story', story);
    same(await browser.send(), 200, 'the page after sending');
  }
  const code = asciiDigits(await browser.text('.receipt-code'));
  same(code.length, 28, 'digits of the code');
  check(await browser.evaluate(digitsInOrder), 'digits stand from left to right, line by line, whatever their script');
  check(!browser.url().includes(code.slice(0, 8)), 'the code is in no address');
  await until('the picture', () => browser.evaluate(() => document.querySelector('.receipt img').naturalWidth > 0));
  await browser.pictures(`receipt-${language}`);
  if (name === 'chromium') await printsOnlyTheCard(browser, language);
  return code;
}

// On paper there is a card with the code and the address, and nothing that says what it is for.
async function printsOnlyTheCard(browser, language) {
  const paper = `${folder}/receipt.pdf`;
  await browser.page.pdf({ path: paper });
  const words = execFileSync('pdftotext', ['-layout', paper, '-']).toString();
  same(asciiDigits(words.replaceAll(/127\.0\.0\.1:\d+/g, '')).length, 28, `digits on paper: ${words}`);
  check(words.includes(`/${language}/inbox`), 'the address is on paper');
  check(words.split(/\s+/).length < 30, `nothing else is on paper: ${words}`);
}

class InboxPage {
  constructor(browser, language) {
    this.browser = browser;
    this.language = language;
  }

  state() { return this.browser.evaluate(() => ({ ...document.querySelector('#sealing')?.dataset })); }
  reaches(...states) {
    return until(`the inbox to be ${states}`, async () => {
      const { state, problem } = await this.state();
      return (states.includes(state) || (state === 'problem' && states.includes(problem))) && (problem ?? state);
    }, { every: 0.1 });
  }

  // `typed`: as somebody types it.
  async look(typed) {
    same(await this.browser.goto(`${server.url}/${this.language}/inbox`), 200, 'the page where one looks');
    if (this.browser.seals) await this.reaches('ready', 'opening', 'letter', 'problem');
    await this.browser.paste('#code', typed);
    if (this.browser.seals) {
      await this.browser.press('#inbox button');
      await this.reaches('letter', 'empty', 'count', 'check');
    } else {
      same(await this.browser.follow('#inbox button'), 200, 'what comes back');
    }
    check(!this.browser.url().includes(asciiDigits(typed).slice(0, 8)), 'the code is in no address');
  }

  answers() { return this.browser.evaluate(() => [...document.querySelectorAll('.message .said')].map((one) => one.textContent.trim())); }
  words() { return this.browser.text('main'); }

  async fetchFile() {
    if (!this.browser.seals) return this.browser.download('button[name=file]');
    await this.browser.press('.message .file button');
    await until('the file', () => this.browser.has('.message .file a[download]'));
    return this.browser.download('.message .file a[download]');
  }

  async write(text, paths) {
    await this.browser.paste('#text', text);
    if (paths) await this.browser.choose('#files', paths);
    if (!this.browser.seals) {
      same(await this.browser.follow('#text ~ button[type=submit]'), 200, 'what comes back');
      check(await this.browser.has('.good[role=status]'), 'it says that it was sent');
      return;
    }
    await until('the files to be looked at', () => this.browser.evaluate(() => [...document.querySelectorAll('li[data-file]')].every((one) => one.dataset.cleaned)));
    await this.browser.evaluate(() => { for (const box of document.querySelectorAll('input.keep-file')) if (!box.checked) box.click(); });
    await this.browser.press('#inbox-write > button');
    await this.reaches('stored');
  }

  async erase() {
    if (this.browser.seals) {
      await this.browser.press('#inbox-erase');
      await this.browser.press('#inbox-erase-sure');
      await this.reaches('erased');
    } else {
      same(await this.browser.follow('button[value=forget]'), 200, 'it asks again');
      same(await this.browser.follow('button[value=erase]'), 200, 'it is erased');
      check(await this.browser.has('.good[role=status]'), 'it says that it is erased');
    }
  }
}

// As it stands on paper: groups, in the page's digits.
const onPaper = (code, language) => code.match(/.{4}/g).join(language === 'ar' ? ' ' : '-')
  .replaceAll(/\d/g, (digit) => (language === 'ar' ? '٠١٢٣٤٥٦٧٨٩'[digit] : digit));

// A browser of its own for each visit: nothing of the one before is there.
async function visit(options, body) {
  const browser = await openBrowser(name, { downloads, ...options });
  try {
    return await body(browser);
  } finally {
    await browser.close();
  }
}

// --- all the way ---------------------------------------------------------------------------------------------------------

const hostile = 'Which agency?\n<script>document.title="x"</script> & "quoted" \u202Ereversed\u202C';

async function allTheWay(options, language, label) {
  const story = language === 'ar' ? arabicStory(`inbox-${label}`) : `Report ${label}: they took my brother's passport at the airport.`;
  const code = await visit(options, (browser) => sendReport(browser, language, story));
  const typed = onPaper(code, language);

  // Nothing is there yet, and nobody can tell it from a code that is nobody's; one may write on all the same.
  const before = await visit(options, async (browser) => {
    const inbox = new InboxPage(browser, language);
    await inbox.look(typed);
    same(await inbox.answers(), [], 'answers');
    await browser.pictures(`inbox-empty-${language}`);
    const words = await inbox.words();
    await inbox.write(`I forgot the date. ${label}`);
    count('follow-ups');
    return words;
  });

  await toDesk();
  const report = await findReport(story);
  same((await desk.show(report.id)).conversation.map(({ text }) => text), [`I forgot the date. ${label}`], 'what was written on before any answer');
  const map = file(`خريطة ${label} <b>.bin`, '', 90_000);
  fs.writeFileSync(`${folder}/${map.name}`, map.content);
  await desk.reply(report.id, hostile, [`${folder}/${map.name}`]);
  await toServer();

  const more = file(`ticket ${label}.bin`, '', 30_000);
  fs.writeFileSync(`${folder}/${more.name}`, more.content);
  await visit(options, async (browser) => {
    const inbox = new InboxPage(browser, language);
    await inbox.look(typed);
    same(await inbox.answers(), [hostile], 'the answer');
    same(await browser.has('main script:not([src])'), false, 'an answer is text and nothing else');
    await browser.pictures(`inbox-${language}`);
    sameBytes(fs.readFileSync(await inbox.fetchFile()), map.content, 'the file of the answer');
  });
  // Another visit: Firefox's driver does not go on from a page whose form was answered by a file.
  await visit(options, async (browser) => {
    const inbox = new InboxPage(browser, language);
    await inbox.look(typed);
    await inbox.write(`It was the one near the station. ${label}`, [`${folder}/${more.name}`]);
    count('follow-ups');
  });

  await toDesk();
  const shown = await desk.show(report.id);
  const followUp = shown.conversation.filter(({ kind }) => kind === 'follow_up')[1];
  same(followUp.text, `It was the one near the station. ${label}`, 'what was written on is with its report');
  const saved = `${folder}/saved-${trips}`;
  await desk.save(followUp.id, saved);
  const files = fs.readdirSync(saved).map((one) => fs.readFileSync(`${saved}/${one}`)).filter(({ length }) => length === more.content.length);
  same(files.length, 1, 'and so is its file');
  sameBytes(files[0], more.content, 'its file');
  await desk.reply(report.id, 'Thank you.');
  await toServer();

  await visit(options, async (browser) => {
    const inbox = new InboxPage(browser, language);
    await inbox.look(typed);
    same(await inbox.answers(), [hostile, 'Thank you.'], 'both answers');
    await inbox.erase();
    count('erasures');
  });
  await visit(options, async (browser) => {
    const inbox = new InboxPage(browser, language);
    await inbox.look(typed);
    same(await inbox.words(), before, 'the page of an inbox that was erased, and of one that never had an answer');
  });

  // An outbox of before does not bring it back, and the desk hears of it.
  await toServer();
  await toDesk();
  same((await desk.show(report.id)).forgotten, true, 'the desk knows that its sender wants it forgotten');
  await toServer();
  await visit(options, async (browser) => {
    const inbox = new InboxPage(browser, language);
    await inbox.look(typed);
    same(await inbox.answers(), [], 'nothing came back');
  });
}

async function slips(options) {
  const code = Array.from({ length: 27 }, () => random('slip').below(10)).join('');
  await visit(options, async (browser) => {
    const inbox = new InboxPage(browser, 'en');
    await inbox.look(code);
    check((await inbox.words()).includes('These are not 28 digits'), 'too few');
    await inbox.look(`${code}0`.replace(/^(.)(.)/, '$1$2'));
    const one = await inbox.words();
    await inbox.look(`${code}1`);
    check([one, await inbox.words()].some((words) => words.includes('One digit is wrong')), 'a slip is said');
  });
}

const modes = [['JavaScript on', {}], ['JavaScript off', { javascript: false }], ...(name === 'firefox' ? [['safest', { safest: true }]] : [])];
for (const [what, options] of modes) {
  for (const language of tier(what === 'JavaScript off' ? ['ar'] : ['en'], ['ar', 'en']))
    await test(`${name}, ${what}, ${language}: asked, answered, written on, erased`, () => allTheWay(options, language, `${what}-${language}`));
  await test(`${name}, ${what}: slips of the pen`, () => slips(options));
}

await server.stop();
summary(`flow/inbox ${name}`);

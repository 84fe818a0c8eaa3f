// SPDX-License-Identifier: AGPL-3.0-or-later
//
// sealed.mjs chromium|firefox
// Reports that the page seals, whatever happens to the line, the server, the keys and the page: in the end the desk has each
// that was acknowledged, once, with its files byte for byte, and the page has always said which it is.

import fs from 'node:fs';

import { Desk, Server, scratch } from '../support/amana.mjs';
import { brokenLine } from '../support/broken_line.mjs';
import { browsers, openBrowser } from '../support/browser.mjs';
import { check, count, same, sameBytes, sleep, summary, test, tier, until } from '../support/checks.mjs';
import { KeysAlone } from '../support/keyset.mjs';
import { arabicStory, file } from '../support/random.mjs';
import { SealingPage } from '../support/sealing_page.mjs';

const name = process.argv[2];
check(browsers.includes(name), `usage: sealed.mjs ${browsers.join('|')}`);

const MIB = 1 << 20;
const large = tier(4 * MIB, 40 * MIB);
const folder = scratch(`sealed-${name}`);
// The first keys were made long ago, and the last of them ends soon, so that newer ones can be added.
const desk = await Desk.make(`${folder}/desk`, { weeks: 1, wrapper: ['faketime', '-f', '-13d'] });
const server = await Server.make(`${folder}/server`, desk, { limits: { max_files: '127 MiB' } });
await server.start();
await desk.trust(await server.verifier());
const line = await brokenLine(server.port);
const broken = `https://127.0.0.1:${line.port}`;

const browser = await openBrowser(name);
const acknowledged = [], never = [];
let stories = 0;
const story = (language) => {
  stories += 1;
  return language === 'ar' ? arabicStory(`${name}-${stories}`) : `Report ${name}-${stories}: they took my brother's passport at the airport.`;
};

function attachments(count_, size) {
  const into = `${folder}/files-${stories}`;
  fs.mkdirSync(into);
  return Array.from({ length: count_ }, (_, i) => {
    const one = file(`ملف ${stories}-${i} "x".bin`, '', size + i);
    fs.writeFileSync(`${into}/${one.name}`, one.content);
    return { ...one, path: `${into}/${one.name}` };
  });
}

// A filled form, ready to be sent.
async function filled(language, { url = server.url, files = 0, size = MIB } = {}) {
  const page = await SealingPage.open(browser, url, language);
  page.story = story(language);
  await page.write(page.story);
  page.files = files ? attachments(files, size) : [];
  if (files) await page.choose(page.files.map((one) => one.path));
  return page;
}

async function stored(page, seconds) {
  await page.reaches('stored', seconds);
  await page.thanks();
  acknowledged.push(page);
  count('reports acknowledged');
}

const scene = (what, body) => {
  line.mend();
  return test(`${name}: ${what}`, body);
};

for (const language of ['ar', 'en'])
  await scene(`a report without files, ${language}`, async () => {
    const page = await filled(language);
    await page.send();
    await stored(page);
  });

for (const language of ['ar', 'en'])
  await scene(`three files of ${large / MIB} MiB, ${language}`, async () => {
    const page = await filled(language, { files: 3, size: large - 2 });
    const began = Date.now();
    await page.send();
    await stored(page, 600);
    console.log(`        ${(3 * large) / MIB} MiB sealed and stored in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  });

await scene('the line breaks in the middle, more than once: only what is missing is sent again', async () => {
  const page = await filled('ar', { url: broken, files: 1, size: 7 * MIB });
  const before = line.up;
  for (const bytes of [1.2 * MIB, 2.4 * MIB]) {
    line.cutAfter(bytes);
    if (bytes === 1.2 * MIB) await page.send();
    await line.broke();
  }
  await stored(page, 300);
  const sent = line.up - before;
  check(sent < 10.5 * MIB, `${sent} bytes went up for an envelope of 8 MiB`);
});

await scene('a dead line: the page says that nothing is sent yet, and sends when the line is back', async () => {
  const page = await filled('en', { url: broken });
  line.dead = true;
  line.cutNow();
  await page.send();
  await page.reaches('line');
  check(!(await page.isEmpty()), 'what was typed is still there');
  await sleep(3000);
  line.mend();
  await stored(page);
});

for (const [what, after, language] of [['of a report without files', 33_000, 'ar'], ['of one of the last pieces', 2 * MIB + 4000, 'en']])
  await scene(`the answer ${what} is lost: the page asks again and is told`, async () => {
    const page = await filled(language, { url: broken, files: after > MIB ? 1 : 0, size: MIB + 9000 });
    line.loseAnswerAfter(after);
    const broke = line.broke();
    await page.send();
    await broke;  // Chromium may ask again by itself, before the page knows
    await stored(page, 180);
  });

await scene('the server falls in the middle and comes back: sealed anew, the same report', async () => {
  const page = await filled('ar', { url: broken, files: 1, size: 7 * MIB });
  line.cutAfter(3 * MIB, { dead: true });
  await page.send();
  await page.reaches('line');
  await server.kill();
  await server.start();
  line.mend();
  await stored(page, 300);
});

await scene('the server falls when it has stored, before it has said so: two envelopes, one report', async () => {
  const page = await filled('en', { url: broken });
  line.loseAnswerAfter(33_000, { dead: true });
  const broke = line.broke();
  await page.send();
  await broke;
  await server.kill();
  await server.start();
  line.mend();
  await stored(page, 180);
});

await scene('pressed twice, and thrice: one report', async () => {
  const page = await filled('ar');
  await browser.evaluate(() => {
    const button = document.querySelector('form button[type=submit]');
    for (let i = 0; i < 3; i += 1) button.click();
  });
  await stored(page);
});

await scene('cancelled on the way, and sent again', async () => {
  const page = await filled('en', { url: broken, files: 1, size: 7 * MIB });
  line.cutAfter(2 * MIB, { dead: true });
  await page.send();
  await page.reaches('line');
  await page.press('#sealing-cancel');
  await page.reaches('cancelled');
  check(!(await page.isEmpty()), 'what was typed is still there');
  line.mend();
  await page.send();
  await stored(page, 300);
});

await scene('the tab is closed in the middle: nothing is acknowledged, nothing is half', async () => {
  const page = await filled('ar', { url: broken, files: 1, size: 7 * MIB });
  line.cutAfter(3 * MIB, { dead: true });
  await page.send();
  await page.reaches('line');
  never.push(page);
  await browser.leave(`${server.url}/en/help`);
  line.mend();
});

await scene('back, after it was sent: an empty form, and nothing is sent twice', async () => {
  const page = await filled('ar');
  await page.send();
  await stored(page);
  await browser.goto(`${server.url}/ar/help`);
  await browser.back();
  const again = new SealingPage(browser);
  await again.reaches('ready');
  check(await again.isEmpty(), 'the form is empty');
});

await scene('back, before it is sent: what was typed is gone or whole, and it can be sent', async () => {
  const page = await filled('en');
  await browser.leave(`${server.url}/en/help`);
  await browser.back();
  const again = new SealingPage(browser);
  await again.reaches('ready');
  check(await again.isEmpty(), 'nothing that was typed is left');
  again.story = page.story;
  again.files = [];
  await again.write(page.story);
  await again.send();
  await stored(again);
});

await scene('a page left open while the week changes: what it sealed to the keys of last week is taken', async () => {
  const page = await filled('ar');
  const old = fs.readFileSync(`${server.folder}/keys.public`);
  await desk.command('extend', ['--weeks', '2']);
  await desk.publicKeys(`${server.folder}/keys.public`);
  check(!old.equals(fs.readFileSync(`${server.folder}/keys.public`)), 'the keys are others');
  same(await server.stop(), 0, 'exit code');
  await server.start();
  await page.send();
  await stored(page);
});

await scene('a page left open while the keys are replaced: it seals anew, to the new ones', async () => {
  const keys = new KeysAlone();
  const other = await Server.make(`${folder}/replaced`, keys);
  await other.start();
  const page = await SealingPage.open(browser, other.url, 'en');
  await page.write(story('en'));
  await keys.publicKeys(`${other.folder}/keys.public`);
  same(await other.stop(), 0, 'exit code');
  await other.start();
  const asked = [];
  browser.page.on('response', (response) => { if (/keys$|report$/.test(response.url())) asked.push(response.url().replace(/.*\//, '')); });
  await page.send();
  await page.reaches('stored');
  same(asked, ['report', 'keys', 'report'], 'what the page asked');
  await other.stop();
});

await scene('cover: bodies go out whether anything was written or not, and none is stored', async () => {
  same(await server.stop(), 0, 'exit code');
  await server.configure({ site: { cover: '1s' }, limits: { max_files: '127 MiB' } });
  await server.start();
  const page = await filled('en', { url: broken });
  const before = line.up;
  await until('five bodies', () => line.up - before > 5 * 33_000, { seconds: 60 });
  await page.send();
  await stored(page, 60);
  check((await browser.text('ol')).includes('leave this page open'), 'the page asks to be left open');
  const then = line.up;
  await until('two bodies more', () => line.up - then > 2 * 33_000, { seconds: 60 });
});

await browser.close();

let listed = [];
await test('one bundle carries every report, once', async () => {
  await server.settled(60);
  await server.export(`${folder}/reports.bundle`);
  await desk.import(`${folder}/reports.bundle`);
  const { reports, unopened } = await desk.list();
  listed = reports;
  same(unopened, {}, 'unopened envelopes');
  same(reports.length, acknowledged.length, 'reports at the desk, and acknowledged ones');
});

for (const page of never)
  await test('what was not acknowledged is not at the desk', () => {
    same(listed.filter(({ beginning }) => page.story.startsWith(beginning)).length, 0, 'rows');
  });

for (const { story: text, files } of acknowledged)
  await test(`the desk has "${text.slice(0, 30)}…" once${files.length ? ', and its files' : ''}`, async () => {
    const rows = listed.filter(({ beginning }) => text.startsWith(beginning));
    same(rows.length, 1, 'rows in the list');
    same(rows[0].attachments, files.length, 'attachments');
    if (!files.length) return;
    const shown = await desk.show(rows[0].id);
    same(shown.answers, { story: [text] }, 'the answers');
    const saved = `${folder}/saved-${rows[0].id}`;
    await desk.save(rows[0].id, saved);
    for (const [i, one] of files.entries()) {
      same(shown.attachments[i].name, one.name, 'its name');
      sameBytes(fs.readFileSync(`${saved}/${shown.attachments[i].saved_as}`), one.content, one.name);
      count('files compared');
    }
  });

await test('the server ends', async () => same(await server.stop(), 0, 'exit code'));
line.close();
summary(`flow_sealed_${name}`);

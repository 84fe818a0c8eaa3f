// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The whole way, as people go it: in each browser, with JavaScript on and off, an Arabic report with a picture, a voice
// note and a video is typed and sent, and an English one without files; one bundle carries all of them to the desk, which
// gives back what was sent, byte for byte. Pictures of the pages are left in $AMANA_BUILD/screenshots.

import fs from 'node:fs';

import { Desk, Server, scratch } from '../support/amana.mjs';
import { browsers, openBrowser } from '../support/browser.mjs';
import { check, count, same, sameBytes, summary, test, tier } from '../support/checks.mjs';
import { arabicStory, file } from '../support/random.mjs';

const folder = scratch('browsers');
const desk = await Desk.make(`${folder}/desk`);
const server = await Server.make(`${folder}/server`, desk);
await server.start();

const rounds = tier(1, 3);
const sent = [];

// Names that a header, a file system or a reader of right-to-left text could stumble over.
function attachments(label) {
  const files = [
    file('صورة "الجواز".png', 'image/png', 150_000),
    file('رسالة صوتية 😀.ogg', 'audio/ogg', 700_001),
    file('فيديو; المعسكر=1.mp4', 'video/mp4', 20 * 1024 * 1024),
  ].map((one) => ({ ...one, path: `${folder}/${label}/${one.name}` }));
  fs.mkdirSync(`${folder}/${label}`);
  for (const one of files) {
    one.content.write(label, one.content.length - 64); // no two reports with one content
    fs.writeFileSync(one.path, one.content);
  }
  return files;
}

async function chooseLanguage(browser, language) {
  same(await browser.goto(server.url), 200, 'the first page');
  same(await browser.follow(`a[hreflang=${language}]`), 200, 'the form');
  same(browser.url(), `${server.url}/${language}/`, 'where the form is');
}

async function send(browser, language) {
  const began = Date.now();
  same(await browser.send(), 200, 'the answer to the report');
  same(browser.url().replace(/\?.*/, ''), `${server.url}/${language}/${browser.seals ? '' : 'report'}`, 'where the answer is');
  check(await browser.has('.good[role=status]'), 'the page says that the report is stored');
  return (Date.now() - began) / 1000;
}

async function sendArabic(browser, label, withPictures) {
  await chooseLanguage(browser, 'ar');
  same(await browser.evaluate(() => getComputedStyle(document.body).direction), 'rtl', 'the direction of Arabic');
  same(await browser.evaluate(() => getComputedStyle(document.querySelector('button')).display), 'block', 'the style applies');
  const story = `${arabicStory(label)}\n\n"قال: <b>وعدٌ</b> &amp; 'كذا'" 😀`;
  const files = attachments(label);
  await browser.type('#story', story);
  same(await browser.value('#story'), story, 'what was typed');
  await browser.choose('#files', files.map((one) => one.path));
  const types = await browser.evaluate(() => [...document.querySelector('#files').files].map((one) => one.type));
  same([types[0], types[2]], ['image/png', 'video/mp4'], 'the types the browser names');
  check(/^(audio|video|application)\/ogg$/.test(types[1]), `a voice note's type: ${types[1]}`);
  if (withPictures) await browser.pictures('form-filled-ar');
  const seconds = await send(browser, 'ar');
  if (withPictures) await browser.pictures('received-ar');
  console.log(`        ${label}: 20 MiB sent in ${seconds.toFixed(1)} s`);
  sent.push({ label, story, files: files.map((one, i) => ({ ...one, type: types[i] })) });
  count('Arabic reports with three attachments');
}

async function sendEnglish(browser, label, withPictures) {
  await chooseLanguage(browser, 'en');
  if (withPictures) await browser.pictures('form-en');
  const story = `Report ${label}: they took my brother's passport.`;
  await browser.type('#story', story);
  await send(browser, 'en');
  if (withPictures) await browser.pictures('received-en');
  sent.push({ label, story, files: [] });
  count('English reports without files');
}

for (const name of browsers)
  for (const javascript of [true, false]) {
    const browser = await openBrowser(name, { javascript });
    await test(`${browser.label}: an Arabic report with three attachments, an English one without`, async () => {
      const withPictures = !javascript;
      if (withPictures) {
        await browser.goto(server.url);
        await browser.pictures('index');
        await browser.goto(`${server.url}/ar/`);
        await browser.pictures('form-ar');
      }
      for (let round = 1; round <= rounds; round += 1) {
        await sendArabic(browser, `${browser.kind}-${round}`, withPictures && round === 1);
        await sendEnglish(browser, `${browser.kind}-${round}`, withPictures && round === 1);
      }
    });
    await browser.close();
  }

let listed = [];
await test('one bundle carries every report, once', async () => {
  await desk.trust(await server.verifier());
  await server.settled();
  await server.export(`${folder}/reports.bundle`);
  await desk.import(`${folder}/reports.bundle`);
  const { reports, unopened } = await desk.list();
  listed = reports;
  same(unopened, {}, 'unopened envelopes');
  same(reports.length, 8 * rounds, 'reports at the desk');
  same(sent.length, 8 * rounds, 'reports sent');
});

for (const { label, story, files } of sent)
  // Desk commands cost an Argon2id each: of the short reports, one stands for all beyond what the list shows.
  await test(`the desk gives back ${label}${files.length ? ', and its files' : ''}`, async () => {
    const row = listed.filter(({ beginning }) => story.startsWith(beginning) && beginning.includes(label));
    same(row.length, 1, 'rows in the list');
    same(row[0].attachments, files.length, 'attachments in the list');
    if (!files.length && label !== sent[1].label) return;
    const shown = await desk.show(row[0].id);
    same(shown.answers, { story: [story] }, 'the answers');
    same(shown.attachments.map(({ name, type, size }) => ({ name, type, size })),
      files.map(({ name, type, content }) => ({ name, type, size: content.length })), 'the attachments');
    if (!files.length) return;
    await desk.save(row[0].id, `${folder}/saved-${label}`);
    same(fs.readFileSync(`${folder}/saved-${label}/story.txt`, 'utf8'), story, 'the story saved');
    for (const [i, { content, name }] of files.entries()) {
      const { saved_as: as } = shown.attachments[i];
      check(/^attachment-[1-3]\.(png|ogg|ogv|bin|mp4)$/.test(as), `saved as ${as}`);
      sameBytes(fs.readFileSync(`${folder}/saved-${label}/${as}`), content, name);
      count('files compared');
    }
  });

await test('the server ends', async () => same(await server.stop(), 0, 'exit code'));
summary('flow_browsers');

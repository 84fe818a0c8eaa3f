// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Another ministry, another subject: a questionnaire on forced labour, with its own sentences in three languages, one of them
// off by default, another name, colour, logo and texts. All of it by the config file alone; nothing is built anew.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import zlib from 'node:zlib';

import { Desk, Server, program, scratch, source } from '../support/amana.mjs';
import { openBrowser } from '../support/browser.mjs';
import { check, count, same, summary, test } from '../support/checks.mjs';

const folder = scratch('labour');
const desk = await Desk.make(`${folder}/desk`);
const form = `${folder}/labour-1.toml`;
fs.copyFileSync(`${source}/tests/flow/labour/labour-1.toml`, form);

// A PNG of one colour, 64 by 64 (PNG, third edition, section 5).
function png(size = 64) {
  const chunk = (type, data) => {
    const named = Buffer.concat([Buffer.from(type), data]);
    const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    crc.writeUInt32BE(zlib.crc32(named));
    return Buffer.concat([length, named, crc]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([1, 0], 8); // one bit, grey
  const rows = zlib.deflateSync(Buffer.alloc((size / 8 + 1) * size));
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]);
}
fs.writeFileSync(`${folder}/logo.png`, png());

const names = { en: 'Ministry of Labour', ar: 'وزارة العمل', ne: 'श्रम मन्त्रालय' };
const site = { languages: ['en', 'ar', 'ne'], form, logo: `${folder}/logo.png`, colour: '#7a1f3d', read_every: '6h', exit: 'https://www.example.org/', address: 'https://labour.example.org/' };
const texts = Object.fromEntries(Object.entries(names).map(([language, name]) => [`texts.${language}`, { name, numbers: '911, 110', law: `${name} § 1`, embassy: `${name} ☎ 000` }]));
const server = await Server.make(`${folder}/server`, desk, { site, ...texts });
const checked = () => spawnSync(program('amana-server'), ['check', '--config', server.config], { encoding: 'utf8' });

await test('check says that all is well', async () => {
  const { status, stdout, stderr } = checked();
  same([status, stderr], [0, ''], stdout);
});

await test('check explains mistakes in the questionnaire by line', async () => {
  const good = fs.readFileSync(form, 'utf8');
  const lines = good.split('\n');
  const at = lines.findIndex((line) => /^type = "choice"/.test(line));
  lines[at] = 'type = "choise"';
  fs.writeFileSync(form, lines.join('\n'));
  const { status, stdout, stderr } = checked();
  same(status, 1, 'exit code');
  check(stdout.includes("can't be made") && !stdout.includes('certificate'), `no summary as if all were well: ${stdout}`);
  check(stderr.includes(`${form}:${at + 1}:`) && stderr.includes('choice'), `what it says: ${stderr}`);
  fs.writeFileSync(form, good);
});

await test('check names the language that lacks a text all others have', async () => {
  await server.configure({ site, ...texts, 'texts.ne': { name: names.ne, numbers: '911', law: '§' } });
  const { status, stderr } = checked();
  same(status, 1, 'exit code');
  check(stderr.includes("'embassy'") && stderr.includes('ne'), stderr);
  await server.configure({ site, ...texts });
});

await test('posters and cards in its own words', async () => {
  const paper = `${folder}/paper`;
  const { status, stderr } = spawnSync(program('amana-server'), ['print', '--config', server.config, '--out', paper], { encoding: 'utf8' });
  same([status, stderr], [0, ''], 'amana-server print');
  for (const language of site.languages) {
    for (const file of [`poster-${language}.pdf`, `poster-${language}.png`, `card-${language}.pdf`, `cards-${language}.pdf`]) check(fs.statSync(`${paper}/${file}`).size > 1000, file);
    count('languages on paper');
  }
  const words = spawnSync('pdftotext', [`${paper}/poster-en.pdf`, '-'], { encoding: 'utf8' }).stdout.replaceAll(/\s+/g, ' ');
  const invitation = /^invitation = "(.*)"$/m.exec(fs.readFileSync(form, 'utf8'))[1];
  for (const said of [invitation, 'Ministry of Labour', '911, 110', 'https://labour.example.org/']) check(words.includes(said), `${said}: ${words}`);
});

await server.start();
const sent = [];
const browsers = [await openBrowser('chromium', { javascript: false }), await openBrowser('firefox', { safest: true })];
for (const browser of browsers)
  for (const language of site.languages)
    await test(`${browser.label}: the form in ${language}`, async () => {
      same(await browser.goto(`${server.url}/${language}/`), 200, 'the form');
      check((await browser.text('header')).includes(names[language]), 'the ministry by its name');
      same(await browser.evaluate(() => getComputedStyle(document.querySelector('button')).backgroundColor), 'rgb(122, 31, 61)', 'its colour');
      same(await browser.evaluate(() => document.querySelector('header img').naturalWidth), 64, 'its logo');
      same(await browser.has('.awaiting a[hreflang=en]'), language === 'ne', 'a translation that awaits its second reader says so');
      same(await browser.evaluate(() => document.querySelector('#exit').href), site.exit, 'where the exit leads');
      const all = await browser.text('body');
      for (const words of ['911, 110']) check(all.includes(words), words);
      await browser.evaluate(() => { for (const one of document.querySelectorAll('details')) one.open = true; });
      check((await browser.text('body')).includes(`${names[language]} § 1`), "the ministry's words on the law");
      await browser.pictures(`labour-${language}`);
      const story = `${names[language]} ${browser.kind}: passport kept, twelve hours a day`;
      await browser.paste('#story', story);
      const answers = { story: [story] };
      const boxes = await browser.evaluate(() => [...document.querySelectorAll('input[type=checkbox]:not(#proof)')].map(({ name, value }) => [name, value]));
      check(boxes.length > 5, `${boxes.length} boxes`);
      const [field, value] = boxes[1];
      await browser.evaluate(([name, option]) => document.querySelector(`[name="${name}"][value="${option}"]`).click(), [field, value]);
      answers[field] = [value];
      same(await browser.follow('button'), 200, 'the answer');
      sent.push({ story, answers });
      count('reports sent');
    });
for (const browser of browsers) await browser.close();

await test('the desk reads them, by the questionnaire once it has it', async () => {
  await desk.trust(await server.verifier());
  await server.settled();
  await server.export(`${folder}/reports.bundle`);
  await desk.import(`${folder}/reports.bundle`);
  const { reports } = await desk.list();
  same(reports.length, sent.length, 'reports');
  const shown = await desk.show(reports[0].id);
  same(shown.form, { id: 'labour', version: 1 }, 'the form');
  same(shown.answers, sent.find(({ story }) => shown.answers.story[0] === story).answers, 'the answers');
  const raw = await desk.command('show', [reports[0].id]);
  check(raw.includes('amana-desk form'), 'what to do while the questionnaire is missing');
  await desk.command('form', [form], { passphrase: false });
  const rendered = await desk.command('show', [reports[0].id]);
  check(!rendered.includes('amana-desk form') && rendered !== raw, 'shown by its own words');
});

await test('the server ends', async () => same(await server.stop(), 0, 'exit code'));
summary('flow_labour');

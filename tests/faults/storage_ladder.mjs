// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Storage steps down before it is full (docs/ADMISSION.md, section 6): a tmpfs as storage, seen by this test alone, filled step by
// step to its last byte and freed again. At each step what people see who have JavaScript and who have not, of a form that they open
// now and of one that was open before; in the end all that was acknowledged is at the desk, once.

import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';

import { Desk, program, rootFingerprint, scratch, Server } from '../support/amana.mjs';
import { openBrowser } from '../support/browser.mjs';
import { allAreAtTheDesk } from '../support/at_the_desk.mjs';
import { check, count, same, summary, test, until } from '../support/checks.mjs';
import { request, sendReport, wasAccepted } from '../support/client.mjs';
import { arabicStory, file } from '../support/random.mjs';
import { SealingPage } from '../support/sealing_page.mjs';
import { signed } from '../support/signing.mjs';
import { withOwnMounts } from './process.mjs';

withOwnMounts();

const MiB = 1 << 20;
const folder = scratch('storage-ladder');
const desk = await Desk.make(`${folder}/desk`);
// Ticks come seldom enough that decoys take little of the disk, and often enough that status is seen to recover.
const sections = { storage: { directory: 'storage', reserve: '16 MiB' }, log: { tick: '20s', file_ticks: 24, large_cover: '256 MiB' } };
const server = await Server.make(`${folder}/server`, desk, sections);
const storage = `${folder}/server/storage`;
const ballast = `${storage}/ballast`;
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2048M,mode=0700', 'amana-test', storage]);
const { releaseKey } = await signed(server, desk, folder, sections);
await server.start();
await desk.trust(await server.verifier());

const free = () => {
  const { bavail, bsize } = fs.statfsSync(storage);
  return bavail * bsize;
};
// Takes or gives space until so much is free.
function leave(bytes) {
  const fd = fs.openSync(ballast, 'a');
  const piece = Buffer.alloc(MiB);
  try {
    for (let take = free() - bytes; take > 0; take = free() - bytes) fs.writeSync(fd, piece, 0, Math.min(piece.length, take));
  } catch (error) {
    if (error.code !== 'ENOSPC') throw error;
  }
  fs.closeSync(fd);
  if (free() < bytes) fs.truncateSync(ballast, Math.max(0, fs.statSync(ballast).size - (bytes - free())));
}
async function leaveRoom(bytes) {
  const { storage: told } = await server.status();
  leave(bytes + told['reserve-bytes'] + 3 * told['pending-bytes']);
}

const thanked = [];
let stories = 0;
function nextStory() {
  stories += 1;
  return arabicStory(`storage-ladder-${stories}`, 300);
}
function sized(megabytes) {
  const path = `${folder}/${megabytes}.bin`;
  if (!fs.existsSync(path)) fs.writeFileSync(path, file('x', '', megabytes * MiB).content);
  return path;
}

const plain = await openBrowser('chromium', { javascript: false });
const sealing = await openBrowser('chromium');
const form = `${server.url}/ar/`;

// What a form takes, as it says before a file is chosen.
const seen = () => plain.evaluate(() => {
  if (document.querySelector('input[type=file]') === null) return document.querySelector('#files strong') ? 'text' : 'nothing said';
  return /\s٨\s/.test(document.querySelector('#files-hint').textContent) ? 'small_files' : 'all';
});
async function offered() {
  const status = await plain.goto(form);
  return status === 507 ? 'nothing' : status === 200 ? seen() : `status ${status}`;
}
const offers = (takes) => until(`the form to offer ${takes}`, async () => (await offered()) === takes, { seconds: 40, every: 0.5 });

// Whatever a form offers, it is one that was signed.
function isAsSigned() {
  const { status, stdout } = spawnSync(program('amana-desk'), ['verify-site', server.url, '--root', rootFingerprint(`${folder}/server/keys.public`),
    '--release-key', releaseKey, '--ca', `${folder}/server/certificate.pem`], { encoding: 'utf8' });
  same(status, 0, stdout);
  count('steps as signed');
}

// Who has no JavaScript: writes, and chooses a file of so many MiB, or none.
async function write(megabytes) {
  same(await plain.goto(form), 200, 'the form');
  const story = nextStory();
  await plain.paste('#story', story);
  if (megabytes) await plain.choose('#files', [sized(megabytes)]);
  return story;
}
async function isThanked(status, story) {
  same(status, 200, 'the answer');
  check(await plain.has('.good[role=status]'), 'the page says that it is stored');
  thanked.push(story);
  count('acknowledged without JavaScript');
}
async function isGivenBack(status, story, expected) {
  same(status, expected, 'the answer');
  check(await plain.has('#page-problem[role=alert]'), 'an alert');
  same(await plain.evaluate(() => document.documentElement.lang), 'ar', 'the language');
  same(await plain.value('#story'), story, 'the story given back');
  count('given back');
}

// Who has: a page of which is known what was written.
async function sealed(megabytes) {
  const page = await SealingPage.open(sealing, server.url, 'ar');
  page.story = nextStory();
  await page.write(page.story);
  if (megabytes) await page.choose([sized(megabytes)]);
  return page;
}
async function isStored(page) {
  await page.send();
  await page.reaches('stored', 120);
  thanked.push(page.story);
  count('acknowledged with JavaScript');
}
async function isRefused(page) {
  await page.send();
  await page.reaches('problem');
  same(await page.problem(), 'full', 'the problem');
  same(await sealing.value('#story'), page.story, 'what was written is still there');
  count('refused and kept');
}

// With little room a few reports are pressure, for half a minute after the last.
const calm = () => until('calm', async () => !(await request(form)).body.includes('<iframe'), { seconds: 180, every: 1 });

async function acceptsOnce(megabytes) {
  await calm();
  const story = await write(megabytes);
  await isThanked(await plain.follow('form button'), story);
  await isStored(await sealed(megabytes));
}

await test('room for all', async () => {
  await leaveRoom(1200 * MiB);
  await offers('all');
  await acceptsOnce(9);
  same((await server.status()).takes, 'all', 'status');
  isAsSigned();
});

await test('the first step down: files of 8 MiB in all', async () => {
  const story = await write(9);
  const page = await sealed(17); // what seals shows its size class alone: 9 MiB are of the same as 8
  await leaveRoom(480 * MiB);
  await until('the front to know', async () => (await server.status()).takes === 'small_files', { every: 0.3 });
  await isGivenBack(await plain.follow('form button'), story, 413);
  same(await seen(), 'small_files', 'what the form that came back offers');
  await plain.choose('#files', [sized(7)]);
  await isThanked(await plain.follow('form button'), story);
  await isRefused(page);
  same(await offered(), 'small_files', 'the form');
  isAsSigned();
  await isStored(await sealed(7));
});

await test('the second: no files, text only', async () => {
  const story = await write(1);
  const page = await sealed(1);
  await leaveRoom(100 * MiB);
  await until('the front to know', async () => (await server.status()).takes === 'text', { every: 0.3 });
  await isGivenBack(await plain.follow('form button'), story, 413);
  same(await seen(), 'text', 'what the form that came back offers');
  await isThanked(await plain.follow('form button'), story);
  await isRefused(page);
  same(await offered(), 'text', 'the form');
  isAsSigned();
  await acceptsOnce(0);
});

let waiting;
await test('to the last report that fits: then nothing, and the page says so', async () => {
  const story = await write(0);
  waiting = await sealed(0);
  await leaveRoom(3 * MiB);
  let accepted = 0;
  const refused = await until('storage to be full', async () => {
    const next = nextStory();
    const answer = await sendReport(server.url, { story: next });
    if (!wasAccepted(answer)) return { next, answer };
    thanked.push(next);
    accepted += 1;
    return null;
  }, { seconds: 60, every: 0 });
  check(accepted > 0, 'texts were taken before');
  count('texts acknowledged at the end of the room', accepted);
  same(refused.answer.status, 507, 'the first that is not');
  check(refused.answer.body.includes(refused.next), 'its text is given back');
  await offers('nothing');
  check(await plain.has('main #page-problem[role=alert] h1'), 'the page says so before anything is typed');
  same(await plain.evaluate(() => document.documentElement.lang), 'ar', 'in its language');
  same(story.length > 0, true, 'a story that was begun');
});

await test('to the last byte: nothing is thanked for that is not stored', async () => {
  const { front, keeper } = server.processes();
  leave(0);
  check(free() < 4096 * 4, `${free()} bytes are free`);
  for (let i = 0; i < 5; i += 1) {
    const story = nextStory();
    const answer = await sendReport(server.url, { story });
    same(answer.status, 507, 'the answer');
    check(answer.body.includes(story), 'the text is given back');
  }
  await isRefused(waiting);
  same(server.processes().front, front, 'the front lives');
  same(server.processes().keeper, keeper, 'the keeper lives');
});

await test('space returns, and so does the service, step by step and by itself', async () => {
  await leaveRoom(8 * MiB);
  await offers('text');
  await isStored(waiting);
  await acceptsOnce(0);
  await leaveRoom(400 * MiB);
  await offers('small_files');
  await acceptsOnce(7);
  await leaveRoom(1000 * MiB);
  await offers('all');
  await acceptsOnce(9);
  await until('status to say so, a tick later', async () => (await server.status()).takes === 'all', { seconds: 60, every: 1 });
});

await test('the journal has a line for each step, and no more', () => {
  const lines = server.child.output.split('\n').filter((line) => /room/.test(line) && line.startsWith('amana-server: '));
  console.log(lines.map((line) => `        ${line}`).join('\n'));
  for (const words of ['files of 8 MiB', 'only text', 'no report is taken', 'there is room again']) check(lines.some((line) => line.includes(words)), words);
  check(lines.length <= 8, `${lines.length} lines`);
});

await test('all that was acknowledged is at the desk, once', async () => {
  await plain.close();
  await sealing.close();
  fs.rmSync(ballast);
  same(await server.stop(), 0, 'exit code');
  await allAreAtTheDesk(desk, await server.export(`${folder}/out.bundle`), thanked);
  count('acknowledged and opened once', thanked.length);
});
execFileSync('umount', ['--lazy', storage]);
summary('faults/storage_ladder');
process.exit();

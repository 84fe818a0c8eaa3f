// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A disk that fills up: a tmpfs as storage, seen by this test alone. The sender gets the storage page with the story
// given back, nothing that was thanked for is lost, and the service resumes by itself when there is space again. Both
// ways: the rule that keeps a reserve refuses before the disk is full, and the disk itself is full in the middle of a
// large upload.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

import { Desk, launch, scratch, Server } from '../support/amana.mjs';
import { allAreAtTheDesk } from '../support/at_the_desk.mjs';
import { check, count, same, summary, test, until } from '../support/checks.mjs';
import { sendReport, wasAccepted } from '../support/client.mjs';
import { arabicStory, random } from '../support/random.mjs';
import { withOwnMounts } from './process.mjs';
import { sendLarge } from './raw.mjs';

withOwnMounts();

const mebibyte = 1024 * 1024;
const diskSize = 1024 * mebibyte; // room for large files, where it is not filled
const storageFull = 507;
const thanked = [];
let stories = 0;

class Disk {
  constructor(at) {
    this.at = at;
    this.ballast = `${at}/ballast`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskSize},mode=0700`, 'amana-test', at]);
  }

  get free() {
    const { bavail, bsize } = fs.statfsSync(this.at);
    return bavail * bsize;
  }

  // Takes space until so much is left.
  leave(bytes) {
    const piece = Buffer.alloc(mebibyte);
    const fd = fs.openSync(this.ballast, 'a');
    for (let take = this.free - bytes; take > 0; take = Math.min(take, this.free - bytes)) {
      try {
        fs.writeSync(fd, piece, 0, Math.min(piece.length, take));
      } catch (error) {
        if (error.code !== 'ENOSPC') throw error;
        break;
      }
    }
    fs.closeSync(fd);
  }

  give() {
    fs.rmSync(this.ballast, { force: true });
  }
  unmount() {
    execFileSync('umount', ['--lazy', this.at]);
  }
}

const nextStory = () => {
  stories += 1;
  return arabicStory(`full-disk-${stories}`, 300);
};

async function sendSmall() {
  const story = nextStory();
  const answer = await sendReport(server.url, { story });
  count(`small reports answered ${answer.status}`);
  if (wasAccepted(answer)) thanked.push(story);
  return { story, answer };
}

function isStoragePage(page, story, language) {
  same(page.status, storageFull, 'the answer');
  check(
    new RegExp(`<html[^>]* lang="${language}"`).test(page.body),
    `the page is in the citizen's language, ${language}`,
  );
  check(page.body.includes(story), 'the story is given back');
}

// struct statfs begins: type, block size, blocks, free blocks, available blocks; each of 8 bytes.
async function lieAboutSpace(pid) {
  const words = Buffer.alloc(40);
  [0x01021994n, 4096n, 2n ** 30n, 2n ** 29n, 2n ** 29n].forEach((word, i) => words.writeBigUInt64LE(word, 8 * i));
  const liar = launch('strace', [
    '-f',
    '-p',
    `${pid}`,
    '-e',
    'trace=statfs',
    '-e',
    `inject=statfs:poke_exit=@arg2=${words.toString('hex')}`,
  ]);
  await until('strace to hold the keeper', () => liar.output.includes('attached'));
  return liar;
}

const resumes = () =>
  until('the service to resume by itself', async () => wasAccepted((await sendSmall()).answer), {
    seconds: 30,
    every: 0.3,
  });

const folder = scratch('full-disk');
const desk = await Desk.make(`${folder}/desk`);
const server = await Server.make(`${folder}/server`, desk);
const disk = new Disk(`${folder}/server/storage`);

// The same store each time: what one part leaves, the next one starts with.
async function serving(sections, body) {
  await server.configure(sections);
  await server.start();
  try {
    const { front, keeper } = server.processes();
    await body();
    same(server.processes().front, front, 'the front lived through it');
    same(server.processes().keeper, keeper, 'the keeper lived through it');
    same(await server.stop(), 0, 'exit code');
  } finally {
    disk.give();
    await server.kill();
  }
}

// How the disk comes to be full under the upload's feet, and what the keeper's log must say of it.
async function fullInTheMiddle(meanwhile, words, mayFit = false) {
  for (let i = 0; i < 5; i += 1) check(wasAccepted((await sendSmall()).answer), 'a report is accepted');
  const large = () => ({ story: nextStory(), size: 30 * mebibyte, block: random('full-disk').bytes(65536) });
  const first = large();
  const page = await sendLarge(server.port, {
    ...first,
    halfway: async () => {
      await meanwhile();
      disk.leave(0);
    },
  });
  isStoragePage(page, first.story, 'en');
  for (let i = 0; i < 5; i += 1) {
    const { story, answer } = await sendSmall();
    // The database may have free pages of its own; then it is no lie that a small one is kept.
    if (!(mayFit && wasAccepted(answer))) isStoragePage(answer, story, 'ar');
  }
  check(server.child.output.includes(words), `it does not say "${words}":\n${server.child.output}`);
  disk.give();
  await resumes();
  // The front is told of its room once a second.
  await until('a large upload to be taken, now that there is space', async () => {
    const whole = large();
    const { status } = await sendLarge(server.port, whole);
    if (status === 303) thanked.push(whole.story);
    return status === 303;
  }, { seconds: 10, every: 1 });
}

const leastReserve = { storage: { reserve: '1 MiB' }, log: { tick: '3600s', large_cover: '256 MiB' } };

// Whoever asks for the free space is told of a lot: the answer is overwritten on its way from the kernel. So the keeper
// goes on writing, and what it meets is ENOSPC. First of all parts: later the database has free pages of its own.
await test('the disk is full for SQLite itself, whatever the rule believes', () =>
  serving(leastReserve, async () => {
    let liar;
    await fullInTheMiddle(
      async () => {
        liar = await lieAboutSpace(server.processes().keeper);
      },
      'the disk is full',
      true,
    );
    liar.kill('SIGTERM');
    await liar.ended;
  }));

await test('the reserve is reached: refused before the disk is full, and resumed', () =>
  serving({ storage: { reserve: '128 MiB' }, log: { tick: '1s', file_ticks: 4 } }, async () => {
    await server.settled();
    for (let i = 0; i < 5; i += 1) check(wasAccepted((await sendSmall()).answer), 'a report is accepted');
    disk.leave(100 * mebibyte);
    for (let i = 0; i < 5; i += 1) {
      const { story, answer } = await sendSmall();
      isStoragePage(answer, story, 'ar');
    }
    check(disk.free > 90 * mebibyte, `the reserve is kept: ${disk.free} bytes are free`);
    disk.give();
    await resumes();
  }));

await test('the disk fills up in the middle of a large upload, and the rule notices', () =>
  serving(leastReserve, () => fullInTheMiddle(() => {}, 'too little space is free')));

await test('nothing that was thanked for is lost, nothing is there twice or half', async () => {
  await desk.trust(await server.verifier());
  await allAreAtTheDesk(desk, await server.export(`${folder}/out.bundle`), thanked);
  count('thanked for and opened once', thanked.length);
});
disk.unmount();
summary('faults/full_disk');
process.exit();

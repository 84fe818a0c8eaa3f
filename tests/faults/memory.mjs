// SPDX-License-Identifier: AGPL-3.0-or-later
//
// How much memory an upload costs. The peak of what front and keeper have resident (VmHWM, reset before each measure)
// may rise by less than 8 MiB for one upload of 64 MiB, and by less than 1 MiB for each of 64 at once. Nobody is warmed
// up: the first upload is a server's first. A tick falls into each measure, because sequencing moves all that was sent.

import fs from 'node:fs';

import { Desk, scratch, Server } from '../support/amana.mjs';
import { check, same, sleep, summary, test, tier } from '../support/checks.mjs';
import { random } from '../support/random.mjs';
import { needsRoot } from './process.mjs';
import { sendLarge } from './raw.mjs';

const mebibyte = 1024 * 1024;
const kibibyte = 1024;
const block = random('memory').bytes(64 * kibibyte);
const atOnce = 64;
const eachSize = tier(2, 64) * mebibyte;
const slowSize = tier(16, 64) * mebibyte;

needsRoot('reads and resets the peak memory of processes that hide it');

const processes = (server) => {
  const { front, keeper } = server.processes();
  return { front, keeper };
};
const peak = (pid) => Number(/^VmHWM:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * kibibyte;

// By how much the peak of each rises while `body` runs.
async function rise(server, body) {
  const before = {};
  for (const [name, pid] of Object.entries(processes(server))) {
    fs.writeFileSync(`/proc/${pid}/clear_refs`, '5');
    before[name] = { pid, bytes: peak(pid) };
  }
  await body();
  await server.settled(600);
  const risen = {};
  for (const [name, { pid, bytes }] of Object.entries(before)) {
    same(processes(server)[name], pid, `the ${name} is the one that was measured`);
    risen[name] = peak(pid) - bytes;
  }
  return risen;
}

function report(what, risen, limit) {
  for (const [name, bytes] of Object.entries(risen)) {
    console.log(
      `        ${what}: the ${name}'s peak rose by ${(bytes / kibibyte).toFixed(0)} KiB (limit ${limit / kibibyte} KiB)`,
    );
    check(bytes < limit, `${what}: the ${name}'s peak rose by ${bytes} bytes, not less than ${limit}`);
  }
}

async function accepted(port, options) {
  const got = await sendLarge(port, { block, ...options });
  same(got?.status, 303, 'an upload is accepted');
}

const folder = scratch('memory');
const desk = await Desk.make(`${folder}/desk`);
const server = await Server.make(`${folder}/server`, desk, { log: { tick: '2s', file_ticks: 4 } });
await server.start();

await test('one upload of 64 MiB, fast, to a server that has served nothing yet', async () => {
  const size = 64 * mebibyte - 1;
  report('fast', await rise(server, () => accepted(server.port, { story: 'the first upload', size })), 8 * mebibyte);
});

await test(`one upload of ${slowSize / mebibyte} MiB, slow: its blocks arrive one by one`, async () => {
  const options = { story: 'a slow upload', size: slowSize - 1, pause: 2 };
  report('slow', await rise(server, () => accepted(server.port, options)), 8 * mebibyte);
});

// Every second one waits at half of its way until all are there, so that all are under way at one moment.
await test(`${atOnce} uploads of ${eachSize / mebibyte} MiB at once, fast and slow`, async () => {
  let there = 0;
  let go;
  const all = new Promise((resolve) => {
    go = resolve;
  });
  const halfway = async () => {
    there += 1;
    if (there === atOnce) go();
    await all;
  };
  const uploads = () =>
    Promise.all(
      Array.from({ length: atOnce }, (_, i) =>
        accepted(server.port, { story: `upload number ${i}`, size: eachSize, halfway, pause: i % 2 }),
      ),
    );
  const risen = await rise(server, uploads);
  same(there, atOnce, 'all were under way at once');
  report(`${atOnce} at once`, risen, atOnce * mebibyte);
});

await test('nobody was cut off by a restart', async () => {
  await sleep(100);
  same(await server.stop(), 0, 'exit code');
  check(!server.child.output.includes('serving again'), `it says:\n${server.child.output}`);
});
summary('faults/memory');
process.exit();

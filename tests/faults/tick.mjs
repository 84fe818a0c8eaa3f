// SPDX-License-Identifier: AGPL-3.0-or-later
//
// kill -9 at every write of a batch: the keeper is killed as it enters each system call that changes a file, one after the
// other, from the same store each time. Afterwards fsck must find the store sound, and the next batch must bring every
// envelope that was pending into the log, once.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

import { Desk, program, run, scratch, Server } from '../support/amana.mjs';
import { check, count, full, same, summary, test, tier } from '../support/checks.mjs';
import { sendReport, wasAccepted } from '../support/client.mjs';
import { arabicStory, random, seed } from '../support/random.mjs';
import { skip } from './process.mjs';

process.removeAllListeners('warning'); // that node:sqlite is new
const { DatabaseSync } = await import('node:sqlite');

if (spawnSync('strace', ['-V']).status !== 0) skip('strace is not there');

const changing = ['pwrite64', 'write', 'fdatasync', 'fsync', 'ftruncate', 'unlink', 'rename'];
const hashBytes = 32;

const folder = scratch('tick');
const desk = await Desk.make(`${folder}/desk`);
const server = await Server.make(`${folder}/server`, desk, { log: { tick: '3600s', large_cover: '256 MiB' } });
const storage = `${folder}/server/storage`;
const sealed = `${folder}/template`;
const bundle = `${folder}/out.bundle`;

function withDatabase(body) {
  const database = new DatabaseSync(`${storage}/amana.db`);
  try {
    return body(database);
  } finally {
    database.close();
  }
}
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const pendingLeaves = () =>
  withDatabase((database) => database.prepare('SELECT leaf_hash FROM pending').all().map((row) => hex(row.leaf_hash)));
const loggedLeaves = () =>
  withDatabase((database) =>
    database
      .prepare('SELECT hashes FROM tile WHERE key < (1 << 56) ORDER BY key')
      .all()
      .flatMap(({ hashes }) =>
        Array.from({ length: hashes.length / hashBytes }, (_, i) => hex(hashes.subarray(i * hashBytes, (i + 1) * hashBytes))),
      ),
  );

function restore() {
  fs.rmSync(storage, { recursive: true });
  fs.cpSync(sealed, storage, { recursive: true });
  fs.rmSync(bundle, { force: true });
}

// An export, whose batch is what is killed. What strace says goes to `log`.
const exported = (inject, log = '/dev/null') =>
  spawnSync(
    'strace',
    ['-f', '-y', '-qq', '-o', log, ...inject, program('amana-server'), 'export', bundle, '--config', server.config],
    { encoding: 'utf8' },
  );

// The keeper's calls up to the end of its batch: what comes behind it writes the bundle.
function callsOfABatch() {
  const log = `${folder}/strace.log`;
  same(exported(['-e', `trace=${changing}`], log).status, 0, 'an export that nobody disturbs');
  const lines = fs.readFileSync(log, 'utf8').split('\n');
  const counts = {};
  for (const line of lines) {
    const call = /^\d+ +(\w+)\((\d+<([^>]*)>|"([^"]*)")/.exec(line);
    if (!call || !changing.includes(call[1])) continue;
    const path = call[3] ?? call[4];
    counts[call[1]] ??= { all: 0, at: [] };
    counts[call[1]].all += 1;
    if (path.startsWith(storage)) counts[call[1]].at.push(counts[call[1]].all);
  }
  return Object.entries(counts).flatMap(([name, { at }]) => at.map((when) => ({ name, when })));
}

await server.start();
const { pick, below, bytes } = random('tick');
for (let i = 0; i < 6; i += 1) {
  const files = i < 2 ? [{ name: 'a.jpg', type: 'image/jpeg', content: bytes(5000 + below(100_000)) }] : [];
  check(wasAccepted(await sendReport(server.url, { story: arabicStory(`tick-${i}`), files })), 'a report is accepted');
}
same(await server.stop(), 0, 'exit code');
fs.cpSync(storage, sealed, { recursive: true });
const waiting = pendingLeaves();
same(waiting.length, 6, 'all that was sent is pending');

// Nothing lost, nothing doubled, whichever side of the batch the store is on.
async function soundAndWhole(what) {
  const { stdout } = await run(program('amana-server'), ['fsck', '--config', server.config]);
  check(/ 0 erased/.test(stdout), stdout);
  const logged = loggedLeaves();
  const pending = pendingLeaves();
  same(new Set([...logged, ...pending]).size, logged.length + pending.length, `${what}: nothing is there twice`);
  for (const leaf of waiting) check(logged.includes(leaf) || pending.includes(leaf), `${what}: ${leaf} is lost`);
  return { logged, pending };
}

await test('kill -9 at each write of a batch', async () => {
  // Decoys make one batch larger than another; the smallest of a few is the one whose calls come in every other, too.
  const batches = Array.from({ length: 4 }, () => {
    restore();
    return callsOfABatch();
  });
  const calls = batches.reduce((least, other) => (other.length < least.length ? other : least));
  check(calls.length > 20, `a batch makes ${calls.length} calls that change a file`);
  const chosen = full ? calls : Array.from({ length: tier(24, 0) }, () => pick(calls));
  console.log(`        a batch makes ${calls.length} calls that change the store; ${chosen.length} of them tried, seed ${seed}`);
  for (const { name, when } of chosen) {
    restore();
    const killed = exported(['-e', `trace=${name}`, '-e', `inject=${name}:signal=SIGKILL:when=${when}`]);
    // How many decoys there are is drawn anew each time, so a late call may not come at all.
    count(killed.status === 0 ? 'batches that were over sooner' : 'killed');
    const after = await soundAndWhole(`${name} ${when}`);
    count(after.pending.length === 0 ? 'batches found done' : 'batches found not begun');
    same([0, waiting.length].includes(after.pending.length), true, 'a batch is done or not begun');
    fs.rmSync(bundle, { force: true });
    await server.export(bundle);
    const { logged, pending } = await soundAndWhole(`${name} ${when}, and the next batch`);
    same(pending.length, 0, 'the next batch takes all');
    same(logged.filter((leaf) => waiting.includes(leaf)).length, waiting.length, 'each is in the log once');
  }
});
summary('faults/tick');
process.exit();

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A report as the page seals it, against both openers: tests/vectors/open.mjs and, through vectors_check, the desk's.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import v8 from 'node:v8';
import vm from 'node:vm';

import { check, count, same, sameBytes, sleep, summary, test, tier } from '../../support/checks.mjs';
import { openEnvelope, sealEnvelope } from '../../vectors/open.mjs';
import { build, script } from './modules.mjs';
import { all, answers, drawn, fileOf, form, publics, refused, report, secrets, some, vectorsFolder } from './sealing.mjs';

const { envelopeLength } = await script('envelope.mjs');
const { writeManifest } = await script('manifest.mjs');
const { Unsealed, newSubmission, sealReport } = await script('report.mjs');

const vectors = JSON.parse(fs.readFileSync(path.join(vectorsFolder, 'vectors.json'), 'utf8'));
const hashOf = (bytes) => createHash('sha256').update(bytes).digest('hex');

await test('what is sealed opens for every recipient, whatever the files', async () => {
  for (const n of [1, 2, 3, 4]) {
    for (const sizes of [[], [0], [1], [65535, 65536, 65537], [0, 200000, 0], ...(n === 2 ? [[1 << 20], [3 << 20, 5]] : [])]) {
      const files = sizes.map((size) => fileOf(size));
      const sealed = sealReport(report(files), publics.slice(0, n));
      const envelope = await all(sealed);
      same(envelope.length, sealed.length, 'the length is known before');
      for (const secret of secrets.slice(0, n)) {
        const opened = openEnvelope(envelope, [some(32), secret]);
        same(opened.manifest.answers, answers, 'answers');
        same(opened.manifest.form, form, 'form');
        same(opened.manifest.attachments.map(({ name, type }) => ({ name, type })), files.map(({ name, type }) => ({ name, type })), 'names');
        opened.attachments.forEach(({ data }, i) => sameBytes(data, files[i].content, `file ${i}`));
        count('openings');
      }
    }
  }
});

await test('the same envelope as the other sealer, from one randomness but the order', async () => {
  const manifest = { v: 1, kind: 'report', id: '00112233445566778899aabbccddeeff', form, answers };
  for (const sizes of [[], [100], [70000]]) {
    const files = sizes.map((size) => fileOf(size));
    const ours = await all(sealReport(report(files, { submission: manifest.id }), publics.slice(0, 2)));
    const theirs = sealEnvelope({ recipients: publics.slice(0, 2), manifest, attachments: files.map(({ name, type, content }) => ({ name, type, data: content })) });
    same(ours.length, theirs.length, 'length');
    same(openEnvelope(ours, [secrets[0]]).text, openEnvelope(theirs, [secrets[0]]).text, 'manifest');
  }
});

await test('a browser too old to read into a buffer seals the same', async () => {
  for (const sizes of [[0], [65537], [(1 << 20) + 1, 5]]) {
    const files = sizes.map((size) => fileOf(size));
    const slices = files.map((file) => ({ ...file, blob: { size: file.blob.size, slice: (...all) => file.blob.slice(...all) } }));
    const opened = openEnvelope(await all(sealReport(report(slices), publics.slice(0, 1))), [secrets[0]]);
    opened.attachments.forEach(({ data }, i) => sameBytes(data, files[i].content, `file ${i}`));
  }
});

await test('nothing of two envelopes of one report is the same but suite and size', async () => {
  const once = await all(sealReport(report(), publics.slice(0, 2)));
  const twice = await all(sealReport(report(), publics.slice(0, 2)));
  let alike = 0;
  for (let i = 2; i < once.length; ++i) if (once[i] === twice[i]) alike += 1;
  check(alike < once.length / 150, `${alike} of ${once.length} bytes are alike`);
});

await test('what does not fit is refused before anything is read', async () => {
  const reason = async (given) => (await refused(() => sealReport(given, publics.slice(0, 1))))?.reason;
  same(await reason(report([], { answers: { story: 'x'.repeat(33000) } })), 'too_long', 'a long story');
  const huge = { name: '', type: '', blob: { size: 128 << 20 } };
  same(await reason(report([huge])), 'too_large', 'a large file');
  same(await reason(report(Array.from({ length: 257 }, () => fileOf(0)))), 'too_many', 'many files');
  const most = (128 << 20) - 5 * 2048 - 1000;
  same(sealReport(report([{ name: '', type: '', blob: { size: most } }]), publics.slice(0, 1)).length, envelopeLength(1, 128 << 20), 'the largest class');
  check(await refused(() => writeManifest({ submission: newSubmission(), form, answers: { Story: '' } }, [])) instanceof TypeError, 'a name');
  for (const [what, bad] of Object.entries({
    number: { a: 1 }, null: { a: null }, 'empty list': { a: [] }, 'empty row': { a: [{}] }, mixed: { a: ['x', { b: 'y' }] },
    'nested list': { a: [['x']] }, many: Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`a${i}`, ''])),
  })) check(await refused(() => sealReport(report([], { answers: bad }), publics.slice(0, 1))) instanceof TypeError, what);
});

await test('a file that changed or went away is named', async () => {
  const broken = (blob) => ({ name: 'x', type: '', blob });
  const gone = { size: 70000, slice: () => ({ arrayBuffer: () => Promise.reject(new Error('gone')) }) };
  const shrunk = { size: 70000, slice: () => new Blob([some(10)]) };
  const lost = { size: 70000, stream: () => new ReadableStream({ type: 'bytes', pull: () => Promise.reject(new Error('lost')) }) };
  const short = { size: 70000, stream: () => new Blob([some(10)]).stream() };
  for (const blob of [gone, shrunk, lost, short]) {
    const error = await refused(() => all(sealReport(report([fileOf(5), broken(blob)]), publics.slice(0, 1))));
    check(error instanceof Unsealed, String(error));
    same([error.reason, error.file], ['unreadable', 1], 'which file');
  }
});

await test('progress is told, and an abort is obeyed', async () => {
  const told = [];
  const sealed = sealReport(report([fileOf(3 << 20)]), publics.slice(0, 1), { progress: (done, length) => told.push([done, length]) });
  await all(sealed);
  same(told.at(-1), [sealed.length, sealed.length], 'the end');
  check(told.every(([done], i) => i === 0 || done > told[i - 1][0]), 'it only rises');

  const stop = new AbortController();
  let handedOut = 0;
  const error = await refused(async () => {
    for await (const chunk of sealReport(report([fileOf(3 << 20)]), publics.slice(0, 1), { signal: stop.signal })) {
      handedOut += chunk.length;
      if (handedOut > 100000) stop.abort();
    }
  });
  same(error?.name, 'AbortError', 'what is thrown');
  check(handedOut < 300000, 'and at once');

  // From outside, while only padding is sealed: a task must get its turn.
  const late = new AbortController();
  setTimeout(() => late.abort(), 0);
  same((await refused(() => all(sealReport(report([fileOf(33 << 20)]), publics.slice(0, 1), { signal: late.signal }))))?.name, 'AbortError', 'from outside');
});

await test('memory does not grow with the files', async () => {
  const size = tier(16, 100) << 20;
  v8.setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc');
  const block = new Uint8Array(1 << 20).fill(7);
  let left = size / block.length;
  const pull = (stream) => {
    left -= 1;
    stream.enqueue(block.slice());
    if (left === 0) stream.close();
  };
  const blob = { size, stream: () => new ReadableStream({ type: 'bytes', pull }, { highWaterMark: 0 }) };
  let most = 0, chunks = 0;
  const before = process.memoryUsage();
  for await (const chunk of sealReport(report([{ name: '', type: '', blob }]), publics.slice(0, 1))) {
    chunks += 1;
    if (chunks % 64 !== 0) continue;
    gc();
    await sleep(20);  // buffers are given back beside it
    gc();
    const now = process.memoryUsage();
    most = Math.max(most, now.arrayBuffers + now.heapUsed - before.arrayBuffers - before.heapUsed);
    check(chunk.length > 0, 'a chunk');
  }
  check(most < 8 << 20, `${(most / 2 ** 20).toFixed(1)} MiB more`);
});

await test("the desk's opener opens it", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'amana-script-'));
  try {
    const into = path.join(folder, 'tests/vectors');
    fs.cpSync(vectorsFolder, into, { recursive: true });
    const made = [];
    for (const sizes of [[], [0], [65536, 0, 1], [300000], [1 << 20, 1 << 20]]) {
      for (const n of [1, 4]) {
        const files = sizes.map((size) => fileOf(size));
        const envelope = await all(sealReport(report(files), publics.slice(0, n)));
        const which = drawn.below(n);
        const name = `script-${made.length}`;
        fs.writeFileSync(path.join(into, `${name}.envelope`), envelope);
        made.push({ name, comment: '', envelope: `${name}.envelope`, secrets: [Buffer.from(secrets[which]).toString('hex')], result: 'open',
          manifest: openEnvelope(envelope, [secrets[which]]).text,
          attachments: files.map(({ content }) => ({ size: content.length, sha256: hashOf(content) })) });
      }
    }
    // vectors_check reads whatever stands in vectors.json.
    fs.writeFileSync(path.join(into, 'vectors.json'), JSON.stringify([...vectors, ...made]));
    execFileSync(path.join(build, 'tests/vectors_check'), ['every vector gives its result'], { env: { ...process.env, AMANA_SOURCE: folder }, stdio: 'pipe' });
    count('envelopes opened by the desk', made.length);
    // And it would have said so if not.
    made[0].manifest += ' ';
    fs.writeFileSync(path.join(into, 'vectors.json'), JSON.stringify([...vectors, ...made]));
    check(await refused(() => execFileSync(path.join(build, 'tests/vectors_check'), ['every vector gives its result'], { env: { ...process.env, AMANA_SOURCE: folder }, stdio: 'pipe' })), 'a wrong manifest is noticed');
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

summary('web_script_report');

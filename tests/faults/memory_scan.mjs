// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What stays in memory of a report once it has been answered: nothing. The front's and the keeper's whole readable
// memory is searched for runs of 16 bytes of the story, of a file and of its name, while the connection is still open
// and after it was closed, whatever the answer was. That the search would find them is shown while a report is under
// way, when the front does hold it; the keeper never does.

import { once } from 'node:events';

import { Desk, scratch, Server } from '../support/amana.mjs';
import { check, count, full, same, sleep, summary, test, until } from '../support/checks.mjs';
import { random } from '../support/random.mjs';
import { needsRoot, withoutLockingAll } from './process.mjs';
import { answer, connect, field, fileHead, formEnd, partEnd, requestHead, write } from './raw.mjs';
import { Needles, scan } from './traces.mjs';

needsRoot('reads the memory of processes that hide it');

const idleSeconds = 4;
const alphabets = {
  arabic: [...'ابتثجحخدذرزسشصضطظعغفقكلمنهوي'],
  latin: [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'],
  // Every character is escaped when it is given back.
  markup: [...'<>&"\'abcdefghijklmnop'],
};
const text = (label, alphabet, characters) => {
  const { pick } = random(`scan/${label}`);
  return Array.from({ length: characters }, () => pick(alphabets[alphabet])).join('');
};

// A report nobody sent before: its bytes as a form, and what to search for.
let reports = 0;
function makeReport({ alphabet = 'arabic', characters = 2000, fileSize = 300_000, mime = 'video/mp4' } = {}) {
  reports += 1;
  const story = text(`story ${reports}`, alphabet, characters);
  const name = text(`name ${reports}`, 'arabic', 40);
  const content = random(`scan/file ${reports}`).bytes(fileSize);
  const body = Buffer.concat([field('story', story), field('no_receipt', '1'), fileHead(`${name}.mp4`, mime), content, partEnd, formEnd]);
  return { story, body, needles: { story, name, content } };
}

const inPieces = (bytes, size) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
const chunked = (piece) => Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);

async function send(socket, { body }, { language = 'ar', pieces = [body], chunks = false, pause = 0 } = {}) {
  await write(socket, requestHead(chunks ? undefined : body.length, { language }));
  for (const piece of pieces) {
    if (!(await write(socket, chunks ? chunked(piece) : piece))) return;
    if (pause) await sleep(pause);
  }
  if (chunks) await write(socket, Buffer.from('0\r\n\r\n'));
}

const describe = (found) =>
  found
    .slice(0, 8)
    .map(
      ({ name, offset, length, address, where }) =>
        `${length} bytes of the ${name}, from its byte ${offset} on, at ${address} in ${where}`,
    )
    .join('\n');

async function holdsNothing(server, needles, when) {
  await sleep(50); // the answer is sent before its coroutine is gone
  const { front, keeper } = server.processes();
  for (const [process, pid] of Object.entries({ front, keeper })) {
    const { found, scanned } = scan(pid, needles);
    check(scanned > 1024 * 1024, `only ${scanned} bytes of the ${process} could be read`);
    check(found.length === 0, `${when} the ${process} holds ${found.length} traces:\n${describe(found)}`);
    count('scans');
    count('MiB read', Math.round(scanned / 1024 / 1024));
  }
}

// `act` gets a connection and a report and resolves to the status it saw, 0 for none.
async function leavesNothing(server, what, expected, act, { tls = {}, ...kind } = {}) {
  await test(what, async () => {
    const report = makeReport(kind);
    const needles = new Needles(report.needles);
    const socket = await connect(server.port, tls);
    same(await act(socket, report, needles), expected, 'the answer');
    await holdsNothing(server, needles, 'with the connection open');
    socket.destroy();
    await holdsNothing(server, needles, 'with the connection closed');
  });
}

const simply = (options) => async (socket, report) => {
  await send(socket, report, options);
  const got = await answer(socket);
  if (got.status === 422) check(got.body.includes(report.story), 'the story is given back');
  return got.status;
};

async function whileUnderWay(server, what) {
  await leavesNothing(
    server,
    `${what}: the search finds a report that is under way in the front, never in the keeper`,
    303,
    async (socket, report, needles) => {
      const { front, keeper } = server.processes();
      const half = report.body.length - 100_000;
      await write(socket, Buffer.concat([requestHead(report.body.length), report.body.subarray(0, half)]));
      await until(
        'the front to hold all of it',
        () => new Set(scan(front, needles).found.map(({ name }) => name)).size === 3,
        { seconds: idleSeconds },
      );
      same(scan(keeper, needles).found, [], 'what the keeper holds');
      await write(socket, report.body.subarray(half));
      return (await answer(socket)).status;
    },
  );
}

async function everyAnswer(server) {
  await leavesNothing(server, 'accepted', 303, simply());
  await leavesNothing(
    server,
    'accepted, in 7-byte pieces, chunked',
    303,
    async (socket, report) => {
      const pieces = inPieces(report.body, 7);
      await send(socket, report, { pieces, chunks: true });
      return (await answer(socket)).status;
    },
    { fileSize: 5000 },
  );
  await leavesNothing(server, 'accepted, text only', 303, simply(), { fileSize: 0 });
  await leavesNothing(server, 'a story that is too long, given back', 422, simply(), {
    characters: 6001,
    fileSize: 100_000,
  });
  await leavesNothing(
    server,
    'a story of markup, given back escaped',
    422,
    async (socket, report) => {
      await send(socket, report);
      return (await answer(socket)).status;
    },
    { alphabet: 'markup', characters: 12_001 },
  );
  await leavesNothing(
    server,
    'a story beyond all text, not given back',
    422,
    async (socket, report) => {
      await send(socket, report);
      return (await answer(socket)).status;
    },
    { alphabet: 'latin', characters: 100_000 },
  );
  await leavesNothing(server, 'too much file', 413, simply(), { fileSize: 1_500_000 });
  await leavesNothing(server, 'a wrong boundary', 400, async (socket, report) => {
    report.body.write('x', report.body.length - 20);
    await send(socket, report);
    return (await answer(socket)).status;
  });
  await leavesNothing(server, 'the sender goes away in the middle', 0, async (socket, report) => {
    await send(socket, { body: report.body }, { pieces: [report.body.subarray(0, report.body.length - 5000)] });
    await sleep(100);
    socket.destroy();
    await once(socket, 'close');
    return 0;
  });
  await leavesNothing(server, 'the sender falls silent in the middle', 408, async (socket, report) => {
    await send(socket, { body: report.body }, { pieces: [report.body.subarray(0, report.body.length - 5000)] });
    return (await answer(socket)).status;
  });
  await leavesNothing(server, 'a chunk size that is none, behind the story', 400, async (socket, report) => {
    await write(
      socket,
      Buffer.concat([requestHead(), chunked(report.body.subarray(0, 50_000)), Buffer.from('xyz\r\n')]),
    );
    return (await answer(socket)).status;
  });
  await leavesNothing(
    server,
    'a report to a page that is none',
    404,
    async (socket, report) => {
      await write(
        socket,
        Buffer.concat([
          Buffer.from(`POST /xx/report HTTP/1.1\r\nHost: a\r\nContent-Length: ${report.body.length}\r\n\r\n`),
          report.body,
        ]),
      );
      return (await answer(socket)).status;
    },
    { fileSize: 20_000 },
  );
}

async function everyCipher(server) {
  for (const ciphers of ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'])
    await leavesNothing(server, `accepted over ${ciphers}`, 303, simply(), { tls: { ciphers, minVersion: 'TLSv1.3' } });
  for (const ciphers of [
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
  ])
    await leavesNothing(server, `given back over ${ciphers}`, 422, simply(), {
      characters: 6001,
      tls: { ciphers, maxVersion: 'TLSv1.2' },
    });
}

const folder = scratch('memory-scan');
const desk = await Desk.make(`${folder}/desk`);
for (const [what, wrapper] of Object.entries({ 'all memory locked': [], 'little may be locked': withoutLockingAll })) {
  const server = await Server.make(`${folder}/${what.replaceAll(' ', '-')}`, desk, {
    limits: { max_files: '1 MiB', idle_timeout: `${idleSeconds}s` },
  });
  await server.start({ wrapper });
  console.log(`        ${what}`);
  await whileUnderWay(server, what);
  await everyAnswer(server);
  // Whether a slot of the pool or ordinary memory: OpenSSL's own way with it is the same.
  if (full || wrapper.length === 0) await everyCipher(server);
  await test(`${what}: 40 at once, of every length`, async () => {
    const all = {};
    await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const report = makeReport({ characters: 50 + 250 * i, fileSize: 4000 * i });
        for (const [name, bytes] of Object.entries(report.needles)) all[`${name} of report ${i}`] = bytes;
        const socket = await connect(server.port);
        await send(socket, report, { pieces: inPieces(report.body, 1 + 1000 * i), pause: i % 3 });
        same((await answer(socket)).status, 50 + 250 * i > 6000 ? 422 : 303, `the answer to report ${i}`);
        socket.destroy();
      }),
    );
    await holdsNothing(server, new Needles(all), 'after all of them');
  });
  same(await server.stop(), 0, 'exit code');
}
summary('faults/memory_scan');
process.exit();

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// While reports are sent, and after, no 16 bytes in a row of what was written stand in any file that the warden, the
// front, the keeper or the desk opened, nor in anything that they wrote anywhere by a system call: for that, they run under
// strace, which names every file and shows every byte, of files too that are soon deleted. The exceptions are those asked
// for: what the desk prints, and the folder that it saves to.

import fs from 'node:fs';

import { Desk, Server, run, scratch } from '../support/amana.mjs';
import { check, count, same, summary, test, tier } from '../support/checks.mjs';
import { formBody, request, wasAccepted } from '../support/client.mjs';
import { file, random } from '../support/random.mjs';
import { traced, tracer } from '../support/trace.mjs';
import { Windows } from '../support/windows.mjs';

const folder = scratch('plaintext');
process.env.TMPDIR = `${folder}/tmp`; // of all that is started here
fs.mkdirSync(process.env.TMPDIR);

// Words of no language, so that no catalogue and no library holds them.
const letters = [...'ابتثجحخدذرزسشصضطظعغفقكلمنهوي'];
function words(label, characters) {
  const { pick, below } = random(`words/${label}`);
  return Array.from({ length: characters }, () => (below(6) ? pick(letters) : ' ')).join('');
}

const megabytes = tier(1, 6);
const reports = ['first', 'second', 'third'].map((label, i) => ({
  story: words(label, 3000),
  files: i === 2 ? [] : [
    file(`${words(`${label}/png`, 30)}.png`, 'image/png', 150_000),
    file(`${words(`${label}/ogg`, 30)}.ogg`, 'audio/ogg', 70_001),
    file(`${words(`${label}/mp4`, 30)}.mp4`, 'video/mp4', megabytes * 1024 * 1024 + 5),
  ],
}));
const secrets = reports.flatMap(({ story, files }) => [Buffer.from(story), ...files.flatMap(({ name, content }) => [Buffer.from(name), content])]);
const windows = new Windows(secrets);
count('windows of plaintext looked for', windows.count);

// Every regular file below a folder.
function filesBelow(top) {
  return fs.readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath}/${entry.name}`);
}

const searched = new Map();
function searchFiles(paths) {
  const leaks = [];
  for (const path of new Set(paths)) {
    if (!/^\/(?!proc\/|sys\/|dev\/(?!shm\/))/.test(path)) continue;
    let about;
    try { about = fs.statSync(path); } catch { continue; } // gone: what was written to it stands in the trace
    if (!about.isFile()) continue;
    const version = `${about.size} ${about.mtimeMs} ${about.ino}`;
    if (searched.get(path) === version && !path.startsWith(folder)) continue; // libraries
    searched.set(path, version);
    count('MiB of files searched', Math.round(about.size / 1048576));
    const at = windows.findInFile(path);
    if (at >= 0) leaks.push(`${path} holds plaintext at ${at}`);
  }
  return leaks;
}

// { leaks, opened, wrote }: what a trace shows; `may(to)` says where plaintext may go. `wrote` sums the bytes by target.
async function searchTrace(log, may = () => false) {
  const leaks = [];
  const opened = [];
  const wrote = new Map();
  for await (const { call, opened: path, to, written } of traced(log)) {
    if (path) opened.push(path);
    for (const bytes of written) {
      wrote.set(to, (wrote.get(to) ?? 0) + bytes.length);
      if (!may(to) && windows.find(bytes) >= 0) leaks.push(`${call} of ${bytes.length} bytes of plaintext to ${to}`);
    }
  }
  return { leaks, opened, wrote };
}

const serverLog = `${folder}/server.trace`;
const desk = await Desk.make(`${folder}/desk`);
const server = await Server.make(`${folder}/server`, desk);
await server.start({ wrapper: tracer(serverLog) });
const ownFiles = () => filesBelow(folder).filter((path) => !path.endsWith('.trace') && !path.includes('/saved/'));

await test('planted leaks are found', async () => {
  const planted = `${server.folder}/storage/planted`;
  const { content } = reports[0].files[2];
  fs.writeFileSync(planted, Buffer.concat([Buffer.alloc(4 * 1024 * 1024 - 7), content.subarray(777_777, 777_777 + 16), Buffer.alloc(99)]));
  same(searchFiles(ownFiles()).length, 1, 'sixteen bytes in a file');
  fs.writeFileSync(planted, Buffer.concat([Buffer.alloc(4 * 1024 * 1024), content.subarray(777_777, 777_777 + 15), Buffer.alloc(99)]));
  same(searchFiles(ownFiles()), [], 'fifteen bytes are not sixteen');
  fs.rmSync(planted);

  const log = `${folder}/planted.trace`;
  const excerpt = reports[1].story.slice(1000, 1020);
  const [command, ...args] = [...tracer(log), 'sh', '-c', 'printf %s "$1" >"$2"; rm "$2"', 'sh', excerpt, planted];
  await run(command, args);
  const { leaks, opened } = await searchTrace(log);
  same(leaks, [`write of ${Buffer.byteLength(excerpt)} bytes of plaintext to ${planted}`], 'a file that is gone');
  check(opened.includes(planted), 'the name of a file that is gone');
});

// Half of each report's body is sent, everything is searched, then comes the other half.
await test('nothing while reports are being sent, nor after', async () => {
  let arrived;
  let others = 0;
  const allHalfway = new Promise((resolve) => { arrived = () => { others += 1; if (others === reports.length) resolve(); }; });
  let goOn;
  const searchedHalfway = new Promise((resolve) => { goOn = resolve; });
  async function* inTwoHalves(bytes) {
    const half = Math.floor(bytes.length / 2);
    yield bytes.subarray(0, half);
    arrived();
    await searchedHalfway;
    yield bytes.subarray(half);
  }
  const answers = reports.map((report) => {
    const form = formBody(report);
    return request(`${server.url}/ar/report`, {
      method: 'POST',
      headers: { 'Content-Type': form.type, 'Content-Length': form.length },
      body: inTwoHalves(Buffer.concat(form.pieces)),
    });
  });
  await allHalfway;
  const keeping = `/proc/${server.processes().keeper}/fd`;
  const held = fs.readdirSync(keeping).map((fd) => `${keeping}/${fd}`).filter((fd) => fs.statSync(fd, { throwIfNoEntry: false })?.isFile());
  check(held.length > 0, 'files that the keeper holds open');
  for (const fd of held) check(windows.findInFile(fd) < 0, `${fd} holds plaintext`);
  same(searchFiles([...ownFiles(), ...(await searchTrace(serverLog)).opened]), [], 'files, halfway');
  goOn();
  for (const answer of answers) check(wasAccepted(await answer), 'a report is accepted');
  count('reports', reports.length);
  same(searchFiles(ownFiles()), [], 'files, before the tick');
  await server.settled();
  same(searchFiles(ownFiles()), [], 'files, after the tick');
  await desk.trust(await server.verifier());
  await server.export(`${folder}/reports.bundle`);
  same(await server.stop(), 0, 'exit code');
});

await test('nothing in what the server opened or wrote', async () => {
  const { leaks, opened, wrote } = await searchTrace(serverLog);
  same(leaks, [], 'writes');
  same(searchFiles([...opened, ...ownFiles()]), [], 'files');
  count('files opened by the server', new Set(opened).size);
  // The search saw what it must have seen: every sealed byte on its way into the database.
  const sealed = reports.flatMap(({ files }) => files).reduce((sum, { content }) => sum + content.length, 0);
  const sum = (pattern) => [...wrote].filter(([to]) => pattern.test(to)).reduce((all, [, bytes]) => all + bytes, 0);
  check(sum(/\/storage\//) > sealed, `writes into the storage: ${sum(/\/storage\//)}`);
  check(sum(/socket/) > sealed, `writes to sockets: ${sum(/socket/)}`);
  count('MiB of writes searched', Math.round(sum(/./) / 1048576));
});

// Each command of the desk in a trace of its own; what it prints goes to standard output, a pipe of ours.
async function deskCommand(name, body, may) {
  const log = `${folder}/desk-${name}.trace`;
  const result = await body({ wrapper: tracer(log) });
  const { leaks, opened } = await searchTrace(log, may);
  same(leaks, [], `${name}: writes`);
  same(searchFiles([...opened.filter((path) => !path.includes('/saved')), ...ownFiles()]), [], `${name}: files`);
  check(opened.some((path) => path.startsWith(desk.folder)), `${name}: the trace names the desk's files`);
  count('desk commands');
  return result;
}
const printing = (to) => to.startsWith('pipe:') || to.startsWith('socket:'); // standard output; the desk has no other

await test('nothing in what the desk opened or wrote', async () => {
  await deskCommand('import', (options) => desk.import(`${folder}/reports.bundle`, options));
  const { reports: listed } = await deskCommand('list', (options) => desk.list(options), printing);
  same(listed.length, reports.length, 'reports at the desk');
  const { id } = listed.find(({ beginning }) => reports[0].story.startsWith(beginning));
  const { answers } = await deskCommand('show', (options) => desk.show(id, options), printing);
  same(answers.story[0], reports[0].story, 'what the desk shows is what was looked for');
  await deskCommand('save', (options) => desk.save(id, `${folder}/saved`, options), (to) => to.startsWith(`${folder}/saved`));
  const found = filesBelow(`${folder}/saved`).filter((path) => windows.findInFile(path) >= 0);
  check(found.length >= 4, 'and it is found where it is meant to be');
});

summary('flow_no_plaintext');

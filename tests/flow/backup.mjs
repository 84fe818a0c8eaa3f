// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Backups with the programs as they are shipped: one is written beside a server that takes reports all the time; the server is
// lost, and another machine goes on from the backup. What had been acknowledged before it is at the desk, once; the desk tells a log
// that begins anew from one that was put back, and the server what it is brought that it can't have.

import fs from 'node:fs';

import { Desk, Server, program, run, scratch } from '../support/amana.mjs';
import { check, count, same, summary, test, tier } from '../support/checks.mjs';
import { sendReport, wasAccepted } from '../support/client.mjs';

const folder = scratch('backup');
const desk = await Desk.make(`${folder}/desk`);
const server = await Server.make(`${folder}/server`, desk);
await server.start();
const oldKey = await server.verifier();
await desk.trust(oldKey);

// How a command ends, and what it says.
const ends = (promise) => promise.then((said) => ({ code: 0, said: said.stdout ?? said }), ({ code, stdout, stderr }) => ({ code, said: stdout + stderr }));
const serverSays = (on, command, ...args) => ends(run(program('amana-server'), [command, '--config', on.config, ...args]));
const drill = (backup) => ends(run(program('amana-server'), ['drill', backup]));
const deskSays = (command, args, options) => ends(desk.command(command, args, options));

// Another machine: what an admin keeps beside backups, and an empty folder.
function machine(name) {
  const other = new Server(`${folder}/${name}`);
  fs.mkdirSync(other.folder);
  for (const file of ['amana.toml', 'certificate.pem', 'key.pem', 'keys.public']) fs.copyFileSync(`${server.folder}/${file}`, `${other.folder}/${file}`);
  fs.mkdirSync(`${other.folder}/storage`, { mode: 0o700 });
  [other.port, other.url] = [server.port, server.url];
  return other;
}

let number = 0;
const acknowledged = [];
async function send() {
  number += 1;
  const story = `story ${String(number).padStart(5, '0')}, told while it was counted`;
  if (wasAccepted(await sendReport(server.url, { story }))) acknowledged.push(story);
}

// Every one of the stories is at the desk, and none twice.
async function atTheDesk(stories) {
  const { reports, unopened } = await desk.list();
  same(unopened, {}, 'envelopes that did not open');
  const beginnings = reports.map(({ beginning }) => beginning);
  same(new Set(beginnings.map((text) => text.slice(0, 11))).size, beginnings.length, 'no report twice');
  const missing = stories.filter((story) => !beginnings.some((beginning) => story.startsWith(beginning) || beginning.startsWith(story)));
  same(missing, [], 'what is not at the desk');
  return reports.length;
}

const early = `${folder}/early`;
const late = `${folder}/late`;
let beforeLate;
await test('a backup is written beside a server that takes reports, and proved', async () => {
  for (let i = 0; i < 5; i += 1) await send();
  const { code, said } = await serverSays(server, 'backup', early);
  same(code, 0, said);
  check(said.includes(`${server.folder}/key.pem`) && said.includes(server.config), `it says what else to keep:\n${said}`);
  await desk.import(await server.export(`${folder}/first`));
  await atTheDesk(acknowledged);

  let loaded = true;
  const load = Promise.all([1, 2, 3, 4].map(async () => { while (loaded) await send(); }));
  for (let round = 0; round < tier(3, 20); round += 1) {
    fs.rmSync(late, { recursive: true, force: true });
    beforeLate = [...acknowledged];
    const made = await serverSays(server, 'backup', late);
    same(made.code, 0, made.said);
    const proved = await drill(late);
    same(proved.code, 0, proved.said);
    check(proved.said.startsWith('proved: '), proved.said);
    count('backups under load');
  }
  loaded = false;
  await load;
  same(fs.readdirSync(late).sort().filter((name) => !name.startsWith('keys.')), ['amana.db', 'manifest'], 'no log key, no outbox');
  console.log(`        ${beforeLate.length} reports before the backup, ${acknowledged.length - beforeLate.length} while and after it`);
});

await test('a backup that was copied by half is refused', async () => {
  fs.cpSync(late, `${folder}/half`, { recursive: true });
  const database = `${folder}/half/amana.db`;
  fs.truncateSync(database, Math.floor(fs.statSync(database).size / 2));
  const { code, said } = await drill(`${folder}/half`);
  same(code, 1, said);
  check(said.includes('not whole'), said);
  check(!fs.existsSync(`${folder}/amana-drill`), 'nothing is left');
});

await test('the server is lost: another machine goes on with the backup, under a new log key', async () => {
  await server.kill();
  const other = machine('other');
  const hasty = await serverSays(other, 'restore', late);
  same(hasty.code, 1, hasty.said);
  check(hasty.said.includes('--after-loss'), hasty.said);
  same(fs.readdirSync(`${other.folder}/storage`), [], 'nothing was restored');

  const { code, said } = await serverSays(other, 'restore', '--after-loss', late);
  same(code, 0, said);
  await other.start();
  const key = await other.verifier();
  check(key !== oldKey && said.includes(key), `the new key is printed:\n${said}`);
  same((await serverSays(other, 'restore', '--after-loss', late)).code, 1, 'not over a store that is there');

  const bundle = await other.export(`${folder}/second`);
  const unknown = await deskSays('import', [bundle]);
  same(unknown.code, 1, unknown.said);
  check(unknown.said.includes('does not know'), unknown.said);
  await desk.trust(key, ['--replace']);
  await desk.import(bundle); // held to all that the desk has seen of the old log
  const there = await atTheDesk(beforeLate);
  console.log(`        ${there} reports at the desk`);
  await send();
  check((await desk.import(await other.export(`${folder}/third`))).includes(': 1 report'), 'the new log goes on');
  same(await other.stop(), 0, 'exit code');
});

await test('a backup older than what the desk has seen: the desk says so, and takes it only as a new log', async () => {
  const older = machine('older');
  const { code, said } = await serverSays(older, 'restore', '--after-loss', early);
  same(code, 0, said);
  await older.start();
  const before = await atTheDesk(beforeLate);
  await desk.trust(await older.verifier(), ['--replace']);
  const bundle = await older.export(`${folder}/fourth`);
  const refused = await deskSays('import', [bundle]);
  same(refused.code, 1, refused.said);
  check(/THE LOG IS NOT WHAT WAS SIGNED/.test(refused.said), refused.said);
  await desk.trust(await older.verifier(), ['--replace', '--new-log']);
  await desk.import(bundle);
  same(await atTheDesk(beforeLate), before, 'no report more or less');
  const { said: audited } = await deskSays('audit', ['--json']);
  for (const { id } of JSON.parse(audited.slice(0, audited.lastIndexOf('}') + 1)).evidence) await deskSays('audit', ['--settle', id]);

  // A store that is put back by hand: the server learns of it from the desk's word.
  same(await older.stop(), 0, 'exit code');
  fs.cpSync(`${older.folder}/storage`, `${folder}/snapshot`, { recursive: true });
  await older.start();
  await send();
  await desk.import(await older.export(`${folder}/fifth`));
  const cosigned = await deskSays('cosign', [`${folder}/cosigned`]);
  same(cosigned.code, 0, cosigned.said);
  same(await older.stop(), 0, 'exit code');
  fs.rmSync(`${older.folder}/storage`, { recursive: true });
  fs.cpSync(`${folder}/snapshot`, `${older.folder}/storage`, { recursive: true });
  fs.chmodSync(`${older.folder}/storage`, 0o700);
  const noticed = await serverSays(older, 'witness', `${folder}/cosigned`);
  same(noticed.code, 1, noticed.said);
  check(/the desk has seen \d+ entries, and this log has \d+|another past/.test(noticed.said), noticed.said);
  count('rollbacks named');
});

await test('a server that moves goes on under its key, and the one before no more', async () => {
  const mover = machine('mover');
  const { said: restored } = await serverSays(mover, 'restore', '--after-loss', late);
  await mover.start();
  const key = await mover.verifier();
  check(restored.includes(key), restored);
  await desk.trust(key, ['--replace', '--new-log']);
  await desk.import(await mover.export(`${folder}/sixth`));
  const early_ = await serverSays(mover, 'backup', '--handover', `${folder}/handed`);
  same(early_.code, 1, early_.said);
  check(early_.said.includes('Stop it first'), early_.said);
  await send();
  same(await mover.stop(), 0, 'exit code');
  const handed = await serverSays(mover, 'backup', '--handover', `${folder}/handed`);
  same(handed.code, 0, handed.said);
  const again = await ends(mover.start().then(() => 'started', (error) => Promise.reject(Object.assign(error, { code: 1, stdout: '', stderr: error.message }))));
  same(again.code, 1, again.said);
  check(again.said.includes('handed over'), again.said);

  const moved = machine('moved');
  same((await serverSays(moved, 'restore', `${folder}/handed`)).code, 0, 'restored');
  await moved.start();
  same(await moved.verifier(), key, 'the same log');
  const said = await desk.import(await moved.export(`${folder}/seventh`));
  check(said.includes(': 1 report'), said);
  await atTheDesk([acknowledged.at(-1)]);
  const { code, said: fsck } = await serverSays(moved, 'fsck');
  same(code, 0, fsck);
  same(await moved.stop(), 0, 'exit code');
});
summary('flow_backup');

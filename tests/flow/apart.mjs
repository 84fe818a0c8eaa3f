// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Front, keeper and warden as users of their own, by hand as the systemd units do it: who may open what, really tried as that user;
// reports through a reload, through each of them killed, and to the end.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

import { Desk, launch, program, run, scratch, Server } from '../support/amana.mjs';
import { check, count, same, summary, test, until, within } from '../support/checks.mjs';
import { sendReport, wasAccepted } from '../support/client.mjs';
import { needsRoot } from '../faults/process.mjs';

needsRoot('runs each process as a user of its own');

const users = { server: 61000, front: 61001, keeper: 61002, stranger: 61003 };
const as = (uid, { group = uid, groups = [] } = {}) => ['setpriv', `--reuid=${uid}`, `--regid=${group}`, groups.length ? `--groups=${groups}` : '--clear-groups'];

const folder = scratch('apart');
fs.chmodSync(folder, 0o711);
const desk = await Desk.make(`${folder}/desk`);
const watched = {
  metrics: { address: `unix:${folder}/run/metrics.sock` },
  notice: { command: ['/bin/sh', '-c', `cat > ${folder}/run/notice`] },
};
const server = await Server.make(`${folder}/server`, desk, watched);
const storage = `${folder}/server/storage`;
const place = `${folder}/run`;
const courier = `${folder}/courier`;
const owned = (path, uid, mode) => { fs.mkdirSync(path, { recursive: true }); fs.chownSync(path, uid, uid); fs.chmodSync(path, mode); };
fs.chmodSync(`${folder}/server`, 0o711);
owned(storage, users.keeper, 0o700);
owned(`${storage}.warden`, users.server, 0o700);
owned(place, users.server, 0o755);
owned(courier, users.keeper, 0o750);
fs.chmodSync(`${folder}/server/keys.public`, 0o644);
fs.chownSync(`${folder}/server/key.pem`, users.server, users.server);

const attend = (side, [command, ...who]) => launch(command, [...who, program('amana-server'), 'attend', side, '--rendezvous', place]);
// What Restart= does: another one when one has ended.
const attending = {};
let stopped = false;
async function unit(side) {
  while (!stopped) {
    attending[side] = attend(side, as(users[side]));
    await attending[side].ended;
  }
}
const child = (pid) => Number(fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
const processes = () => ({ server: server.child.pid, front: child(attending.front.pid), keeper: child(attending.keeper.pid) });
const user = (pid) => Number(/^Uid:\t\d+\t(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
const said = (text) => server.child.output.split(text).length - 1;

let sent = 0;
async function report() {
  check(wasAccepted(await sendReport(server.url, { story: `The report number ${sent} through whatever comes.` })), 'a report');
  sent += 1;
}
async function anew(what) {
  const before = said('serving again');
  await what();
  await until('the next generation', () => said('serving again') > before, { seconds: 120 });
  await report();
}

await test('three users serve', async () => {
  unit('keeper');
  unit('front');
  await server.start({
    wrapper: as(users.server, { groups: [users.front, users.keeper] }),
    more: ['--rendezvous', place, '--front-user', `${users.front}`, '--keeper-user', `${users.keeper}`],
    seconds: 90,
  });
  for (const [name, pid] of Object.entries(processes())) same(user(pid), users[name], `the user of ${name}`);
  await report();
  await server.settled();
});

await test('what each may open, tried as that user', async () => {
  const opens = (uid, path) => spawnSync('setpriv', [...as(uid).slice(1), 'cat', path], { stdio: 'ignore' }).status === 0;
  const files = { 'the store': `${storage}/amana.db`, 'the log key': `${storage}/log.key`, 'the TLS key': `${folder}/server/key.pem`, 'the lock': `${storage}.warden/lock` };
  const may = { server: ['the TLS key', 'the lock'], front: [], keeper: ['the store', 'the log key'] };
  for (const [name, allowed] of Object.entries(may))
    for (const [what, path] of Object.entries(files)) {
      same(opens(users[name], path), allowed.includes(what), `${name} opens ${what}`);
      count('files tried');
    }
  check(opens(users.front, `${folder}/server/keys.public`), 'the front opens what is everybody\'s');
  const writes = (uid, path) => spawnSync('setpriv', [...as(uid).slice(1), 'test', '-w', path]).status === 0;
  same([writes(users.front, `${place}/front`), writes(users.front, `${place}/keeper`), writes(users.keeper, `${place}/front`), writes(users.stranger, `${place}/front`)],
    [true, false, false, false], 'who may come to which socket');
  for (const name of fs.readdirSync(storage)) same(fs.statSync(`${storage}/${name}`).uid, users.keeper, `${name} is the keeper's`);
  check(fs.existsSync(`${storage}.warden/keys.serial`) && fs.existsSync(`${storage}/keys.serial`), 'both remember the serial');
});

await test('status --sandbox finds them and says so', async () => {
  const { stdout } = await run(program('amana-server'), ['status', '--sandbox', '--json', '--config', server.config]);
  const told = JSON.parse(stdout);
  same(told['users-of-their-own'], true, 'users of their own');
  same(Object.fromEntries(told.processes.map((each) => [each.program.replace('amana-', ''), [Number(each.process), Number(each.user), each.seccomp]])),
    Object.fromEntries(Object.entries(processes()).map(([name, pid]) => [name, [pid, users[name], name !== 'server']])), 'processes');
  const text = (await run(program('amana-server'), ['status', '--sandbox', '--config', server.config])).stdout;
  check(text.includes('users: each its own'), text);
});

await test('a reload', () => anew(async () => {
  await server.configure({ ...watched, site: { colour: '#5c0b10' } });
  process.kill(server.child.pid, 'SIGHUP');
}));

await test('each of them killed, and who attends it', async () => {
  for (const name of ['front', 'keeper']) {
    await anew(() => process.kill(processes()[name], 'SIGKILL'));
    same(said(`amana-${name} was killed by signal 9`), 1, `${name}: its end is told`);
    await anew(() => process.kill(attending[name].pid, 'SIGKILL'));
    same(said(`amana-${name} was lost`), 1, `${name}: its end is told`);
    for (const [each, pid] of Object.entries(processes())) same(user(pid), users[each], `the user of ${each}`);
  }
});

await test('somebody else who comes is refused, and the right one is taken', async () => {
  const stranger = attend('front', as(users.stranger, { group: users.front }));
  await until('the stranger to wait', () => fs.readFileSync('/proc/net/unix', 'utf8').split(`${place}/front\n`).length > 3);
  await anew(() => process.kill(processes().front, 'SIGKILL'));
  check(server.child.output.includes(`refused at ${place}/front: process ${stranger.pid} is the user ${users.stranger}'s, not ${users.front}'s`), server.child.output);
  same(await within(30, 'the stranger to end', stranger.ended), 1, "the stranger's exit code");
});

await test("the admin's commands run the keeper as the keeper's user, and say whose they are to who is not root", async () => {
  await server.settled();
  const bundle = await server.export(`${courier}/bundle`);
  same(fs.statSync(bundle).uid, users.keeper, "the bundle's owner");
  await run(program('amana-server'), ['fsck', '--config', server.config]);
  const elsewhere = spawnSync(program('amana-server'), ['export', `${folder}/bundle`, '--config', server.config], { encoding: 'utf8' });
  check(elsewhere.status === 1 && elsewhere.stderr.includes(`it was done as ${users.keeper}`), elsewhere.stderr);
  const other = spawnSync('setpriv', [...as(users.server).slice(1), program('amana-server'), 'status', '--config', server.config], { encoding: 'utf8' });
  check(other.status === 1 && other.stderr.includes(`is the user ${users.keeper}'s`) && other.stderr.includes('sudo'), other.stderr);
  const alone = spawnSync('setpriv', [...as(users.server).slice(1), program('amana-server'), 'check', '--config', server.config], { encoding: 'utf8' });
  same(alone.status, 0, `check as the warden's user:\n${alone.stdout}${alone.stderr}`);
  await desk.trust(await server.verifier());
  await desk.import(bundle);
  same((await desk.list()).reports.length, sent, 'reports at the desk');
  count('reports', sent);
});

await test('what the warden shows of a store that is not its own is what the keeper tells it', async () => {
  const metrics = async () => (await run('curl', ['-sS', '--unix-socket', `${place}/metrics.sock`, 'http://watcher/metrics'])).stdout;
  await until('the courier to be shown', async () => /^amana_courier_days 0$/m.test(await metrics()));
  check(/^amana_free_bytes [1-9]\d*$/m.test(await metrics()) && /^amana_log_step \d+$/m.test(await metrics()), await metrics());
  const noticed = spawnSync('setpriv', [...as(users.server).slice(1), program('amana-server'), 'notice', '--config', server.config], { encoding: 'utf8' });
  same(noticed.status, 0, noticed.stderr);
  check(fs.readFileSync(`${place}/notice`, 'utf8').includes('due:  no'), 'the notice, sent by the warden\'s user');
});

await test('it stops in order', async () => {
  const { front, keeper } = processes();
  stopped = true;
  same(await server.stop(), 0, 'exit code');
  for (const [name, pid] of Object.entries({ front, keeper })) check(!fs.existsSync(`/proc/${pid}`), `${name} has ended`);
  check(!fs.existsSync(`${place}/front`), 'the sockets are taken away');
  for (const each of Object.values(attending)) same(await within(30, 'who attends', each.ended), 0, 'exit code');
});

await test('and not by who can not use the store', async () => {
  const alone = spawnSync('setpriv', [...as(users.server).slice(1), program('amana-server'), 'serve', '--config', server.config], { encoding: 'utf8', timeout: 60_000 });
  check(alone.status === 1 && alone.stderr.includes(`is the user ${users.keeper}'s alone`), alone.stderr);
});
summary('flow/apart');

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What somebody can do who runs code of his own in a front or a keeper that serves: a debugger makes the shipped programs try it,
// under their own sandbox. Afterwards they serve as before. What is denied is docs/THREATS.md's to explain.

import fs from 'node:fs';
import path from 'node:path';

import { Desk, program, run, scratch, Server } from '../support/amana.mjs';
import { check, count, same, summary, test } from '../support/checks.mjs';
import { sendReport } from '../support/client.mjs';
import { needsRoot } from '../faults/process.mjs';
import { plainPhone } from '../flood/phones.mjs';

needsRoot('attaches a debugger to front and keeper');

// x86-64: asm/unistd_64.h.
const call = {
  open: 2, mmap: 9, getpid: 39, socket: 41, connect: 42, bind: 49, listen: 50, socketpair: 53, clone: 56, fork: 57, execve: 59, kill: 62,
  truncate: 76, rename: 82, mkdir: 83, link: 86, unlink: 87, symlink: 88, chmod: 90, ptrace: 101, setuid: 105, mknod: 133, prctl: 157,
  chroot: 161, mount: 165, init_module: 175, openat: 257, unshare: 272, process_vm_readv: 310, memfd_create: 319, bpf: 321, execveat: 322,
  userfaultfd: 323, io_uring_setup: 425, clone3: 435, pidfd_getfd: 438,
};
const AT_FDCWD = -100, O_WRONLY = 1, O_CREAT = 0o100, AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10, STREAM = 1, DGRAM = 2, PROT_EXEC = 4, PRIVATE_ANONYMOUS = 0x22;

const folder = scratch('sandbox');
const desk = await Desk.make(`${folder}/desk`);
const server = await Server.make(`${folder}/server`, desk);
await server.start();
const processes = server.processes();
await sendReport(server.url, { story: 'Before anybody was in it.' });
await server.settled();

const within = (name) => {
  const found = fs.readdirSync(folder, { recursive: true }).map(String).filter((one) => path.basename(one) === name);
  same(found.length, 1, `one ${name}`);
  return path.join(folder, found[0]);
};
const storage = `${folder}/server/storage`;
const database = `${storage}/amana.db`;

async function does(pid, calls) {
  const acts = `${folder}/acts`;
  fs.writeFileSync(acts, JSON.stringify(calls));
  await run('gdb', ['-q', '-nx', '-batch', '-p', `${pid}`, '-x', path.join(import.meta.dirname, '../support/acts.gdb.py')],
    { env: { ...process.env, AMANA_ACTS: acts, DEBUGINFOD_URLS: '' } });
  return JSON.parse(fs.readFileSync(`${acts}.done`, 'utf8'));
}

// name → call, each to be denied.
async function denied(pid, calls) {
  const results = await does(pid, Object.values(calls));
  const done = Object.keys(calls).filter((name, i) => results[i] >= 0);
  same(done, [], 'what was not denied');
  count('forbidden acts', results.length);
}

const everywhere = {
  'an internet socket': [call.socket, AF_INET, STREAM, 0],
  'an IPv6 socket': [call.socket, AF_INET6, DGRAM, 0],
  'a Unix socket': [call.socket, AF_UNIX, STREAM, 0],
  'a pair of them': [call.socketpair, AF_UNIX, STREAM, 0, 0],
  'a program': [call.execve, '/bin/true', 0, 0],
  'a program by its descriptor': [call.execveat, AT_FDCWD, '/bin/true', 0, 0, 0],
  'a process': [call.fork],
  'a process by clone': [call.clone, 17, 0, 0, 0, 0],
  'a process by clone3': [call.clone3, 0, 0],
  'a namespace': [call.unshare, 0x10000000],
  'to signal the warden': [call.kill, server.child.pid, 0],
  'to trace the warden': [call.ptrace, 16, server.child.pid, 0, 0],
  'to read the warden\'s memory': [call.process_vm_readv, server.child.pid, 0, 0, 0, 0, 0],
  'a descriptor of the warden\'s': [call.pidfd_getfd, 3, 3, 0],
  'memory to be executed': [call.mmap, 0, 4096, PROT_EXEC | 1, PRIVATE_ANONYMOUS, -1, 0],
  'a file in memory': [call.memfd_create, 'x', 0],
  'another user': [call.setuid, 0],
  'another root': [call.chroot, '/'],
  'a mount': [call.mount, 'none', '/mnt', 'tmpfs', 0, 0],
  'a module': [call.init_module, 0, 0, ''],
  'a device': [call.mknod, `${storage}/device`, 0o020666, 0x101],
  'io_uring': [call.io_uring_setup, 1, 0],
  'bpf': [call.bpf, 0, 0, 0],
  'userfaultfd': [call.userfaultfd, 0],
  'to be dumped': [call.prctl, 4, 1, 0, 0, 0],
  'to cut a file': [call.truncate, database, 0],
  'to open a file to others': [call.chmod, database, 0o666],
  'a symbolic link': [call.symlink, '/etc/passwd', `${storage}/link`],
};
const tlsKey = within('key.pem');
const elsewhere = {
  'the TLS key': [call.openat, AT_FDCWD, tlsKey, 0, 0],
  'the TLS key, the old way': [call.open, tlsKey, 0, 0],
  'the config': [call.openat, AT_FDCWD, server.config, 0, 0],
  'a file of the system': [call.openat, AT_FDCWD, '/etc/passwd', 0, 0],
  'a file of its own process': [call.openat, AT_FDCWD, '/proc/self/maps', 0, 0],
  'a new file': [call.openat, AT_FDCWD, `${folder}/new`, O_WRONLY | O_CREAT, 0o600],
  'to remove a file': [call.unlink, server.config],
  'to move a file': [call.rename, server.config, `${folder}/moved`],
  'a folder': [call.mkdir, `${folder}/folder`, 0o700],
  'another name': [call.link, server.config, `${folder}/linked`],
};

const sandbox = async () => JSON.parse((await run(program('amana-server'), ['status', '--sandbox', '--json', '--config', server.config])).stdout);

await test('it is run in them at all', async () => {
  for (const pid of [processes.front, processes.keeper]) same(await does(pid, [[call.getpid]]), [pid], 'getpid()');
});

await test('the front: no file, no network, no program', async () => {
  await denied(processes.front, {
    ...everywhere, ...elsewhere,
    'the database': [call.openat, AT_FDCWD, database, 0, 0],
    'the log key': [call.openat, AT_FDCWD, within('log.key'), 0, 0],
    'the storage directory': [call.openat, AT_FDCWD, storage, 0, 0],
    'to connect from a socket that it has': [call.connect, 4, 0, 16],
    'to listen on it': [call.listen, 4, 1],
    'to bind it': [call.bind, 4, 0, 16],
  });
});

await test('the keeper: its own directory, and nothing else', async () => {
  await denied(processes.keeper, everywhere);
  const [opened, made, removed] = await does(processes.keeper, [
    [call.openat, AT_FDCWD, database, 0, 0],
    [call.openat, AT_FDCWD, `${storage}/made`, O_WRONLY | O_CREAT, 0o600],
    [call.unlink, `${storage}/made`],
  ]);
  check(opened > 2 && made > 2 && removed === 0, 'it works there');
  if ((await sandbox()).landlock === 0) console.log('        this kernel has no Landlock: files elsewhere are for permissions alone');
  else await denied(processes.keeper, elsewhere);
});

await test('what is in force, as the kernel tells it', async () => {
  const told = await sandbox();
  same(told.processes.map(({ program: name }) => name).sort(), ['amana-front', 'amana-keeper', 'amana-server'], 'who is told of');
  for (const name of ['front', 'keeper']) {
    const pid = processes[name];
    const status = Object.fromEntries(fs.readFileSync(`/proc/${pid}/status`, 'utf8').split('\n').map((line) => line.split(':\t')));
    same(told.processes.find(({ program: one }) => one === `amana-${name}`), { program: `amana-${name}`, process: `${pid}`, user: told.processes[0].user, seccomp: true, 'no-new-privileges': true, capabilities: status.CapEff }, 'what is told of it');
    same(status.Seccomp, '2', `${name}: a filter`);
    same(status.NoNewPrivs, '1', `${name}: no new privileges`);
    // CAP_IPC_LOCK stays where memory is locked by it.
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) same(BigInt(`0x${status[set]}`) & ~0x4000n, 0n, `${name}: ${set}`);
    for (const thread of fs.readdirSync(`/proc/${pid}/task`))
      check(/^Seccomp:\t2$/m.test(fs.readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8')), `${name}: each of its threads`);
  }
});

await test("an admin's command is confined before it opens the store, and then opens nothing but that and what it is to write", async () => {
  const trace = `${folder}/trace`;
  await run('strace', ['-f', '-qq', '-o', trace, '-e', 'trace=execve,seccomp,landlock_restrict_self,open,openat,ioctl', program('amana-server'), 'export', `${folder}/confined.bundle`, '--config', server.config]);
  const lines = fs.readFileSync(trace, 'utf8').split('\n');
  const keeper = lines.find((line) => line.includes('amana-keeper"') && / = 0$/.test(line)).split(' ')[0];
  const its = lines.filter((line) => line.startsWith(`${keeper} `));
  const filtered = its.findIndex((line) => /seccomp\(SECCOMP_SET_MODE_FILTER.* = 0$/.test(line));
  check(filtered > 0, `a filter: ${its.filter((line) => line.includes('seccomp'))}`);
  same(its.slice(0, filtered).filter((line) => line.includes('amana.db')), [], 'opened before it');
  const opened = its.slice(filtered).filter((line) => /open(at)?\(.* = \d+$/.test(line)).map((line) => /"([^"]*)"/.exec(line)[1]);
  check(opened.some((one) => one.endsWith('amana.db')), `opened: ${opened}`);
  same(opened.filter((one) => !one.startsWith(storage) && !one.startsWith(`${folder}/confined`) && one !== folder), [], 'opened beside store and bundle');
  same(its.slice(filtered).filter((line) => line.includes('ioctl(') && !/EPERM/.test(line)), [], 'asked of a terminal');
});

await test('and they serve as before', async () => {
  same({ ...server.processes() }, { ...processes }, 'the same processes');
  // A front that was stopped for so long takes itself to be pressed.
  await plainPhone(server.url, '127.0.0.1', 'After somebody was in it.', { language: 'en' });
  await desk.trust(await server.verifier());
  await server.settled();
  await desk.import(await server.export(`${folder}/bundle`));
  same((await desk.list()).reports.length, 2, 'reports at the desk');
});

same(await server.stop(), 0, 'exit code');
summary('flow/sandbox');

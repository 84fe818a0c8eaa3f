// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A desk and a server of a test's own, in a folder of its own, run as their programs are run.
//
//   const folder = scratch('name');                       removed at exit, unless AMANA_KEEP is set
//   const desk = await Desk.make(`${folder}/desk`);       costs one Argon2id, as every desk command that opens something
//   const server = await Server.make(`${folder}/server`, desk, { limits: { max_files: '1 MiB' } });
//   await server.start();                                  ... server.url ...
//   await desk.trust(await server.verifier());
//   await server.settled();                                waits for the long batch
//   await server.export(`${folder}/out.bundle`);
//   await desk.import(`${folder}/out.bundle`);
//   await server.stop();

import { execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { random } from './random.mjs';
import { until, within } from './checks.mjs';

export const source = process.env.AMANA_SOURCE ?? path.resolve(import.meta.dirname, '../..');
export const build = process.env.AMANA_BUILD ?? `${source}/build/release`;
const bin = process.env.AMANA_BIN ?? `${build}/bin`;
export const program = (name) => `${bin}/${name}`;

const started = new Set();
const folders = [];
process.on('exit', () => {
  for (const child of started) killGroup(child, 'SIGKILL');
  if (!process.env.AMANA_KEEP) for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

// Every program a test starts for longer leads a process group, so that nothing of it outlives the test.
export function launch(command, args, options = {}) {
  const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], ...options });
  started.add(child);
  child.output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => { child.output += data; });
  child.ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => { started.delete(child); resolve(code ?? signal); });
  });
  child.ended.catch(() => {});
  return child;
}

function killGroup(child, signal) {
  try { process.kill(-child.pid, signal); } catch { /* it has ended */ }
}

export function scratch(name) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `amana-${name}-`));
  folders.push(folder);
  if (process.env.AMANA_KEEP) console.log(`keeping ${folder}`);
  return folder;
}

// Runs a program to its end: { stdout, stderr }; rejects with both when it fails.
export const run = promisify(execFile);
const runBig = (command, args) => run(command, args, { maxBuffer: 1 << 28 });

// A port that nothing listens on and no other test has taken: the taking is a name in the abstract socket space, which
// lasts as long as this process.
const firstPort = Number(process.env.AMANA_PORTS ?? 10000);
const portCount = 1000;
export async function freePort() {
  const listening = (where) => new Promise((resolve) => {
    const server = net.createServer();
    server.on('error', () => resolve(null));
    server.listen(where, () => resolve(server));
  });
  const start = randomBytes(2).readUInt16BE();
  for (let i = 0; i < portCount; i += 1) {
    const port = firstPort + ((start + i) % portCount);
    if (port === 10080) continue; // which browsers refuse (Fetch, "port blocking")
    const taken = await listening({ path: `\0amana-test-port-${port}` });
    if (!taken) continue;
    taken.unref();
    const probe = await listening({ port, host: '127.0.0.1' });
    if (!probe) continue;
    await new Promise((resolve) => { probe.close(resolve); });
    return port;
  }
  throw new Error(`no free port from ${firstPort} on`);
}

export class Desk {
  constructor(folder) {
    this.folder = folder;
    this.passphrase = `${folder}.passphrase`;
  }

  static async make(folder, { deployment = 'test', weeks = 2, wrapper = [] } = {}) {
    const desk = new Desk(folder);
    fs.mkdirSync(path.dirname(folder), { recursive: true });
    fs.writeFileSync(desk.passphrase, `${random('passphrase').bytes(12).toString('hex')}\n`, { mode: 0o600 });
    const [command, ...args] = [...wrapper, `${build}/tests/light_desk`, folder, deployment, `${weeks}`, desk.passphrase];
    await runBig(command, args);
    return desk;
  }

  // What `amana-desk NAME DIR ARGUMENTS` prints. `wrapper`: a command to run it under.
  async command(name, args = [], { wrapper = [], passphrase = true } = {}) {
    const [command, ...rest] = [...wrapper, program('amana-desk'), name, this.folder, ...args];
    const { stdout } = await runBig(command, passphrase ? [...rest, '--passphrase-file', this.passphrase] : rest);
    return stdout;
  }

  publicKeys(file) { return this.command('public', ['--out', file], { passphrase: false }); }
  trust(verifier, options = []) { return this.command('trust', [verifier, ...options], { passphrase: false }); }
  import(bundle, options) { return this.command('import', [bundle], options); }
  async list(options) { return JSON.parse(await this.command('list', ['--json'], options)); }
  async show(id, options) { return JSON.parse(await this.command('show', [id, '--json'], options)); }
  save(id, folder, options) { return this.command('save', [id, folder], options); }
  // `text` goes by a file of the test's.
  reply(id, text, files = []) {
    fs.writeFileSync(`${this.folder}.reply`, text);
    return this.command('reply', [id, '--text-file', `${this.folder}.reply`, ...files.flatMap((file) => ['--attach', file])]);
  }
  outbox(file) { return this.command('outbox', ['--out', file]); }
}

const asKeys = (keys) => Object.entries(keys).filter(([, value]) => value !== undefined).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
const asToml = (sections) => Object.entries(sections).flatMap(([name, keys]) =>
  Array.isArray(keys) ? keys.flatMap((one) => [`[[${name}]]`, ...asKeys(one)]) : [`[${name}]`, ...asKeys(keys)]).join('\n');

export class Server {
  constructor(folder) {
    this.folder = folder;
    this.config = `${folder}/amana.toml`;
  }

  // Sections given beside the desk's keys are laid over the defaults: { limits: { max_files: '1 MiB' }, log: { tick } }; a list is so
  // many of [[its name]], and a key that is undefined is left out.
  static async make(folder, desk, sections = {}) {
    const server = new Server(folder);
    fs.mkdirSync(`${folder}/storage`, { recursive: true, mode: 0o700 });
    await desk.publicKeys(`${folder}/keys.public`);
    await server.configure(sections);
    return server;
  }

  // Writes the config, and a certificate if there is none. To be followed by start().
  async configure(sections = {}) {
    const { folder } = this;
    this.port ??= await freePort();
    this.url = `https://127.0.0.1:${this.port}`;
    if (!fs.existsSync(`${folder}/certificate.pem`)) makeCertificate(folder);
    const defaults = {
      site: { languages: ['ar', 'en'], data: `${build}/share/amana`, cover: '0s' },
      listen: { address: `127.0.0.1:${this.port}` },
      tls: { certificate: 'certificate.pem', key: 'key.pem' },
      keys: { public: 'keys.public', root: rootFingerprint(`${folder}/keys.public`) },
      storage: { directory: 'storage' },
      // A long batch every eight seconds; large decoys as seldom as they may be.
      log: { origin: 'test.invalid', tick: '1s', file_ticks: 8, large_cover: '256 MiB' },
    };
    for (const [name, keys] of Object.entries(sections)) defaults[name] = Array.isArray(keys) ? keys : { ...defaults[name], ...keys };
    fs.writeFileSync(this.config, `${asToml(defaults)}\n`);
  }

  // `wrapper`: a command to run it under, such as strace; `more`: further arguments. Its output is this.child.output.
  async start({ wrapper = [], more = [], seconds = 30, ...options } = {}) {
    const [command, ...args] = [...wrapper, program('amana-server'), 'serve', '--config', this.config, ...more];
    this.child = launch(command, args, options);
    let ended = false;
    this.child.ended.then(() => { ended = true; }, () => { ended = true; });
    await until('the server to serve', () => ended || this.child.output.includes('serving on'), { seconds });
    if (ended) throw new Error(`the server did not start:\n${this.child.output}`);
  }

  // The process ids of the warden, the front and the keeper as they are now; one that is not there is undefined.
  processes() {
    const found = {};
    const walk = (pid) => {
      try {
        // The first of its name: a child bears its parent's until it runs its own program.
        found[fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim().replace('amana-', '')] ??= pid;
        fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number).forEach(walk);
      } catch { /* it has ended */ }
    };
    walk(this.child.pid);
    return { warden: found.server, front: found.front, keeper: found.keeper };
  }

  // SIGTERM, and the exit code when the drain is over.
  async stop(seconds = 60) {
    const warden = this.processes().warden;
    if (warden) process.kill(warden, 'SIGTERM');
    return within(seconds, 'the server to stop', this.child.ended);
  }

  kill() { killGroup(this.child, 'SIGKILL'); return this.child.ended; }

  async status() {
    return JSON.parse((await runBig(program('amana-server'), ['status', '--json', '--config', this.config])).stdout);
  }

  async verifier() { return (await this.status()).storage['log-verifier']; }

  // Waits until the log holds all that was acknowledged.
  settled(seconds = 30) {
    return until('the tick', async () => (await this.status()).storage.pending === 0, { seconds, every: 0.2 });
  }

  async export(file, options = []) {
    await run(program('amana-server'), ['export', file, '--config', this.config, ...options]);
    return file;
  }

  // Takes an outbox; what it says.
  async import(file) { return (await run(program('amana-server'), ['import', file, '--config', this.config])).stdout; }
}

export function rootFingerprint(keys) {
  const root = /^root (\S+)/m.exec(fs.readFileSync(keys, 'utf8'))[1];
  return execFileSync('sha256sum', { input: Buffer.from(root, 'base64') }).toString().slice(0, 64);
}

export function makeCertificate(folder) {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
    '-keyout', `${folder}/key.pem`, '-out', `${folder}/certificate.pem`], { stdio: 'pipe' });
  fs.chmodSync(`${folder}/key.pem`, 0o600);
}

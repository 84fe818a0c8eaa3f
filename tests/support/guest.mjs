// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A whole Debian in qemu, with systemd, a disk of its own for what the server stores, and nothing to reach but this test.
//
//   const guest = await Guest.make(folder, packages);   { release, packages: what is installed beside a bare Debian }
//   await guest.start(); await guest.run('systemctl ...'); guest.url; await guest.cut(keeps); await guest.reboot(); await guest.stop();
//
// What it is told it fetches by HTTP from the test, and so are files brought and taken.

import fs from 'node:fs';
import http from 'node:http';
import { execFileSync } from 'node:child_process';

import { freePort, launch, run, source } from './amana.mjs';
import { until, within } from './checks.mjs';
import { afterPowerCut } from './block_log.mjs';

const agent = (port) => `#!/bin/bash
# Does what it is told, one thing after another.
while :; do
  if curl --silent --fail --max-time 100 --output /run/task http://10.0.2.2:${port}/task; then
    bash /run/task >/run/said 2>&1 </dev/null
    code=$?
    until curl --silent --fail --upload-file /run/said "http://10.0.2.2:${port}/said?code=$code"; do sleep 1; done
  else
    sleep 1
  fi
done
`;
const files = {
  'etc/fstab': '/dev/vda / ext4 errors=remount-ro 0 1\n/dev/vdb /var/lib/amana ext4 errors=remount-ro,nofail 0 2\n',
  'etc/hostname': 'guest\n',
  'etc/systemd/network/10-guest.network': '[Match]\nName=en* eth*\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n',
  'etc/systemd/system/agent.service': '[Unit]\nAfter=systemd-networkd.service\n[Service]\nExecStart=/usr/local/sbin/agent\nRestart=always\nStandardOutput=null\n[Install]\nWantedBy=multi-user.target\n',
};

export class Guest {
  static async make(folder, { release, packages }) {
    const guest = new Guest();
    Object.assign(guest, { folder, root: `${folder}/root`, port: await freePort(), files: new Map(), tasks: [], waiting: null });
    // AMANA_BARE: one that was made before, which is copied.
    if (process.env.AMANA_BARE) execFileSync('cp', ['-a', process.env.AMANA_BARE, guest.root]);
    else await run(`${source}/deploy/bare`, ['make', release, guest.root]);
    await run(`${source}/deploy/bare`, ['run', guest.root, 'sh', '-euc',
      `apt-get -qq update; apt-get -qq install --yes --no-install-recommends systemd-sysv dbus udev linux-image-cloud-amd64 e2fsprogs iproute2 curl openssl procps ${packages.join(' ')} >/dev/null; apt-get clean`],
    { maxBuffer: 1 << 26 });
    await guest.listen();
    for (const [name, content] of Object.entries({ ...files, 'usr/local/sbin/agent': agent(guest.ears.address().port) })) {
      fs.mkdirSync(`${guest.root}/${name}`.replace(/\/[^/]*$/, ''), { recursive: true });
      fs.writeFileSync(`${guest.root}/${name}`, content, { mode: name.startsWith('usr') ? 0o755 : 0o644 });
    }
    fs.mkdirSync(`${guest.root}/var/lib/amana`, { recursive: true, mode: 0o700 });
    execFileSync('systemctl', ['--quiet', `--root=${guest.root}`, 'enable', 'systemd-networkd.service', 'agent.service']);
    // Nothing waits for what a guest has not.
    execFileSync('systemctl', ['--quiet', `--root=${guest.root}`, 'mask', 'systemd-networkd-wait-online.service', 'apt-daily.timer', 'apt-daily-upgrade.timer', 'man-db.timer', 'e2scrub_all.timer', 'fstrim.timer']);
    return guest;
  }

  /** Brings a file of this machine to the guest's disk before it is made. */
  place(from, to) {
    fs.mkdirSync(`${this.root}/${to}`.replace(/\/[^/]*$/, ''), { recursive: true });
    fs.cpSync(from, `${this.root}/${to}`, { recursive: true });
  }

  /** What runs in the root folder before there is a disk. */
  prepare(script) { return run(`${source}/deploy/bare`, ['run', this.root, 'sh', '-euc', script], { maxBuffer: 1 << 26 }); }

  seal({ store = '768M' } = {}) {
    const boot = fs.readdirSync(`${this.root}/boot`);
    for (const part of ['vmlinuz', 'initrd']) fs.copyFileSync(`${this.root}/boot/${boot.find((name) => name.startsWith(part))}`, `${this.folder}/${part}`);
    execFileSync('truncate', ['-s', '4G', `${this.folder}/disk`]);
    execFileSync('mkfs.ext4', ['-q', '-F', '-d', this.root, `${this.folder}/disk`], { stdio: 'pipe' });
    execFileSync('rm', ['-rf', '--one-file-system', this.root]);
    execFileSync('truncate', ['-s', store, `${this.folder}/store`]);
    execFileSync('mkfs.ext4', ['-q', '-F', `${this.folder}/store`], { stdio: 'pipe' });
  }

  async listen() {
    this.ears = http.createServer((request, answer) => {
      const { pathname, searchParams } = new URL(request.url, 'http://guest');
      if (pathname === '/task') {
        this.heard = true;
        this.asking = answer;
        request.on('close', () => { if (this.asking === answer) this.asking = null; });
        this.hand();
        return;
      }
      const pieces = [];
      request.on('data', (piece) => pieces.push(piece));
      request.on('end', () => {
        if (pathname === '/said') this.done?.({ code: Number(searchParams.get('code')), said: Buffer.concat(pieces).toString() });
        else this.files.set(pathname, Buffer.concat(pieces));
        answer.end();
      });
    });
    await new Promise((resolve) => { this.ears.listen(0, '127.0.0.1', resolve); });
    this.ears.unref();
  }

  hand() {
    if (!this.asking || !this.task) return;
    this.asking.end(this.task);
    this.task = this.asking = null;
  }

  /** Runs a script as root: { code, said }. */
  tell(script, seconds = 300) {
    this.task = `exec 2>&1\n${script}\n`;
    const done = new Promise((resolve) => { this.done = resolve; });
    this.hand();
    return within(seconds, `the guest to have done: ${script.slice(0, 60)}`, done);
  }

  /** What it prints; fails where it fails. */
  async run(script, seconds) {
    const { code, said } = await this.tell(`set -eu\n${script}`, seconds);
    if (code !== 0) throw new Error(`in the guest: exit code ${code} of\n${script}\n${said}\nconsole:\n${this.machine.output.slice(-2000)}`);
    return said;
  }

  /** A file of the guest's. */
  async take(path) {
    await this.run(`curl --silent --fail --upload-file '${path}' http://10.0.2.2:${this.ears.address().port}/file`);
    return this.files.get('/file');
  }

  get url() { return `https://127.0.0.1:${this.port}`; }

  async start() {
    const { folder } = this;
    fs.rmSync(`${folder}/before`, { force: true });
    execFileSync('cp', ['--sparse=always', `${folder}/store`, `${folder}/before`]);
    fs.rmSync(`${folder}/log`, { force: true });
    execFileSync('truncate', ['-s', '8G', `${folder}/log`]);
    // Where the machine lends its own processors the guest is some ten times as fast.
    if (this.lent === undefined) {
      this.lent = fs.existsSync('/dev/kvm');
      if (this.lent && (await this.boot(45))) return;
      this.lent = false;
    }
    if (!(await this.boot(900))) throw new Error(`the guest ended:\n${this.machine.output}`);
  }

  /** Whether it is up within so many seconds; else it is off. */
  async boot(seconds) {
    const { folder } = this;
    this.heard = false;
    const raw = (name) => ['-blockdev', `driver=raw,node-name=${name}-file,file.driver=file,file.filename=${folder}/${name}`];
    this.machine = launch('qemu-system-x86_64', ['-machine', 'q35', '-accel', this.lent ? 'kvm' : 'tcg', '-cpu', this.lent ? 'max,arch-capabilities=off' : 'max', '-smp', '2', '-m', '2048', '-display', 'none', '-serial', 'stdio', '-monitor', 'none', '-no-reboot',
      '-kernel', `${folder}/vmlinuz`, '-initrd', `${folder}/initrd`, '-append', 'root=/dev/vda rw console=ttyS0 quiet',
      ...raw('disk'), '-device', 'virtio-blk-pci,drive=disk-file',
      ...raw('store'), ...raw('log'), '-blockdev', 'driver=blklogwrites,node-name=logged,file=store-file,log=log-file', '-device', 'virtio-blk-pci,drive=logged',
      '-netdev', `user,id=net,hostfwd=tcp:127.0.0.1:${this.port}-10.0.2.15:443`, '-device', 'virtio-net-pci,netdev=net', '-device', 'virtio-rng-pci']);
    let over = false;
    this.machine.ended.then(() => { over = true; }, () => { over = true; });
    await until('the guest to be up', () => over || this.heard, { seconds, every: 0.5 }).catch(() => process.kill(this.machine.pid, 'SIGKILL'));
    if (!this.heard) await this.machine.ended.catch(() => {});
    return this.heard && !over;
  }

  /** Takes its power: what no flush had made certain is there by chance. Then it is off. */
  async cut(keeps) {
    process.kill(this.machine.pid, 'SIGKILL');
    await this.machine.ended;
    const told = afterPowerCut(`${this.folder}/before`, `${this.folder}/log`, keeps);
    fs.renameSync(`${this.folder}/before`, `${this.folder}/store`);
    return told;
  }

  async off(how) {
    await this.tell(`nohup sh -c 'sleep 1; systemctl ${how}' >/dev/null 2>&1 &`);
    await within(600, `the guest to ${how}`, this.machine.ended);
  }

  async reboot() {
    await this.off('reboot');  // with -no-reboot, qemu ends there
    await this.start();
  }

  async stop() {
    await this.off('poweroff');
    this.ears.close();
  }
}

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Debian's reverse proxies, run as processes of a test's own with the files of deploy/proxies. Of these, ports, paths and the site's
// name alone are replaced by the test's; each has to be there, so that a file that changes can't slip through.
//
//   const proxy = await Proxy.make('nginx terminating', folder, { front: { socket: '/…/front.sock' }, certificate });
//   await proxy.start();     https://localhost:${proxy.port} ... proxy.output ... proxy.places: folders it may write to
//   await proxy.reload();    as its unit does; returns when it is told
//   await proxy.stop();

import fs from 'node:fs';
import net from 'node:net';

import { freePort, launch, run, source } from './amana.mjs';
import { check, until, within } from './checks.mjs';

export const shapes = ['nginx passthrough', 'haproxy passthrough', 'nginx terminating', 'haproxy terminating', 'caddy terminating', 'apache terminating'];
export const terminates = (shape) => shape.endsWith('terminating');

// `file`: of the shape. `user`: who opens the socket to the front. `replaced`: what stands in the file, and what takes its place.
// `places`: where it could write of its own accord.
const kinds = {
  nginx: {
    extension: 'conf',
    user: 'www-data',
    command: (file) => ['/usr/sbin/nginx', '-c', file, '-g', 'daemon off;'],
    check: (file) => ['/usr/sbin/nginx', '-t', '-q', '-c', file],
    replaced: ({ port, redirect, folder }) => [[/(listen (?:\[::\]:)?)443\b/g, `$1${port}`], [/(listen (?:\[::\]:)?)80\b/g, `$1${redirect}`],
      [/\/run\/nginx\.pid/g, `${folder}/nginx.pid`]],
    reload: (proxy) => proxy.child.kill('SIGHUP'),
    places: ['/var/lib/nginx', '/var/log/nginx'],
  },
  haproxy: {
    extension: 'cfg',
    user: 'haproxy',
    command: (file) => ['/usr/sbin/haproxy', '-W', '-f', file],
    check: (file) => ['/usr/sbin/haproxy', '-c', '-q', '-f', file],
    replaced: ({ port, redirect }) => [[/(bind (?:::)?:)443\b/g, `$1${port}`], [/(bind (?:::)?:)80\b/g, `$1${redirect}`]],
    reload: (proxy) => proxy.child.kill('SIGUSR2'),
    places: ['/var/lib/haproxy', '/var/log/haproxy.log'],
  },
  caddy: {
    extension: 'Caddyfile',
    user: 'caddy',
    command: (file) => ['setpriv', '--reuid=caddy', '--regid=caddy', '--init-groups', '--', '/usr/bin/caddy', 'run', '--config', file, '--adapter', 'caddyfile'],
    check: (file) => ['/usr/bin/caddy', 'validate', '--config', file, '--adapter', 'caddyfile'],
    replaced: ({ port, redirect, folder }) => [[/unix\/\/run\/caddy\/admin\.sock/g, `unix/${folder}/admin.sock`],
      [/^(\tauto_https .*)$/m, `$1\n\thttps_port ${port}\n\thttp_port ${redirect}`]],
    reload: (proxy) => run('/usr/bin/caddy', ['reload', '--force', '--config', proxy.file, '--adapter', 'caddyfile', '--address', `unix/${proxy.folder}/admin.sock`], { env: proxy.environment }),
    places: ['/var/lib/caddy', '/var/log/caddy'],
  },
  apache: {
    extension: 'conf',
    user: 'www-data',
    command: (file) => ['/usr/sbin/apache2', '-DFOREGROUND', '-f', file],
    check: (file) => ['/usr/sbin/apache2', '-t', '-f', file],
    replaced: ({ port, redirect, folder }) => [[/(Listen |\*:)443\b/g, `$1${port}`], [/(Listen |\*:)80\b/g, `$1${redirect}`], [/\/run\/apache2/g, folder]],
    reload: (proxy) => proxy.child.kill('SIGUSR1'),
    places: ['/var/log/apache2', '/var/cache/apache2', '/var/lib/apache2'],
  },
};

const frontPlaces = { port: /127\.0\.0\.1:8443\b/g, socket: /\/run\/amana\/front\.sock/g };

// One by one, and each must be there.
export function replaceAll(text, replaced) {
  return replaced.reduce((before, [pattern, by]) => {
    const after = before.replace(pattern, by);
    check(after !== before, `the shipped file has ${pattern}`);
    return after;
  }, text);
}

export class Proxy {
  // `front`: { port } or { socket }. `certificate`: the folder that has certificate.pem and key.pem. `changes`: [[pattern, by]] on top.
  static async make(shape, folder, { front, certificate, changes = [] }) {
    const [name, form] = shape.split(' ');
    const kind = kinds[name];
    const proxy = new Proxy();
    Object.assign(proxy, { shape, kind, folder, port: await freePort(), redirect: await freePort() });
    fs.mkdirSync(folder, { recursive: true });
    fs.chmodSync(folder, 0o755);
    const shipped = fs.readFileSync(`${source}/deploy/proxies/${name}/${form}.${kind.extension}`, 'utf8').replaceAll(/^\s*#.*\n/gm, '');
    const where = Object.keys(front)[0];
    const own = [...kind.replaced(proxy), [/https:\/\/report\.example\.org\//g, `https://localhost:${proxy.port}/`], [frontPlaces[where], front[where]]];
    if (terminates(shape)) own.push(...proxy.keys(name, certificate));
    proxy.file = `${folder}/${form}.${kind.extension}`;
    fs.writeFileSync(proxy.file, replaceAll(shipped, [...own, ...changes]).replaceAll('report.example.org', 'localhost'));
    proxy.places = [folder, ...kind.places].filter((place) => fs.existsSync(place));
    proxy.environment = { ...process.env, HOME: folder, XDG_DATA_HOME: `${folder}/data`, XDG_CONFIG_HOME: `${folder}/config` };
    return proxy;
  }

  // Keys of its own, which its user may read.
  keys(name, certificate) {
    const pem = ['certificate.pem', 'key.pem'].map((file) => fs.readFileSync(`${certificate}/${file}`));
    const write = (file, content) => {
      fs.writeFileSync(`${this.folder}/${file}`, content, { mode: 0o600 });
      if (name === 'caddy') run('chown', ['caddy:caddy', this.folder, `${this.folder}/${file}`]);
    };
    if (name === 'haproxy') {
      write('haproxy.pem', Buffer.concat(pem));
      return [[/\/etc\/amana\/tls\/haproxy\.pem/g, `${this.folder}/haproxy.pem`]];
    }
    write('certificate.pem', pem[0]);
    write('key.pem', pem[1]);
    return [[/\/etc\/amana\/tls\/(certificate|key)\.pem/g, `${this.folder}/$1.pem`]];
  }

  get url() { return `https://localhost:${this.port}`; }
  get output() { return this.child.output; }

  // What the proxy's own check of its file says; rejects where it is wrong.
  async checked() {
    const [command, ...args] = this.kind.check(this.file);
    return run(command, args, { env: this.environment });
  }

  // `wrapper`: a command to run it under, such as strace.
  async start({ wrapper = [] } = {}) {
    const [command, ...args] = [...wrapper, ...this.kind.command(this.file)];
    this.child = launch(command, args, { env: this.environment });
    let ended = false;
    this.child.ended.then(() => { ended = true; }, () => { ended = true; });
    const reached = () => new Promise((resolve) => {
      const socket = net.connect(this.port, '127.0.0.1', () => { socket.destroy(); resolve(true); });
      socket.on('error', () => resolve(false));
    });
    await until(`${this.shape} to listen`, async () => ended || reached());
    if (ended) throw new Error(`${this.shape} did not start:\n${this.output}`);
    return this;
  }

  async reload() { await this.kind.reload(this); }

  // SIGTERM, to all of it: what its connections still do is none of the test's.
  async stop() {
    try { process.kill(-this.child.pid, 'SIGTERM'); } catch { /* it has ended */ }
    await within(20, `${this.shape} to stop`, this.child.ended);
  }
}

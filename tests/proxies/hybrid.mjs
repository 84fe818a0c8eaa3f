// SPDX-License-Identifier: AGPL-3.0-or-later
//
// With the OpenSSL of Debian 13 the front agrees on X25519MLKEM768, which today's recordings and tomorrow's quantum computer do not
// open. The programs as they are built here run in a Debian 13, with its C library and its OpenSSL; of this machine they have what
// Debian 13 has in no such version (Boost and the like). At full count only: it fetches some packages of Debian 13.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { build, program, run, scratch, Server } from '../support/amana.mjs';
import { check, full, same, summary, test } from '../support/checks.mjs';
import { KeysAlone } from '../support/keyset.mjs';
import { needsRoot, skip } from '../faults/process.mjs';

if (!full) skip('makes a Debian 13, at full count only');
needsRoot('makes a Debian 13 and mounts folders into it');

const folder = scratch('proxies-hybrid');
const root = `${folder}/debian13`;
const libraries = 'usr/lib/x86_64-linux-gnu';

// Where this machine gets Debian from, as deploy/install-deps finds it.
function mirror() {
  const lines = execFileSync('apt-get', ['indextargets', '--format', '$(ORIGIN)|$(COMPONENT)|$(REPO_URI)', 'Created-By: Packages']).toString().split('\n');
  return lines.map((line) => line.split('|')).find(([origin, component]) => origin === 'Debian' && component === 'main')[2];
}

await test('a Debian 13 is made', async () => {
  await run('mmdebstrap', ['--quiet', '--variant=extract', '--include=openssl,libssl3t64,libstdc++6,libgcc-s1', 'trixie', root, mirror()], { maxBuffer: 1 << 26 });
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) if (!fs.existsSync(`${root}/${name}`)) fs.symlinkSync(`usr/${name}`, `${root}/${name}`);
  for (const name of ['server', 'front', 'keeper'])
    for (const [, from] of (await run('ldd', [program(`amana-${name}`)])).stdout.matchAll(/ => (\/\S+)/g)) {
      const to = `${root}/${libraries}/${path.basename(from)}`;
      if (!fs.existsSync(to)) fs.copyFileSync(fs.realpathSync(from), to);
    }
  const { stdout } = await run('chroot', [root, 'openssl', 'version']);
  console.log(`        ${stdout.trim()}`);
  check(/^OpenSSL 3\.[5-9]/.test(stdout), 'an OpenSSL that has ML-KEM');
});

const server = await Server.make(`${folder}/server`, new KeysAlone());
const seen = [build, server.folder, '/proc', '/dev'];
for (const one of seen) fs.mkdirSync(`${root}${one}`, { recursive: true });
const inside = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c',
  `${seen.map((one) => `mount --rbind "${one}" "${root}${one}" && `).join('')}exec chroot "${root}" "$@"`, 'sh'];
await server.start({ wrapper: inside });

const agreed = async (client, groups) => {
  const { stdout } = await run('sh', ['-c', `echo | ${client} openssl s_client -connect 127.0.0.1:${server.port} -servername localhost ${groups} 2>&1 || true`]);
  return /Negotiated TLS1\.3 group: (\S+)/.exec(stdout)?.[1] ?? /(?:Server|Peer) Temp Key: ([^,\n]+)/.exec(stdout)?.[1];
};

await test('the hybrid group is agreed on with who offers it, and X25519 with who does not', async () => {
  same(await agreed(`chroot ${root}`, '-groups X25519MLKEM768'), 'X25519MLKEM768', 'offered alone');
  same(await agreed(`chroot ${root}`, ''), 'X25519MLKEM768', "as Debian 13's clients offer it");
  same(await agreed(`chroot ${root}`, "-groups '*X25519:*X25519MLKEM768'"), 'X25519MLKEM768', 'offered second, with keys for both, as some browsers do');
  same(await agreed('', ''), 'X25519', "as Debian 12's clients");
});

await test('the server ends', async () => same(await server.stop(), 0, 'exit code'));
summary('proxies_hybrid');
process.exit();

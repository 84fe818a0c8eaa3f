// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What these tests do to processes and ask of them.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import process from 'node:process';

// ctest counts a test that ends so as skipped (SKIP_RETURN_CODE).
const skipped = 77;

export function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(skipped);
}

export function needsRoot(what) {
  if (process.getuid() !== 0) skip(`needs root, because it ${what}`);
}

// A command to run another under, whose locked memory is as scarce as an ordinary user's.
export const withoutLockingAll = [
  'prlimit',
  '--memlock=8388608:8388608',
  'setpriv',
  '--bounding-set=-ipc_lock,-sys_resource',
  '--inh-caps=-all',
];

// Runs this same script again with mounts of its own, so that what it mounts is seen by nobody else and goes with it.
// For a test that needs more than the process it is started in; returns in the process that has them.
export function withOwnMounts() {
  if (process.env.AMANA_OWN_MOUNTS) return;
  needsRoot('mounts a file system');
  if (spawnSync('unshare', ['--mount', 'true']).status !== 0) skip('mounts are not to be had here (unshare --mount)');
  const { status } = spawnSync(
    'unshare',
    ['--mount', '--propagation', 'private', process.execPath, ...process.argv.slice(1)],
    { stdio: 'inherit', env: { ...process.env, AMANA_OWN_MOUNTS: '1' } },
  );
  process.exit(status ?? 1);
}

// The same with a network of its own, in which there is nothing but this process and what it starts, and its settings.
export function withOwnNetwork(settings) {
  if (process.env.AMANA_OWN_NETWORK) return;
  needsRoot('makes a network of its own');
  if (spawnSync('unshare', ['--net', 'true']).status !== 0) skip('networks are not to be had here (unshare --net)');
  const set = Object.entries(settings).map(([name, value]) => `echo ${value} >/proc/sys/${name.replaceAll('.', '/')}`);
  const { status } = spawnSync(
    'unshare',
    ['--net', 'sh', '-euc', ['ip link set lo up', ...set, 'exec "$@"'].join('\n'), 'sh', process.execPath, ...process.argv.slice(1)],
    { stdio: 'inherit', env: { ...process.env, AMANA_OWN_NETWORK: '1' } },
  );
  process.exit(status ?? 1);
}

// Every readable mapping of a process: { from, to, name }, addresses as numbers.
export function mappings(pid) {
  return fs
    .readFileSync(`/proc/${pid}/maps`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [, from, to, permissions, name] = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)$/.exec(line);
      return { from: parseInt(from, 16), to: parseInt(to, 16), permissions, name };
    })
    .filter(
      ({ permissions, name }) =>
        permissions.startsWith('r') && !['[vvar]', '[vsyscall]', '[vvar_vclock]'].includes(name),
    );
}

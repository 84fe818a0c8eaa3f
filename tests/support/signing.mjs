// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The two manifests of a server of a test's own, made as makers and staff make them.

import { createHash } from 'node:crypto';
import fs from 'node:fs';

import { build, program, run } from './amana.mjs';

// What deploy/release prints, of the tree that is served here.
function releaseText(serial) {
  const share = `${build}/share/amana`;
  const files = fs.readdirSync(share, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath ?? entry.path}/${entry.name}`.slice(share.length + 1)).sort();
  const lines = files.map((name) => `file ${createHash('sha256').update(fs.readFileSync(`${share}/${name}`)).digest('hex')} ${name}`);
  return ['amana release v1', `serial ${serial}`, 'version 0.0.1', ...lines, ''].join('\n');
}

// A server that is not started yet, with the sections of its config: it serves both manifests from here on, and its log has begun.
// { releaseKey, said, text }: the makers' key, what the desk said when it signed, and the site's manifest.
export async function signed(server, desk, folder, { site = {}, ...sections } = {}) {
  const keyFile = `${folder}/release.secret`;
  fs.writeFileSync(`${folder}/release.txt`, releaseText(1));
  const made = await run(program('amana-desk'), ['release-key', keyFile, '--passphrase-file', desk.passphrase]);
  await run(program('amana-desk'), ['sign-release', keyFile, `${folder}/release.txt`, '--out', `${server.folder}/release.note`, '--yes', '--passphrase-file', desk.passphrase]);
  const configured = { data: `${build}/share/amana`, ...site, release: 'release.note' };
  await server.configure({ ...sections, site: configured });
  // The log's key stands on a page, and the first start makes it.
  await server.start();
  await server.stop();
  await run(program('amana-server'), ['site', '--config', server.config, '--serial', '1', '--out', `${folder}/site.txt`]);
  const said = await desk.command('sign-site', [`${folder}/site.txt`, '--out', `${server.folder}/site.note`, '--yes']);
  await server.configure({ ...sections, site: { ...configured, manifest: 'site.note' } });
  return { releaseKey: /^amana-release\+\S+$/m.exec(made.stdout)[0], said, text: fs.readFileSync(`${folder}/site.txt`, 'utf8') };
}

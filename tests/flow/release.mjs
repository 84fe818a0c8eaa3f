// SPDX-License-Identifier: AGPL-3.0-or-later
//
// deploy/release: two builds in two folders give the same bytes, and what would make them differ is found. What it prints is
// signed by a release key, and a serial only once.

import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';

import { program, scratch, source } from '../support/amana.mjs';
import { check, same, summary, test } from '../support/checks.mjs';

const folder = scratch('release');
// Whoever owns the checkout.
Object.assign(process.env, { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*' });
const git = (...args) => execFileSync('git', ['-C', source, ...args], { encoding: 'utf8' }).trim();
try {
  git('rev-parse', '--verify', 'HEAD^{commit}');
} catch {
  console.log('flow_release: skipped, for this is no git checkout: a release is built from a commit');
  process.exit(0);
}

function command(file, args, env = {}) {
  return new Promise((resolve) => {
    execFile(file, args, { env: { ...process.env, ...env }, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, out: stdout, err: stderr });
    });
  });
}
const release = (args, env) => command(`${source}/deploy/release`, args, env);

// A commit of the source as it stands with some files changed, in no branch: { path: change(text) }.
function commitWith(changes) {
  const index = { ...process.env, GIT_INDEX_FILE: `${folder}/index`, GIT_AUTHOR_NAME: 't', GIT_AUTHOR_EMAIL: 't', GIT_COMMITTER_NAME: 't', GIT_COMMITTER_EMAIL: 't' };
  const run = (args, input) => execFileSync('git', ['-C', source, ...args], { env: index, encoding: 'utf8', input }).trim();
  run(['read-tree', 'HEAD']);
  for (const [file, change] of Object.entries(changes)) {
    const blob = run(['hash-object', '-w', '--stdin'], change(git('show', `HEAD:${file}`)));
    run(['update-index', '--cacheinfo', `100644,${blob},${file}`]);
  }
  return run(['commit-tree', run(['write-tree']), '-p', 'HEAD'], 'test');
}

const text = `${folder}/release.txt`;

await test('two builds are the same, and the manifest lists every file', async () => {
  const made = await release(['1.2.3', '7', text], { AMANA_RELEASE_DIR: `${folder}/built` });
  same(made.code, 0, made.err);
  const lines = fs.readFileSync(text, 'utf8').split('\n');
  same(lines.slice(0, 3), ['amana release v1', 'serial 7', 'version 1.2.3'], 'its head');
  const share = `${folder}/built/first/build/share/amana`;
  const listed = lines.slice(3, -1).map((line) => line.split(' ')[2]);
  const there = fs.readdirSync(share, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath ?? entry.path}/${entry.name}`.slice(share.length + 1)).sort();
  same(listed, there, 'every file, in order');
  check(['exit.js', 'style.css', 'templates/form.mustache'].every((name) => listed.includes(name)), 'what reaches a browser');
});

await test('a build that says where it was made is found', async () => {
  const planted = commitWith({ 'web/CMakeLists.txt': (cmake) => `${cmake}
add_custom_command(OUTPUT \${AMANA_DATA}/where.txt COMMAND \${CMAKE_COMMAND} -E echo \${CMAKE_BINARY_DIR} > \${AMANA_DATA}/where.txt VERBATIM)
add_custom_target(where DEPENDS \${AMANA_DATA}/where.txt)
add_dependencies(amana_web_data where)
` });
  const made = await release(['1.2.3', '8', `${folder}/planted.txt`], { AMANA_COMMIT: planted });
  same(made.code, 1, made.err);
  check(/where\.txt/.test(made.err) && /the two builds differ/.test(made.err), made.err);
  check(!fs.existsSync(`${folder}/planted.txt`), 'no manifest is written');
});

await test('a changed script is another release', async () => {
  const changed = commitWith({ 'web/exit.mjs': (script) => `${script}\nconsole.log('changed');\n` });
  const made = await release(['1.2.3', '8', `${folder}/changed.txt`], { AMANA_COMMIT: changed });
  same(made.code, 0, made.err);
  const before = fs.readFileSync(text, 'utf8').split('\n');
  const differing = fs.readFileSync(`${folder}/changed.txt`, 'utf8').split('\n').filter((line) => !before.includes(line));
  same(differing.map((line) => line.split(' ').at(-1)), ['8', 'exit.js'], 'the serial, and the one file');
});

await test('signing: each serial once, and nothing that is no release', async () => {
  fs.writeFileSync(`${folder}/pass`, 'correct horse battery staple\n');
  const desk = (...args) => command(program('amana-desk'), [...args, '--passphrase-file', `${folder}/pass`]);
  const made = await desk('release-key', `${folder}/key`);
  same(made.code, 0, made.err);
  const key = /^amana-release\+[0-9a-f]{8}\+\S+$/m.exec(made.out)[0];
  check((await desk('release-key', `${folder}/key`)).err.includes('is there already'), 'a key is not written over');
  const sign = (file) => desk('sign-release', `${folder}/key`, file, '--out', `${folder}/release.note`, '--yes');
  const first = await sign(text);
  same(first.code, 0, first.err);
  check(first.out.includes(key), 'the same key');
  check(fs.readFileSync(`${folder}/release.note`, 'utf8').startsWith(fs.readFileSync(text, 'utf8')), 'the note');
  check((await sign(text)).err.includes('serial 7 is not higher than the last one that was signed, 7'), 'the same serial');
  const second = await sign(`${folder}/changed.txt`);
  same(second.code, 0, second.err);
  check(/changed file exit\.js/.test(second.out) && !/changed file style\.css/.test(second.out), second.out);
  fs.writeFileSync(`${folder}/bad`, `${fs.readFileSync(text, 'utf8').replace('serial 7', 'serial 9')}file x\n`);
  check((await sign(`${folder}/bad`)).err.includes('of a release manifest is not what stands there'), 'a line that is none');
  for (const args of [[], ['1.2.3'], ['1 2', '3'], ['1.2.3', '0'], ['1.2.3', '07']]) check((await release(args)).code !== 0, args.join(' '));
});

summary('release');

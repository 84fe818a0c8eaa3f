// SPDX-License-Identifier: AGPL-3.0-or-later
//
// An update of the desk's machine, from end to end with the real programs: packages built by dpkg-deb, made into a folder and signed,
// carried on a medium that goes wrong in every way it can, taken at the desk, and installed by the very command that the desk prints:
// apt and dpkg, which keep what they know and what they install below a folder of the test's.

import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';

import { Desk, program, scratch } from '../support/amana.mjs';
import { check, count, same, summary, test } from '../support/checks.mjs';

const folder = scratch('desk-update');
const usb = `${folder}/usb/update`;
const own = 'amana-desk_0.9.1_all.deb';

function command(file, args, options = {}) {
  return new Promise((resolve) => {
    execFile(file, args, { maxBuffer: 1 << 26, ...options }, (error, stdout, stderr) => resolve({ code: error ? error.code : 0, out: stdout, err: stderr }));
  });
}

// A package that holds one file, which says its version.
function build(name, version, depends = '') {
  const tree = fs.mkdtempSync(`${folder}/tree-`);
  fs.chmodSync(tree, 0o755);
  fs.mkdirSync(`${tree}/DEBIAN`, { mode: 0o755 });
  fs.mkdirSync(`${tree}/usr/share/${name}`, { recursive: true, mode: 0o755 });
  fs.writeFileSync(`${tree}/usr/share/${name}/version`, `${version}\n`);
  fs.writeFileSync(`${tree}/DEBIAN/control`, `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: test <test@example.invalid>\n${depends && `Depends: ${depends}\n`}Description: test\n`);
  const file = `${folder}/built/${name}_${version.replace(':', '%3a')}_all.deb`;
  fs.mkdirSync(`${folder}/built`, { recursive: true });
  execFileSync('dpkg-deb', ['--root-owner-group', '--build', tree, file], { stdio: 'pipe' });
  return file;
}

const desk = await Desk.make(`${folder}/the desk`);
const amana = (...args) => command(program('amana-desk'), args);
const make = (out, packages, options = []) => amana('make-update', `${folder}/key`, out, ...packages, '--yes', '--passphrase-file', desk.passphrase, ...options);
const update = (...options) => amana('update', desk.folder, usb, ...options);
const carry = (from) => {
  fs.rmSync(usb, { recursive: true, force: true });
  fs.cpSync(from, usb, { recursive: true });
};

let key;
await test('an update is made of packages, and of a folder as apt leaves it', async () => {
  const made = await amana('release-key', `${folder}/key`, '--passphrase-file', desk.passphrase);
  same(made.code, 0, made.err);
  [key] = /^amana-release\+[0-9a-f]{8}\+\S+$/m.exec(made.out);
  fs.mkdirSync(`${folder}/archives/partial`, { recursive: true });
  fs.writeFileSync(`${folder}/archives/lock`, '');
  const files = [build('amana-desk', '0.9.1', 'amana-test-library (>= 1:2.0)'), build('amana-test-library', '1:2.0-1+deb12u1')];
  fs.renameSync(files[1], `${folder}/archives/${files[1].split('/').pop()}`);
  const first = await make(`${folder}/first`, [files[0], `${folder}/archives`]);
  same(first.code, 0, first.err);
  check(first.out.includes(key) && /serial 20\d{10}, amana-desk 0\.9\.1, 2 files/.test(first.out), first.out);
  same(fs.readdirSync(`${folder}/first`).sort(), [own, 'amana-test-library_1%3a2.0-1+deb12u1_all.deb', 'update.list'], 'the folder');
  // The list is what sha256sum says, and openssl accepts its signature: a second reader.
  const note = fs.readFileSync(`${folder}/first/update.list`, 'utf8');
  const lines = note.split('\n').filter((line) => line.startsWith('file '));
  for (const line of lines) {
    const [, hash, size, name] = line.split(' ');
    same(execFileSync('sha256sum', [`${folder}/first/${name}`]).toString().slice(0, 64), hash, name);
    same(fs.statSync(`${folder}/first/${name}`).size, Number(size), name);
  }
  const raw = (text) => Buffer.from(text, 'base64');
  fs.writeFileSync(`${folder}/key.der`, Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw(key.split('+').slice(2).join('+')).subarray(1)]));
  fs.writeFileSync(`${folder}/text`, note.slice(0, note.indexOf('\n\n') + 1));
  fs.writeFileSync(`${folder}/signature`, raw(/^— amana-release (\S+)$/m.exec(note)[1]).subarray(4));
  execFileSync('openssl', ['pkeyutl', '-verify', '-rawin', '-pubin', '-keyform', 'DER', '-inkey', `${folder}/key.der`, '-in', `${folder}/text`, '-sigfile', `${folder}/signature`], { stdio: 'pipe' });
});

await test('a desk that was told no key, or nobody compares it, takes nothing', async () => {
  carry(`${folder}/first`);
  const unknown = await update();
  check(unknown.code === 1 && unknown.err.includes('does not know the release key yet') && unknown.err.includes('--release-key'), unknown.err);
  const alone = await command('setsid', ['--wait', program('amana-desk'), 'update', desk.folder, usb, '--release-key', key]);
  check(alone.code === 1 && alone.out.includes('The fingerprint of this release key') && alone.err.includes('no terminal to ask on'), alone.err);
  check(!fs.existsSync(`${desk.folder}/release.key`) && !fs.existsSync(`${desk.folder}/update`), 'nothing has changed');
});

await test('a person compares the fingerprint on the terminal', async () => {
  const typing = (text) => new Promise((resolve) => {
    const child = execFile('script', ['-q', '-e', '-c', `${program('amana-desk')} update '${desk.folder}' '${usb}' --release-key ${key}`, '/dev/null'], (error, stdout) => resolve({ code: error ? error.code : 0, out: stdout }));
    child.stdin.write(text);
  });
  const no = await typing('n\n');
  check(no.code === 1 && no.out.includes('the key is not trusted, and nothing has changed'), no.out);
  check(!fs.existsSync(`${desk.folder}/release.key`), 'not trusted');
});

// Each: what is done to the medium, and what must be said.
const planted = [
  ['no list: the copying was cut off', () => fs.rmSync(`${usb}/update.list`), /update\.list is not there[^]*wait for 'sync'/],
  ['a list cut in two', () => fs.truncateSync(`${usb}/update.list`, 200), /update\.list is not signed, or not whole/],
  ['a list without its signature', (note) => fs.writeFileSync(`${usb}/update.list`, note.slice(0, note.indexOf('\n\n') + 1)), /is not signed/],
  ['a higher serial written in', (note) => fs.writeFileSync(`${usb}/update.list`, note.replace(/serial 2/, 'serial 3')), /was changed after it was signed/],
  ['a file cut off', () => fs.truncateSync(`${usb}/${own}`, 100), /has 100 bytes, and its list says \d+[^]*wait for 'sync'/],
  ['a file missing', () => fs.rmSync(`${usb}/${own}`), /amana-desk_0\.9\.1_all\.deb is not there/],
  ['a byte changed', () => { const fd = fs.openSync(`${usb}/${own}`, 'r+'); fs.writeSync(fd, 'X', 70); fs.closeSync(fd); }, /is not the file that was signed[^]*keep the stick/],
  ['a byte more', () => fs.appendFileSync(`${usb}/${own}`, 'X'), /bytes, and its list says/],
  ['another package of the same name', () => fs.copyFileSync(build('amana-desk', '0.9.1', 'evil'), `${usb}/${own}`), /is not the file that was signed|bytes, and its list says/],
  ['a package more', () => fs.copyFileSync(build('evil', '1'), `${usb}/evil_1_all.deb`), /evil_1_all\.deb is in the folder, and not on its list/],
  ['a name that would move the cursor', () => fs.writeFileSync(`${usb}/\x1b[2J\n.deb`, ''), /⟨U\+001B⟩\[2J⟨U\+000A⟩\.deb is in the folder/],
  ['a link to the machine', () => { fs.rmSync(`${usb}/${own}`); fs.symlinkSync('/etc/passwd', `${usb}/${own}`); }, /is a link, and not a file/],
  ['a pipe', () => { fs.rmSync(`${usb}/${own}`); execFileSync('mkfifo', [`${usb}/${own}`]); }, /is not a file/],
];
for (const [name, plant, words] of planted)
  await test(`refused: ${name}`, async () => {
    carry(`${folder}/first`);
    plant(fs.readFileSync(`${usb}/update.list`, 'utf8'));
    const refusal = await update('--release-key', key, '--yes');
    same(refusal.code, 1, refusal.out);
    check(words.test(refusal.err), refusal.err);
    check(![...refusal.err].some((c) => c !== '\n' && (c.charCodeAt(0) < 0x20 || c.charCodeAt(0) === 0x7f)), 'nothing commands the terminal');
    check(!fs.existsSync(`${desk.folder}/update`) && !fs.existsSync(`${desk.folder}/update.partial`) && !fs.existsSync(`${desk.folder}/update.note`), 'nothing is taken');
    count('planted faults refused');
  });

await test('another key\'s update is refused', async () => {
  const other = await amana('release-key', `${folder}/other`, '--passphrase-file', desk.passphrase);
  same(other.code, 0, other.err);
  const made = await amana('make-update', `${folder}/other`, `${folder}/others`, `${folder}/first/${own}`, '--yes', '--passphrase-file', desk.passphrase);
  same(made.code, 0, made.err);
  carry(`${folder}/others`);
  const refusal = await update();
  check(refusal.code === 1 && refusal.err.includes('is not signed by the release key that this desk trusts'), refusal.err);
});

// Installs as root would, what apt and dpkg know and write being below `root`.
const root = `${folder}/root`;
async function install(line) {
  for (const path of ['var/lib/dpkg/info', 'var/lib/dpkg/updates', 'var/lib/apt/lists/partial', 'var/cache/apt/archives/partial', 'var/log/apt', 'etc/apt/apt.conf.d', 'etc/apt/sources.list.d', 'etc/apt/preferences.d', 'etc/apt/trusted.gpg.d']) fs.mkdirSync(`${root}/${path}`, { recursive: true });
  if (!fs.existsSync(`${root}/var/lib/dpkg/status`)) fs.writeFileSync(`${root}/var/lib/dpkg/status`, '');
  fs.writeFileSync(`${folder}/apt.conf`, `Dir "${root}/"; Dir::State::status "${root}/var/lib/dpkg/status"; Dir::Bin::dpkg "/usr/bin/dpkg"; APT::Sandbox::User "root"; APT::Architecture "amd64";
DPkg::Options { "--root=${root}"; "--force-not-root"; "--log=${root}/dpkg.log"; "--force-script-chrootless"; }; DPkg::Path "/usr/sbin:/usr/bin:/sbin:/bin"; APT::Get::Assume-Yes "true"; DPkg::Use-Pty "false"; Acquire::http::Proxy "http://127.0.0.1:9";\n`);
  return command('sh', ['-c', line], { env: { ...process.env, APT_CONFIG: `${folder}/apt.conf`, PATH: `/usr/sbin:/usr/bin:/sbin:/bin` } });
}
const printed = (out) => /^ {4}(apt-get install .*)$/m.exec(out)[1];

await test('what is good is taken, and the command that is printed installs it without a network', async () => {
  carry(`${folder}/first`);
  const taken = await update();
  same(taken.code, 0, taken.err);
  fs.rmSync(usb, { recursive: true });
  for (const name of fs.readdirSync(`${folder}/first`).filter((each) => each !== 'update.list')) same(fs.readFileSync(`${desk.folder}/update/${name}`).equals(fs.readFileSync(`${folder}/first/${name}`)), true, name);
  same(fs.readdirSync(`${desk.folder}/update`).length, 2, 'and nothing else');
  const done = await install(printed(taken.out));
  same(done.code, 0, `${done.out}${done.err}`);
  same(fs.readFileSync(`${root}/usr/share/amana-desk/version`, 'utf8'), '0.9.1\n', 'the program');
  same(fs.readFileSync(`${root}/usr/share/amana-test-library/version`, 'utf8'), '1:2.0-1+deb12u1\n', 'and what it needs');
});

await test('the same again, and what is older, is refused; what is newer is taken', async () => {
  carry(`${folder}/first`);
  const again = await update();
  check(again.code === 1 && /serial \d+, was taken already\n.*apt-get install/.test(again.err), again.err);
  const second = await make(`${folder}/second`, [build('amana-desk', '0.9.2')], ['--serial', '999912312359']);
  same(second.code, 0, second.err);
  check(/new file amana-desk_0\.9\.2_all\.deb/.test(second.out) && /removed file amana-test-library/.test(second.out), second.out);
  carry(`${folder}/second`);
  const taken = await update();
  same(taken.code, 0, taken.err);
  const done = await install(printed(taken.out));
  same(done.code, 0, `${done.out}${done.err}`);
  same(fs.readFileSync(`${root}/usr/share/amana-desk/version`, 'utf8'), '0.9.2\n', 'the program');
  carry(`${folder}/first`);
  const older = await update();
  check(older.code === 1 && /is an older one: serial \d+, and this desk has taken serial 999912312359/.test(older.err), older.err);
  // A key that was stolen and replaced takes its highest serial with it.
  const made = await amana('make-update', `${folder}/other`, `${folder}/replaced`, build('amana-desk', '0.9.3'), '--yes', '--passphrase-file', desk.passphrase, '--serial', '999912310000');
  same(made.code, 0, made.err);
  carry(`${folder}/replaced`);
  const replacement = /^amana-release\+\S+$/m.exec(made.out)[0];
  check((await update('--release-key', replacement, '--yes')).err.includes('already trusts another release key'), 'not without a word');
  const replaced = await update('--release-key', replacement, '--yes', '--replace');
  same(replaced.code, 0, replaced.err);
});

await test('apt refuses to go back by itself what was never taken here', async () => {
  const older = build('amana-desk', '0.9.0');
  const done = await install(`apt-get install ${older}`);
  check(done.code !== 0 && /downgrade/i.test(done.out + done.err), `${done.out}${done.err}`);
});

summary('flow_desk_update');

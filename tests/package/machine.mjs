// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The packages on a whole machine, with systemd, in qemu: RUNBOOK's "Install" as it is written; reports while the package is upgraded
// and reloaded over and over; and an admin's bad days: processes killed, reboots, the power cut, the clock a year back, keys that have
// ended, a full disk, one that can't be written, a journal that takes nothing. For each: what a citizen sees and what the admin is told.
// In the end all that was thanked for is at the desk. At full count alone.
//
//   AMANA_PACKAGES   a folder with old/ and new/ packages, instead of building them
//   AMANA_REPORTS, AMANA_CUTS   how many, instead of 10,000 and 5
//   AMANA_BRIEF      leaves out the installation as it is written, whose desk takes long in a guest

import fs from 'node:fs';
import https from 'node:https';

import { Desk, run, rootFingerprint, scratch, source } from '../support/amana.mjs';
import { check, count, full, same, sleep, summary, test, tier, until } from '../support/checks.mjs';
import { request, wasAccepted } from '../support/client.mjs';
import { Guest } from '../support/guest.mjs';
import { arabicStory, random } from '../support/random.mjs';
import { sendInLine } from '../flood/phones.mjs';
import { needsRoot, skip } from '../faults/process.mjs';

if (!full) skip('a machine is made and tried at full count (tests/run --full)');
needsRoot('makes a bare Debian');
await run(`${source}/deploy/install-deps`, ['--package', '--bare']);

const reports = Number(process.env.AMANA_REPORTS ?? 10_000);
const cuts = Number(process.env.AMANA_CUTS ?? 5);
const folder = scratch('machine');
const packages = process.env.AMANA_PACKAGES ?? folder;
if (!process.env.AMANA_PACKAGES) {
  await run(`${source}/deploy/package`, ['--out', `${folder}/new`], { maxBuffer: 1 << 26 });
  await run(`${source}/deploy/package`, ['--version', '0.0.1', '--out', `${folder}/old`], { maxBuffer: 1 << 26 });
}
const { chance } = random('machine');

const desk = await Desk.make(`${folder}/desk`, { weeks: 4 });
await desk.publicKeys(`${folder}/keys.public`);

const guest = await Guest.make(folder, { release: 'bookworm', packages: [] });
for (const which of ['old', 'new']) guest.place(`${packages}/${which}`, `root/${which}`);
guest.place(`${source}/tests/package/in_bare`, 'root/in_bare');
guest.place(`${source}/docs/RUNBOOK.md`, 'root/RUNBOOK.md');
guest.place(`${folder}/keys.public`, 'root/keys.public');
// What the packages need is there, as the guest reaches no mirror; they themselves are not.
await guest.prepare('apt-get -qq install --yes --no-install-recommends /root/new/amana-server_*.deb /root/new/amana-desk_*.deb >/dev/null; apt-get -qq purge --yes amana-server amana-desk >/dev/null; rm -rf /var/lib/amana/*');
guest.seal();
await guest.start();

if (!process.env.AMANA_BRIEF) await test('RUNBOOK, "Install", as it is written, under systemd; upgrade, remove, purge', async () => {
  // As on a machine whose store lies on its only disk.
  await guest.run('umount /var/lib/amana; rmdir /var/lib/amana');
  const { code, said } = await guest.tell('cd /root && ./in_bare /root/old /root/new /root/RUNBOOK.md', 1500);
  check(code === 0, said);
  await guest.run('rm -rf /var/lib/amana; mkdir -m 0700 /var/lib/amana; mount /var/lib/amana');
});

// ---- A server for what follows, whose desk is here ----
const told = [];  // each report: { story, thanked }
const failures = [];
let number = 0;
const next = (what) => { number += 1; return { story: arabicStory(`${what}-${number}`, 40), thanked: false }; };
// `patience`, in seconds: of who is given a place in the line, and waits there as a browser does.
async function send(what, { agent = false, seconds = 120, patience = 0 } = {}) {
  const report = next(what);
  told.push(report);
  const once = (one) => sendInLine(guest.url, { story: report.story }, { agent: one, seconds, patience });
  const answer = await once(agent).catch((error) => {
    if (!error.reused) throw error;
    return once(false);
  });
  report.thanked = wasAccepted(answer) || answer.status === 200;
  return answer;
}
const title = (body) => /<title>([^<]*)<\/title>/.exec(body)?.[1] ?? '';
async function citizen(what) {
  const seen = async (does) => {
    try {
      const answer = await does();
      return wasAccepted(answer) ? 'thanked' : `${answer.status} ${title(answer.body)}`.trim();
    } catch (error) {
      return error.code ?? error.name;
    }
  };
  return `form: ${await seen(() => request(`${guest.url}/ar/`, { seconds: 20 }))}; sending: ${await seen(() => send(what, { seconds: 40 }))}`;
}
const serves = (seconds = 120) => until('the form to be served', async () => (await request(`${guest.url}/ar/`, { seconds: 10 }).catch(() => null))?.status === 200, { seconds, every: 0.5 });

await test('it is installed again, and serves', async () => {
  await guest.run(`cd /root; rm -rf /etc/amana /var/lib/amana/*; chmod 0700 /var/lib/amana; apt-get -qq install --yes ./old/amana-server_*.deb >/dev/null
install -m 0644 keys.public /etc/amana/keys.public
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=localhost -keyout key.pem -out certificate.pem 2>/dev/null
install -m 0640 -g amana certificate.pem key.pem /etc/amana/tls/
sed -i 's/^root = .*/root = "${rootFingerprint(`${folder}/keys.public`)}"/; s/^origin = .*/origin = "reports.test"/' /etc/amana/amana.toml
printf '[log]\\ntick = "2s"\\n' >/root/tick; sed -i '/^\\[log\\]/r /dev/stdin' /etc/amana/amana.toml <<<'tick = "5s"'
runuser -u amana -- amana-server check
systemctl enable --now amana-server.socket amana-server.service`, 900);
  await serves();
  await desk.trust((await guest.run("amana-server status | sed -n 's/^log-verifier: *//p'")).trim());
});

await test('each unit is confined, as status says', async () => {
  const said = await guest.run('amana-server status --sandbox; for unit in $(systemctl list-units --plain --no-legend "amana-*.service" | cut -d" " -f1); do systemd-analyze security --no-pager "$unit" | tail -n 1; done; uname -r');
  console.log(said.replace(/^/gm, '        '));
  check(!/NOT IN FORCE|NO SECCOMP|NEW PRIVILEGES/.test(said), said);
});

await test('a backup and the notice by their own units', async () => {
  await guest.run(`cat >>/etc/amana/amana.toml <<'END'
[notice]
command = ["/bin/sh", "-c", "cat >/var/lib/amana.warden/notice"]
END
systemctl enable --now amana-backup.timer amana-notice.timer
systemctl start amana-backup.service amana-notice.service
cd /var/lib/amana.backups
first=$(ls)
for i in 1 2 3 4 5 6 7 8; do cp -a "$first" 200$i-01-01T0000; done
rm -r "$first"
systemctl start amana-backup.service`);
  const kept = (await guest.run('ls /var/lib/amana.backups')).trim().split('\n');
  same(kept.length, 7, `kept: ${kept}`);
  same(kept[0], '2003-01-01T0000', 'the oldest that is kept');
  await guest.run('amana-server drill /var/lib/amana.backups/"$(ls /var/lib/amana.backups | tail -n 1)"');
  check((await guest.run('cat /var/lib/amana.warden/notice')).includes("The courier's round is due: yes"), 'the notice');
  same((await guest.run('stat -c "%a %U" /var/lib/amana.backups')).trim(), '700 amana-keeper', 'whose they are');
});

await test('the TLS key as a credential of the unit, as SYSTEMD.md has it', async () => {
  await guest.run(`mkdir -p /etc/systemd/system/amana-server.service.d
systemd-creds encrypt --name=key.pem /etc/amana/tls/key.pem /etc/amana/tls/key.cred
printf '[Service]\nLoadCredentialEncrypted=key.pem:/etc/amana/tls/key.cred\n' >/etc/systemd/system/amana-server.service.d/key.conf
cp /etc/amana/amana.toml /root/kept.toml
sed -i 's#^key = .*#key = "/run/credentials/amana-server.service/key.pem"#' /etc/amana/amana.toml
mv /etc/amana/tls/key.pem /root/
systemctl daemon-reload; systemctl restart amana-server`);
  await serves();
  same((await send('credential')).status, 303, 'a report');
  await guest.run('mv /root/key.pem /etc/amana/tls/; cp /root/kept.toml /etc/amana/amana.toml; rm -r /etc/systemd/system/amana-server.service.d; systemctl daemon-reload; systemctl restart amana-server');
  await serves();
});

await test('a second server beside it, as amana-server(8) has it, that sees nothing of the first', async () => {
  await guest.run(`systemd-sysusers --inline 'u amana-jordan - "Amana server jordan"' 'u amana-front-jordan - "Amana front jordan"' 'u amana-keeper-jordan - "Amana keeper jordan"'
install -d -m 0700 -o amana-keeper-jordan -g amana-keeper-jordan /var/lib/amana-jordan
install -d -m 0700 -o amana-jordan -g amana-jordan /var/lib/amana-jordan.warden
install -d -m 0750 -g amana-jordan /etc/amana/jordan /etc/amana/jordan/tls
install -m 0640 -g amana-jordan /etc/amana/tls/certificate.pem /etc/amana/tls/key.pem /etc/amana/jordan/tls/
sed 's#"/var/lib/amana"#"/var/lib/amana-jordan"#; s#/etc/amana/tls/#/etc/amana/jordan/tls/#; s#^address = .*#address = "127.0.0.1:8444"#; s#^origin = .*#origin = "jordan.test"#' /etc/amana/amana.toml >/etc/amana/jordan/amana.toml
mkdir -p /etc/systemd/system/amana-server@jordan.socket.d
printf '[Socket]\nListenStream=127.0.0.1:8444\n' >/etc/systemd/system/amana-server@jordan.socket.d/address.conf
systemctl daemon-reload
systemctl enable --now amana-server@jordan.socket amana-server@jordan
systemctl start amana-backup@jordan.service
curl --silent --fail --insecure https://127.0.0.1:8444/ar/ >/dev/null
ls /var/lib/amana-jordan.backups | grep -q ^20`);
  const whose = await guest.run('ps -e -o user:32,comm | grep amana | sort -u');
  for (const name of ['server', 'front', 'keeper'])
    for (const of of ['', '-jordan']) check(new RegExp(`^amana${name === 'server' ? '' : `-${name}`}${of} +amana-${name}`, 'm').test(whose), `${name}${of}:\n${whose}`);
  const denied = await guest.tell(`for user in amana-jordan amana-front-jordan amana-keeper-jordan; do for path in /var/lib/amana /var/lib/amana.warden /etc/amana/tls/key.pem /run/amana/keeper; do
  runuser -u $user -- test -r $path && echo "$user reads $path"; done; done; for user in amana amana-front amana-keeper; do for path in /var/lib/amana-jordan /var/lib/amana-jordan.warden /etc/amana/jordan/tls/key.pem /run/amana-jordan/keeper; do
  runuser -u $user -- test -r $path && echo "$user reads $path"; done; done; true`);
  same(denied.said.trim(), '', 'what one may read of the other');
  check((await guest.run('amana-server status --config /etc/amana/jordan/amana.toml')).includes('jordan.test'), 'status of the second');
  await guest.run('systemctl disable --now amana-server@jordan.socket amana-server@jordan');
});

await test('upgrades and reloads under load: no report fails', async () => {
  let begun = 0;
  let over = false;
  const sender = async (agent) => {
    while (begun < reports) {
      begun += 1;
      await send('load', { agent, patience: 300 }).then((answer) => { if (!wasAccepted(answer) && answer.status !== 200) failures.push(`status ${answer.status}`); },
        (error) => failures.push(error.code ?? error.message));
    }
    agent.destroy?.();
  };
  const sending = Promise.all([...Array(4)].flatMap(() => [sender(false), sender(new https.Agent({ keepAlive: true, maxSockets: 1 }))])).then(() => { over = true; });
  const started = Date.now();
  for (let round = 0; !over; round += 1) {
    await guest.run(`cd /root; apt-get -qq install --yes --allow-downgrades ./${round % 2 ? 'old' : 'new'}/amana-server_*.deb >/dev/null 2>&1`, 600);
    count('upgrades');
    for (let i = 0; i < 3 && !over; i += 1) {
      await guest.run(`sed -i 's/^# *colour = .*/colour = "#0b5c63"/; s/^colour = .*/colour = "#0b5c${10 + ((round * 3 + i) % 80)}"/' /etc/amana/amana.toml; systemctl reload amana-server`);
      await sleep(2000);
      count('reloads');
    }
  }
  await sending;
  console.log(`        ${reports} reports in ${((Date.now() - started) / 1000).toFixed(0)} s`);
  same(failures, [], 'reports that failed');
});

// ---- Bad days ----
const table = [];
async function badDay(name, happens, { undo, mend, admin = 'amana-server status', citizenIs, adminIs }) {
  await test(name, async () => {
    await guest.run('journalctl --rotate --quiet; journalctl --vacuum-time=1s --quiet >/dev/null 2>&1 || true');
    await guest.run(happens);
    const seen = await citizen(name.replaceAll(' ', '-'));
    const journal = (await guest.tell(`journalctl --quiet --no-pager --output=cat --unit='amana-*' | grep -E '^amana|Failed|failed' | sort -u | head -n 6`)).said.trim();
    const told_ = (await guest.tell(`${admin} 2>&1 | head -n 12`)).said.trim();
    if (undo) await guest.run(undo);
    if (mend) await guest.run(mend);
    await serves();
    same((await send(`after-${name}`)).status, 303, 'a report afterwards');
    table.push([name, seen, journal, told_]);
    console.log(`        citizen: ${seen}\n        journal:\n${journal.replace(/^/gm, '          ')}\n        admin (${admin}):\n${told_.replace(/^/gm, '          ')}`);
    if (citizenIs) check(citizenIs.test(seen), `what the citizen sees: ${seen}`);
    if (adminIs) check(adminIs.test(journal + told_), 'what the admin is told');
    count('bad days');
  });
}
const doctor = 'amana-server doctor --local';
for (const which of ['amana-front', 'amana-keeper', 'amana-server'])
  await badDay(`kill -9 of ${which}`, `pkill -KILL -x ${which}`, { citizenIs: /sending: thanked/, adminIs: /killed|signal|Failed|failed|main process/i });
await badDay('the clock a year back', 'date --set "1 year ago" >/dev/null', { undo: `date --set "@${Math.floor(Date.now() / 1000)}" >/dev/null; hwclock --hctosys 2>/dev/null || true`, mend: 'systemctl restart amana-server', admin: doctor, adminIs: /clock|not yet|valid/i });
await badDay('keys that have ended', 'date --set "6 weeks" >/dev/null', { undo: 'hwclock --hctosys 2>/dev/null || date --set "6 weeks ago" >/dev/null', mend: 'systemctl restart amana-server', admin: doctor, adminIs: /key/i });
await badDay('a full disk', 'fallocate --length $(($(stat -f -c "%a*%S" /var/lib/amana))) /var/lib/amana/ballast 2>/dev/null || dd if=/dev/zero of=/var/lib/amana/ballast bs=1M 2>/dev/null || true; sync; sleep 3',
  { undo: 'rm /var/lib/amana/ballast; sleep 12', admin: doctor, citizenIs: /sending: (503|507)/, adminIs: /no room/ });
// As ext4 does by itself when the disk fails.
await badDay('a disk that can only be read', 'echo 1 >/sys/fs/ext4/vdb/trigger_fs_error; sleep 8', {
  undo: 'systemctl stop amana-server.socket amana-server.service; umount /var/lib/amana; e2fsck -fy /dev/vdb >/dev/null || [ $? -le 2 ]; mount /var/lib/amana; systemctl start amana-server.socket amana-server.service',
  admin: doctor, citizenIs: /sending: [^t]/ });
await badDay('a log that can not be written', 'chattr +i /var/lib/amana/*.db* /var/lib/amana/*/*.db* 2>/dev/null || true; systemctl restart amana-server || true', { undo: 'chattr -i /var/lib/amana/*.db* /var/lib/amana/*/*.db* 2>/dev/null || true; systemctl reset-failed; systemctl restart amana-server', admin: doctor });
await badDay('a journal that takes nothing', 'pkill -STOP systemd-journal', { undo: 'pkill -CONT systemd-journal', citizenIs: /sending: thanked/ });

async function underLoad(happens) {
  let over = false;
  const sending = Promise.all([...Array(8)].map(async () => {
    while (!over) await send('cut', { seconds: 30 }).catch(() => sleep(300));
  }));
  await sleep(4000 + Math.floor(random(`cut-${number}`).below(4000)));
  const outcome = await happens();
  over = true;
  await sending;
  return outcome;
}
await test('a reboot in the midst', async () => {
  await underLoad(() => guest.reboot());
  await serves(300);
  count('reboots');
});
for (let i = 0; i < cuts; i += 1)
  await test(`the power is cut, ${i + 1}`, async () => {
    const { kept, lost } = await underLoad(() => guest.cut(() => chance(0.5)));
    count('writes behind the last flush that stayed', kept);
    count('writes behind the last flush that are lost', lost);
    await guest.start();
    await serves(300);
    count('power cuts');
  });

await test('all that was thanked for is at the desk, once', async () => {
  await until('the tick', async () => /pending: *0$/m.test((await guest.tell('amana-server status')).said), { seconds: 120, every: 2 });
  await guest.run('amana-server export /var/lib/amana-courier/all.bundle', 600);
  fs.writeFileSync(`${folder}/all.bundle`, await guest.take('/var/lib/amana-courier/all.bundle'));
  await guest.run('amana-server fsck', 600);
  await desk.import(`${folder}/all.bundle`);
  const { reports: opened, unopened } = await desk.list();
  same(unopened, {}, 'envelopes that did not open');
  const beginnings = new Map();
  for (const { beginning } of opened) beginnings.set(beginning, (beginnings.get(beginning) ?? 0) + 1);
  const found = (story) => [...beginnings].filter(([beginning]) => story.startsWith(beginning)).reduce((sum, [, times]) => sum + times, 0);
  const thanked = told.filter((one) => one.thanked);
  same(thanked.filter((one) => found(one.story) !== 1).map((one) => [one.story, found(one.story)]), [], 'not there once');
  count('thanked for and opened once', thanked.length);
  count('opened though their senders saw nothing', opened.length - thanked.length);
});
await guest.stop();
for (const [name, seen, journal, said] of table) console.log(`| ${name} | ${seen} | ${`${journal}; ${said}`.split('\n').slice(0, 3).join('; ')} |`);
summary('package_machine');
process.exit();

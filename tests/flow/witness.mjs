// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The desk as witness, with the programs as they are shipped: an export in parts is imported as the parts come; canaries
// that were sent are known again; a proof that a citizen saved is kept; what the desk co-signs, the server publishes. Then the
// server is put back to an old copy of its store, and goes on from there: the desk names the one and the other.

import fs from 'node:fs';
import { fileURLToPath } from 'node:url';

import { Desk, Server, run, scratch } from '../support/amana.mjs';
import { check, count, same, summary, test } from '../support/checks.mjs';
import { formBody, request, sendReport, wasAccepted } from '../support/client.mjs';

const folder = scratch('witness');
const desk = await Desk.make(`${folder}/desk`);
const server = await Server.make(`${folder}/server`, desk);
await server.start();
await desk.trust(await server.verifier());

// How a command of the desk ends, and what it says.
const ends = (...command) => desk.command(...command).then((said) => ({ code: 0, said }), ({ code, stdout, stderr }) => ({ code, said: stdout + stderr }));
const audit = async (code) => {
  const { code: got, said } = await ends('audit', ['--json', '--grace', '0']);
  same(got, code, said);
  return JSON.parse(said.slice(0, said.lastIndexOf('}') + 1));
};

let proof;
await test('an export in parts is imported as the parts come', async () => {
  for (let i = 0; i < 3; i += 1) check(wasAccepted(await sendReport(server.url, { story: `report ${i} of the first days` })), 'accepted');
  const { type, length, pieces } = formBody({ story: 'one whose sender wants a proof', fields: { proof: '1' } });
  const { body } = await request(`${server.url}/en/report`, { method: 'POST', headers: { 'Content-Type': type, 'Content-Length': length }, body: pieces });
  proof = `${folder}/proof.txt`;
  fs.writeFileSync(proof, /<pre dir="ltr" tabindex="0">([^<]*)<\/pre>/.exec(body)[1].replaceAll('&#39;', "'"));
  same((await ends('proof', [proof], { passphrase: false })).said.split(':')[0], 'TOO EARLY', 'before an import');

  await run(`${process.env.AMANA_BIN}/amana-server`, ['export', `${folder}/out`, '--part-size', '5 MiB', '--config', server.config]);
  const parts = fs.readdirSync(folder).filter((name) => name.startsWith('out.')).map((name) => `${folder}/${name}`).sort().reverse();
  check(parts.length >= 1, 'parts');
  console.log(`        ${parts.length} parts`);
  let said;
  for (const part of parts) said = await desk.import(part);
  check(said.includes(': 4 reports'), said);
  same((await ends('proof', [proof], { passphrase: false })).said.split(':')[0], 'KEPT', 'after it');
});

await test('canaries that are sent like any report are known again', async () => {
  await desk.command('canary', [`${folder}/canaries`, '--count', '3']);
  for (const number of [1, 2]) {
    const { stdout } = await run('curl', ['-sk', '-o', '/dev/null', '-w', '%{http_code}', '-F', `story=<${folder}/canaries/${number}.txt`, `${server.url}/ar/report`]);
    same(stdout, '200', 'accepted, with a code');
    count('canaries sent');
  }
  const said = await desk.import(await server.export(`${folder}/second`));
  check(said.includes('0 reports, 2 canaries'), said);
  const { canary } = await audit(3); // one was not sent, and no grace is given
  same([canary.arrived, canary.missing], [2, [3]], 'arrived and missing');
  const listed = await desk.list();
  same(listed.reports.filter(({ kind }) => kind === 'canary').length, 2, 'listed as canaries');
});

await test('what the desk co-signs, the server publishes', async () => {
  const said = await desk.command('cosign', [`${folder}/cosigned`]);
  const key = /by this key: (\S+)/.exec(said)[1];
  await run(`${process.env.AMANA_BIN}/amana-server`, ['witness', `${folder}/cosigned`, '--config', server.config]);
  const { stdout } = await run(process.execPath, [fileURLToPath(new URL('../vectors/log.mjs', import.meta.url)), 'verify', server.url, '--witness', key, await server.verifier()],
    { env: { ...process.env, NODE_EXTRA_CA_CERTS: `${server.folder}/certificate.pem` } });
  check(/^verified: \d+ leaves, \d+ of them co-signed$/m.test(stdout), stdout);
  same((await server.status()).storage['log-witnessed'], (await audit(3)).cosigned, 'the size the server knows');
});

await test('a server put back to an old copy of its store is named, and so is what it writes from there', async () => {
  same(await server.stop(), 0, 'exit code');
  fs.cpSync(`${server.folder}/storage`, `${folder}/old`, { recursive: true });
  await server.start();
  check(wasAccepted(await sendReport(server.url, { story: 'what will be taken away again' })), 'accepted');
  check((await desk.import(await server.export(`${folder}/third`))).includes(': 1 report'), 'imported');
  same(await server.stop(), 0, 'exit code');
  fs.rmSync(`${server.folder}/storage`, { recursive: true });
  fs.cpSync(`${folder}/old`, `${server.folder}/storage`, { recursive: true });
  fs.chmodSync(`${server.folder}/storage`, 0o700);
  await server.start();

  // An export makes a batch: a few entries more than the copy, fewer than were seen or other ones.
  const first = await ends('import', [await server.export(`${folder}/fourth`)]);
  same(first.code, 1, first.said);
  check(/THE LOG IS NOT WHAT WAS SIGNED: (rolled-back|forked)/.test(first.said), first.said);
  for (let i = 0; i < 30; i += 1) check(wasAccepted(await sendReport(server.url, { story: `the log goes on, ${i}` })), 'accepted');
  const second = await ends('import', [await server.export(`${folder}/fifth`)]);
  same(second.code, 1, second.said);
  check(second.said.includes('forked'), second.said);
  const { evidence } = await audit(3);
  same(evidence.length, 2, 'two pieces of evidence');
  const refused = await ends('cosign', [`${folder}/refused`]);
  same(refused.code, 1, 'nothing is co-signed now');
  check(!fs.existsSync(`${folder}/refused`), 'nothing is written');
  count('rollbacks named');
});

await test('the server ends', async () => same(await server.stop(), 0, 'exit code'));
summary('flow_witness');

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Debian's testssl.sh on the bare front, which has an ECDSA and an RSA certificate of a test's own authority: what is
// not OK is one of the lines that docs/PROXIES.md explains. The reduced run leaves out what takes minutes: browsers simulated
// one by one, and each cipher of OpenSSL alone.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

import { run, scratch, Server, source } from '../support/amana.mjs';
import { check, count, full, same, summary, test } from '../support/checks.mjs';
import { KeysAlone } from '../support/keyset.mjs';

const folder = scratch('proxies-testssl');
const server = await Server.make(`${folder}/server`, new KeysAlone(), {});
const openssl = (...args) => execFileSync('openssl', args, { cwd: server.folder, stdio: 'pipe' });

// An authority, and two certificates of it.
openssl('req', '-x509', '-newkey', 'rsa:3072', '-nodes', '-days', '400', '-subj', '/CN=Test authority', '-addext', 'keyUsage=critical,keyCertSign,cRLSign', '-keyout', 'ca.key', '-out', 'ca.pem');
for (const [name, key] of [['ecdsa', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']], ['rsa', ['rsa:3072']]]) {
  openssl('req', '-newkey', ...key, '-nodes', '-subj', '/CN=localhost', '-keyout', `${name}.key`, '-out', `${name}.csr`);
  fs.writeFileSync(`${server.folder}/extensions`, 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\nkeyUsage=digitalSignature\nbasicConstraints=CA:FALSE\ncrlDistributionPoints=URI:http://ca.invalid/list.crl\n');
  openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '200', '-extfile', 'extensions', '-out', `${name}.pem`);
  fs.chmodSync(`${server.folder}/${name}.key`, 0o600);
}
await server.configure({ tls: { certificate: ['ecdsa.pem', 'rsa.pem'], key: ['ecdsa.key', 'rsa.key'] }, site_address: [{ url: 'https://localhost/' }, { url: 'https://127.0.0.1/' }] }); // the address: testssl.sh asks some things without a name
await server.start();

// What the documents explain: a table's first column, in backticks.
const explained = [...fs.readFileSync(`${source}/docs/PROXIES.md`, 'utf8').matchAll(/^\| `([A-Za-z0-9_-]+)` \|/gm)].map(([, id]) => id);

await test('testssl.sh finds nothing that is not explained', async () => {
  const report = `${folder}/testssl.json`;
  const options = full ? ['--full'] : ['--protocols', '--std', '--server-defaults', '--headers', '--breach', '--crime', '--renegotiation'];
  await run('testssl', [...options, '--quiet', '--color', '0', '--nodns', 'none', '--ip', '127.0.0.1', '--add-ca', `${server.folder}/ca.pem`, '--warnings', 'off',
    '--jsonfile', report, `https://localhost:${server.port}`], { maxBuffer: 1 << 26 }).catch((error) => { if (!fs.existsSync(report)) throw error; });
  const findings = JSON.parse(fs.readFileSync(report, 'utf8'));
  check(findings.length > 40, `only ${findings.length} findings`);
  count('findings', findings.length);
  const notFine = findings.filter(({ severity }) => !['OK', 'INFO', 'DEBUG'].includes(severity));
  for (const { id, severity, finding } of notFine) console.log(`        ${severity} ${id}: ${finding}`);
  same(notFine.filter(({ id }) => !explained.includes(id)).map(({ id, severity, finding }) => `${severity} ${id}: ${finding}`), [], 'not explained in docs/PROXIES.md');
  const finding = (id) => findings.find((one) => one.id === id)?.finding ?? '';
  check(/not offered/.test(finding('TLS1')) && /not offered/.test(finding('TLS1_1')), 'TLS 1.1 and older');
  check(findings.some(({ id, finding: said }) => /cert_keySize/.test(id) && /RSA 3072/.test(said)) && findings.some(({ id, finding: said }) => /cert_keySize/.test(id) && /EC 256/.test(said)), 'both certificates are looked at');
});

await test('the server ends', async () => same(await server.stop(), 0, 'exit code'));
summary('proxies_testssl');
process.exit();

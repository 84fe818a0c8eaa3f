// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The two manifests as staff make them, and verify-site against the real front: what amana-server says it serves, what the desk
// signs and what comes over the wire are the same, in every language; and one byte altered on the way is named.

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';

import { Desk, Server, build, freePort, program, rootFingerprint, run, scratch } from '../support/amana.mjs';
import { check, same, summary, test } from '../support/checks.mjs';
import { Meddler } from '../support/meddler.mjs';
import { signed } from '../support/signing.mjs';

const folder = scratch('verify-real');
const desk = await Desk.make(`${folder}/desk`);
const languages = ['ar', 'en', 'ru'];
const site = { languages, cover: '45s', security_contact: 'mailto:security@example.invalid' };
const server = await Server.make(`${folder}/server`, desk, { site });
const fingerprint = rootFingerprint(`${folder}/server/keys.public`);
const certificate = `${folder}/server/certificate.pem`;

function verify(where, args = []) {
  return new Promise((resolve) => {
    execFile(program('amana-desk'), ['verify-site', where, '--root', fingerprint, '--ca', certificate, ...args], (error, out, err) => {
      resolve({ code: error ? error.code : 0, out, err });
    });
  });
}

// What a client gets of the server, unpacked: for a meddler in front of it.
function upstream(at) {
  return new Promise((resolve, reject) => {
    https.get(`${server.url}${at}`, { rejectUnauthorized: false, agent: false }, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => {
        const raw = response.rawHeaders;
        const headers = raw.flatMap((name, i) => (i % 2 === 0 && !/^(date|content-length|connection|padding|content-encoding)$/i.test(name) ? [[name, raw[i + 1]]] : []));
        resolve({ status: response.statusCode, headers, body: Buffer.concat(pieces) });
      });
    }).on('error', reject);
  });
}

let releaseKey;
await test('the makers sign the release, the desk signs the site', async () => {
  const made = await signed(server, desk, folder, { site });
  releaseKey = made.releaseKey;
  check(made.said.includes('Nothing was signed before. This is serial 1.'), made.said);
  await server.start();
});

await test('the site is as it was signed', async () => {
  const answer = await verify(server.url, ['--release-key', releaseKey, '--seen', `${folder}/seen`]);
  same(answer.code, 0, `${answer.out}${answer.err}`);
  console.log(answer.out.trim());
  const pages = fs.readFileSync(`${folder}/site.txt`, 'utf8').split('\n').filter((line) => line.startsWith('page ')).map((line) => line.split(' ')[3]);
  for (const language of languages)
    for (const name of ['', 'help', 'received-1', 'received-2', 'sealing.json']) check(pages.includes(`/${language}/${name}`), `/${language}/${name}`);
  for (const language of languages) same(pages.filter((page) => page === `/${language}/`).length, 6, 'variants of a form');
  for (const name of ['/', '/keys', '/script/page.js', '/script/worker.js', '/.well-known/security.txt', '/log/check.html']) check(pages.includes(name), name);
});

await test('one thing altered in front of it is named', async () => {
  const port = await freePort();
  const tls = { key: fs.readFileSync(`${folder}/server/key.pem`), cert: fs.readFileSync(certificate) };
  const meddler = await Meddler.start(upstream, tls, port);
  const look = async (meddle) => {
    meddler.meddle = meddle;
    return verify(meddler.url, ['--release-key', releaseKey]);
  };
  const honest = await look(null);
  same(honest.code, 0, honest.out);
  const flip = (at) => (path, answer) => (path === at ? { ...answer, body: answer.body.map((byte, i) => (i === 100 ? byte ^ 1 : byte)) } : null);
  for (const at of ['/script/page.js', '/script/worker.js', '/ar/', '/ru/help', '/keys', '/en/sealing.json', '/log/check.html']) {
    const answer = await look(flip(at));
    same(answer.code, 3, `${at}\n${answer.out}${answer.err}`);
    check(answer.out.includes(`DIFFERS ${at}: `), `${at}\n${answer.out}`);
  }
  const weaker = await look((path, answer) => (path === '/ar/' ? { ...answer, headers: answer.headers.map(([n, v]) => [n, v.replace("connect-src 'self'", 'connect-src *')]) } : null));
  check(weaker.out.includes('connect-src also allows *'), weaker.out);
  await meddler.stop();
});

await test('a config that changes a page shows, until the desk has signed it', async () => {
  await server.stop();
  await server.configure({ site: { data: `${build}/share/amana`, ...site, cover: '0s', release: 'release.note', manifest: 'site.note' } });
  await server.start();
  const before = await verify(server.url, ['--seen', `${folder}/seen`]);
  same(before.code, 3, before.out);
  check(before.out.includes('DIFFERS /ar/sealing.json: '), before.out);
  await run(program('amana-server'), ['site', '--config', server.config, '--serial', '2', '--out', `${folder}/site-2.txt`]);
  const said = await desk.command('sign-site', [`${folder}/site-2.txt`, '--out', `${folder}/server/site.note`, '--yes']);
  check(/changed page \/ar\/sealing\.json/.test(said) && !/page \/script/.test(said), said);
  await server.stop();
  await server.start();
  const after = await verify(server.url, ['--seen', `${folder}/seen`]);
  same(after.code, 0, `${after.out}${after.err}`);
});

await server.stop();
summary('verify_real');

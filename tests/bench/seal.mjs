// SPDX-License-Identifier: AGPL-3.0-or-later
//
// seal.mjs [MIB]
// How fast the browser's script seals, under the tests' Node.js, beside SHA-256 of the same bytes in the same run: by the
// package that the script uses, and by OpenSSL. Node runs the same engine as Chromium; an old phone is ten times slower.

import { createHash } from 'node:crypto';

import { tier } from '../support/checks.mjs';
import { packages, script } from '../web/script/modules.mjs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const { sealReport, newSubmission } = await script('report.mjs');
const packaged = async (name) => import(pathToFileURL(createRequire(`${packages}/package.json`).resolve(name)).href);
const { sha256 } = await packaged('@noble/hashes/sha2.js');
const { xchacha20poly1305 } = await packaged('@noble/ciphers/chacha.js');
const { ml_kem768_x25519: xwing } = await packaged('@noble/post-quantum/hybrid.js');

const mebibytes = Number(process.argv[2] ?? tier(8, 64));
const piece = crypto.getRandomValues(new Uint8Array(65536));
const pieces = mebibytes * 16;
const file = { name: 'video.mp4', type: 'video/mp4', blob: new Blob(Array.from({ length: pieces - 1 }, () => piece)) };  // and a manifest fit
const { publicKey } = xwing.keygen();
const report = { answers: { story: 'x' }, files: [file], form: { id: 'recruitment', version: 2 }, submission: newSubmission() };
const key = piece.slice(0, 32), nonce = piece.slice(0, 24);

const each = (work) => () => { for (let i = 0; i < pieces; ++i) work(piece); };
const measured = {
  'SHA-256, OpenSSL': each((bytes) => createHash('sha256').update(bytes).digest()),
  'SHA-256, the script’s': each((bytes) => sha256(bytes)),
  'XChaCha20-Poly1305, the script’s': each((bytes) => xchacha20poly1305(key, nonce).encrypt(bytes)),
  'a report sealed': async () => { for await (const chunk of sealReport(report, [publicKey, publicKey])) if (chunk.length === 0) throw new Error('an empty chunk'); },
};

// Of the processor, so that what else the machine does counts less.
async function seconds(work) {
  const begun = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1e6;
}

// Rounds that take turns, and the median of them.
const rounds = 5, times = new Map(Object.keys(measured).map((name) => [name, []]));
for (let round = 0; round <= rounds; ++round) {
  for (const [name, work] of Object.entries(measured)) {
    const took = await seconds(work);
    if (round > 0) times.get(name).push(took);  // the first is for the compiler
  }
}
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const speed = (name) => mebibytes / median(times.get(name));
for (const name of times.keys()) console.log(`${name.padEnd(34)} ${speed(name).toFixed(0).padStart(5)} MiB/s`);
console.log(`a report is sealed at ${(speed('a report sealed') / speed('SHA-256, the script’s')).toFixed(2)} of the script's SHA-256`);
const encapsulation = await seconds(() => { for (let i = 0; i < 20; ++i) xwing.encapsulate(publicKey); });
console.log(`an X-Wing encapsulation: ${(encapsulation / 20 * 1000).toFixed(1)} ms`);

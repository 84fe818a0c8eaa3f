// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The vectors in both browsers, by the same packages that the page's script is made of: the second implementation (open.mjs)
// opens each, and what can be sealed again is sealed byte for byte by it and by the page's own sealer.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { browsers, openBrowser } from '../support/browser.mjs';
import { build, scratch, source } from '../support/amana.mjs';
import { check, count, same, summary, test } from '../support/checks.mjs';

const vectorsFolder = path.join(source, 'tests/vectors');
const packages = path.join(build, 'web-packages');
const folder = scratch('vectors');

// What open.mjs takes from Node, over files that the test puts into the page.
const files = `
  const open = [];
  export const openSync = (path) => open.push({ bytes: globalThis.files[path], at: 0 }) - 1;
  export const readSync = (fd, into) => {
    const { bytes, at } = open[fd];
    const part = bytes.subarray(at, at + into.length);
    into.set(part);
    open[fd].at += part.length;
    return part.length;
  };
  export const closeSync = () => {};
  export const [readFileSync, realpathSync, writeFileSync] = [];
  export const basename = null;
  export const join = (...parts) => parts.join('/');
  export const fileURLToPath = null;
`;

function bundle() {
  fs.writeFileSync(`${folder}/files.mjs`, files);
  fs.writeFileSync(`${folder}/all.mjs`, `
    export { checkVector } from '${vectorsFolder}/open.mjs';
    export { Sealer } from '${source}/web/script/envelope.mjs';
  `);
  const instead = ['fs', 'path', 'url'].map((one) => `--alias:node:${one}=${folder}/files.mjs`);
  const esbuild = path.join(packages, `node_modules/@esbuild/linux-${process.arch}/bin/esbuild`);
  return execFileSync(esbuild, [`${folder}/all.mjs`, '--bundle', '--format=iife', '--global-name=amana', '--target=es2020', '--define:process.argv=[]',
    ...instead, '--log-level=error'], { encoding: 'utf8', env: { ...process.env, NODE_PATH: path.join(packages, 'node_modules') } });
}

const text = `(() => { ${bundle()}; globalThis.amana = amana; })()`;
const vectors = JSON.parse(fs.readFileSync(path.join(vectorsFolder, 'vectors.json'), 'utf8'));

// In the page: the checks that the vector failed.
async function checkThere({ vector, contents }) {
  const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const hex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (two) => parseInt(two, 16));
  globalThis.files = Object.fromEntries(Object.entries(contents).map(([name, base64]) => [`v/${name}`, bytes(base64)]));
  const wrong = globalThis.amana.checkVector('v', vector);
  if (!vector.sealing) return wrong;
  const { recipients, randomness, padded, payload } = vector.sealing;
  const drawn = hex(randomness);
  let at = 0, to = 0;
  const sealer = globalThis.amana.Sealer.inOrder(recipients.map(hex), (length) => { at += length; return drawn.slice(at - length, at); });
  const whole = new Uint8Array(padded), expected = globalThis.files[`v/${vector.envelope}`];
  whole.set(globalThis.files[`v/${payload}`]);
  for await (const part of sealer.seal([whole])) {
    if (!part.every((byte, i) => byte === expected[to + i])) wrong.push(`sealed otherwise from ${to} on`);
    to += part.length;
  }
  if (to !== expected.length) wrong.push(`${to} bytes sealed`);
  return wrong;
}

for (const name of browsers)
  await test(`${name}: every vector`, async () => {
    const browser = await openBrowser(name);
    await browser.page.goto('about:blank');
    await browser.evaluate(text);
    const base64 = (file) => [file, fs.readFileSync(path.join(vectorsFolder, file)).toString('base64')];
    for (const vector of vectors) {
      const contents = Object.fromEntries([vector.envelope, vector.sealing?.payload].filter(Boolean).map(base64));
      same(await browser.evaluate(checkThere, { vector, contents }), [], vector.name);
      count('vectors');
      if (vector.sealing) count('sealed again');
    }
    // That a wrong one would be noticed.
    const [vector] = vectors;
    const contents = Object.fromEntries([base64(vector.envelope), base64(vector.sealing.payload)]);
    const changed = { ...vector, manifest: `${vector.manifest} ` };
    check((await browser.evaluate(checkThere, { vector: changed, contents })).length === 1, 'a wrong manifest is noticed');
    await browser.close();
  });

summary('vectors_browsers');

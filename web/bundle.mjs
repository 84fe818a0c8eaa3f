#!/usr/bin/env node
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// bundle.mjs PACKAGES SOURCE OUTPUT
// Makes one script of a module and all that it imports, as small as it gets, and its source map beside it. The same sources
// and packages give the same bytes, wherever they lie; no path of this machine is in the map.
//
// esbuild puts the modules together; terser makes them smaller, by 4 % of what travels, which is what it takes to stay below
// the limit (tests/web/script/size_test.mjs).
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

const folder = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);

/** { code, map }. `more`: further words for esbuild. */
export async function bundle(where, source, ...more) {
  const packages = path.resolve(where);
  const { minify } = createRequire(path.join(packages, 'package.json'))('terser');
  const esbuild = path.join(packages, `node_modules/@esbuild/linux-${process.arch}/bin/esbuild`);
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'amana-bundle-'));
  try {
    const whole = path.join(scratch, 'whole.js');
    execFileSync(esbuild, [source, '--bundle', '--minify-syntax', '--format=iife', '--target=es2020', '--charset=utf8', '--legal-comments=inline',
      '--sourcemap=external', '--log-level=warning', `--outfile=${whole}`, ...more],
    { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, NODE_PATH: path.join(packages, 'node_modules') } });
    const map = JSON.parse(fs.readFileSync(`${whole}.map`, 'utf8'));
    map.sources = map.sources.map((name) => short(path.resolve(scratch, name), packages));
    const made = await minify({ [path.basename(source)]: fs.readFileSync(whole, 'utf8') }, {
      ecma: 2020, compress: { passes: 2, inline: 1, lhs_constants: false }, mangle: true, format: { comments: /^!/ }, sourceMap: { content: map, includeSources: true },
    });
    return { code: `${made.code}\n`, map: `${made.map}\n` };
  } finally {
    fs.rmSync(scratch, { recursive: true });
  }
}

/** A source as its name in the repository, or in its package. */
function short(file, packages) {
  const within = (where) => path.relative(where, fs.realpathSync(file));
  const name = within(fs.realpathSync(packages));
  return name.startsWith('..') ? within(path.dirname(folder)) : name;
}

if (process.argv.length === 5 && fs.realpathSync(process.argv[1]) === fs.realpathSync(new URL(import.meta.url).pathname)) {
  const [packages, source, output] = process.argv.slice(2);
  const { code, map } = await bundle(packages, source);
  fs.writeFileSync(output, code);
  fs.writeFileSync(`${output}.map`, map);
}

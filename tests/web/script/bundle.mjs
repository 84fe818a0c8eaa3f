// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The modules in one script, made as the build makes the pages' scripts.

import { execFileSync } from 'node:child_process';
import path from 'node:path';

import { packages } from './modules.mjs';

// The text of a script that puts what everything.mjs exports into a global variable, `amana`.
export function bundle() {
  const esbuild = path.join(packages, `node_modules/@esbuild/linux-${process.arch}/bin/esbuild`);
  return execFileSync(esbuild, [path.join(import.meta.dirname, 'everything.mjs'), '--bundle', '--minify', '--format=iife', '--global-name=amana',
    '--target=es2020', '--charset=utf8', '--legal-comments=inline', '--log-level=warning'], { encoding: 'utf8', env: { ...process.env, NODE_PATH: path.join(packages, 'node_modules') } });
}

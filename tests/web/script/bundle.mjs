// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The modules in one script, made as the build makes the pages' scripts.

import path from 'node:path';

import { bundle as make } from '../../../web/bundle.mjs';
import { packages } from './modules.mjs';

// The text of a script that puts what everything.mjs exports into a global variable, `amana`.
export async function bundle() {
  return (await make(packages, path.join(import.meta.dirname, 'everything.mjs'), '--global-name=amana')).code;
}

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The modules of web/script as they are, with the packages that the page's script is bundled with: those of
// web/package-lock.json, which the build has put into the build tree.

import { registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export const source = process.env.AMANA_SOURCE ?? path.resolve(import.meta.dirname, '../../..');
export const build = process.env.AMANA_BUILD ?? path.join(source, 'build/dev');
export const packages = path.join(build, 'web-packages');

const web = pathToFileURL(path.join(source, 'web/')).href;
const instead = pathToFileURL(path.join(packages, 'package.json')).href;
registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier, /^[@a-z]/.test(specifier) && context.parentURL?.startsWith(web) ? { ...context, parentURL: instead } : context),
});

// script('envelope.mjs'): what that module exports.
export const script = (name) => import(`${web}script/${name}`);

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What the tests of the sealer share: keys, reports, and how an envelope is put together.

import path from 'node:path';

import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js';
import { random } from '../../support/random.mjs';
import { script, source } from './modules.mjs';

const { newSubmission } = await script('report.mjs');

export const vectorsFolder = path.join(source, 'tests/vectors');
export const drawn = random('script/sealing');
export const some = (length) => new Uint8Array(drawn.bytes(length));
export const secrets = [0, 1, 2, 3].map(() => some(32));
export const publics = secrets.map((secret) => xwing.getPublicKey(secret));
export const bytesOf = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'));

export async function all(chunks) {
  const parts = [];
  for await (const chunk of chunks) parts.push(Uint8Array.from(chunk));
  return new Uint8Array(Buffer.concat(parts));
}

// What it throws; null when it does not.
export async function refused(work) {
  try {
    await work();
    return null;
  } catch (error) {
    return error;
  }
}

export const form = { id: 'recruitment', version: 2 };
export const answers = { story: 'é€𝄞 "\\\n\u0001\u007f\u2028', days: ['mon', ''], people: [{ name: 'x', 10: '3', 9: 'y' }] };
export const fileOf = (size, name = `ملف ${size}.jpg`) => {
  const content = some(size);
  return { name, type: 'image/jpeg', blob: new Blob([content]), content };
};
export const report = (files = [], more = {}) => ({ answers, files, form, submission: newSubmission(), ...more });

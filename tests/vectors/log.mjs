// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A verifier of the log, written from docs/LOG.md, docs/ENVELOPE.md (section 4) and RFC 6962 alone: trees in log_tree.mjs, notes
// in log_note.mjs, what is served in log_served.mjs, exports in log_bundle.mjs.
//
//   node log.mjs vectors                                  the published vectors of trees and of signed notes
//   node log.mjs verify URL VERIFIER [--witness KEY]      a served log: signature, every tile, root, co-signature
//   node log.mjs proof PROOF RANGE... VERIFIER            prints kept, early, incomplete or broken
//   node log.mjs bundle FILE... VERIFIER [--leaves FILE]  an export, all of its parts; --leaves: those before it, 32 bytes each
//
// URL is the site's. VERIFIER and KEY are verifier keys, NAME+ID+BASE64. Exit: 0 verified or kept, 3 early or incomplete,
// 1 anything else.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { verifyBundle } from './log_bundle.mjs';
import { COSIGNATURE, openPromise, parseVerifier } from './log_note.mjs';
import { published } from './log_published.mjs';
import { judgeProof, openRange, verifyLog } from './log_served.mjs';
import { demand, fail, split } from './log_tree.mjs';

async function main(argv) {
  const { values, positionals: [command, ...rest] } = parseArgs({ args: argv, allowPositionals: true, options: { witness: { type: 'string' }, leaves: { type: 'string' } } });
  if (command === 'vectors' && rest.length === 0) return [published(), 0];
  const read = (path) => new Uint8Array(readFileSync(path));
  const verifier = rest.length >= 2 ? parseVerifier(rest.pop()) : fail('usage: node log.mjs vectors | verify URL VERIFIER | proof PROOF RANGE... VERIFIER | bundle FILE... VERIFIER');
  if (command === 'verify') {
    const witness = values.witness && parseVerifier(values.witness, COSIGNATURE);
    const { size, witnessed } = await verifyLog(rest[0].replace(/\/$/, ''), verifier, witness);
    return [`verified: ${size} leaves${witnessed === null ? '' : `, ${witnessed} of them co-signed`}`, 0];
  }
  if (command === 'proof') {
    const promise = openPromise(read(rest[0]), verifier);
    const verdict = judgeProof(promise, rest.slice(1).map((path) => openRange(read(path), verifier)));
    return [verdict, { kept: 0, early: 3, incomplete: 3, broken: 1 }[verdict]];
  }
  demand(command === 'bundle', `no command ${command}`);
  const { size, first, erased } = verifyBundle(rest, verifier, values.leaves ? split(read(values.leaves)) : []);
  return [`verified: entries ${first} to ${size}, ${erased} of them erased`, 0];
}

main(process.argv.slice(2)).then(([said, code]) => { console.log(said); process.exitCode = code; },
  (error) => { console.error(`log: ${error.message}`); process.exitCode = 1; });

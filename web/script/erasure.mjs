// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What an inbox is erased with (docs/ENVELOPE.md, section 9.5; docs/INBOX.md, section 5). `keys` are those of receipt.mjs.
import './old_browsers.mjs';
import { ed25519 } from '@noble/curves/ed25519.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { joined, number } from './derive.mjs';

/** The request to the server. `items`: at most 255 tags and ids of files. */
export function eraseRequest({ erasure }, { root, serial, bucket, items }) {
  const place = [number(serial, 8), number(bucket, 4)];
  const signature = ed25519.sign(joined('amana/1 erase', root, ...place, ...items), erasure);
  return joined(ed25519.getPublicKey(erasure), signature, ...place, Uint8Array.of(items.length), ...items);
}

/** The answer `signature` of the request to the desk. `submission`: in hexadecimal. */
export const forgetSignature = ({ inbox, erasure }, root, submission) =>
  bytesToHex(ed25519.sign(joined('amana/1 forget', root, inbox, hexToBytes(submission)), erasure));

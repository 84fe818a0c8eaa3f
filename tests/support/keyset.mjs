// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A signed key set without a desk (docs/ENVELOPE.md, "Key set"), for tests in which nothing is opened: it costs no
// Argon2id, and its keys may run out whenever a test wants. Server.make() takes it in a desk's place.

import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import fs from 'node:fs';

import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js';

const base64 = (bytes) => Buffer.from(bytes).toString('base64');
const sha256 = (...pieces) => createHash('sha256').update(Buffer.concat(pieces)).digest();

export class KeysAlone {
  // Their epoch key is valid from a minute ago for so many seconds on.
  constructor({ seconds = 30 * 86400 } = {}) {
    this.seconds = seconds;
    this.root = signer();
    this.serial = 0;
  }

  // A new set each time: other keys, the same root, the next serial.
  async publicKeys(file) {
    const now = Math.floor(Date.now() / 1000);
    const { root } = this;
    this.serial += 1;
    const validity = `${now - 60} ${now + this.seconds}`;
    const text = [
      'amana keys v1',
      'deployment test',
      `serial ${this.serial}`,
      `root ${base64(root.publicKey)}`,
      `courier ${validity} ${base64(signer().publicKey)}`,
      `witness ${validity} ${base64(signer().publicKey)}`,
      `epoch desk ${validity} ${base64(xwing.keygen().publicKey)}`,
      '',
    ].join('\n');
    const keyId = sha256(Buffer.from('amana-root\n\x01', 'latin1'), root.publicKey).subarray(0, 4);
    const signature = sign(null, Buffer.from(text), root.privateKey);
    fs.writeFileSync(file, `${text}\n— amana-root ${base64(Buffer.concat([keyId, signature]))}\n`);
  }
}

function signer() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { publicKey: Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url'), privateKey };
}

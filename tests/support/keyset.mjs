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

  async publicKeys(file) {
    fs.writeFileSync(file, this.note());
  }

  // The signed key set: a new one each time, with other keys and the next serial, of the same root.
  note({ serial = this.serial + 1, deployment = 'test' } = {}) {
    const now = Math.floor(Date.now() / 1000);
    const { root } = this;
    this.serial = serial;
    const validity = `${now - 60} ${now + this.seconds}`;
    const text = [
      'amana keys v1',
      `deployment ${deployment}`,
      `serial ${serial}`,
      `root ${base64(root.publicKey)}`,
      `courier ${validity} ${base64(signer().publicKey)}`,
      `witness ${validity} ${base64(signer().publicKey)}`,
      `epoch desk ${validity} ${base64(xwing.keygen().publicKey)}`,
      '',
    ].join('\n');
    return signedNote(text, 'amana-root', root);
  }
}

// A text under a key's signature (docs/ENVELOPE.md, section 4).
export function signedNote(text, name, key) {
  const signature = sign(null, Buffer.from(text), key.privateKey);
  return `${text}\n— ${name} ${base64(Buffer.concat([keyId(name, key), signature]))}\n`;
}

// NAME+HEXID+BASE64.
export const verifierKey = (name, key) =>
  `${name}+${keyId(name, key).toString('hex')}+${base64(Buffer.concat([Buffer.from([1]), key.publicKey]))}`;

const keyId = (name, key) => sha256(Buffer.from(`${name}\n\x01`, 'latin1'), key.publicKey).subarray(0, 4);

export function signer() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { publicKey: Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url'), privateKey };
}

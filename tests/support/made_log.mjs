// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A log that a test makes up, honest or not: its key, promises, checkpoints and range files (docs/LOG.md, section 4).

import { createHash, generateKeyPairSync, sign } from 'node:crypto';

const RANGE = 65536;
const sha256 = (...pieces) => createHash('sha256').update(Buffer.concat(pieces)).digest();
const node = (left, right) => sha256(Buffer.of(1), left, right);
const integer = (value, bytes) => Buffer.from(BigInt(value).toString(16).padStart(2 * bytes, '0'), 'hex');

export function root(leaves) {
  let row = leaves;
  if (row.length === 0) return sha256();
  // A node without a neighbour goes up as it is: the same tree as RFC 6962's.
  for (; row.length > 1; row = Array.from({ length: Math.ceil(row.length / 2) }, (_, i) => (2 * i + 1 < row.length ? node(row[2 * i], row[2 * i + 1]) : row[2 * i]))) { /* up */ }
  return row[0];
}

function cover(begin, end) {
  const parts = [];
  for (let at = begin; at < end; at = parts.at(-1)[1]) {
    let size = 1;
    while (at % (2 * size) === 0 && at + 2 * size <= end) size *= 2;
    parts.push([at, at + size]);
  }
  return parts;
}

export class MadeLog {
  constructor(name, size) {
    this.name = name;
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const key = Buffer.concat([Buffer.of(1), Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url')]);
    this.privateKey = privateKey;
    this.id = sha256(Buffer.from(`${name}\n`), key).subarray(0, 4);
    this.verifier = `${name}+${this.id.toString('hex')}+${key.toString('base64')}`;
    this.leaves = Array.from({ length: size }, (_, i) => sha256(Buffer.from(`leaf ${i}`)));
  }

  note(text) {
    return Buffer.from(`${text}\n\u2014 ${this.name} ${Buffer.concat([this.id, sign(null, Buffer.from(text), this.privateKey)]).toString('base64')}\n`);
  }

  promise({ from = 0, by, leaf }) { return this.note(`amana promise v1\n${this.name}\n${from}\n${by}\n${leaf.toString('base64')}\n`); }

  range(number) {
    const { leaves } = this;
    const begin = number * RANGE, end = Math.min(begin + RANGE, leaves.length);
    const note = this.note(`${this.name}\n${leaves.length}\n${root(leaves).toString('base64')}\n`);
    const side = (parts) => Buffer.concat([integer(parts.length, 1), ...parts.map(([from, to]) => root(leaves.slice(from, to)))]);
    return Buffer.concat([Buffer.from('AMANA-RANGE\n'), integer(1, 2), integer(note.length, 4), note, integer(number, 8), integer(end - begin, 4),
      ...leaves.slice(begin, end), side(cover(0, begin)), side(cover(end, leaves.length))]);
  }
}

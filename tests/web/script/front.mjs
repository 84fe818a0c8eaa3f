// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A front of a test's own: docs/SEALING.md, sections 3 and 4, held to the letter, and the other end of it, a desk that opens
// what was stored. `meddle(request)` may break a line or answer otherwise.

import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js';
import { openEnvelope } from '../../vectors/open.mjs';
import { FakeInbox } from './fake_inbox.mjs';

const HEAD = 160, PIECE = 524288;
const SIZES = [32, 64, 256, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072].map((kibibytes) => kibibytes << 10);
const base64 = (bytes) => Buffer.from(bytes).toString('base64');
const sha256 = (...pieces) => createHash('sha256').update(Buffer.concat(pieces)).digest();

/** By its definition: docs/ADMISSION.md, section 3. */
export function isSolved(token, bits, solution) {
  return Array.from({ length: 8 }, (_, i) => i).every((i) => {
    const hash = sha256(Buffer.from('amana work v1'), token, Buffer.of(i), solution.subarray(4 * i, 4 * i + 4));
    return hash.readUInt32BE(0) >>> (32 - bits) === 0;
  });
}

function signer() {
  const { privateKey } = generateKeyPairSync('ed25519');
  const [key, seed] = ['x', 'd'].map((part) => Buffer.from(privateKey.export({ format: 'jwk' })[part], 'base64url'));
  return { publicKey: key, privateKey, seed };
}

export class FakeFront {
  constructor({ recipients = 1 } = {}) {
    this.root = signer();
    this.courier = signer();
    this.recipients = recipients;
    this.serial = 0;
    this.fingerprint = sha256(this.root.publicKey).toString('hex');
    this.clock = () => Date.now();
    this.uploads = new Map();    // by id: { total, have, parts, stored }
    this.stored = [];            // what the desk would get: { manifest, attachments }
    this.covers = 0;
    this.log = [];               // every request: { kind, offset, total, length, upload }
    this.mistakes = [];          // what breaks section 3
    this.pressure = null;        // { bits, waits, seconds }: what a place in line costs, how often its holder is told to wait, how long each time
    this.tokens = new Map();     // those given: { token, bits, waits, spent }
    this.meddle = () => null;    // ({ kind, offset, end, total, last, n }) -> 'break before' | 'break after' | { state, ... } | null
    this.inbox = new FakeInbox(this);
    this.newKeys();
  }

  newKeys({ from = -60, to = 30 * 86400 } = {}) {
    this.serial += 1;
    this.secrets = Array.from({ length: this.recipients }, () => xwing.keygen());
    const now = Math.floor(this.clock() / 1000);
    const validity = `${now + from} ${now + to}`;
    const text = ['amana keys v1', 'deployment test', `serial ${this.serial}`, `root ${base64(this.root.publicKey)}`,
      `courier ${validity} ${base64(this.courier.publicKey)}`, `witness ${validity} ${base64(this.courier.publicKey)}`,
      ...this.secrets.map(({ publicKey }, i) => `epoch desk${i} ${validity} ${base64(publicKey)}`), ''].join('\n');
    const id = sha256(Buffer.from('amana-root\n\x01', 'latin1'), this.root.publicKey).subarray(0, 4);
    this.note = Buffer.from(`${text}\n— amana-root ${base64(Buffer.concat([id, sign(null, Buffer.from(text), this.root.privateKey)]))}\n`);
    this.digest = sha256(...this.secrets.map(({ publicKey }) => publicKey));
  }

  open(envelope) { return openEnvelope(envelope, [this.secrets[0].secretKey]); }

  /** The answer to one body: an object, or null for a line that breaks. */
  take(body) {
    const view = new DataView(body.buffer, body.byteOffset, body.length);
    const [version, kind, promise, zero] = body;
    const upload = Buffer.from(body.subarray(4, 20)).toString('hex');
    const asks = body.length === HEAD;
    const total = view.getUint32(20), offset = view.getUint32(24), piece = body.slice(HEAD), end = offset + piece.length, last = end === total;
    const slots = SIZES.some((size) => total === 2 + this.recipients * 1168 + 64 + size + 16 * Math.ceil(size / 65536));
    const wrong = [[version === 2, 'version'], [kind < 2, 'kind'], [promise < 2, 'promise'], [zero === 0, 'zero'], [offset % PIECE === 0, 'offset'],
      [asks || piece.length === Math.min(PIECE, total - offset), 'length'], [slots, `total ${total}`], [body.subarray(124, HEAD).every((byte) => byte === 0), 'zeros'],
      [asks || offset > 0 || (piece[0] === 1 && piece[1] === this.recipients), 'envelope']].filter(([holds]) => !holds).map(([, what]) => what);
    this.mistakes.push(...wrong);
    const request = { kind, promise, offset, end, total, last, upload, asks, length: body.length, n: this.log.length };
    this.log.push(request);
    if (wrong.length > 0) return { state: 'bad' };
    const meddled = this.meddle(request);
    if (meddled === 'break before') return null;
    if (meddled && meddled.state) return meddled;
    const answer = this.queued(request, Buffer.from(body.subarray(60, 92)), Buffer.from(body.subarray(92, 124)))
      ?? this.taken(request, piece, Buffer.from(body.subarray(28, 60)));
    return meddled === 'break after' ? null : answer;
  }

  /** What the line says to it; null where it is to be read. */
  queued({ upload, asks }, token, solution) {
    if (!this.pressure || (!asks && this.uploads.has(upload))) return asks ? { state: 'turn' } : null;
    const place = this.tokens.get(token.toString('base64url'));
    if (!place || place.spent) return this.price();
    if (!isSolved(token, place.bits, solution)) {
      this.mistakes.push('not solved');
      return this.price();
    }
    if (place.waits > 0) {
      if (asks) place.waits -= 1;
      return { state: 'wait', before: 10 * place.waits + 1, about: 60 * place.waits + 10, seconds: place.seconds ?? 8 };
    }
    if (asks) return { state: 'turn' };
    place.spent = true;
    return null;
  }

  price() {
    const token = randomBytes(32).toString('base64url');
    this.tokens.set(token, { ...this.pressure, spent: false });
    return { state: 'price', token, bits: this.pressure.bits };
  }

  taken({ kind, promise, offset, end, total, upload }, piece, digest) {
    if (!digest.equals(this.digest)) return { state: 'keys' };
    let known = this.uploads.get(upload);
    if (!known) {
      if (offset > 0) return { state: 'again' };
      this.uploads.set(upload, known = { have: 0, parts: [], stored: false });
    }
    if (!known.stored) {
      if (offset > known.have) return { state: 'more', have: known.have };
      if (end > known.have) { known.parts.push(piece.subarray(known.have - offset)); known.have = end; }
      if (known.have < total) return { state: 'more', have: known.have };
      const opened = this.open(Buffer.concat(known.parts));
      known.parts = [];
      known.stored = true;
      if (kind === 1) this.stored.push(opened);
      else {
        this.covers += 1;
        if (Object.keys(opened.manifest.answers).length + opened.attachments.length > 0) this.mistakes.push('a cover body says something');
      }
    }
    return { state: 'stored', promise: promise ? 'a promise' : '' };
  }

  /** What fetch() gives, as for keys.mjs and line.mjs. */
  fetch = async (address, { method = 'GET', body } = {}) => {
    await new Promise((resolve) => { setImmediate(resolve); });
    const answered = (status, bytes) => ({
      status, headers: { get: () => new Date(Math.floor(this.clock() / 60000) * 60000).toUTCString() },
      arrayBuffer: async () => { const whole = Uint8Array.from(bytes); return whole.buffer; },
    });
    if (address.startsWith('/inbox/')) {
      const answer = this.inbox.answer(address, body && new Uint8Array(await body.arrayBuffer()));
      if (!answer) throw new TypeError('broken');
      return answered(answer.status, answer.bytes);
    }
    if (method === 'GET') {
      const meddled = this.meddle({ kind: 'keys', n: this.log.length });
      if (meddled === 'break before') throw new TypeError('broken');
      return meddled && meddled.status ? answered(meddled.status, []) : answered(200, this.note);
    }
    const answer = this.take(new Uint8Array(await body.arrayBuffer()));
    if (!answer) throw new TypeError('broken');
    return answer.raw ? answered(answer.status, answer.raw) : answered(200, answerBytes(answer));
  };
}

export const answerBytes = (answer) => Buffer.from(JSON.stringify(answer).padEnd(2048));

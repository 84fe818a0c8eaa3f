// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A desk's outbox on a server of a test's own: docs/INBOX.md, sections 1, 3 and 5, by tests/vectors/answers.mjs.
//
//   front.inbox.letters = [{ to: digits, messages: [{ day, text, files: [{ name, type, content }] }] }];
//   front.inbox.publish();                 a new outbox, under new keys
//   front.inbox.meddle = (request) => …    may answer otherwise: { status, bytes }, or 'break'

import { createHash, randomBytes } from 'node:crypto';

import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js';

import {
  BUCKET_SLOTS, FILE_CLASSES, NOTICE, SLOT, bucketOf, letterParts, outboxText, readErase, receiptKeys, sealFile, sealNotice, sealSlot, signOutbox, signingKey, verifier,
} from '../../vectors/answers.mjs';
import { canonical } from '../../vectors/open.mjs';

const some = (length) => new Uint8Array(randomBytes(length));
const hex = (bytes) => Buffer.from(bytes).toString('hex');

export class FakeInbox {
  constructor(front) {
    Object.assign(this, { front, serial: 0n, buckets: 8, letters: [], notice: null, expires: null, outbox: null, courier: null, log: [], erased: [], meddle: () => null });
  }

  get root() { return new Uint8Array(Buffer.from(this.front.fingerprint, 'hex')); }
  keys(digits) { return receiptKeys(digits, this.root); }

  /** `more`: to lay over what is signed. */
  publish(more = {}) {
    this.serial += 1n;
    const { root, serial, buckets } = this, courierSeed = (this.courier ?? this.front.courier).seed;
    const slots = Array.from({ length: buckets * BUCKET_SLOTS }, () => some(SLOT));
    const verifiers = new Map(), files = new Map(), noticeKey = some(32);
    for (const { to, messages } of this.letters) {
      const keys = this.keys(to), { inbox } = keys, replyPublic = xwing.getPublicKey(keys.reply), erasure = signingKey(keys.erasure);
      const listed = messages.map(({ day = 20786, text, files: attached = [] }) => ({ day, text, files: attached.map(({ name, type = 'image/png', content }) => {
        const key = some(32), id = some(16), size = FILE_CLASSES.find((one) => one >= content.length);
        files.set(hex(id), sealFile(content, { key, class: size }));
        verifiers.set(hex(id), hex(verifier(erasure, id)));
        return { class: size, id: hex(id), key: hex(key), name, sha256: createHash('sha256').update(content).digest('hex'), size: content.length, type };
      }) }));
      const text = Buffer.from(canonical({ messages: listed, notice: this.notice ? hex(noticeKey) : '', v: 1 }));
      const first = bucketOf(inbox, buckets) * BUCKET_SLOTS;
      letterParts(new Uint8Array(text), { root, inbox, serial, courierSeed }).forEach((part, i) => {
        let at = first;
        while (verifiers.has(at)) at += 1;
        slots[at] = sealSlot(part, i, { inbox, replyPublic, serial }, some(64));
        verifiers.set(at, hex(verifier(erasure, slots[at].subarray(0, 16))));
      });
    }
    const notice = this.notice ? sealNotice(new Uint8Array(Buffer.from(canonical({ ...this.notice, v: 1 }))), { key: noticeKey, root, serial, courierSeed }) : some(NOTICE);
    const expires = this.expires ?? Math.floor(this.front.clock() / 1000) + 86400;
    const text = outboxText({ deployment: 'test', serial, seen: 5n, expires, buckets, files: [], hash: some(32), ...more });
    this.outbox = { note: signOutbox(text, 'test', courierSeed), slots, verifiers, files, notice };
  }

  /** { status, bytes }, or null for a line that breaks. */
  answer(address, body) {
    const request = { address, body, n: this.log.length };
    this.log.push(request);
    const meddled = this.meddle(request);
    if (meddled) return meddled === 'break' ? null : meddled;
    const { outbox } = this, gone = { status: 409, bytes: [] };
    if (address === '/inbox/table') return outbox ? { status: 200, bytes: outbox.note } : { status: 404, bytes: [] };
    const view = new DataView(body.buffer, body.byteOffset, body.length);
    if (address === '/inbox/erase') return this.erase(body);
    if (!outbox || view.getBigUint64(0) !== this.serial) return gone;
    if (address === '/inbox/bucket') {
      const bucket = view.getUint32(8);
      if (body.length !== 12 || bucket >= this.buckets) return gone;
      return { status: 200, bytes: Buffer.concat([outbox.notice, ...outbox.slots.slice(bucket * BUCKET_SLOTS, (bucket + 1) * BUCKET_SLOTS)]) };
    }
    const file = address === '/inbox/file' && body.length === 24 && outbox.files.get(hex(body.subarray(8)));
    return file ? { status: 200, bytes: file } : gone;
  }

  erase(body) {
    let request = null;
    try {
      request = readErase(body, this.root);
    } catch {
      return { status: 400, bytes: [] };
    }
    const { outbox } = this;
    if (!outbox && request.serial === 0n) {
      this.kept.push(hex(request.erasure));
      return { status: 200, bytes: Buffer.from('OK') };
    }
    if (!outbox || request.serial !== this.serial || request.bucket >= this.buckets) return { status: 409, bytes: [] };
    const isOf = (place, name) => outbox.verifiers.get(place) === hex(verifier(request.erasure, name));
    for (let place = request.bucket * BUCKET_SLOTS; place < (request.bucket + 1) * BUCKET_SLOTS; place += 1) {
      if (!isOf(place, outbox.slots[place].subarray(0, 16))) continue;
      outbox.slots[place] = some(SLOT);
      outbox.verifiers.delete(place);
      this.erased.push(place);
    }
    for (const [id, file] of outbox.files) {
      if (!isOf(id, Buffer.from(id, 'hex'))) continue;
      outbox.files.set(id, some(file.length));
      outbox.verifiers.delete(id);
      this.erased.push(id);
    }
    return { status: 200, bytes: Buffer.from('OK') };
  }
}

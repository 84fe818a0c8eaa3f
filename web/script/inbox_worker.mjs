// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The worker of the inbox page (docs/INBOX.md): finds and opens an answer, and sends what is written on as the form's
// worker sends a report. It is told, and tells, what that does (workshop.mjs), and:
//
//   open { typed }            opened { state, messages, notice }: state count, check (the code's faults), empty, damaged, broken, false
//                             (as of the key set) or letter; of each message { day, text, files: [{ number, name, size }] }, of the
//                             notice { day, text } or null
//   get { number }            got { number, state, blob }: state file, gone, damaged, broken or false
//   write { text, files }     state, any number of times; ended, as of "send"
//   erase                     state, any number of times; erased { state }: erased, broken or false, or as of "ended"
//
// The code and its keys are nowhere but here, and only until they are not needed.
import { hexToBytes } from '@noble/hashes/utils.js';
import { number as inBytes, joined } from './derive.mjs';
import { eraseRequest, forgetSignature } from './erasure.mjs';
import { BUCKET_BYTES, bucketOf, openFile, openLetter, openNotice, sealedBytes } from './letter.mjs';
import { request, send } from './line.mjs';
import { Doubt } from './note.mjs';
import { openOutbox } from './outbox.mjs';
import { addressOf, keysOf, readCode } from './receipt.mjs';
import { Workshop, listen } from './workshop.mjs';

const TRIES = 4;  // of outboxes that come one after another
const STALE = {};
const MOST_BUCKETS = 65536;

/** The line broke, or what came is no answer. */
class Broken extends Error {}
/** The key set is not the root's. */
class FalseKeys extends Error {}

export class InboxWorkshop extends Workshop {
  start({ sealing }) {
    this.leastSerial = 1n;
    super.start({ sealing: { ...sealing, cover: null, form: { id: 'follow_up', version: 1 } }, saving: false });
  }

  async open({ typed }) {
    const { digits, fault } = readCode(typed);
    if (fault) {
      this.say({ say: 'opened', state: fault });
      return;
    }
    if (this.holder) this.forget();
    this.renew();
    this.forgotten = false;
    this.holder = keysOf(digits, this.root);
    this.inbox = addressOf(this.holder);
    const state = await this.tried(() => this.read());
    const { messages, notice } = this;
    this.say(state ? { say: 'opened', state } : { say: 'opened', state: messages ? 'letter' : 'empty', messages: messages && messages.map((one) => this.shown(one)), notice });
  }

  /** A message for the page, which is told no key. */
  shown({ day, text, files }) {
    return { day, text, files: files.map((file) => ({ number: this.listed.indexOf(file), name: file.name, size: file.size })) };
  }

  /** What went wrong with `work`; undefined: nothing. */
  async tried(work) {
    try {
      await work();
      return undefined;
    } catch (error) {
      if (error instanceof FalseKeys) return 'false';
      return error instanceof Doubt ? 'damaged' : 'broken';
    }
  }

  // ---- reading -----------------------------------------------------------------------------------------------------------

  /** Fetches and opens what there is now. */
  async read() {
    [this.messages, this.notice, this.listed] = [null, null, []];
    await this.inOutbox(async (at) => {
      if (!at) return null;
      const bucket = await this.bucket(at);
      if (!bucket) return STALE;
      const letter = openLetter(bucket, this.holder, at);
      this.serial = at.serial;
      if (!letter) return null;
      const notice = letter.notice ? openNotice(bucket, letter.notice, at) : null;
      [this.messages, this.notice, this.listed] = [letter.messages, notice && { day: notice.day, text: notice.text }, [].concat(...letter.messages.map(({ files }) => files))];
      return null;
    });
  }

  /** Does it with the present outbox, { root, serial, courier, bucket }, null where there is none, and again with the next while it says STALE. */
  async inOutbox(work) {
    for (let tries = 0; tries < TRIES; tries += 1) if (await work(await this.table()) !== STALE) return;
    throw new Broken();
  }

  async table() {
    const known = await this.keySet();  // nothing is asked for where that is false
    const { status, bytes } = await this.asked('/inbox/table', null, [200, 404]);
    if (status === 404) return null;
    const read = (set) => {
      const { key, notBefore, notAfter } = set.courier, now = this.keys.time();
      if (now < notBefore || now >= notAfter) throw new Doubt('foreign', 'the courier is not valid now');
      return { courier: key, ...openOutbox(bytes, set.deployment, key, this.leastSerial) };
    };
    let outbox = null;
    try {
      outbox = read(known);
    } catch (error) {
      if (!(error instanceof Doubt)) throw error;
      this.keys.forget();  // the courier may be a new one
      outbox = read(await this.keySet());
    }
    this.leastSerial = outbox.serial;
    // Its server erases it at that moment, so there is nothing in it for anybody.
    return outbox.expires <= this.keys.time() ? null : { ...outbox, root: this.root, bucket: bucketOf(this.holder.inbox, outbox.buckets) };
  }

  /** The key set; gives up where sending would go on trying. */
  async keySet() {
    const control = new AbortController();
    try {
      await this.keys.current(control.signal, () => control.abort());
    } catch (error) {
      throw error instanceof Doubt ? new FalseKeys() : new Broken();
    }
    return this.keys.set;
  }

  /** A bucket with the notice before it; null when the outbox is another by now. */
  async bucket({ serial, bucket }) {
    const { status, bytes } = await this.asked('/inbox/bucket', joined(inBytes(serial, 8), inBytes(bucket, 4)), [200, 409], BUCKET_BYTES);
    if (status === 409) return null;
    if (bytes.length !== BUCKET_BYTES) throw new Broken();
    return bytes;
  }

  /** { status, bytes } of one of these; anything else is a broken line. */
  async asked(address, body, statuses, expected) {
    const answer = await (body ? send(this.fetch, address, body, undefined, expected) : request(this.fetch, address, {}));
    if (!answer || !statuses.includes(answer.status)) throw new Broken();
    return { status: answer.status, bytes: new Uint8Array(answer.bytes) };
  }

  async get({ number }) {
    let state = 'file', blob = null;
    const wrong = await this.tried(async () => {
      const { sha256: hash } = this.listed[number];
      for (let tries = 0; tries < TRIES; tries += 1) {
        const file = this.listed[number];
        if (!file || file.sha256 !== hash) { state = 'gone'; return; }
        const { status, bytes } = await this.asked('/inbox/file', joined(inBytes(this.serial, 8), hexToBytes(file.id)), [200, 409], sealedBytes(file.class));
        if (status === 200) {
          blob = new Blob([openFile(bytes, file)], { type: 'application/octet-stream' });
          return;
        }
        await this.read();
      }
      throw new Broken();
    });
    this.say({ say: 'got', number, state: wrong || state, blob });
  }

  // ---- writing -----------------------------------------------------------------------------------------------------------

  written({ answers, files }) {
    return { answers, files: this.chosen(files), form: { id: this.kind, version: 1 }, kind: this.kind, inbox: this.inbox };
  }

  /** What of one kind was perhaps stored is no sending of the other. */
  turn(kind) {
    if (this.kind !== kind) this.renew();
    this.kind = kind;
  }

  write({ text, files }) {
    this.turn('follow_up');
    return this.send({ answers: { text }, files, promise: false, hidden: false });
  }

  cost({ files, text }) {
    this.turn('follow_up');
    super.cost({ answers: { text }, files });
  }

  /** First the desk, then the server: what has been said to the desk is not said twice. */
  async erase() {
    if (!this.forgotten) {
      this.turn('erasure');
      const answers = { signature: forgetSignature(this.holder, this.root, this.submission) };
      const ended = await this.sent({ answers, files: [], promise: false, hidden: false });
      if (ended.state !== 'stored') {
        this.say({ ...ended, say: 'erased' });
        return;
      }
      this.forgotten = true;
    }
    const state = await this.tried(() => this.inOutbox((at) => this.eraseIn(at)));
    if (!state) this.forget();
    this.say({ say: 'erased', state: state || 'erased', perhaps: false });
  }

  /** All of the key goes, so that nothing is listed, and its length tells nothing. Where no outbox is, one that is on its way is meant. */
  async eraseIn(at) {
    const place = at || { root: this.root, serial: 0n, bucket: bucketOf(this.holder.inbox, MOST_BUCKETS) };
    const { status, bytes } = await this.asked('/inbox/erase', eraseRequest(this.holder, { ...place, items: [] }), [200, 409]);
    if (status === 409) return STALE;
    if (String.fromCharCode(...bytes) !== 'OK') throw new Broken();
    return null;
  }

  /** Nothing of it is needed any more. */
  forget() {
    Object.values(this.holder).forEach((secret) => secret.fill(0));
    Object.assign(this, { holder: null, inbox: null, messages: null, notice: null, listed: [] });
  }
}

if (typeof WorkerGlobalScope !== 'undefined') listen(InboxWorkshop);

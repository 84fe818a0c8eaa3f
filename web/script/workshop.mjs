// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What the workers of the form's page and of the inbox have in common: all that takes time or needs keys. It is told, and tells, by these messages:
//
//   start { sealing, saving }              once, first: what sealing.json says, and whether the browser saves data
//                                          ready { hides, bytes }: reports are hidden; what all cover bodies come to;
//                                          then keys: they are the root's
//   clean { id, file }                     cleaned { id, removed, kept, failure, size }, as of photo/clean.mjs
//   drop { ids }                           these files are not wanted any more
//   cost { files, answers, ... }           cost { bytes }: what such a report comes to, or null when it does not fit
//   send { answers, files, promise, hidden, ... }   files: [{ id, keep }]
//                                          waiting, or { state, done, total } as of sending.mjs, any number of times;
//                                          ended { state, promise, takes, perhaps, file }, once
//   hurry, cancel
//                                          over: no cover bodies are left
//
// Whatever was sent of one page until it is stored has one submission id, also after a cancel and a change of the text. So a
// report that had arrived unheard and is sent again, changed, is at the desk twice, and the desk says of both that they are one
// sending; with two ids it would be doubled unseen.
import { hexToBytes } from '@noble/hashes/utils.js';
import { envelopeLength, systemRandom } from './envelope.mjs';
import { Keys } from './keys.mjs';
import { HEAD_BYTES } from './line.mjs';
import { Doubt } from './note.mjs';
import { Pause } from './pause.mjs';
import { clean } from './photo/clean.mjs';
import { Unsealed, newSubmission, reportLength, sealReport } from './report.mjs';
import { Sender } from './sending.mjs';
import { Shipping } from './shipping.mjs';

const EMPTY = envelopeLength(1, 32768) + HEAD_BYTES;

/** The worker's half of a page; `say(message)` reaches the other. */
export class Workshop {
  constructor(say, world = {}) {
    const { fetch = (...all) => self.fetch(...all), pause = new Pause(), clock = new Pause(), random = systemRandom, now } = world;
    Object.assign(this, { say, fetch, pause, clock, random, now });
    this.files = new Map();
    this.cleaning = Promise.resolve();
    this.renew();
    this.control = null;
  }

  /** What is sent from now on is another sending. */
  renew() {
    this.submission = newSubmission();
    this.perhaps = false;
  }

  start({ sealing, saving }) {
    const { root, report: address, cover, form } = sealing;
    this.form = { id: form.id, version: form.version };
    this.root = hexToBytes(root);
    this.keys = new Keys({ root, fetch: this.fetch, pause: this.pause, now: this.now });
    const sender = new Sender({ address, keys: this.keys, pause: this.pause, fetch: this.fetch, random: this.random });
    const silent = { cover: true, promise: false, perhaps: false, failed: 0, tell() {} };
    this.shipping = new Shipping({
      send: (job) => sender.send(job), cover: saving ? null : cover, clock: this.clock, pause: this.pause, random: this.random,
      empty: () => ({ ...silent, seal: (to, signal) => this.seal({ answers: {}, files: [], form: this.form }, newSubmission(), to, signal) }),
      over: () => { if (cover && !saving) this.say({ say: 'over' }); },
    });
    this.keys.current().then(() => this.say({ say: 'keys' }), (error) => this.say({ say: 'ended', ...this.reason(error) }));
    this.shipping.run();
    this.say({ say: 'ready', hides: this.shipping.hides, bytes: this.shipping.left * EMPTY });
  }

  clean({ id, file }) {
    this.cleaning = this.cleaning.then(async () => {
      const { blob, removed, kept, failure } = await clean(file);
      this.files.set(id, { file, blob });
      this.say({ say: 'cleaned', id, removed, kept, failure, size: (blob || file).size });
    });
  }

  drop({ ids }) { ids.forEach((id) => this.files.delete(id)); }

  cost(message) {
    let bytes = null;
    try {
      bytes = reportLength({ ...this.written(message), submission: this.submission }, 1);
    } catch { /* said when it is sent */ }
    this.say({ say: 'cost', bytes });
  }

  async send(message) { this.say({ say: 'ended', ...await this.sent(message) }); }

  /** How it ended, as `ended` says it. */
  async sent({ promise, hidden, ...message }) {
    this.control = new AbortController();
    const { signal } = this.control;
    const job = { cover: false, promise, signal, failed: 0, perhaps: this.perhaps, givesWay: () => false, tell: (what) => this.say({ say: 'state', ...what }) };
    try {
      const report = this.written(message);
      job.hidden = hidden && report.files.length === 0;
      job.seal = (to) => this.seal(report, this.submission, to, signal);
      const answer = await this.shipping.submit(job, () => this.say({ say: 'waiting' }));
      this.perhaps = job.perhaps;
      if (answer.state !== 'stored') return { ...answer, perhaps: this.perhaps };
      const kept = this.keepsake(message);
      this.renew();
      this.files.clear();
      return { ...answer, ...kept, perhaps: false };
    } catch (error) {
      this.perhaps = job.perhaps;
      return this.reason(error);
    }
  }

  /** What is sealed of a message, but for its submission. */
  written({ answers, files }) { return { answers, files: this.chosen(files), form: this.form }; }

  /** What the page is told of what is stored. */
  keepsake() { return {}; }

  hurry() { this.shipping.hurry(); }

  cancel() { if (this.control) this.control.abort(); }

  /** Why nothing was sent. */
  reason(error) {
    let state = 'unable';
    if (error instanceof Doubt) state = 'false';
    else if (error instanceof Unsealed) state = error.reason;
    else if (error.name === 'AbortError') state = 'cancelled';
    return { state, file: error.file, perhaps: this.perhaps };
  }

  seal(report, submission, recipients, signal) {
    return sealReport({ ...report, submission }, recipients, { signal, random: this.random });
  }

  /** Files as they are to be sealed. */
  chosen(files) {
    return files.map(({ id, keep }) => {
      const { file, blob } = this.files.get(id);
      return { name: file.name, type: file.type, blob: keep || !blob ? file : blob };
    });
  }
}

/** Makes a worker's half of it. */
export function listen(Kind) {
  const workshop = new Kind((message) => self.postMessage(message));
  self.addEventListener('message', ({ data }) => workshop[data.do](data));
  self.addEventListener('online', () => workshop.pause.wake());
}

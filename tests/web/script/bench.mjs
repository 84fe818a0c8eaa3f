// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A worker with a front that says everything it may say, and no time that passes.

import { same } from '../../support/checks.mjs';
import { FakeFront } from './front.mjs';
import { script } from './modules.mjs';

const { Pause } = await script('pause.mjs');
const { FormWorkshop } = await script('worker.mjs');

export const form = { id: 'recruitment', version: 2, sections: [] };

// No time passes: whoever waits goes on in the next turn, and what was waited for is written down.
class NoTime extends Pause {
  constructor() {
    super({ setTimeout: (work, ms) => { this.slept.push(ms); return setImmediate(work); }, clearTimeout: clearImmediate });
    this.slept = [];
  }
}

// A worker with its front. `cover: null` unless a test wants it; moments come when it says so.
export class Bench {
  constructor({ cover = null, recipients = 1, saving = false, Workshop = FormWorkshop } = {}) {
    this.front = new FakeFront({ recipients });
    this.said = [];
    this.hearers = [];
    this.pause = new NoTime();
    this.clock = new Pause({ setTimeout: (work, ms) => { this.moment = work; this.distances.push(ms); return 0; }, clearTimeout() {} });
    this.distances = [];
    this.workshop = new Workshop((message) => { this.said.push(message); this.hearers.slice().forEach((hear) => hear(message)); },
      { fetch: this.front.fetch, pause: this.pause, clock: this.clock });
    this.workshop.start({ sealing: { root: this.front.fingerprint, report: '/en/report', cover, form }, saving });
  }

  heard(holds) {
    return new Promise((resolve) => {
      const hear = (message) => { if (holds(message)) { this.hearers.splice(this.hearers.indexOf(hear), 1); resolve(message); } };
      this.hearers.push(hear);
    });
  }

  async add(...blobs) {
    const files = [];
    for (const blob of blobs) {
      const id = this.workshop.files.size + 1;
      const cleaned = this.heard(({ say }) => say === 'cleaned');
      this.workshop.clean({ id, file: blob });
      await cleaned;
      files.push({ id, keep: true });
    }
    return files;
  }

  send(more = {}) {
    const ended = this.heard(({ say }) => say === 'ended');
    this.workshop.send({ answers: { story: 'what happened' }, files: [], promise: false, hidden: true, ...more });
    return ended;
  }

  states() { return this.said.filter(({ say }) => say === 'state').map(({ state }) => state); }
}

export const named = (content, name = 'x.bin') => Object.assign(new Blob([content]), { name });
export const right = ({ front }) => same(front.mistakes, [], 'what the front was sent');

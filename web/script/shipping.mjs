// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What goes out and when: cover bodies at their moments, a report in the place of the next one or at once, one after
// another and never two at a time.
import { drawDistance } from './cover.mjs';
import { systemRandom } from './envelope.mjs';
import { aborted } from './pause.mjs';

export class Shipping {
  /**
   *   send(job)     sending.mjs
   *   cover         { mean, most }, seconds and bodies, or null
   *   empty()       a new job for a cover body, without its signal
   *   clock, pause  what the moments are waited for with, and the tries on a broken line (pause.mjs)
   *   over()        called when the last body has gone
   */
  constructor({ send, cover, empty, clock, pause, random = systemRandom, over = () => {} }) {
    Object.assign(this, { send, cover, empty, clock, pause, random, over });
    this.left = cover ? cover.most : 0;
    this.held = null;
    this.lane = Promise.resolve();
    this.urgent = 0;  // reports that wait for the lane
  }

  /** The moments, until there are none left. Never fails: what goes wrong with a cover body is nobody's business. */
  async run() {
    while (this.left > 0) {
      await this.clock.sleep(1000 * drawDistance(this.cover.mean, this.random));
      this.left -= 1;
      if (this.held) await this.release().catch(() => {});
      else await this.inLane(() => this.sendEmpty()).catch(() => {});
    }
    this.over();
    if (this.held) this.release();
  }

  /** Whether a report without files waits for a moment. */
  get hides() { return this.left > 0; }

  /**
   * The answer to a report, as of send(). `job.hidden`: it waits for the next moment if there is one. `waiting()` is called
   * when it does.
   */
  submit(job, waiting = () => {}) {
    return new Promise((resolve, reject) => {
      const held = { job, resolve, reject };
      if (!job.hidden || !this.hides) {
        this.depart(held);
        this.pause.wake();  // a cover body that waits for a broken line gives way
        return;
      }
      this.held = held;
      job.signal.addEventListener('abort', () => {
        if (this.held !== held) return;
        this.held = null;
        reject(aborted());
      });
      waiting();
    });
  }

  /** The held report goes now, and waits for no moment. */
  hurry() {
    if (!this.held) return;
    this.release();
    this.pause.wake();
  }

  release() {
    const held = this.held;
    this.held = null;
    return this.depart(held);
  }

  depart({ job, resolve, reject }) {
    this.urgent += 1;
    return this.inLane(() => { this.urgent -= 1; return this.send(job); }).then(resolve, reject);
  }

  sendEmpty() {
    const job = this.empty();
    // On a broken line its next try becomes that of a report which waits.
    job.givesWay = () => this.urgent > 0 || this.held !== null;
    return this.send(job).then(({ state }) => {
      if (state !== 'gone' || !this.held) return;
      this.held.job.failed = job.failed;  // so the tries come no sooner for a report than for a cover body
      this.release();
    });
  }

  inLane(work) {
    const done = this.lane.then(work);
    this.lane = done.catch(() => {});
    return done;
  }
}

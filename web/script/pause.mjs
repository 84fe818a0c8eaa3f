// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Waiting that may end early: on a broken line until the browser says that it is whole again.

const FIRST = 1000, LONGEST = 30000;

/** Milliseconds before the next try, when so many have failed one after another. */
export const backOff = (failed) => Math.min(LONGEST, FIRST << Math.min(failed - 1, 5));

export const aborted = () => new DOMException('not wanted any more', 'AbortError');

export class Pause {
  constructor({ setTimeout: set = (work, ms) => setTimeout(work, ms), clearTimeout: clear = (id) => clearTimeout(id) } = {}) {
    this.set = set;
    this.clear = clear;
    this.wakers = new Set();
  }

  /** Until the time is over or wake() is called. Throws an AbortError as soon as the signal says so. */
  sleep(milliseconds, signal) {
    return new Promise((resolve, reject) => {
      if (signal && signal.aborted) { reject(aborted()); return; }
      const end = (settle) => {
        this.clear(timer);
        this.wakers.delete(wake);
        if (signal) signal.removeEventListener('abort', stop);
        settle();
      };
      const wake = () => end(resolve), stop = () => end(() => reject(aborted()));
      const timer = this.set(wake, milliseconds);
      this.wakers.add(wake);
      if (signal) signal.addEventListener('abort', stop);
    });
  }

  /** Whoever waits goes on. */
  wake() {
    for (const wake of Array.from(this.wakers)) wake();
  }
}

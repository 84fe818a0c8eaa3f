// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Whom to seal to at this moment: the key set that the root has signed, by the front's clock and not by the phone's.
import { sha256 } from '@noble/hashes/sha2.js';
import { openKeySet, sealingKeys } from './keyset.mjs';
import { request } from './line.mjs';
import { aborted, backOff } from './pause.mjs';

const ADDRESS = '/keys';
const MOST_STRANGE = 5;  // answers that are no key set's, one after another

/** The site has no key set to give: reports can't be sealed here. */
export class NoKeys extends Error {}

export class Keys {
  /** `root`: the fingerprint, in hexadecimal. `now()`: milliseconds that only go forward. */
  constructor({ root, fetch, pause, now = () => performance.now() }) {
    Object.assign(this, { root, fetch, pause, now, set: null, leastSerial: 1n, loading: null, breaks: 0, hear: new Set() });
  }

  /**
   * { recipients, digest }, or null when the set has no valid key for some recipient. Over a broken line it goes on trying;
   * `broken()` hears of each failure. Throws a Doubt when the keys are not the root's, NoKeys, or an AbortError.
   */
  async current(signal, broken = () => {}) {
    if (!this.set) await this.loaded(signal, broken);
    let recipients = sealingKeys(this.set, this.time());
    if (!recipients) {  // the page may be older than the keys
      await this.loaded(signal, broken);
      recipients = sealingKeys(this.set, this.time());
    }
    if (!recipients) return null;
    const hash = sha256.create();
    recipients.forEach((key) => hash.update(key));
    return { recipients, digest: hash.digest() };
  }

  /** The next current() asks the front. */
  forget() { this.set = null; }

  /** Seconds since 1970. */
  time() { return this.date + Math.floor((this.now() - this.at) / 1000); }

  /** Asks once for all who wait. */
  async loaded(signal, broken) {
    if (!this.loading) this.loading = this.load().finally(() => { this.loading = null; });
    if (this.breaks > 0) broken();
    this.hear.add(broken);
    let stop = () => {};
    try {
      await Promise.race([this.loading, new Promise((resolve, reject) => {
        stop = () => reject(aborted());
        if (signal && signal.aborted) stop();
        else if (signal) signal.addEventListener('abort', stop);
      })]);
    } finally {
      this.hear.delete(broken);
      if (signal) signal.removeEventListener('abort', stop);
    }
  }

  async load() {
    this.breaks = 0;
    for (let strange = 0; ;) {
      const answer = await request(this.fetch, ADDRESS, {});
      if (answer && answer.status === 200) {
        const set = openKeySet(new Uint8Array(answer.bytes), this.root, this.leastSerial);
        const date = Date.parse(answer.date);
        this.date = Math.floor((Number.isNaN(date) ? Date.now() : date) / 1000);
        this.at = this.now();
        this.leastSerial = set.serial;
        this.set = set;
        return;
      }
      if (answer) strange += 1;
      if (strange >= MOST_STRANGE) throw new NoKeys();
      this.breaks += 1;
      this.hear.forEach((broken) => broken());
      await this.pause.sleep(backOff(this.breaks));
    }
  }
}

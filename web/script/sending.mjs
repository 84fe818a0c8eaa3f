// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A report's way to the front: sealed, cut into pieces, each sent until it is there, sealed anew when the front asks for
// that. A cover body goes the very same way, so that neither its bytes nor its times tell it apart.
import { systemRandom } from './envelope.mjs';
import { HEAD_BYTES, PASS_BYTES, PIECE_BYTES, post, writeHead, writePass } from './line.mjs';
import { aborted, backOff } from './pause.mjs';
import { solve } from './puzzle.mjs';

// What says for sure that nothing of this upload was stored.
const REFUSED = ['full', 'closed', 'failed', 'bad', 'keys'];
const GOES_ON = ['busy', 'price', 'wait', 'turn'];
const MOST_SECONDS = 20;  // between two questions: a place is lost after 25
const NONE = new Uint8Array(PASS_BYTES);
const MOST_REFUSED = 6;  // key sets in a row that the front gives and does not take

/**
 * The envelope cut into bodies { body, offset, end }, with room for the head in front of each. The two bodies take turns:
 * one is sent while the next is sealed.
 */
export async function* cut(envelope) {
  const rooms = [0, 1].map((i) => (i === 0 || envelope.length > PIECE_BYTES
    ? new Uint8Array(HEAD_BYTES + Math.min(envelope.length, PIECE_BYTES)) : null));
  let room = rooms[0], filled = 0, offset = 0;
  for await (const bytes of envelope) {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + PIECE_BYTES - filled);
      room.set(part, HEAD_BYTES + filled);
      filled += part.length;
      at += part.length;
      if (filled === PIECE_BYTES || offset + filled === envelope.length) {
        yield { body: room.subarray(0, HEAD_BYTES + filled), offset, end: offset + filled };
        room = room === rooms[0] ? rooms[1] : rooms[0];
        offset += filled;
        filled = 0;
      }
    }
  }
}

export class Sender {
  constructor({ address, keys, pause, fetch, random = systemRandom }) {
    Object.assign(this, { address, keys, pause, fetch, random, pass: NONE, asks: false });
  }

  /**
   * Sends one report, or one cover body: { state, promise }. `state` is stored, full, closed, failed, bad, or gone: it gave
   * way on a broken line. Throws an Unsealed, a Doubt, NoKeys, or an AbortError.
   *
   *   job.seal(recipients, signal)  the envelope (report.mjs)
   *   job.cover, job.promise        for the head
   *   job.signal                    ends it
   *   job.tell(what)                hears { state: sending | not_yet | unknown | busy | from_start | new_keys, done, total }
   *                                 and { state: wait, before, about }: the line, and seconds
   *   job.givesWay()                whether it shall end rather than try again
   *   job.failed                    kept here: how many tries in a row nobody answered
   *   job.perhaps                   kept here: it may have been stored, and nobody knows
   */
  async send(job) {
    for (let round = 0, refused = 0; ; round += 1) {
      const keys = await this.keys.current(job.signal, () => job.tell({ state: job.perhaps ? 'unknown' : 'not_yet' }));
      if (!keys) return { state: 'closed' };
      const answer = await this.once(job, keys);
      if (answer.state === 'keys') {
        refused += 1;
        if (refused === MOST_REFUSED) return { state: 'failed' };
        this.keys.forget();
        job.tell({ state: 'new_keys' });
      } else if (answer.state === 'again') {
        job.tell({ state: 'from_start' });
      } else {
        return answer;
      }
      if (round > 0) await this.pause.sleep(backOff(round), job.signal);
    }
  }

  /** One envelope: the answer that ended it. */
  async once(job, { recipients, digest }) {
    const envelope = job.seal(recipients, job.signal);
    const total = envelope.length, upload = this.random(16);
    const pieces = cut(envelope);
    try {
      let { value: piece } = await pieces.next();
      for (;;) {
        const last = piece.end === total;
        job.tell({ state: 'sending', done: piece.offset, total });
        writeHead(piece.body, { cover: job.cover, promise: job.promise, upload, total, offset: piece.offset, keys: digest });
        const next = last ? null : pieces.next();
        if (next) next.catch(() => {});  // what went wrong is told below, when it is this piece's turn
        const answer = await this.piece(job, piece, last, total);
        if (answer.state !== 'more') return answer;
        ({ value: piece } = await next);
      }
    } finally {
      pieces.return().catch(() => {});
    }
  }

  /**
   * The same piece until it is there: the answer then; of an earlier one, `more`. Where that has a price it is paid, and the
   * head alone asks for this page's turn (docs/SEALING.md, section 4). The place in line is the page's: what is sent next,
   * report or cover body, has it.
   */
  async piece(job, { body, offset, end }, last, total) {
    const before = job.perhaps;
    let unheard = false;  // a try of this last piece whose answer never came
    for (let tries = 1, prices = 0; ; tries += 1) {
      if (job.signal && job.signal.aborted) throw aborted();
      const { asks } = this;
      if (last && !asks) job.perhaps = true;
      writePass(body, this.pass);
      const answer = await post(this.fetch, this.address, asks ? body.subarray(0, HEAD_BYTES) : body, job.signal);
      job.failed = answer ? 0 : job.failed + 1;
      let pause = backOff(answer ? tries : Math.min(job.failed, asks ? 3 : job.failed));  // a place in line is soon lost
      if (!answer) {
        unheard = unheard || (last && !asks);
        job.tell({ state: job.perhaps ? 'unknown' : 'not_yet' });
      } else {
        const { state, have } = answer;
        if (state !== 'stored' && (!unheard || REFUSED.includes(state))) job.perhaps = before;
        if (state === 'stored') this.pass = NONE;
        if (state === 'stored' && !last) return { state: 'again' };
        if (state === 'more' && (have < offset || have > end)) return { state: 'again' };
        if (state === 'price') {
          job.tell({ state: 'busy' });
          this.pass = await solve(answer.token, answer.bits, job.signal);
          pause = prices && backOff(prices);
          prices += 1;
        } else if (state === 'wait') {
          pause = 1000 * Math.min(answer.seconds || 1, MOST_SECONDS);
        } else if (state === 'turn') {
          tries = 0;
          pause = asks ? 0 : backOff(1);
        }
        this.asks = state === 'price' || state === 'wait' || (asks && state === 'busy');
        if (state === 'more' ? have === end && !last : !GOES_ON.includes(state)) return answer;
        if (state === 'busy' || state === 'wait') job.tell(answer);
      }
      await this.pause.sleep(pause, job.signal);
      if (job.givesWay()) return { state: 'gone' };
    }
  }
}

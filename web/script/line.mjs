// SPDX-License-Identifier: AGPL-3.0-or-later
//
// One piece of an envelope to the front, and what it answers (docs/SEALING.md, sections 3 and 4).
import { base64 } from './note.mjs';
import { aborted } from './pause.mjs';

export const PIECE_BYTES = 524288;
export const HEAD_BYTES = 160;
export const PASS_BYTES = 64;  // a solved token, in its place; zeros: none
const ANSWER_BYTES = 2048;
// Milliseconds for one request, and for each byte of it: a line of 16 kbit/s is fast enough.
const PATIENCE = 60000, PATIENCE_A_BYTE = 0.5;
const STATES = ['more', 'stored', 'again', 'keys', 'busy', 'full', 'closed', 'failed', 'bad', 'price', 'wait', 'turn'];
const MOST_BITS = 24;

/** Writes the head of section 3 to the front of `body`. `upload` has 16 bytes, `keys` 32. */
export function writeHead(body, { cover, promise, upload, total, offset, keys }) {
  body.fill(0, 0, HEAD_BYTES);
  body.set([2, cover ? 0 : 1, promise ? 1 : 0]);
  body.set(upload, 4);
  const view = new DataView(body.buffer, body.byteOffset);
  view.setUint32(20, total);
  view.setUint32(24, offset);
  body.set(keys, 28);
}
export const writePass = (body, pass) => body.set(pass, 60);

const isCount = (value) => value === value >>> 0;

/** What the bytes of an answer say; null when they are no answer, as of a proxy in between. */
export function readAnswer(bytes) {
  if (bytes.byteLength !== ANSWER_BYTES) return null;
  try {
    const { state, have, promise, token, bits, before, about, seconds, takes } = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (!STATES.includes(state) || (state === 'more' && !isCount(have))) return null;
    if (state === 'wait') return [before, about, seconds].every(isCount) ? { state, before, about, seconds } : null;
    if (state === 'price')
      return token.length === 43 && bits > 0 && bits <= MOST_BITS ? { state, bits, token: base64(`${token.replace(/-/g, '+').replace(/_/g, '/')}=`) } : null;
    return { state, have, takes, promise: typeof promise === 'string' ? promise : '' };
  } catch {
    return null;
  }
}

/**
 * A request: { status, date, bytes } of its answer, or null when the line broke or nothing came in time. Throws only an
 * AbortError, when the signal says so.
 */
export async function request(fetch, address, options, signal, patience = PATIENCE) {
  if (signal && signal.aborted) throw aborted();
  const control = new AbortController();
  const stop = () => control.abort();
  const timer = setTimeout(stop, patience);
  if (signal) signal.addEventListener('abort', stop);
  try {
    const response = await fetch(address, { ...options, cache: 'no-store', redirect: 'error', referrerPolicy: 'no-referrer', signal: control.signal });
    const bytes = await response.arrayBuffer();
    return { status: response.status, date: response.headers.get('date'), bytes };
  } catch {
    if (signal && signal.aborted) throw aborted();
    return null;
  } finally {
    clearTimeout(timer);
    if (signal) signal.removeEventListener('abort', stop);
  }
}

// As a Blob a body costs Chromium a seventh of the work, and no memory here. Firefox keeps a Blob until it collects its garbage, much later.
const carried = (body) => (/Firefox/.test(navigator.userAgent) ? body : new Blob([body]));

/** Sends bytes: as of request(). `expected`: about how many come back. */
export const send = (fetch, address, body, signal, expected = 0) => request(fetch, address,
  { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: carried(body) }, signal, PATIENCE + PATIENCE_A_BYTE * (body.length + expected));

/** Sends one body. The front's answer, or null: a broken line. */
export async function post(fetch, address, body, signal) {
  const answer = await send(fetch, address, body, signal);
  return answer && answer.status === 200 ? readAnswer(answer.bytes) : null;
}

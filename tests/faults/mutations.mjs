// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Requests that nobody's browser sends. makeCase(number) is always the same for a seed:
//
//   { kind, bytes, ending, drip, refused }
//
// `bytes` go out, all at once or dripping; then the sender ends its side in order ('end'), vanishes ('gone') or waits
// ('wait'). `refused`: two readers could understand it differently, so only one answer is right, 400 and goodbye.

import { random } from '../support/random.mjs';
import { crlf, get, good, inTurn, join } from './good_requests.mjs';
import { forms } from './mutated_forms.mjs';
import { ambiguousFraming, badChunks, oddFraming } from './mutated_framing.mjs';

// Blind changes to the bytes of whatever it is.
function mutate(r, bytes, times = 1 + r.below(6)) {
  let out = Buffer.from(bytes);
  for (let i = 0; i < times && out.length > 0; i += 1) {
    // Heads are short and bodies long: half of the changes go where the decisions are made.
    const at = r.below(r.chance(0.5) ? Math.min(out.length, 300) : out.length);
    const span = 1 + r.below(r.pick([1, 8, 200]));
    const [before, after] = [out.subarray(0, at), out.subarray(at)];
    out = r.pick([
      () => {
        out[at] ^= 1 << r.below(8);
        return out;
      },
      () => {
        out[at] = r.pick([0, 9, 10, 13, 32, 34, 45, 58, 59, 61, 127, 255]);
        return out;
      },
      () => join(before, r.bytes(span), after),
      () => join(before, after.subarray(span)),
      () => join(before, after.subarray(0, span), after),
      () =>
        join(
          before,
          r.pick([
            crlf,
            '\n',
            '\r',
            '--',
            '"',
            ';',
            ':',
            '\0',
            ' ',
            '\t',
            '%',
            'chunked',
            '0\r\n\r\n',
            '18446744073709551615',
          ]),
          after,
        ),
      () => {
        out.copy(out, at, r.below(out.length));
        return out;
      },
    ])();
  }
  return out;
}

const kinds = {
  'ambiguous framing': ambiguousFraming,
  'odd framing': (r, number, turn) => ({ bytes: oddFraming(r, number, turn) }),
  'bad chunks': (r, number, turn) => ({ bytes: badChunks(r, number, turn) }),
  forms: (r, number, turn) => ({ bytes: forms(r, number, turn) }),
  'blind changes': (r, number, turn) => ({
    bytes: mutate(r, r.pick([good, good, forms, oddFraming, badChunks])(r, number, turn)),
  }),
  pipelining: (r, number) => ({
    bytes: join(
      ...Array.from({ length: 1 + r.below(5) }, () => good(r, number)),
      r.pick([r.bytes(50), crlf, 'x', mutate(r, good(r, number))]),
    ),
  }),
  truncation: (r, number, turn) => {
    const bytes = r.pick([good, forms, badChunks])(r, number, turn);
    return { bytes: bytes.subarray(0, r.below(bytes.length)), ending: r.pick(['end', 'gone', 'wait']) };
  },
  dripping: (r, number, turn) => {
    const bytes = r.pick([good, forms, badChunks, oddFraming])(r, number, turn);
    return { bytes: bytes.subarray(0, 20_000), drip: true, ending: r.pick(['end', 'gone', 'wait']) };
  },
  tls: (r, number, turn) => ({
    tls: inTurn(turn, [
      'garbage',
      'plain',
      'hello changed',
      'hello cut',
      'alert',
      'record changed',
      'old version',
      'unknown protocol',
    ]),
  }),
};

export const kindNames = Object.keys(kinds);

export function makeCase(number) {
  const r = random(`requests/${number}`);
  const kind = kindNames[number % kindNames.length];
  const turn = Math.floor(number / kindNames.length);
  return { kind, ending: r.pick(['end', 'end', 'end', 'gone', 'wait']), random: r, ...kinds[kind](r, number, turn) };
}

export { get, mutate };

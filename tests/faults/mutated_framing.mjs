// SPDX-License-Identifier: AGPL-3.0-or-later
//
// How a request says where it ends, said wrongly. Each function gets a generator and the number of the case.

import {
  crlf,
  endless,
  formOf,
  get,
  inChunks,
  inTurn,
  join,
  latin,
  makeBoundary,
  parts,
  post,
  postWith,
  typeOf,
} from './good_requests.mjs';

const edited = (bytes, from, to) => latin(bytes.toString('latin1').replaceAll(from, to));

export function ambiguousFraming(r, number, turn) {
  const boundary = makeBoundary(r);
  const body = formOf(parts(r, number), boundary);
  const n = body.length;
  const type = typeOf(boundary);
  const chunks = join(...inChunks(r, body), `0${crlf}${crlf}`);
  const lines = inTurn(turn, [
    [`Content-Length: ${n}`, `Content-Length: ${n + 1}`],
    [`Content-Length: ${n}`, 'Content-Length: 0'],
    [`Content-Length: ${chunks.length}`, 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked', `Content-Length: ${chunks.length}`],
    [`Content-Length: -${n}`],
    [`Content-Length: +${n}`],
    [`Content-Length: 0x${n.toString(16)}`],
    [`Content-Length: ${n}, ${n + 5}`],
    ['Content-Length: 18446744073709551616'],
    ['Content-Length: 99999999999999999999999'],
    ['Content-Length:'],
    [`Content-Length : ${n}`],
    [`Content-Length: ${n}`, 'Host: elsewhere'],
    [`Content-Length: ${n} ${n}`],
    [`Content-Length: ${n}`, 'X-Nul: a\0b'],
    [`Content-Length: ${n}`, ': no name'],
    [`Content-Length: ${n}`, 'no colon'],
    [`Content-Length: ${n}`, 'Bad Name: x'],
    [`Content-Length: ${n}`, typeOf('another')],
  ]);
  const chunked = lines.some((line) => line.startsWith('Transfer'));
  return { bytes: postWith([type, ...lines], chunked ? chunks : body), refused: true };
}

export function oddFraming(r, number, turn) {
  const boundary = makeBoundary(r);
  const body = formOf(parts(r, number), boundary);
  const type = typeOf(boundary);
  const length = `Content-Length: ${body.length}`;
  return inTurn(turn, [
    () => postWith([type, length, length], body),
    () => postWith([type, 'Content-Length: 9223372036854775807'], body),
    () => postWith([type, 'Content-Length: 9999999'], body),
    () => postWith([type, `Content-Length: ${Math.max(0, body.length - 1 - r.below(50))}`], body),
    () => postWith([type, 'Transfer-Encoding: gzip, chunked'], join(...inChunks(r, body), `0${crlf}${crlf}`)),
    () =>
      postWith(
        [type, `Transfer-Encoding: ${r.pick(['identity', 'xchunked', 'chunked, chunked', 'gzip', '\x0bchunked', ''])}`],
        body,
      ),
    () => postWith([type], body),
    () => edited(post(type, body), crlf, '\n'),
    () => edited(post(type, body), `Host: localhost${crlf}`, `Host: localhost${crlf} folded${crlf}\tagain${crlf}`),
    () => edited(post(type, body), `Host: localhost${crlf}`, ''),
    () =>
      edited(
        post(type, body),
        'HTTP/1.1',
        r.pick(['HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.', 'HTTP/1.10', 'ICY', '']),
      ),
    () =>
      edited(
        post(type, body),
        'POST',
        r.pick(['PoST', 'PUT', 'CONNECT', 'TRACE', 'OPTIONS', 'X'.repeat(50), 'G\0T', 'PRI']),
      ),
    () =>
      edited(
        post(type, body),
        '/en/report',
        r.pick([
          '*',
          'https://localhost/en/report',
          '/en/report?x=1',
          '/en/../en/report',
          '/%65n/report',
          '//en/report',
          '/en/report#x',
          '/e\0n',
          `/${'x'.repeat(5000)}`,
          '',
          ' ',
          '/en/report HTTP/1.1 x',
          '/\xff\xfe',
        ]),
      ),
    () => postWith([type, length, `X-Long: ${endless()}`], body),
    () => postWith([type, length, ...Array.from({ length: 900 }, (_, i) => `X-${i}: y`)], body),
    () => join('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', r.bytes(100)),
    () =>
      get('/en/', [
        `Connection: ${r.pick(['close', 'upgrade', 'keep-alive, close', 'x'])}`,
        'Upgrade: websocket',
        'Content-Length: 5',
      ]),
    () => get('/', ['Transfer-Encoding: chunked']),
    () => get('/', [`Expect: ${r.pick(['100-continue', 'nonsense'])}`, 'Content-Length: 0']),
  ])();
}

export function badChunks(r, number, turn) {
  const boundary = makeBoundary(r);
  const body = formOf(parts(r, number), boundary);
  const type = typeOf(boundary);
  const half = body.subarray(0, body.length >> 1);
  const start = join(...inChunks(r, half));
  const then = (...rest) => postWith([type, 'Transfer-Encoding: chunked'], join(start, ...rest));
  return inTurn(turn, [
    () => then(`${'F'.repeat(17)}${crlf}`, body),
    () => then(`-1${crlf}x${crlf}`),
    () => then(`0x10${crlf}${'y'.repeat(16)}${crlf}`),
    () => then(`${crlf}`, body),
    () => then(` 5${crlf}hello${crlf}`),
    () => then(`5 ${crlf}hello${crlf}0${crlf}${crlf}`),
    () => then(`5;${endless()}${endless()}${crlf}hello${crlf}0${crlf}${crlf}`),
    () => then(`5;a="b;c"${crlf}hello${crlf}0${crlf}${crlf}`),
    () => then(`5${crlf}helloX`),
    () => then('5\nhello\n0\n\n'),
    () => then(`FFFFFFFFFFFFFFFF${crlf}`, body),
    () => then(`g${crlf}`),
    () => then(`0${crlf}Trailer: x${crlf}${crlf}`),
    () => then(`0${crlf}${`T: ${endless()}${crlf}`.repeat(2)}${crlf}`),
    () => then(`0${crlf}Content-Length: 5${crlf}${crlf}`),
    () => then('0'),
    () => then(`0${crlf}`),
    () => then(`0${crlf}x`),
    () => then(r.bytes(2000)),
  ])();
}

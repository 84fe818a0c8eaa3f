// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Forms that no browser sends: boundaries, heads of parts, names, contents, types.

import { crlf, endless, formOf, inTurn, join, latin, makeBoundary, parts, post, typeOf } from './good_requests.mjs';

export function forms(r, number, turn) {
  const boundary = makeBoundary(r);
  const list = parts(r, number);
  const whole = formOf(list, boundary);
  const type = typeOf(boundary);
  const name = (value) => ({ head: `Content-Disposition: form-data; name="${value}"`, content: r.bytes(20) });
  const file = (value) => ({
    head: `Content-Disposition: form-data; name="files"; filename="${value}"`,
    content: r.bytes(500),
  });
  const head = (text) => ({ head: text, content: latin('some content of it') });
  const form = (...more) => post(type, formOf([...list, ...more], boundary));
  const typed = (value, body = whole) => post(`Content-Type: ${value}`, body);
  return inTurn(turn, [
    () => post(type, formOf(list, boundary, '')),
    () => post(type, formOf(list, boundary, `--${boundary}`)),
    () => post(type, formOf(list, boundary, `--${boundary}--`)),
    () => post(type, formOf(list, boundary, `--${boundary.slice(0, -1)}--${crlf}`)),
    () => post(type, join(`--${boundary}${crlf}`.repeat(r.below(30)), whole)),
    () => post(type, join(r.bytes(2000), crlf, whole)),
    () => post(type, join(whole, r.bytes(r.below(5000)))),
    () => post(type, join(whole, whole)),
    () => post(type, Buffer.alloc(0)),
    () => post(type, latin(whole.toString('latin1').replaceAll(crlf, r.pick(['\n', '\r', '\r\r\n'])))),
    () => post(type, whole.subarray(0, r.below(whole.length))),
    () => post(typeOf(boundary.slice(0, -1)), whole),
    () => post(typeOf(`${boundary}x`), whole),
    () => post(type, join(`--${boundary} \t ${crlf}`, whole)),
    () => post(type, join(`--${boundary}x${crlf}`, whole)),
    () => form(head('Content-Disposition: form-data')),
    () => form(head('Content-Disposition: attachment; name="story"')),
    () => form(head('X-Other: 1')),
    () => form(head('')),
    () => form(head('Content-Disposition form-data')),
    () => form(head(`Content-Disposition: form-data; name="story${crlf} folded"`)),
    () => form(head('Content-Disposition: form-data; name=story; name="files"; filename="x"')),
    () => form(head('Content-Disposition: form-data; name="unclosed')),
    () => form(head(`Content-Disposition: form-data; name="x"${crlf}${`X: ${'y'.repeat(900)}${crlf}`.repeat(4)}X: y`)),
    () => form(head(endless())),
    () => form(name('story')),
    () => form(name('story'), name('story')),
    () => form(name('a\0b')),
    () => form(name('\xff\xfe')),
    () => form(name('x'.repeat(4000))),
    () => form(file('\0')),
    () => form(file('../../etc/passwd')),
    () => form(file('C:\\temp\\x')),
    () => form(file('%22%0d%0A%'), file('%2')),
    () => form(file('\xc3\x28\xed\xa0\x80')),
    () => form(file('x'.repeat(r.pick([255, 256, 4000, 100_000])))),
    () => form(file('\u0001\u001b[2J')),
    () => form(...Array.from({ length: 1100 }, () => name('x'))),
    () => form(...Array.from({ length: 300 }, (_, i) => file(`${i}`))),
    () =>
      form(
        head(`Content-Disposition: form-data; name="files"${crlf}Content-Type: multipart/mixed; boundary=${boundary}`),
      ),
    () =>
      form(head(`Content-Disposition: form-data; name="files"; filename="x"${crlf}Content-Type: ${'t'.repeat(3000)}`)),
    () =>
      form({
        head: file('x').head,
        content: join(`${crlf}--${boundary.slice(0, -3)}`, r.bytes(10), '\r\r\n-', `\r\n--${boundary.slice(0, 5)}`),
      }),
    () => post(type, formOf([{ head: name('story').head, content: r.bytes(2000) }], boundary)),
    () =>
      post(
        type,
        formOf([{ head: name('story').head, content: latin('a'.repeat(r.pick([9, 4000, 4001, 70_000]))) }], boundary),
      ),
    () =>
      post(
        type,
        formOf(
          [{ head: name('story').head, content: latin('\xf4\x90\x80\x80 \xed\xb0\x80 \xc0\xaf 0123456789') }],
          boundary,
        ),
      ),
    () =>
      post(
        type,
        formOf([{ head: name('story').head, content: latin(`\0\0\0\u0007 ${'\r\n'.repeat(200)} <script>`) }], boundary),
      ),
    () => typed('application/x-www-form-urlencoded', latin('story=hello+there+whoever')),
    () => typed('multipart/form-data'),
    () => typed('multipart/form-data; boundary='),
    () => typed(`multipart/form-data; boundary="${boundary}"`),
    () => typed(`multipart/form-data; boundary="${boundary}`),
    () => typed(`MULTIPART/Form-Data;charset=utf-16;BOUNDARY=${boundary}`),
    () => typed(`multipart/form-data; boundary=${'b'.repeat(71)}`),
    () => typed('multipart/form-data; boundary=\xff\xff'),
    () => typed(`multipart/mixed; boundary=${boundary}`),
    () => typed(''),
    () => typed(`multipart/form-data; boundary=${boundary}; boundary=other`),
    () => post(type, whole, ['Content-Encoding: gzip']),
    () =>
      post(
        type,
        formOf(
          [...list, file('big')].map((part) => ({ ...part, content: join(part.content, r.bytes(400_000)) })),
          boundary,
        ),
      ),
  ])();
}

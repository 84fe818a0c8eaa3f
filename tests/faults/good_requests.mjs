// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Requests that are right, to begin with: made of parts that a mutation can take one by one.

export const crlf = '\r\n';
// So that a small count of cases has each of a list in it.
export const inTurn = (turn, list) => list[turn % list.length];
// Longer than any head may be.
export const endless = () => 'A'.repeat(9000);
export const latin = (text) => Buffer.from(text, 'latin1');
export const join = (...parts) => Buffer.concat(parts.map((part) => (typeof part === 'string' ? latin(part) : part)));

export function parts({ pick, below, bytes, chance }, number) {
  const story = Buffer.from(`mutated ${number} ${'قصة طويلة '.repeat(below(40))}`);
  const all = [{ head: 'Content-Disposition: form-data; name="story"', content: story }];
  for (let files = pick([0, 0, 1, 2]); files > 0; files -= 1)
    all.push({
      head: `Content-Disposition: form-data; name="files"; filename="${pick(['a.jpg', 'b%22c.ogg', 'v.mp4'])}"${crlf}Content-Type: image/jpeg`,
      content: bytes(below(pick([10, 3000, 70_000]))),
    });
  if (chance(0.2)) all.push({ head: 'Content-Disposition: form-data; name="unknown"', content: latin('x') });
  return all;
}

export const makeBoundary = ({ bytes }) => `----WebKitFormBoundary${bytes(8).toString('hex')}`;
export const formOf = (list, boundary, last = `--${boundary}--${crlf}`) =>
  join(...list.flatMap(({ head, content }) => [`--${boundary}${crlf}${head}${crlf}${crlf}`, content, crlf]), last);
export const typeOf = (boundary) => `Content-Type: multipart/form-data; boundary=${boundary}`;
export const postWith = (lines, body, target = '/en/report') =>
  join([`POST ${target} HTTP/1.1`, 'Host: localhost', ...lines, '', ''].join(crlf), body);
export const post = (type, body, more = []) => postWith([type, `Content-Length: ${body.length}`, ...more], body);

export function inChunks({ below }, body) {
  const pieces = [];
  for (let at = 0; at < body.length;) {
    const size = Math.min(1 + below(9000), body.length - at);
    pieces.push(`${size.toString(16)}${crlf}`, body.subarray(at, at + size), crlf);
    at += size;
  }
  return pieces;
}
export const postChunked = (r, type, body, last = `0${crlf}${crlf}`) =>
  postWith([type, 'Transfer-Encoding: chunked'], join(...inChunks(r, body), last));

export const get = (target, more = []) =>
  join(['GET ' + target + ' HTTP/1.1', 'Host: localhost', ...more, '', ''].join(crlf));

export function good(r, number) {
  const boundary = makeBoundary(r);
  const body = formOf(parts(r, number), boundary);
  return r.pick([
    () => post(typeOf(boundary), body),
    () => post(typeOf(boundary), body, ['Expect: 100-continue']),
    () => postChunked(r, typeOf(boundary), body),
    () => get(r.pick(['/', '/ar/', '/en/', '/en/received-1', '/ar', '/nowhere'])),
  ])();
}

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Sends reports as a browser's form does, without a browser: one multipart/form-data POST, its body streamed.

import { randomBytes } from 'node:crypto';
import https from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const quoted = (name) => name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

// { type, length, pieces }: the body of a form. Files are { name, type, content }. `receipt`: with a code for an answer.
export function formBody({ story, files = [], fields = {}, receipt = false }) {
  const boundary = `----amana${randomBytes(12).toString('hex')}`;
  const pieces = [];
  const field = (head, content) => pieces.push(
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`), Buffer.from(content), Buffer.from('\r\n'));
  if (story !== undefined) field('name="story"', story);
  if (!receipt) field('name="no_receipt"', '1');
  for (const [name, value] of Object.entries(fields)) field(`name="${name}"`, value);
  // What browsers send when no file was chosen.
  for (const { name, type, content } of files.length ? files : [{ name: '', type: 'application/octet-stream', content: '' }])
    field(`name="files"; filename="${quoted(name)}"\r\nContent-Type: ${type}`, content);
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    length: pieces.reduce((sum, piece) => sum + piece.length, 0),
    pieces,
  };
}

// Every name is this machine's, which may not know "localhost".
const here = (name, { all }, done) => (all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4));

// One request; { status, headers, body }. Options are those of https.request; `body` an iterable of buffers. It fails when it
// takes longer than `seconds`; the error says whether the connection was one kept from before (`reused`).
export async function request(url, { body, seconds = 120, ...options } = {}) {
  const sent = https.request(url, { rejectUnauthorized: false, agent: false, lookup: here, signal: AbortSignal.timeout(seconds * 1000), ...options });
  const answered = new Promise((resolve, reject) => {
    sent.on('response', resolve);
    sent.on('error', (error) => reject(Object.assign(error, { reused: sent.reusedSocket })));
  });
  // An answer may come before all is sent, and then the rest cannot be.
  if (body) pipeline(Readable.from(body), sent).catch(() => {});
  else sent.end();
  const response = await answered;
  const pieces = [];
  for await (const piece of response) pieces.push(piece);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces).toString() };
}

// Sends a report to `url` (the site's): the answer, 303 when it is accepted, or 200 when it comes with a code. `token`: of the form it stands in.
export function sendReport(url, report, { language = 'ar', token, ...options } = {}) {
  const form = formBody(report);
  return request(`${url}/${language}/report${token ? `?${token}` : ''}`, {
    method: 'POST',
    headers: { 'Content-Type': form.type, 'Content-Length': form.length },
    body: form.pieces,
    ...options,
  });
}

export const wasAccepted = (answer, language = 'ar') =>
  answer.status === 303 && answer.headers.location === `/${language}/received-1`;

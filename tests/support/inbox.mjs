// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Receipt codes and inboxes, as somebody without JavaScript has them.

import { check, same } from './checks.mjs';
import { formBody, request } from './client.mjs';

/** ASCII digits of a text with the digits of any script. */
export const asciiDigits = (text) => [...text].filter((one) => /\p{Nd}/u.test(one)).map((one) => {
  let zero = one.codePointAt(0);
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1)) && one.codePointAt(0) - zero < 9) zero -= 1;
  return one.codePointAt(0) - zero;
}).join('');

/** The code that a page shows. */
export function codeIn(html) {
  const shown = /class="receipt-code"[^>]*>([\s\S]*?)<\/p>/.exec(html);
  check(shown, 'a page with a code');
  const digits = asciiDigits(shown[1].replaceAll(/<[^>]*>/g, ''));
  same(digits.length, 28, 'digits of a code');
  return digits;
}

const TABLE = ['0317598642', '7092154863', '4206871359', '1750983426', '6123045978', '3674209581', '5869720134', '8945362017', '9438617205', '2581436790'];

/** A code that nobody was given; `random` as of random.mjs. */
export function newCode(random) {
  const digits = Array.from({ length: 27 }, () => random.below(10)).join('');
  return digits + [...digits].reduce((state, digit) => Number(TABLE[state][digit]), 0);
}

/** The page of an inbox, opened; or what else is done there. */
export async function openInbox(url, code, { language = 'en', files, ...fields } = {}) {
  const form = formBody({ fields: { code, do: 'open', ...fields }, files, receipt: true });
  const answer = await request(`${url}/${language}/inbox`, {
    method: 'POST', headers: { 'Content-Type': form.type, 'Content-Length': form.length }, body: form.pieces,
  });
  same(answer.status, 200, 'the inbox');
  return answer.body;
}

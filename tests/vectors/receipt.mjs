// SPDX-License-Identifier: AGPL-3.0-or-later
//
// receipt.mjs [write]
// The receipt code and its keys, from docs/ENVELOPE.md, section 8, alone, with Node.js' own PBKDF2, HKDF and Ed25519: makes the
// vectors of receipt.json anew and holds the file to them. `write` writes it.
//
// An entry: { comment, typed, root (hexadecimal), digits, inbox, reply, erasure (hexadecimal), reply_public (its SHA-256),
// erasure_public }, or { comment, typed, fault: 'count' or 'check' }.

import { createHash } from 'node:crypto';

import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js';

import { check } from '../support/checks.mjs';
import { receiptKeys, signingKey } from './answers.mjs';
import { writeOrHold } from './made.mjs';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest();

const TABLE = ['0317598642', '7092154863', '4206871359', '1750983426', '6123045978', '3674209581', '5869720134', '8945362017', '9438617205', '2581436790'];
const damm = (digits) => Number([...digits].reduce((state, digit) => TABLE[state][digit], 0));
const whole = (random) => `${random}${damm(random)}`;

const ZEROS = `
30 660 6F0 7C0 966 9E6 A66 AE6 B66 BE6 C66 CE6 D66 DE6 E50 ED0 F20 1040 1090 17E0 1810 1946 19D0 1A80 1A90 1B50 1BB0
1C40 1C50 A620 A8D0 A900 A9D0 A9F0 AA50 ABF0 FF10 104A0 10D30 11066 110F0 11136 111D0 112F0 11450 114D0 11650 116C0
11730 118E0 11950 11C50 11D50 11DA0 16A60 16AC0 16B50 1D7CE 1D7D8 1D7E2 1D7EC 1D7F6 1E140 1E2F0 1E950 1FBF0`.trim().split(/\s/).map((zero) => parseInt(zero, 16));

// What is typed: { digits } or { fault }.
const valueOf = (character) => {
  const zero = ZEROS.find((one) => character.codePointAt(0) >= one && character.codePointAt(0) < one + 10);
  check((zero !== undefined) === /\p{Nd}/u.test(character), `a decimal digit by Unicode, too: ${character}`);
  return zero === undefined ? null : character.codePointAt(0) - zero;
};
function read(typed) {
  if (Buffer.byteLength(typed) > 1024) return { fault: 'count' };
  const digits = [...typed].map(valueOf).filter((value) => value !== null).join('');
  if (digits.length !== 28) return { fault: 'count' };
  return damm(digits) === 0 ? { digits } : { fault: 'check' };
}

const hex = (bytes) => Buffer.from(bytes).toString('hex');
function keys(digits, root) {
  const { inbox, reply, erasure } = receiptKeys(digits, root);
  return { inbox: hex(inbox), reply: hex(reply), erasure: hex(erasure), reply_public: hex(sha256(xwing.keygen(reply).publicKey)), erasure_public: hex(signingKey(erasure)) };
}

const grouped = (digits, by = ' ') => digits.match(/.{4}/g).join(by);
const inScript = (digits, zero) => [...digits].map((digit) => String.fromCodePoint(zero + Number(digit))).join('');

function made() {
  const entries = [];
  const good = (comment, typed, root) => {
    const { digits, fault } = read(typed);
    check(!fault, `${comment}: ${fault}`);
    entries.push({ comment, typed, root: root.toString('hex'), digits, ...keys(digits, root) });
  };
  const bad = (comment, typed) => {
    const { fault } = read(typed);
    check(fault, comment);
    entries.push({ comment, typed, fault });
  };
  const root = sha256('a root'), other = sha256('another root');
  const random = (n) => [...sha256(`code ${n}`)].map((byte) => byte % 10).join('').slice(0, 27);
  const code = whole(random(0));
  good('in groups', grouped(code), root);
  good('at another deployment', grouped(code), other);
  good('without spaces', code, root);
  good('with dashes', grouped(code, '-'), root);
  good('with other dashes and spaces', ` ${grouped(code, ' – ')}\n`, root);
  good('Arabic-Indic digits', grouped(inScript(code, 0x660)), root);
  good('Persian digits, right-to-left marks between', grouped(inScript(code, 0x6F0), '\u200F \u200F'), root);
  good('Devanagari', inScript(code, 0x966), root);
  good('beyond the first plane: mathematical bold', inScript(code, 0x1D7CE), root);
  good('beyond the first plane: Adlam', inScript(code, 0x1E950), root);
  good('two scripts, in halves with words around', `الأول: ${inScript(code.slice(0, 14), 0x660)}؛ second: ${code.slice(14)}.`, root);
  good('a broken character between', `${code.slice(0, 3)}\uFFFD${code.slice(3)}`, root);
  for (let n = 0; n < 3; n += 1)
    good(`a script for each digit, ${n + 1} of 3`, [...code].map((digit, i) => inScript(digit, ZEROS[(28 * n + i) % ZEROS.length])).join(''), root);
  good('all zeros', '0'.repeat(28), root);
  for (let n = 1; n <= 8; n += 1) good(`code ${n}`, grouped(whole(random(n))), root);

  bad('nothing', '');
  bad('one too few', code.slice(0, 27));
  bad('one too many', `${code}0`);
  bad('digits that are no decimal ones: superscripts, Roman, Ethiopic', '⁴Ⅳ፬'.repeat(28));
  bad('more than is read', `${code}${' '.repeat(1000)}`);
  const slip = (at, change) => `${code.slice(0, at)}${change(code.slice(at, at + 2))}${code.slice(at + 2)}`;
  for (const at of [0, 13, 26]) {
    bad(`a wrong digit, the ${at + 1}th`, slip(at, ([one, two]) => `${(Number(one) + 1) % 10}${two}`));
    let from = at;
    while (code[from] === code[from + 1]) from -= 1;
    bad(`two that changed places, from the ${from + 1}th`, slip(from, ([one, two]) => `${two}${one}`));
  }
  return entries;
}

await writeOrHold('receipt', made());

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The key set as the page reads it: the desk's own, each line wrong by itself, and thousands of mutations, in all of which
// it must agree with tests/vectors/carried.mjs.

import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { ed25519 } from '@noble/curves/ed25519.js';
import { check, count, same, summary, test, tier } from '../../support/checks.mjs';
import { random } from '../../support/random.mjs';
import * as carried from '../../vectors/carried.mjs';
import { build, script } from './modules.mjs';

const { openKeySet, sealingKeys } = await script('keyset.mjs');
const { Doubt, isSignedBy } = await script('note.mjs');

const drawn = random('script/keyset');
const base64 = (bytes) => Buffer.from(bytes).toString('base64');
const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const WEEK = 7 * 86400, monday = 1767571200;  // 2026-01-05T00:00:00Z

function signer(label) {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), random(`script/${label}`).bytes(32)]);
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const publicKey = Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x, 'base64url');
  return { privateKey, publicKey, sign: (text) => sign(null, Buffer.from(text), privateKey) };
}

const root = signer('root');
const fingerprint = sha256(root.publicKey).toString('hex');
const signatureLine = (text, by = root, name = 'amana-root') =>
  `— ${name} ${base64(Buffer.concat([sha256(Buffer.from(`${name}\n\x01`, 'latin1'), by.publicKey).subarray(0, 4), by.sign(text)]))}\n`;
const signed = (text) => new Uint8Array(Buffer.from(`${text}\n${signatureLine(text)}`));

// Epoch keys whose first byte is their number.
const epochKey = (number) => base64(Buffer.alloc(1216, number));
const epochs = ['desk', 'partner'].flatMap((recipient, r) =>
  [0, 1, 2].map((week) => `epoch ${recipient} ${monday + week * WEEK} ${monday + (week + 2) * WEEK} ${epochKey(10 * r + week)}`));
const lines = (...last) => [
  'amana keys v1', 'deployment ministry.example', 'serial 3', `root ${base64(root.publicKey)}`,
  `courier ${monday} ${monday + 52 * WEEK} ${base64(Buffer.alloc(32, 1))}`,
  `witness ${monday} ${monday + 52 * WEEK} ${base64(Buffer.alloc(32, 2))}`, ...last, ''].join('\n');
const text = lines(...epochs);

const failure = (work) => {
  try {
    work();
    return null;
  } catch (error) {
    check(error instanceof Doubt, error.stack);
    return error.reason;
  }
};
const opening = (bytes, ...rest) => failure(() => openKeySet(bytes, fingerprint, ...rest));

await test("the desk's key set is read", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'amana-keyset-'));
  try {
    const desk = (...words) => execFileSync(path.join(build, 'bin/amana-desk'), words, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    fs.writeFileSync(path.join(folder, 'pass'), 'correct horse battery staple\n');
    const said = desk('init', 'desk', '--passphrase-file', 'pass', '--deployment', 'ministry.example');
    desk('public', 'desk', '--out', 'keys.note');
    const note = new Uint8Array(fs.readFileSync(path.join(folder, 'keys.note')));
    const printed = said.replace(/\s/g, '').match(/Rootfingerprint:([0-9a-f]{64})/)[1];
    const set = openKeySet(note, printed);
    same(set.deployment, 'ministry.example', 'deployment');
    const now = Math.floor(Date.now() / 1000);
    const keys = sealingKeys(set, now);
    same([keys.length, keys[0].length], [1, 1216], 'a key for now');
    same(keys, [...carried.sealingKeys(carried.openKeySet(note, printed), BigInt(now)).values()], 'and the other reader takes the same');
    same(sealingKeys(set, now + 60 * 52 * WEEK), null, 'none for later');
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

await test('the keys to seal to, at each border of time', () => {
  const set = openKeySet(signed(text), fingerprint);
  const at = (time) => sealingKeys(set, time)?.map((key) => key[0]) ?? null;
  same(at(monday - 1), null, 'before');
  same(at(monday), [0, 10], 'the first second');
  same(at(monday + WEEK - 1), [0, 10], 'before the second week');
  same(at(monday + WEEK), [1, 11], 'the second week');
  same(at(monday + 2 * WEEK), [2, 12], 'the third');
  same(at(monday + 4 * WEEK - 1), [2, 12], 'the last second');
  same(at(monday + 4 * WEEK), null, 'after');
  const gap = openKeySet(signed(lines(...epochs.slice(0, 4))), fingerprint);
  same(sealingKeys(gap, monday + 2 * WEEK)?.length ?? null, null, 'one recipient has none');
});

await test('fingerprint, signature and serial', () => {
  same(opening(signed(text)), null, 'good');
  same(opening(signed(text), 3n), null, 'the same serial again');
  same(opening(signed(text), 4n), 'altered', 'a lower serial');
  same(failure(() => openKeySet(signed(text), '0'.repeat(64))), 'foreign', 'another root');
  const note = (...signatures) => new Uint8Array(Buffer.from(`${text}\n${signatures.join('')}`));
  const stranger = signer('stranger');
  same(opening(note(signatureLine(text, stranger))), 'foreign', "a stranger's signature");
  same(opening(note(signatureLine(text, root, 'other'))), 'foreign', "the root's under another name");
  same(opening(note(signatureLine(`${text} `))), 'altered', 'a signature of something else');
  same(opening(note(signatureLine(text), signatureLine(text, stranger))), null, 'one more signature');
  same(opening(note(signatureLine(text), signatureLine(`${text} `))), 'altered', 'every line of the root must be good');
  same(opening(note(...Array.from({ length: 17 }, () => signatureLine(text)))), 'unreadable', '17 signatures');
  same(opening(note(`— x ${'A'.repeat(1 << 20)}\n`)), 'unreadable', 'a signature of a megabyte');
  same(opening(new Uint8Array((2 << 20) + 1)), 'unreadable', 'more than 2 MiB');
});

await test('Ed25519 as the desk verifies it', () => {
  const message = Buffer.from('message'), good = signer('ed').sign('message'), { publicKey } = signer('ed');
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const scalar = BigInt(`0x${Buffer.from(good.subarray(32)).reverse().toString('hex')}`) + order;
  const high = Buffer.concat([good.subarray(0, 32), Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex').reverse()]);
  same(isSignedBy(publicKey, message, good), true, 'good');
  same(isSignedBy(publicKey, message, high), false, 'a scalar above the order');
  same(isSignedBy(publicKey, message, good.subarray(0, 63)), false, 'short');
  // Signatures that hold, but for a point of small order: of a key that is one, and with a commitment that is one.
  const { Point } = ed25519, identity = Point.ZERO.toBytes(), number = 123456789n;
  const bytesOf = (value) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
  const challenge = (...parts) => BigInt(`0x${createHash('sha512').update(Buffer.concat(parts)).digest().reverse().toString('hex')}`);
  same(isSignedBy(identity, message, Buffer.concat([Point.BASE.multiply(number).toBytes(), bytesOf(number)])), false, 'a key of small order');
  const key = Point.BASE.multiply(number).toBytes(), answer = (challenge(identity, key, message) * number) % ed25519.Point.Fn.ORDER;
  same(isSignedBy(key, message, Buffer.concat([identity, bytesOf(answer)])), false, 'a commitment of small order');
  for (let i = 0; i < 64; ++i) {
    const bad = Buffer.from(good);
    bad[i] ^= 1 << drawn.below(8);
    same(isSignedBy(publicKey, message, bad), false, `byte ${i}`);
  }
});

await test('each line that is not what belongs there is refused', () => {
  const year = `${monday} ${monday + 52 * WEEK}`;
  const changed = (from, to) => {
    check(text.includes(from), `${from} is there`);
    return opening(signed(text.replace(from, to)));
  };
  for (const [from, to] of [
    ['amana keys v1', 'amana keys v2'], ['amana keys v1', 'amana  keys v1'], ['amana keys v1\n', ''],
    ['deployment ministry.example', 'deployment'], ['ministry', 'mini stry'], ['ministry', 'mini+stry'], ['ministry.example', 'm'.repeat(129)],
    ...['0', '-1', '03', '3.0', 'x', '', '18446744073709551616', ' 3'].map((serial) => ['serial 3', `serial ${serial}`]),
    ['root ', 'Root '], ['root ', 'root A'], [`courier ${year}`, `courier ${monday} ${monday}`], [`courier ${year}`, `courier ${monday + 1} ${monday}`],
    [`courier ${monday}`, `courier 0${monday}`], [`courier ${monday}`, 'courier -1'], [`courier ${year}`, `courier ${monday} 253402300800`],
    ['witness ', 'courier '], ['witness ', 'witness x '], ['epoch desk ', 'epoch '], ['epoch desk ', 'epoch de+sk '], ['epoch desk ', 'epoch desk  '],
    ['\nepoch desk ', '\n\nepoch desk '], ['\nepoch desk ', ' \nepoch desk '], ['amana keys v1', '\ufeffamana keys v1'], ['\n', '\r\n'],
    [epochKey(0), `${epochKey(0)}\t`], [epochKey(0), base64(Buffer.alloc(1215))], [base64(Buffer.alloc(32, 1)), base64(Buffer.alloc(32, 1)).replace(/=$/, '')],
  ]) same(changed(from, to), 'unreadable', `${from.slice(0, 40)} -> ${to.slice(0, 40)}`);
  same(changed(`${monday + 52 * WEEK}`, '253402300799'), null, 'the latest time');
  same(changed('serial 3', 'serial 18446744073709551615'), null, 'the highest serial');
  same(opening(signed(lines())), 'unreadable', 'no epoch');
  const more = (...names) => opening(signed(lines(...epochs, ...names.map((name) => epochs[0].replace('desk', name)))));
  same([more('c', 'd'), more('c', 'd', 'e')], [null, 'unreadable'], 'four recipients, five');
  const many = (n) => opening(signed(lines(...Array.from({ length: n }, () => epochs[0]))));
  same([many(1024), many(1025)], [null, 'unreadable'], '1024 epochs, one more');
});

await test('mutated key sets are judged as the other reader judges them', () => {
  // What the specification adds to what carried.mjs checks.
  const isValid = ({ notBefore, notAfter }) => notBefore < notAfter && notAfter <= 253402300799n;
  const theirs = (bytes) => {
    try {
      const set = carried.openKeySet(bytes, fingerprint);
      return [set.courier, set.witness, ...set.epochs].every(isValid) ? set : null;
    } catch {
      return null;
    }
  };
  const ours = (bytes) => {
    try {
      return openKeySet(bytes, fingerprint);
    } catch (error) {
      check(error instanceof Doubt, error.stack);
      return null;
    }
  };
  const short = lines(epochs[0], epochs[3]);
  const splices = ['0', '1', '9', ' ', '\n', '+', '=', '\0', 'é', 'epoch', 'serial 4\n', '\u2014', '\t'];
  for (let i = 0; i < tier(1500, 20000); ++i) {
    let mutated = short;
    for (let left = 1 + drawn.below(2); left > 0; left -= 1) {
      const near = drawn.chance(0.5) ? drawn.below(250) : drawn.below(mutated.length);
      mutated = mutated.slice(0, near) + (drawn.chance(0.7) ? drawn.pick(splices) : '') + mutated.slice(near + drawn.below(3));
    }
    // The text changed and signed again; or the note changed behind the signature's back.
    let bytes = signed(drawn.chance(0.7) ? mutated : short);
    if (drawn.chance(0.4)) {
      bytes = bytes.slice(0, bytes.length - (drawn.chance(0.2) ? drawn.below(150) : 0));
      bytes[drawn.below(bytes.length)] ^= 1 << drawn.below(8);
    }
    const [mine, other] = [ours(bytes), theirs(bytes)];
    check(Boolean(mine) === Boolean(other), `number ${i}: ${mine ? 'taken' : 'refused'} here alone`);
    if (!mine) continue;
    same(mine.epochs.map(({ recipient, notBefore }) => [recipient, BigInt(notBefore)]), other.epochs.map(({ recipient, notBefore }) => [recipient, notBefore]), 'epochs');
    same(mine.serial, other.serial, 'serial');
    count('taken by both');
  }
});

summary('web_script_keyset');

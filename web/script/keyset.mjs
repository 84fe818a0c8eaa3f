// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The key set (docs/ENVELOPE.md, section 5): whom a report is sealed to. Its root stands in the text that it signs, so
// nothing of it is believed until fingerprint and signature have agreed. What is refused throws a Doubt (note.mjs).
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { base64, demand, demandSigned, keyId, parseNote } from './note.mjs';

const ROOT_NAME = 'amana-root';
const MAX_KEY_SET = 2 << 20;
const MAX_EPOCHS = 1024;
const MAX_RECIPIENTS = 4;
const LATEST_TIME = 253402300799;
const ED25519_KEY = 32, XWING_KEY = 1216;

/**
 * { deployment, serial, root, courier, witness, epochs: [{ recipient, notBefore, notAfter, key }] }. The serial is a
 * bigint, times are seconds since 1970.
 *
 *   bytes        the signed note
 *   fingerprint  the root's, in lower-case hexadecimal
 *   leastSerial  of the set that was accepted last, a bigint
 */
export function openKeySet(bytes, fingerprint, leastSerial = 1n) {
  const note = parseNote(bytes, MAX_KEY_SET);
  const set = parseText(note.text);
  demand(bytesToHex(sha256(set.root)) === fingerprint, 'foreign', 'the keys are of another root');
  demandSigned(note, { name: ROOT_NAME, id: keyId(ROOT_NAME, set.root), key: set.root }, 'the key set');
  demand(set.serial >= leastSerial, 'altered', 'the keys are older than those seen before');
  return set;
}

function parseText(text) {
  const lines = text.slice(0, -1).split('\n');
  demand(lines.length >= 7 && lines.length <= 6 + MAX_EPOCHS, 'unreadable', 'the lines of a key set');
  const words = (line, first, count) => {
    const found = line.split(' ');
    demand(found[0] === first && found.length === count, 'unreadable', `the ${first} line of a key set`);
    return found.slice(1);
  };
  demand(lines[0] === 'amana keys v1', 'unreadable', 'this is not a key set');
  const set = {
    deployment: name(words(lines[1], 'deployment', 2)[0]),
    serial: parseSerial(words(lines[2], 'serial', 2)[0]),
    root: key(words(lines[3], 'root', 2)[0], ED25519_KEY),
    courier: certificate(words(lines[4], 'courier', 4), ED25519_KEY),
    witness: certificate(words(lines[5], 'witness', 4), ED25519_KEY),
    epochs: lines.slice(6).map((line) => {
      const [recipient, ...rest] = words(line, 'epoch', 5);
      return { recipient: name(recipient), ...certificate(rest, XWING_KEY) };
    }),
  };
  demand(recipientsOf(set).length <= MAX_RECIPIENTS, 'unreadable', 'too many recipients');
  return set;
}

function name(text) {
  demand(/^[!-*,-~]{1,128}$/.test(text), 'unreadable', 'a name of a key set');
  return text;
}

function key(text, length) {
  const bytes = base64(text, 'a key is not whole');
  demand(bytes.length === length, 'unreadable', 'a key has another length');
  return bytes;
}

function parseSerial(text) {
  demand(/^[1-9][0-9]{0,19}$/.test(text) && BigInt(text) < 1n << 64n, 'unreadable', 'the serial of a key set');
  return BigInt(text);
}

function time(text) {
  demand(/^(0|[1-9][0-9]{0,11})$/.test(text) && Number(text) <= LATEST_TIME, 'unreadable', 'a time of a key set');
  return Number(text);
}

function certificate([from, to, encoded], length) {
  const made = { notBefore: time(from), notAfter: time(to), key: key(encoded, length) };
  demand(made.notBefore < made.notAfter, 'unreadable', 'a key that is never valid');
  return made;
}

const recipientsOf = (set) => Array.from(new Set(set.epochs.map(({ recipient }) => recipient)));

/** One public key for each recipient, the latest that is valid at `now` (seconds); null when any recipient has none. */
export function sealingKeys(set, now) {
  const keys = recipientsOf(set).map((recipient) => {
    const valid = set.epochs.filter((epoch) => epoch.recipient === recipient && epoch.notBefore <= now && now < epoch.notAfter);
    return valid.reduce((latest, epoch) => (latest && latest.notBefore >= epoch.notBefore ? latest : epoch), null);
  });
  return keys.every(Boolean) ? keys.map((epoch) => epoch.key) : null;
}

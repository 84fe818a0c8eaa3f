// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The manifest (docs/ENVELOPE.md, section 3): what a report says, as canonical JSON (RFC 8785, of what a manifest may
// hold). One that the desk would refuse is not written: what breaks a rule here is a bug of the page, and throws.
import { utf8ToBytes } from '@noble/hashes/utils.js';

export const MAX_MANIFEST = 262144;
export const MAX_ATTACHMENTS = 256;
const MAX_LIST = 256;
const MAX_NAME = 255;

/** Text as a browser sends it with a form: half a surrogate pair becomes U+FFFD. */
const wellFormed = (text) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(utf8ToBytes(text));

/** RFC 8785. */
export function canonical(value) {
  if (typeof value === 'string') return JSON.stringify(wellFormed(value));
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  return `{${Object.keys(value).sort().map((name) => `${canonical(name)}:${canonical(value[name])}`).join(',')}}`;
}

const isString = (value) => typeof value === 'string';
const isHex = (value, bytes) => isString(value) && value.length === 2 * bytes && /^[0-9a-f]*$/.test(value);
const isName = (value) => isString(value) && /^[a-z0-9_]{1,64}$/.test(value);
const isList = (value, isItem) => Array.isArray(value) && value.length >= 1 && value.length <= MAX_LIST && value.every(isItem);
const isMap = (value, least, isValue) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const names = Object.keys(value);
  return names.length >= least && names.length <= MAX_LIST && names.every((name) => isName(name) && isValue(value[name]));
};
const isRow = (value) => isMap(value, 1, isString);
const isInbox = ({ erasure, id, reply }) => isHex(erasure, 32) && isHex(id, 32) && isHex(reply, 1216);
const isAnswer = (value) => isString(value) || isList(value, isString) || isList(value, isRow);

/** What the browser calls a file, as it may stand in a manifest: { name, type }, empty where it may not. */
export function describe({ name = '', type = '' }) {
  const label = wellFormed(name);
  return {
    name: utf8ToBytes(label).length <= MAX_NAME ? label : '',
    type: /^[\x21-\x7e]{1,100}$/.test(type) ? type : '',
  };
}

/**
 * The manifest's bytes. `report` is { submission, form: { id, version }, answers, kind, inbox }: the submission in lower-case
 * hexadecimal, an answer a string, an array of strings, or an array of rows, `kind` report, follow_up or erasure, `inbox` where an
 * answer can go (receipt.mjs), which a report may have and the others must. `attachments` is [{ name, type, size, sha256 }]
 * with names and types from describe().
 */
export function writeManifest({ submission, form, answers, kind = 'report', inbox }, attachments) {
  const holds = isHex(submission, 16) && isName(form.id) && form.version === form.version >>> 0 &&
    isMap(answers, 0, isAnswer) && attachments.length <= MAX_ATTACHMENTS &&
    (inbox ? ['report', 'follow_up', 'erasure'].includes(kind) && isInbox(inbox) : kind === 'report');
  const bytes = holds && utf8ToBytes(canonical({ v: 1, kind, id: submission, answers,
    ...(inbox && { inbox: { erasure: inbox.erasure, id: inbox.id, reply: inbox.reply } }),
    form: { id: form.id, version: form.version },
    attachments: attachments.map(({ name, type, size, sha256 }) => ({ name, type, size, sha256 })) }));
  if (!bytes || bytes.length > MAX_MANIFEST) throw new TypeError('not what a manifest may hold');
  return bytes;
}

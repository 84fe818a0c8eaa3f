#!/usr/bin/env node
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// update.mjs LANGUAGE ...
// Brings LANGUAGE.po to the entries of en.po, in their order: what is translated stays, what is new stands there empty, what
// is gone goes. Where the English has changed since it was translated the entry is marked fuzzy, which counts as missing.
// A language that has no file yet gets one; then put its own Plural-Forms into the head.
import fs from 'node:fs';
import path from 'node:path';

const folder = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);

// Entries as they stand: comments, msgid, msgid_plural, and the msgstrs by index ('' for a plain one). One line a string,
// but for the head.
function read(file) {
  const [head, ...blocks] = fs.readFileSync(file, 'utf8').trim().split(/\n\n+/);
  const entries = blocks.map((block) => {
    const entry = { notes: [], english: [], fuzzy: false, strings: new Map() };
    for (const line of block.split('\n')) {
      const [, keyword, index, text] = /^(msgid|msgid_plural|msgstr)(?:\[(\d)\])? "(.*)"$/.exec(line) ?? [];
      if (line.startsWith('#.')) entry.english.push(line.slice(3));
      else if (line.startsWith('#,')) entry.fuzzy = line.includes('fuzzy');
      else if (line.startsWith('#')) entry.notes.push(line);
      else if (keyword === 'msgstr') entry.strings.set(index ?? '', text);
      else if (keyword === 'msgid') entry.msgid = text;
      else if (keyword === 'msgid_plural') entry.plural = text;
      else throw new Error(`${file}: can't read "${line}"`);
    }
    return entry;
  });
  return { head, entries };
}

const unquoted = (text) => text.replaceAll('\\"', '"').replaceAll('\\\\', '\\');

function written({ notes, english, msgid, plural, fuzzy }, strings) {
  const lines = [...notes, ...english.map((text) => `#. ${text}`)];
  if (fuzzy) lines.push('#, fuzzy');
  lines.push(`msgid "${msgid}"`);
  if (plural !== undefined) lines.push(`msgid_plural "${plural}"`);
  for (const [index, text] of strings) lines.push(index === '' ? `msgstr "${text}"` : `msgstr[${index}] "${text}"`);
  return lines.join('\n');
}

function update(language) {
  const english = read(path.join(folder, 'en.po'));
  const file = path.join(folder, `${language}.po`);
  const old = fs.existsSync(file) ? read(file) : { head: english.head.replace('# English', `# ${language}`).replace('Language: en', `Language: ${language}`), entries: [] };
  const known = new Map(old.entries.map((entry) => [entry.msgid, entry]));
  const forms = Number(/nplurals=(\d)/.exec(old.head)[1]);
  let missing = 0;
  const entries = english.entries.map((entry) => {
    const words = [...entry.strings.values()].map(unquoted);
    const before = known.get(entry.msgid);
    const same = before && (before.plural === undefined) === (entry.plural === undefined);
    const fuzzy = Boolean(same && (before.fuzzy || before.english.join('\n') !== words.join('\n')));
    const empty = entry.plural === undefined ? [['', '']] : Array.from({ length: forms }, (_, i) => [String(i), '']);
    const strings = same ? before.strings : new Map(empty);
    if (fuzzy || [...strings.values()].includes('')) missing += 1;
    return written({ ...entry, english: words, fuzzy }, strings);
  });
  fs.writeFileSync(file, `${[old.head, ...entries].join('\n\n')}\n`);
  console.log(`${language}: ${entries.length} entries, ${missing} to be translated or read again`);
}

const languages = process.argv.slice(2);
if (languages.length === 0 || languages.includes('en') || languages.some((one) => !/^[a-zA-Z-]{2,16}$/.test(one))) {
  console.error('usage: update.mjs LANGUAGE ...   (not en, which the others follow)');
  process.exit(2);
}
languages.forEach(update);

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Answers held to the questionnaire by the page, against the front's own code (answers_rules.cpp) on the same entries: at
// every limit, in every condition, and on many made at random.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { check, count, same, summary, test, tier } from '../../support/checks.mjs';
import { random } from '../../support/random.mjs';
import { build, script, source } from './modules.mjs';

const { Answers, sealedBytes } = await script('answers.mjs');
const drawn = random('script/answers');
const pick = (list) => list[drawn.below(list.length)];

const OWN = `id = "form"
version = 1
[[section]]
id = "first"
open = true
[[section.field]]
id = "story"
type = "text"
required = true
least = 10
max = 1000
[[section.field]]
id = "about"
type = "choice"
options = ["me", "friend", "other"]
urgent = ["me"]
[[section.field]]
id = "signs"
type = "choices"
options = ["debt", "threats", "secrecy"]
urgent = ["threats"]
[[section]]
id = "second"
when.about = ["friend", "other"]
[[section.field]]
id = "name"
type = "line"
max = 90
[[section.field]]
id = "things"
type = "rows"
rows = 4
options = ["phone", "web"]
max = 60
[[section.field]]
id = "deeper"
type = "choice"
options = ["yes", "no"]
when.signs = ["threats", "secrecy"]
urgent = ["yes"]
[[section]]
id = "third"
[[section.field]]
id = "owed"
type = "line"
max = 90
when.deeper = ["yes"]
[[section.field]]
id = "files"
type = "files"
`;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'amana-answers-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
const own = path.join(folder, 'own.toml');
fs.writeFileSync(own, OWN);

// The front's judgement of each case, and the questionnaire.
function front(file, cases) {
  const out = execFileSync(path.join(build, 'tests/answers_rules'), [file],
    { input: cases.map((entries) => `${JSON.stringify(entries)}\n`).join(''), encoding: 'utf8', maxBuffer: 1 << 28 });
  const [form, ...judged] = out.trim().split('\n').map((line) => JSON.parse(line));
  return { form, judged };
}

function page(form, entries) {
  const answers = new Answers(form, entries);
  const wrong = answers.check();
  if (wrong) return { problem: wrong.problem, ...(answers.twice ? {} : { field: wrong.field.id }) };
  return { answers: answers.sealed(), urgent: answers.urgent() };
}

// Both say the same of each case; how many were fit.
function compare(file, cases) {
  const { form, judged } = front(file, cases);
  same(judged.length, cases.length, 'judgements');
  let fit = 0;
  cases.forEach((entries, i) => {
    same(page(form, entries), judged[i], JSON.stringify(entries).slice(0, 300));
    if (judged[i].answers) fit += 1;
  });
  count('cases', cases.length);
  return fit;
}

const story = ['story', 'a story that is long enough'];

await test('limits, of characters and of sealed bytes', () => {
  const cases = [];
  for (const letter of ['x', 'é', '€', '𝄞', '"', '\\', '\n', '\t', '\b', '\f', '\u0001', '\u001f', '\u007f', ' ', '\ufeff']) {
    for (const sum of [0, 1, 4, 5, 9, 10, 11, 12, 41, 45, 59, 60, 61, 83, 89, 90, 91, 166, 167, 249, 250, 251, 333, 334, 499, 500, 501, 999, 1000, 1001]) {
      const text = letter.repeat(sum);
      cases.push([['story', text]], [story, ['name', text]], [story, ['things.2.value', text], ['things.2.kind', 'web']], [story, ['owed', text]]);
    }
  }
  const fit = compare(own, cases);
  check(fit > cases.length / 4 && fit < cases.length, `${fit} of ${cases.length} are fit`);
  same(sealedBytes('"\\\b\f\n\r\t\u0000\u001fé𝄞x'), 14 + 12 + 2 + 4 + 1, 'sealed bytes');
});

await test('line ends, blanks, names and options that are none', () => {
  const cases = [[], [['story', '']], [['story', ' \t\r\n']], [['story', 'ten\r\nletters']], [['story', 'a\r\n'.repeat(5)]], [['story', 'a\rb\r\r\nc\n\rddddddd']],
    [['story', '\u00a0']], [['story', `${' '.repeat(8)}x\n`]], [story, story], [story, ['about', 'nobody']], [story, ['about', '']], [story, ['signs', 'debt'], ['signs', 'debt']],
    [story, ['signs', 'threats'], ['signs', 'debt']], [story, ['signs', '']], [story, ['signs', 'x']], [story, ['things.1.kind', 'phone']], [story, ['things.1.kind', 'x'], ['things.1.value', 'y']],
    [story, ['about', 'me'], ['things.1.kind', 'x']]];
  for (const name of ['x', '', 'Story', 'story.', 'story.1.value', 'things', 'things.', 'things.0.value', 'things.5.value', 'things.4.value', 'things.01.value', 'things.1.', 'things.1.value.',
    'things.1.values', 'things.1', 'things.+1.value', 'things. 1.value', 'things.1e0.value', 'things.4294967297.value', 'things.99999999999999999999.value', 'things..value', 'files', 'files.1.value',
    'proof', '__proto__', 'constructor', 'toString', 'things.٢.value']) cases.push([story, [name, 'something']], [story, [name, 'one'], [name, 'two']]);
  check(compare(own, cases) > 10, 'some are fit');
});

await test('every way the conditions may stand', () => {
  const cases = [];
  for (const about of [null, '', 'me', 'friend', 'other'])
    for (const signs of [[], ['debt'], ['threats'], ['secrecy', 'debt']])
      for (const deeper of [null, 'yes', 'no'])
        for (const long of [false, true])
          cases.push([story, ...(about === null ? [] : [['about', about]]), ...signs.map((one) => ['signs', one]), ...(deeper === null ? [] : [['deeper', deeper]]),
            ['name', 'n'.repeat(long ? 91 : 3)], ['owed', 'o'.repeat(long && deeper ? 91 : 3)], ['things.3.value', 'v']]);
  const fit = compare(own, cases);
  check(fit > 60 && fit < cases.length, `${fit} of ${cases.length} are fit`);
});

await test('at random, of the questionnaires that are shipped too', () => {
  const letters = ['x', ' ', '\r\n', '\n', '\r', 'é', '€', '𝄞', '"', 'ع', '\u0001'];
  const text = () => Array.from({ length: drawn.below(pick([3, 15, 40, 400])) }, () => pick(letters)).join('');
  for (const file of [own, ...fs.readdirSync(path.join(source, 'web/forms')).map((name) => path.join(source, 'web/forms', name))]) {
    const { form } = front(file, []);
    const fields = form.sections.flatMap((section) => section.fields);
    const entry = (field) => {
      const value = () => (field.options.length > 0 && drawn.below(20) > 0 ? pick([...field.options, '']) : text());
      if (field.type !== 'rows') return [[field.id, field.type === 'text' || field.type === 'line' ? text() : value()]];
      const row = 1 + drawn.below(field.rows);
      return [[`${field.id}.${row}.kind`, value()], [`${field.id}.${row}.value`, text()]];
    };
    const cases = Array.from({ length: tier(500, 5000) }, () => {
      const entries = drawn.below(10) > 0 ? [story] : [];
      for (const field of fields) if (field.id !== 'story' && drawn.below(3) === 0) entries.push(...entry(field));
      return drawn.below(10) > 0 ? entries : entries.reverse();
    });
    const fit = compare(file, cases);
    check(fit > cases.length / 10, `${fit} of ${cases.length} of ${path.basename(file)} are fit`);
  }
});

summary('web_script_answers');

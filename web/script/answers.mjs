// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What was typed and chosen, held to the questionnaire by the rules of server/front/answers.cpp, so that a report says the
// same whoever seals it. `form` is the questionnaire of sealing.json.

const bytesOf = (text) => new TextEncoder().encode(text);
const isBlank = (text) => /^[ \t\r\n]*$/.test(text);
const isTyped = ({ field, kind }) => field.type === 'text' || field.type === 'line' || (field.type === 'rows' && !kind);

/** The bytes of a text inside the seal (web/questionnaire.hpp). */
export function sealedBytes(text) {
  let sum = 0;
  for (const byte of bytesOf(text)) {
    if (byte === 34 || byte === 92 || (byte >= 8 && byte <= 10) || byte === 12 || byte === 13) sum += 2;
    else sum += byte < 32 ? 6 : 1;
  }
  return sum;
}

export class Answers {
  /** `entries`: [name, value] as a form gives them. Those that no question asks for are dropped. */
  constructor(form, entries) {
    this.sections = form.sections;
    this.fields = [].concat(...form.sections.map((section) => section.fields.map((field) => ({ ...field, section }))));
    this.given = [];
    this.twice = null;  // no browser sends this of our form
    for (const [name, value] of entries) {
      const control = this.control(name);
      if (!control || typeof value !== 'string') continue;
      if (control.field.type !== 'choices' && this.find(control.field, control.row, control.kind)) this.twice = control.field;
      else this.given.push({ ...control, value: value.replace(/\r\n/g, '\n') });
    }
  }

  /** Which part of which question a control of the form is for: its id, or "id.ROW.kind" and "id.ROW.value". */
  control(name) {
    const [id, row, part, ...more] = name.split('.');
    const field = this.fields.find((one) => one.id === id);
    if (!field || field.type === 'files' || more.length > 0) return null;
    if (field.type !== 'rows') return row === undefined ? { field, row: 0, kind: false } : null;
    if (!/^[0-9]+$/.test(row) || row < 1 || row > field.rows || (part !== 'kind' && part !== 'value')) return null;
    return { field, row: Number(row), kind: part === 'kind' };
  }

  find(field, row = 0, kind = false) {
    return this.given.find((one) => one.field === field && one.row === row && one.kind === kind);
  }
  text(field, row, kind) {
    const found = this.find(field, row, kind);
    return found ? found.value : '';
  }
  chosen(field, option) {
    return this.given.some((one) => one.field === field && one.row === 0 && one.value === option);
  }

  /** Whether a question was asked. Conditions look back only, so this ends. */
  applies(field) { return this.holds(field.section.when) && this.holds(field.when); }
  holds(condition) {
    const on = condition && this.fields.find((one) => one.id === condition.field);
    if (!on) return true;
    if (!this.applies(on)) return false;
    // Not answered at all: a browser that can't fold the form shows everything.
    if (this.given.every((one) => one.field !== on || isBlank(one.value))) return true;
    return condition.values.some((value) => this.chosen(on, value));
  }

  /** What is wrong first, { problem, field }, or null: empty_story, short_story, long_story, long_answer, bad_request. */
  check() {
    if (this.twice) return { problem: 'bad_request', field: this.twice };
    for (const field of this.fields) {
      const problem = this.applies(field) && this.wrongIn(field);
      if (problem) return { problem, field };
    }
    return null;
  }

  wrongIn(field) {
    let empty = true;
    for (const one of this.given) {
      if (one.field !== field) continue;
      if (isTyped(one)) {
        const problem = wrongText(field, one.value);
        if (problem) return problem;
        empty = empty && isBlank(one.value);
      } else if (one.value !== '') {
        if (!field.options.includes(one.value)) return 'bad_request';
        empty = false;
      }
    }
    return field.required && empty ? 'empty_story' : null;
  }

  /** After check() has found nothing: what is sealed (manifest.mjs). */
  sealed() {
    const out = {};
    for (const field of this.fields) {
      const answer = this.applies(field) ? this.answer(field) : null;
      if (answer !== null) out[field.id] = answer;
    }
    return out;
  }

  answer(field) {
    const some = (list) => (list.length > 0 ? list : null);
    switch (field.type) {
    case 'text':
    case 'line': return isBlank(this.text(field)) ? null : this.text(field);
    case 'choice': return field.options.find((option) => this.chosen(field, option)) || null;
    case 'choices': return some(field.options.filter((option) => this.chosen(field, option)));
    case 'rows': {
      const rows = [];
      for (let row = 1; row <= field.rows; row += 1) {
        const value = this.text(field, row, false), kind = this.text(field, row, true);
        if (!isBlank(value)) rows.push(kind ? { kind, value } : { value });  // a kind alone says nothing
      }
      return some(rows);
    }
    default: return null;
    }
  }

  /** Whether an option was chosen after which the numbers to call come first. */
  urgent() {
    return this.fields.some((field) => field.urgent.some((option) => this.chosen(field, option)) && this.applies(field));
  }
}

function wrongText(field, text) {
  if (field.required && !isBlank(text) && Array.from(text).length < field.least) return 'short_story';
  if (sealedBytes(text) > field.max) return field.id === 'story' ? 'long_story' : 'long_answer';
  return null;
}

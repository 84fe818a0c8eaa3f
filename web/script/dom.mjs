// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Elements, and sentences with their numbers in the digits of the language.

/** An element. `attributes`: a value of null leaves it out, true stands alone. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes))
    if (value !== null && value !== false) made.setAttribute(key, value === true ? '' : value);
  made.append(...children);
  return made;
}

export const strong = (text) => element('strong', {}, text);
export const paragraph = (...children) => element('p', {}, ...children);

/** Unfolds: the first sentence is always in view. */
export const folded = (heading, ...children) => element('details', {}, element('summary', {}, heading), ...children);

export const list = (name, items) => element(name, {}, ...items.map((item) => element('li', {}, item)));

/** Chromium has replaceChildren() from 86 on. */
export function fill(target, ...children) {
  target.textContent = '';
  target.append(...children);
}

/** Where a screen reader and the eye are taken. */
export function attend(target) {
  target.setAttribute('tabindex', '-1');
  target.focus();
}

/** Unfolds what holds it. */
export function reveal(target) {
  for (let up = target; up; up = up.parentElement) if (up.tagName === 'DETAILS') up.open = true;
}

/** The sentences of sealing.json. */
export class Words {
  constructor({ words, digits }) {
    this.words = words;
    this.digits = Array.from(digits);
  }

  /** The sentence of this key, with what stands in its braces. `limit`, of files, is the same in all of them. */
  say(key, values) {
    return Object.entries({ limit: this.limit, ...values }).reduce((text, [name, value]) => text.split(`{${name}}`).join(value), this.words[key]);
  }

  number(value) { return String(value).replace(/[0-9]/g, (digit) => this.digits[digit]); }

  /** Megabytes, to a tenth above. */
  size(bytes) { return this.say('seal_megabytes', { number: this.number(Math.ceil(bytes / 104857.6) / 10) }); }
}

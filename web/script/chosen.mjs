// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The files that were chosen: what is taken out of each, and what the sender wants of that.
import { element, fill, paragraph } from './dom.mjs';

// What photo/clean.mjs names, as it is said.
const SAID = { location: 'place', times: 'time', exif: 'camera', text: 'text', xmp: 'text', iptc: 'text', preview: 'preview' };
const IN_ORDER = ['place', 'time', 'camera', 'text', 'preview', 'other'];

const MAX_FILES = 256;

let drawn = 0;

class Chosen {
  constructor(file, place, words, changed) {
    drawn += 1;
    Object.assign(this, { id: drawn, file, words, changed, cleaned: null });
    this.told = element('div', {}, paragraph(words.say('seal_cleaning')));
    this.item = element('li', { 'data-file': place }, element('bdi', {}, file.name), ` (${words.size(file.size)})`, this.told);
  }

  /** { removed, failure, size } has come. */
  show(cleaned) {
    this.cleaned = cleaned;
    const { words } = this, { removed, failure } = cleaned;
    this.item.dataset.cleaned = failure || 'yes';
    if (failure) fill(this.told, this.question());
    else if (removed.length === 0) fill(this.told, paragraph(words.say('seal_clean')));
    else {
      const named = new Set(removed.map((what) => SAID[what] || 'other'));
      const what = IN_ORDER.filter((one) => named.has(one)).map((one) => words.say(`seal_what_${one}`)).join(' · ');
      this.box = this.input('checkbox', '1', 'keep-data');
      this.box.addEventListener('change', () => { this.item.dataset.cleaned = this.keep ? 'kept' : 'yes'; });
      fill(this.told, paragraph(`${words.say('seal_removed')} ${what}`), this.labelled(this.box, 'seal_keep'));
    }
    this.changed();
  }

  /** It can't be cleaned: what now? */
  question() {
    this.radios = ['keep', 'leave'].map((value) => this.input('radio', value, `${value}-file`));
    return element('fieldset', {}, element('legend', { class: 'note' }, this.words.say('seal_uncleanable')),
      this.labelled(this.radios[0], 'seal_as_it_is'), this.labelled(this.radios[1], 'seal_leave_out'));
  }

  // In no form: what is asked about files is no answer.
  input(type, value, kind) {
    const made = element('input', { type, value, class: kind, name: `page-file-${this.id}`, form: 'page-no-form' });
    made.addEventListener('change', this.changed);
    return made;
  }

  labelled(input, key) { return element('label', { class: 'choose' }, input, ` ${this.words.say(key)}`); }

  get undecided() { return Boolean(this.radios) && !this.radios.some((radio) => radio.checked); }
  get left() { return Boolean(this.radios) && this.radios[1].checked; }
  get keep() { return this.box ? this.box.checked : Boolean(this.radios); }
  get size() { return this.keep || !this.cleaned ? this.file.size : this.cleaned.size; }
}

export class ChosenFiles {
  /** `input`: the field for files, or null. `ask(message)` reaches the worker. `changed()`: what will be sent is another. */
  constructor(input, words, ask, changed) {
    Object.assign(this, { input, words, ask, changed, files: [], wait: [] });
    if (!input) return;
    this.items = element('ul', { class: 'files' });
    this.cost = element('p', { role: 'status' });
    input.after(this.items, this.cost);
    input.addEventListener('change', () => this.choose());
    this.choose();
  }

  choose() {
    this.ask({ do: 'drop', ids: this.files.map(({ id }) => id) });
    this.files = Array.from(this.input.files, (file, place) => new Chosen(file, String(place), this.words, () => this.changed()));
    fill(this.items, ...this.files.map(({ item }) => item));
    for (const { id, file } of this.files) this.ask({ do: 'clean', id, file });
    this.changed();
    this.settle();
  }

  /** Of files that are chosen from now on nothing is said. */
  gone() { this.choose = () => {}; }

  /** A message of the worker's. */
  cleaned(message) {
    const found = this.files.find(({ id }) => id === message.id);
    if (found) found.show(message);
    this.settle();
  }

  settle() {
    if (this.files.every(({ cleaned }) => cleaned)) this.wait.splice(0).forEach((go) => go());
  }

  /** When every file has been looked at. */
  looked() {
    return new Promise((resolve) => { this.wait.push(resolve); this.settle(); });
  }

  get sent() { return this.files.filter((one) => !one.left); }
  get bytes() { return this.sent.reduce((sum, { size }) => sum + size, 0); }
  get undecided() { return this.files.find((one) => one.undecided); }
  /** What keeps them from being sent: [what it is called, what is said of it, as Alert takes it], or null. `link(text)` leads to them. */
  wrong(most, link) {
    const { words, undecided } = this;
    const problem = (key) => [key, [words.say(`problem_${key}`), words.say(`problem_${key}_advice`)]];
    if (undecided) return ['undecided', [words.say('seal_choose', { file: undecided.file.name }), words.say('seal_choose_advice'), link(undecided.file.name)]];
    if (this.sent.length > MAX_FILES) return problem('too_many_parts');
    return this.bytes > most ? problem('too_large') : null;
  }

  /** As the worker wants them. */
  get wanted() { return this.sent.map(({ id, keep }) => ({ id, keep })); }

  /** What it all comes to, in bytes; null: nothing is said. */
  showCost(bytes) {
    if (!this.cost) return;
    this.cost.textContent = bytes === null || this.sent.length === 0 ? ''
      : `${this.words.say('seal_cost', { size: this.words.size(bytes) })} ${this.words.say('seal_cost_why')}`;
  }
}

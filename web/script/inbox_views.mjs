// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What the inbox page shows of a letter, and to write on and to erase, as templates/inbox.mustache has it. What the ministry wrote is
// text and nothing else.
import { ChosenFiles } from './chosen.mjs';
import { element, fill, paragraph, strong } from './dom.mjs';
import { button } from './views.mjs';

const MOST_UNITS = 9800;  // of a text: no more than three bytes each where it is sealed

const LAST_DAY = 2932896;  // 9999-12-31

/** A day since 1970 as the front writes it: 2026-11-29, in the page's digits. */
const dateOf = (words, day) => words.number(new Date(86400000 * Math.min(day, LAST_DAY)).toISOString().slice(0, 10));

// Marks of direction, which could make a name look like another.
const TURNS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A file's name as it may stand on a disk: no path, no marks, nothing that a system reads otherwise. */
export function safeName(name) {
  const safe = name.replace(TURNS, '').replace(/[\u0000-\u001f\u007f-\u009f\\/:*?"<>|]/g, '_').replace(/^[.\s]+|[.\s]+$/g, '');
  return /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(safe) || safe === '' ? `file_${safe}` : safe;
}

const message = (words, { day, text }, ...more) => element('article', { class: 'message' }, ...more.splice(0, 1),
  element('p', { class: 'day' }, words.say('inbox_day', { day: dateOf(words, day) })), element('div', { class: 'said', dir: 'auto' }, text), ...more);

/** `get(number)` asks for a file. */
export class Letter {
  constructor(words, messages, notice, get) {
    Object.assign(this, { words, get, files: [] });
    this.heading = element('h2', {}, words.say('inbox_answers'));
    this.section = element('section', { id: 'inbox-letter' }, this.heading, ...messages.map((one) => message(words, one, '', ...one.files.map((file) => this.file(file)))));
    if (notice) this.section.append(message(words, notice, element('h3', {}, words.say('inbox_notice'))));
  }

  file({ number, name, size }) {
    // Its name apart from the sentence, whatever its script.
    const label = this.words.say('inbox_file', { name: `\u2068${name.replace(TURNS, '')}\u2069`, size: this.words.size(size) });
    const pressed = button(`get-${number}`, this.words.say('inbox_file_get'), () => { pressed.disabled = true; this.get(number); });
    const item = element('div', { class: 'file' }, paragraph(label), paragraph(this.words.say('inbox_file_warning')), pressed);
    this.files[number] = { item, pressed, label, name };
    return item;
  }

  /** What came for a file: false when nothing did. */
  got(number, blob) {
    const { item, pressed, label, name } = this.files[number];
    pressed.disabled = false;
    if (!blob) return false;
    const link = element('a', { href: URL.createObjectURL(blob), download: safeName(name) }, label);
    fill(item, paragraph(link));
    link.focus();
    return true;
  }
}

/** `ask(message)` reaches the worker. */
export class Writing {
  constructor(words, ask, send) {
    this.text = element('textarea', { id: 'text', rows: 4, maxlength: MOST_UNITS, spellcheck: 'false', autocomplete: 'off' });
    const input = element('input', { id: 'files', type: 'file', multiple: true });
    const form = element('form', { id: 'inbox-write' }, paragraph(words.say('inbox_write_what')),
      element('label', { for: 'text' }, words.say('inbox_write_text')), this.text,
      element('label', { for: 'files' }, words.say('inbox_write_files')), paragraph(words.say('seal_photos')), input, element('button', {}, words.say('inbox_send')));
    form.addEventListener('submit', (event) => { event.preventDefault(); send(); });
    this.section = element('section', {}, element('h2', {}, words.say('inbox_write')), form);
    this.files = new ChosenFiles(input, words, ask, () => this.weigh(ask));
  }

  weigh(ask) {
    if (!this.files) return;
    if (this.files.sent.length > 0 && this.files.files.every(({ cleaned }) => cleaned)) ask({ do: 'cost', files: this.files.wanted, text: this.text.value });
    else this.files.showCost(null);
  }

  empty() { this.text.value = ''; }
}

/** Asks once more before it calls erase(). */
export function erasing(words, erase) {
  const say = (key) => words.say(key);
  const asked = element('div');
  const first = () => {
    const one = button('inbox-erase', say('inbox_erase'), () => { fill(asked, paragraph(strong(say('inbox_erase_sure'))), sure(), no()); });
    one.className = 'plain';
    return one;
  };
  const sure = () => button('inbox-erase-sure', say('inbox_erase'), erase);
  const no = () => {
    const one = button('inbox-erase-no', say('inbox_erase_no'), () => fill(asked, first()));
    one.className = 'plain';
    return one;
  };
  fill(asked, first());
  return element('section', {}, element('h2', {}, say('inbox_erase')), paragraph(say('inbox_erase_what')), asked);
}

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The page where somebody looks for an answer (docs/INBOX.md), opened on the device: takes over "look", shows what the ministry
// writes, and sends what is written on as the form's page sends a report. As long as anything that it needs is missing, the form
// works as it does without a script. The code is nowhere but in its field, and there until it has opened a letter.
import { begin } from './begin.mjs';
import { Words, attend, element, fill, paragraph } from './dom.mjs';
import { Letter, Writing, erasing } from './inbox_views.mjs';
import { Alert, Panel, button, trouble } from './views.mjs';

const PATIENCE = 10000;  // milliseconds for which "look" waits for the worker
const SMALL_FILES = 8 << 20;  // where there is room for these alone (web/form_state.hpp)
const WORKER = '/script/inbox_worker.js';

const { dataset } = document.currentScript;
const main = document.querySelector('main');
const form = document.getElementById('inbox'), code = document.getElementById('code'), place = document.getElementById('inbox-page');
const seen = document.getElementById('inbox-seen'), lead = form.previousElementSibling;
const alert = new Alert(main);
const panel = new Panel(form);

let native = false;  // the form is sent as without a script
let page = null;     // once the worker is ready
let busy = false;    // from a press until what it asked for has ended
let unsent = false;  // was to be sent, and is not known to be stored

class InboxPage {
  constructor(worker, sealing) {
    this.words = new Words(sealing);
    this.ask = (message) => worker.postMessage(message);
    this.limit(sealing.max_files_bytes);
    panel.furnish(this.words, { hurry() {}, cancel: () => this.ask({ do: 'cancel' }) });
    this.hidden = paragraph(this.words.say('inbox_hidden'));
    seen.replaceWith(this.hidden);
  }

  /** What files may come to: less than ever while space is short. */
  limit(bytes) {
    this.most = bytes;
    this.words.limit = this.words.number(Math.floor(bytes / 104857.6) / 10);
  }

  say(key) { return this.words.say(key); }

  open() {
    alert.clear();
    panel.mark('opening');
    fill(place, element('p', { role: 'status' }, this.say('inbox_opening')));
    this.ask({ do: 'open', typed: code.value });
  }

  opened({ state, messages, notice }) {
    busy = false;
    fill(place);
    panel.mark(state === 'letter' ? state : 'problem', state === 'letter' ? undefined : state);
    if (state === 'letter') this.letter(messages, notice);
    else if (state === 'empty') {
      const note = element('div', { class: 'note', role: 'status' }, element('h2', {}, this.say('inbox_empty')), paragraph(this.say('inbox_empty_why')));
      this.shown = { section: note, heading: note };
      this.converse();
    } else if (state === 'false') alert.show(this.say('seal_false'), this.say('seal_false_advice'));
    else alert.show(this.say(`inbox_${state}`));
  }

  letter(messages, notice) {
    this.shown = new Letter(this.words, messages, notice, (number) => this.ask({ do: 'get', number }));
    code.value = '';
    form.hidden = true;
    lead.remove();
    this.hidden.remove();
    this.converse();
  }

  /** Whoever has a code may write on and be forgotten, answered or not. */
  converse() {
    // What is gone while something is sent.
    this.below = element('div');
    this.writing = new Writing(this.words, this.ask, () => this.write());
    fill(this.below, this.writing.section, erasing(this.words, () => this.erase()));
    fill(place, this.shown.section, this.below);
    panel.form = this.below;
    this.below.before(panel.section);
    attend(this.shown.heading);
  }

  got({ number, state, blob }) {
    if (!this.shown.got(number, blob)) alert.show(this.say(state === 'damaged' ? 'inbox_damaged' : 'inbox_broken'));
  }

  // ---- what is sent ------------------------------------------------------------------------------------------------------

  async write() {
    if (busy) return;
    alert.clear();
    const { text, files } = this.writing;
    const link = (name) => paragraph(element('a', { href: '#files' }, name));
    busy = true;
    await files.looked();
    busy = false;
    const held = text.value.trim() === '' && files.sent.length === 0 ? ['nothing', [this.say('inbox_write_nothing')]] : files.wrong(this.most, link);
    if (held) {
      panel.mark('problem', held[0]);
      alert.show(...held[1]);
      return;
    }
    this.begin({ do: 'write', text: text.value, files: files.wanted }, 'inbox_send', () => this.write());
  }

  erase() {
    if (!busy) this.begin({ do: 'erase' }, 'inbox_erase', () => this.erase());
  }

  /** `label`, `again`: of the button that does it again. */
  begin(message, label, again) {
    this.pressAgain = () => button('sealing-again', this.say(label), again);
    busy = true;
    unsent = true;
    alert.clear();
    panel.open();
    this.ask(message);
  }

  /** Of what was sent; true when it is there. */
  ended({ state, takes, perhaps, file }, good) {
    if (!this.shown) { this.failed(state); return false; }
    busy = false;
    panel.close();
    if (state === good) { unsent = false; return true; }
    if (takes === 'small_files') this.limit(Math.min(this.most, SMALL_FILES));
    panel.mark(state === 'cancelled' && !perhaps ? state : 'problem', perhaps ? 'perhaps' : state);
    const { sent } = this.writing.files, toFiles = () => paragraph(element('a', { href: '#files' }, this.say('inbox_write_files')));
    const said = ['broken', 'damaged'].includes(state) ? [this.say(`inbox_${state}`), this.pressAgain()]
      : trouble(this.words, { state, perhaps, takes, file: sent[file] }, sent.length > 0, this.pressAgain, toFiles);
    alert.show(...(said || [this.say('seal_unable'), this.say('seal_unable_advice')]));
    return false;
  }

  /** Before there is a letter: the keys are false, or missing, or the worker is. */
  failed(state) {
    if (state === 'false') {
      panel.mark('problem', state);
      alert.show(this.say('seal_false'), this.say('seal_false_advice'));
      return;
    }
    native = true;  // the server has to open it
    busy = false;
    fill(place);
    this.hidden.replaceWith(seen);
    panel.mark('unavailable');
  }

  sent(message) {
    if (!this.ended(message, 'stored')) return;
    panel.mark('stored');
    this.writing.empty();
    const good = this.good('inbox_sent');
    this.writing.section.replaceWith(good);
    attend(good);
  }

  erased(message) {
    if (!this.ended(message, 'erased')) return;
    panel.mark('erased');
    const good = this.good('inbox_erased');
    fill(place, panel.section, good);
    attend(good);
  }

  good(key) {
    return element('div', { class: 'good', role: 'status' }, element('h2', {}, this.say(key)), paragraph(this.say(`${key}_what`)));
  }

  hear(message) {
    const { say } = message;
    if (say === 'opened') this.opened(message);
    else if (say === 'got') this.got(message);
    else if (say === 'state') panel.show(message.state, message);
    else if (say === 'ended') this.sent(message);
    else if (say === 'erased') this.erased(message);
    else if (say === 'cleaned') this.writing.files.cleaned(message);
    else if (say === 'cost') this.writing.files.showCost(message.bytes);
    else if (say === 'keys' && panel.section.dataset.state === 'starting') panel.mark('ready');
  }
}

const started = begin(dataset, WORKER, false, {
  ready: (message, worker, sealing) => { page = new InboxPage(worker, sealing); },
  hear: (message) => { if (page) page.hear(message); },
  lost: () => { if (page) page.hear({ say: 'ended', state: 'unable', perhaps: false }); },
}).catch(() => { native = true; panel.mark('unavailable'); });

form.addEventListener('submit', (event) => {
  if (native) return;
  event.preventDefault();
  if (busy) return;
  busy = true;
  Promise.race([started, new Promise((resolve) => { setTimeout(resolve, PATIENCE); })]).then(() => {
    if (!native && page) page.open();
    else HTMLFormElement.prototype.submit.call(form);
  });
});

// What is left behind holds nothing.
addEventListener('pagehide', () => {
  code.value = '';
  fill(place);
});

// The way out stays free: it hides the page before it leads away.
addEventListener('beforeunload', (event) => {
  if (!unsent || document.body.hidden) return;
  event.preventDefault();
  event.returnValue = '';
});

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The form's page, sealed by itself (docs/SEALING.md): takes over "send", and shows how it goes. As long as anything that it
// needs is missing, the form works as it does without a script.
import { Answers } from './answers.mjs';
import { begin } from './begin.mjs';
import { ChosenFiles } from './chosen.mjs';
import { Words, element, paragraph, reveal } from './dom.mjs';
import { showReceived } from './received.mjs';
import { Alert, Panel, button, explain, trouble } from './views.mjs';

const PATIENCE = 10000;  // milliseconds for which "send" waits for the worker
const SMALL_FILES = 8 << 20;  // where there is room for these alone (web/form_state.hpp)
const WORKER = '/script/worker.js';

const { dataset } = document.currentScript;
const main = document.querySelector('main');
const form = main.querySelector('form');
const alert = new Alert(main);
const panel = new Panel(form);
const saving = Boolean(navigator.connection && navigator.connection.saveData);

let native = false;   // the form is sent as without a script
let blocked = null;   // the keys are false: nothing is sent
let page = null;      // once the worker is ready
let busy = false;     // from the press of "send" until it has ended
let unsent = false;   // was to be sent, and is not known to be stored

class Page {
  constructor(worker, sealing, { hides, bytes }) {
    this.worker = worker;
    this.sealing = sealing;
    this.words = new Words(sealing);
    const input = form.querySelector('[type=file]');
    this.limit(Number(input && input.dataset.most) || sealing.max_files_bytes);
    const ask = (message) => worker.postMessage(message);
    this.covers = hides;  // until it is over
    this.note = explain(form, this.words, { hides, bytes, covers: sealing.cover !== null, saving });
    panel.furnish(this.words, { hurry: () => ask({ do: 'hurry' }), cancel: () => this.cancel() });
    this.files = new ChosenFiles(input, this.words, ask, () => this.weigh());
    this.ask = ask;
  }

  /** What files may come to: less than ever while space is short. */
  limit(bytes) {
    this.most = bytes;
    this.words.limit = this.words.number(Math.floor(bytes / 104857.6) / 10);
  }

  answers() { return new Answers(this.sealing.form, Array.from(new FormData(form))); }

  weigh() {
    if (this.files && this.files.sent.length > 0 && this.files.files.every(({ cleaned }) => cleaned))
      this.ask({ do: 'cost', files: this.files.wanted, answers: this.answers().sealed(), receipt: wantsReceipt() });
    else if (this.files) this.files.showCost(null);
  }

  /** What keeps it from being sent, said; true when nothing does. */
  isFit(answers) {
    const say = (key, values) => this.words.say(key, values);
    const told = (problem, ...more) => {
      panel.mark('problem', problem);
      alert.show(say(`problem_${problem}`), say(`problem_${problem}_advice`), ...more);
      return false;
    };
    const wrong = answers.check();
    if (wrong) {
      const link = this.linkTo(wrong.field.id, labelOf(wrong.field.id));
      if (wrong.problem === 'bad_request') return this.unable();
      if (wrong.problem === 'short_story') {
        panel.mark('problem', wrong.problem);
        alert.show(say('problem_short_story'), say('seal_short_advice', { number: this.words.number(wrong.field.least) }), link);
        return false;
      }
      return told(wrong.problem, link);
    }
    const held = this.files.wrong(this.most, (text) => this.linkTo('files', text));
    if (held) {
      panel.mark('problem', held[0]);
      alert.show(...held[1]);
      return false;
    }
    return true;
  }

  linkTo(id, text) {
    reveal(document.getElementById(id));
    return paragraph(`${this.words.say('go_to_field')} `, element('a', { href: `#${id}` }, text));
  }

  async send() {
    const turn = {};
    this.turn = turn;
    alert.clear();
    panel.open();
    await this.files.looked();
    if (this.turn !== turn) return;  // cancelled
    const answers = this.answers();
    panel.close();
    if (!this.isFit(answers)) { busy = false; this.turn = null; return; }
    panel.open();
    this.urgent = answers.urgent();
    this.proof = Boolean(form.querySelector('#proof') && form.querySelector('#proof').checked);
    unsent = true;
    this.sending = true;
    this.ask({ do: 'send', answers: answers.sealed(), files: this.files.wanted, promise: this.proof, hidden: true, receipt: wantsReceipt() });
  }

  cancel() {
    if (this.sending) this.ask({ do: 'cancel' });
    else { this.stop(); panel.mark('cancelled'); }
  }

  /** Back to the form. */
  stop() {
    this.turn = null;
    this.sending = false;
    busy = false;
    panel.close();
  }

  ended({ state, promise, takes, perhaps, file, receipt }) {
    if (state === 'stored') { this.stored(promise, receipt); return; }
    const sent = this.files.sent;
    if (state === 'false') blocked = this;
    else if (!this.sending) { if (state === 'unable') this.giveUp(); return; }
    this.stop();
    const again = () => button('sealing-again', form.querySelector('button').textContent, submit);
    if (takes === 'small_files') this.limit(Math.min(this.most, SMALL_FILES));
    if (state === 'cancelled' && !perhaps) panel.mark('cancelled');
    else panel.mark('problem', perhaps ? 'perhaps' : state);
    const said = trouble(this.words, { state, perhaps, takes, file: sent[file] }, sent.length > 0, again, () => this.linkTo('files', labelOf('files')));
    if (said) alert.show(...said);
    else this.unable();
  }

  /** The form is sent as without a script; but nobody's files are, who was told that their hidden data is taken out. */
  giveUp() {
    if (this.files.files.length > 0) { this.unable(); return; }
    native = true;
    this.note.gone();
    this.files.gone();
    panel.mark('unavailable');
  }

  unable() {
    const say = (key) => this.words.say(key);
    panel.mark('problem', 'unable');
    alert.show(say('seal_unable'), say('seal_unable_advice'), ...(this.files.files.length > 0 ? [say('seal_unable_files')] : []),
      button('sealing-without', say('seal_unsealed'), sendNatively));
    return false;
  }

  stored(promise, receipt) {
    unsent = false;
    const covered = this.covers && this.files.sent.length === 0;
    const emergency = document.getElementById('page-emergency'), reading = document.getElementById('page-reading');
    HTMLFormElement.prototype.reset.call(form);
    for (const field of form.querySelectorAll('textarea,input:not([type])')) field.value = '';
    this.note = showReceived(main, this.words,
      { urgent: this.urgent, proof: this.proof ? promise : null, receipt, inbox: this.sealing.inbox, covered, emergency, reading: reading ? reading.textContent : '' });
    panel.mark('stored');
    panel.section.hidden = true;
    main.append(panel.section);
  }

  hear(message) {
    if (message.say === 'state') panel.show(message.state, message);
    else if (message.say === 'waiting') panel.show('waiting');
    else if (message.say === 'cleaned') this.files.cleaned(message);
    else if (message.say === 'cost') this.files.showCost(message.bytes);
    else if (message.say === 'over') { this.covers = false; this.note.over(); }
    else if (message.say === 'keys' && panel.section.dataset.state === 'starting') panel.mark('ready');
    else if (message.say === 'ended') this.ended(message);
  }
}

function labelOf(id) {
  const found = form.querySelector(`#f-${id} label, #f-${id} legend`);
  return found ? found.textContent : id;
}

function wantsReceipt() {
  const none = form.querySelector('#no-receipt');
  return !(none && none.checked);
}

function sendNatively() {
  native = true;
  unsent = false;
  busy = false;
  HTMLFormElement.prototype.submit.call(form);  // a question may be called "submit"
}

const started = begin(dataset, WORKER, saving, {
  ready: (message, worker, sealing) => { page = new Page(worker, sealing, message); },
  hear: (message) => { if (page) page.hear(message); },
  lost: () => { if (page) page.ended({ state: 'unable', perhaps: false }); },
}).catch(() => { native = true; panel.mark('unavailable'); });

form.addEventListener('submit', (event) => {
  if (native) return;
  event.preventDefault();
  submit();
});

function submit() {
  if (busy) return;
  busy = true;
  Promise.race([started, new Promise((resolve) => { setTimeout(resolve, PATIENCE); })]).then(() => {
    if (blocked) { blocked.sending = true; blocked.ended({ state: 'false' }); }
    else if (native || !page) sendNatively();
    else page.send();
  });
}

// The way out stays free: it hides the page before it leads away.
addEventListener('beforeunload', (event) => {
  if (!unsent || document.body.hidden) return;
  event.preventDefault();
  event.returnValue = '';
});

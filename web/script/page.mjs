// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The form's page, sealed by itself (docs/SEALING.md): takes over "send", and shows how it goes. As long as anything that it
// needs is missing, the form works as it does without a script.
import { Answers } from './answers.mjs';
import { ChosenFiles } from './chosen.mjs';
import { Words, element, paragraph, reveal } from './dom.mjs';
import { showReceived } from './received.mjs';
import { Alert, Panel, button, explain } from './views.mjs';

const PATIENCE = 10000;  // milliseconds for which "send" waits for the worker
const MAX_FILES = 256;
const SMALL_FILES = 8 << 20;  // where there is room for these alone (web/form_state.hpp)
const WORKER = '/script/worker.js';

const { worker: workerAddress, sealing: sealingAddress } = document.currentScript.dataset;
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
      this.ask({ do: 'cost', files: this.files.wanted, answers: this.answers().sealed() });
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
    const { undecided } = this.files;
    if (undecided) {
      panel.mark('problem', 'undecided');
      alert.show(say('seal_choose', { file: undecided.file.name }), say('seal_choose_advice'), this.linkTo('files', undecided.file.name));
      return false;
    }
    if (this.files.sent.length > MAX_FILES) return told('too_many_parts');
    if (this.files.bytes > this.most) return told('too_large');
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
    this.ask({ do: 'send', answers: answers.sealed(), files: this.files.wanted, promise: this.proof, hidden: true });
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

  ended({ state, promise, takes, perhaps, file }) {
    if (state === 'stored') { this.stored(promise); return; }
    const sent = this.files.sent;
    if (state === 'false') blocked = this;
    else if (!this.sending) { if (state === 'unable') this.giveUp(); return; }
    this.stop();
    const say = (key, values) => this.words.say(key, values);
    const less = { small_files: 'problem_too_large', text: 'room_text' }[takes];  // would be taken now
    if (less === 'problem_too_large') this.limit(Math.min(this.most, SMALL_FILES));
    const again = () => button('sealing-again', form.querySelector('button').textContent, submit);
    if (state === 'cancelled' && !perhaps) panel.mark('cancelled');
    else panel.mark('problem', perhaps ? 'perhaps' : state);
    if (state === 'false') alert.show(say('seal_false'), say('seal_false_advice'));
    else if (perhaps) alert.show(say('seal_perhaps'), again());
    else if (state === 'cancelled') alert.show(say('seal_cancelled'));
    else if (state === 'closed') alert.show(say('problem_closed'), say('problem_closed_advice'));
    else if (state === 'full' && less && sent.length > 0) alert.show(say(less), say(`${less}_advice`), this.linkTo('files', labelOf('files')));
    else if (state === 'full') alert.show(say('problem_storage_full'), say('problem_storage_full_advice'), again());
    else if (state === 'failed') alert.show(say('seal_failed'), say('seal_failed_advice'), again());
    else if (state === 'unreadable') alert.show(say('seal_unreadable', { file: sent[file].file.name }), say('seal_unreadable_advice'));
    else if (state === 'too_large') alert.show(say('problem_too_large'), say('problem_too_large_advice'));
    else if (state === 'too_many') alert.show(say('problem_too_many_parts'), say('problem_too_many_parts_advice'));
    else if (state === 'too_long') alert.show(say('problem_long_answer'), say('problem_long_answer_advice'));
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

  stored(promise) {
    unsent = false;
    const covered = this.covers && this.files.sent.length === 0;
    const emergency = document.getElementById('page-emergency'), reading = document.getElementById('page-reading');
    HTMLFormElement.prototype.reset.call(form);
    for (const field of form.querySelectorAll('textarea,input:not([type])')) field.value = '';
    this.note = showReceived(main, this.words,
      { urgent: this.urgent, proof: this.proof ? promise : null, covered, emergency, reading: reading ? reading.textContent : '' });
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

function sendNatively() {
  native = true;
  unsent = false;
  busy = false;
  HTMLFormElement.prototype.submit.call(form);  // a question may be called "submit"
}

/** The page loads nothing but the worker by its script, and that from this one address. */
function workerURL() {
  const check = (address) => {
    if (address !== WORKER) throw new TypeError('not the worker');
    return address;
  };
  const policy = self.trustedTypes ? self.trustedTypes.createPolicy('amana', { createScriptURL: check }) : { createScriptURL: check };
  return policy.createScriptURL(workerAddress);
}

async function start() {
  if (document.readyState !== 'complete') await new Promise((resolve) => { addEventListener('load', resolve); });
  const response = await fetch(sealingAddress);
  const sealing = await response.json();
  if (!response.ok || sealing.v !== 1) throw new TypeError('another sealing.json');
  const worker = new Worker(workerURL());
  addEventListener('pagehide', () => worker.terminate());
  await new Promise((resolve, reject) => {
    worker.addEventListener('error', () => {
      reject(new Error('no worker'));
      if (page) page.ended({ state: 'unable', perhaps: false });
    });
    worker.addEventListener('message', ({ data }) => {
      if (data.say === 'ready') { page = new Page(worker, sealing, data); resolve(); }
      else if (page) page.hear(data);
    });
    worker.postMessage({ do: 'start', sealing, saving });
  });
}

const started = start().catch(() => { native = true; panel.mark('unavailable'); });

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

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What the page shows beside the form: what the sealing does, what is under way, what went wrong.
import { attend, element, folded, list, paragraph, strong } from './dom.mjs';

/** Says on the form what protects it: below the first button, and in place of what is not so here. */
export function explain(form, words, { hides, bytes, covers, saving }) {
  const say = (key, values) => words.say(key, values);
  const made = [paragraph(say('seal_here')),
    folded(say('seal_how'), list('ul', ['seal_protects', 'seal_not_script', 'seal_not_address', 'seal_not_network', 'seal_not_device'].map((key) => say(key))))];
  if (hides)
    made.push(folded(say('seal_cover'), paragraph(say('seal_cover_what')), paragraph(say('seal_cover_wait')),
      paragraph(say('seal_cover_files')), paragraph(say('seal_cover_cost', { size: words.size(bytes) }))));
  else made.push(paragraph(say(covers && saving ? 'seal_cover_saving' : 'seal_cover_off')));
  const note = element('div', { id: 'page-seal' }, ...made);
  form.querySelector('button').after(note);

  // What the form says of a report that is sealed when it arrives.
  const swapped = [['page-hidden', 'seal_photos'], ['page-arriving', 'seal_protects']]
    .map(([id, key]) => [document.getElementById(id), paragraph(say(key))])
    .filter(([untrue]) => untrue);
  swapped.forEach(([untrue, so]) => untrue.replaceWith(so));
  return {
    over: () => { if (hides) note.lastChild.replaceWith(paragraph(say('seal_cover_over'))); },
    gone: () => { note.remove(); swapped.forEach(([untrue, so]) => so.replaceWith(untrue)); },
  };
}

/**
 * In place of the form while a report is under way. The section is always there, and says in `data-state` what goes on:
 * starting, ready, unavailable, waiting, sealing (with data-done and data-total), line, stored, cancelled, problem (with
 * data-problem).
 */
export class Panel {
  constructor(form) {
    this.form = form;
    this.section = element('section', { id: 'sealing', class: 'note', hidden: true });
    this.mark('starting');
    form.before(this.section);
  }

  furnish(words, { hurry, cancel }) {
    this.words = words;
    this.status = element('p', { role: 'status' });
    this.bar = element('progress', { max: '1', 'aria-label': words.say('seal_sending') });
    this.amount = element('p');
    this.now = element('div', {}, button('sealing-now', words.say('seal_at_once'), hurry), paragraph(words.say('seal_at_once_shows')));
    this.cancel = button('sealing-cancel', words.say('seal_cancel'), cancel);
    this.section.append(this.status, this.bar, this.amount, paragraph(strong(words.say('seal_stay'))), this.now, this.cancel);
  }

  mark(state, problem) {
    const { dataset } = this.section;
    dataset.state = state;
    if (problem) dataset.problem = problem;
    else delete dataset.problem;
  }

  open() {
    this.form.hidden = true;
    this.section.hidden = false;
    this.bar.removeAttribute('value');
    this.amount.textContent = '';
    this.show('preparing');
    attend(this.status);
  }

  close() {
    this.section.hidden = true;
    this.form.hidden = false;
  }

  /** `state`: preparing, waiting, or one that the worker tells, with the numbers it tells. */
  show(state, { done, total, before, about } = {}) {
    const broken = ['not_yet', 'unknown', 'busy'].includes(state);
    const waits = ['waiting', 'wait'].includes(state);
    this.mark(state === 'waiting' ? state : broken || waits ? 'line' : 'sealing');
    const text = this.words.say(`seal_${state}`);
    if (this.status.textContent !== text) this.status.textContent = text;
    this.now.hidden = state !== 'waiting';
    this.bar.hidden = waits;
    this.cancel.textContent = this.words.say(broken ? 'seal_stop' : 'seal_cancel');
    const said = (key, number) => `${this.words.say(key)} ${this.words.number(number)}`;
    if (state === 'wait') this.amount.textContent = `${said('line_before', before)} · ${said('line_minutes', Math.ceil(about / 60))}`;
    if (total === undefined) return;
    this.bar.value = done / total;
    Object.assign(this.section.dataset, { done, total });
    this.amount.textContent = this.words.say('seal_progress', { done: this.words.size(done), total: this.words.size(total) });
  }
}

export function button(id, text, pressed) {
  const made = element('button', { type: 'button', id }, text);
  made.addEventListener('click', pressed);
  return made;
}

/**
 * What is said of what was not sent, as Alert takes it; undefined: it could not be sealed. `files`: whether there are any; `again()`, `toFiles()`:
 * a button, a link; `file`: of chosen.mjs, the one that it is about.
 */
export function trouble(words, { state, perhaps, takes, file }, files, again, toFiles) {
  const say = (key, values) => words.say(key, values);
  const problem = (key, ...more) => [say(key), say(`${key}_advice`), ...more];
  const less = { small_files: 'problem_too_large', text: 'room_text' }[takes];  // would be taken now
  if (state === 'false') return problem('seal_false');
  if (perhaps) return [say('seal_perhaps'), again()];
  switch (state) {
  case 'cancelled': return [say('seal_cancelled')];
  case 'closed': return problem('problem_closed');
  case 'full': return less && files ? problem(less, toFiles()) : problem('problem_storage_full', again());
  case 'failed': return problem('seal_failed', again());
  case 'unreadable': return [say('seal_unreadable', { file: file.file.name }), say('seal_unreadable_advice')];
  case 'too_large': return problem('problem_too_large');
  case 'too_many': return problem('problem_too_many_parts');
  case 'too_long': return problem('problem_long_answer');
  default: return undefined;
  }
}

/** At the top of the page: what went wrong. One at a time. */
export class Alert {
  constructor(main) { this.main = main; }

  show(title, ...children) {
    this.clear();
    this.box = element('div', { class: 'alert', role: 'alert', id: 'page-problem' }, element('h2', {}, title), ...children.map((one) => (typeof one === 'string' ? paragraph(one) : one)));
    this.main.prepend(this.box);
    attend(this.box);
    this.box.scrollIntoView();
  }

  clear() { if (this.box) this.box.remove(); }
}

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What stands on the page when the report is stored: as templates/received.mustache has it, and nothing of what was typed.
import { attend, element, fill, list, paragraph, strong } from './dom.mjs';

/**
 * Puts it in place of everything in `main`. `emergency` and `reading` are what the form's page said: the paragraph of the
 * numbers to call, and the sentence of how often the desk reads. `proof`: null when none was asked for, else the note or ''.
 * `receipt`: null when none was wanted, else { digits, picture } of the code, and `inbox` the path of the page where it is typed.
 * `covered`: whoever closes the page now ends its cover with the report, so it asks to be left open, until over() is called.
 */
export function showReceived(main, words, { urgent, proof, receipt, inbox, covered, emergency, reading }) {
  const say = (key) => words.say(key);
  const top = [], below = [];
  if (urgent) {
    const numbers = emergency ? Array.from(emergency.cloneNode(true).childNodes).slice(1) : [];  // without "no emergency line"
    top.push(element('div', { class: 'alert' }, paragraph(strong(say('received_urgent'))), paragraph(...numbers)));
  } else if (emergency) {
    below.push(emergency.cloneNode(true));
  }
  const heading = element('h1', {}, say('received_title'));
  const good = element('div', { class: 'good', role: 'status' }, heading, paragraph(say('received_sealed')));
  const behind = proof === null ? [] : [proof === '' ? element('p', { class: 'note' }, say('proof_none')) : proofSection(words, proof)];
  const closing = element('span', {}, say(covered ? 'seal_linger' : 'received_close'));
  const own = location.pathname;
  fill(main, ...top, good, ...(receipt ? [receiptSection(words, receipt, inbox)] : []), ...behind,
    paragraph(`${say('received_thanks')} ${reading}`),
    element('h2', {}, say('received_next')), list('ol', [say('received_history'), say('received_files'), closing]),
    paragraph(say('received_limits')), ...below,
    paragraph(element('a', { href: `${own}help` }, say('safe_more'))), paragraph(element('a', { href: own }, say('received_another'))));
  scrollTo(0, 0);
  attend(urgent ? top[0] : good);
  return { over: () => { closing.textContent = say('received_close'); } };
}

function receiptSection(words, { digits, picture }, inbox) {
  const say = (key) => words.say(key);
  // Each group apart, so that they stand from left to right whatever the digits.
  const code = element('p', { class: 'receipt-code', id: 'receipt-code', dir: 'ltr', tabindex: '0' });
  for (const four of digits.match(/.{4}/g)) code.append(element('bdi', {}, words.number(four)), ' ');
  const section = element('section', { 'aria-labelledby': 'receipt-title' },
    element('h2', { id: 'receipt-title' }, say('receipt_title')), paragraph(say('receipt_what')),
    element('div', { class: 'receipt' }, code, paragraph(`${say('receipt_where')} `, element('b', { dir: 'ltr' }, `${location.host}${inbox}`)),
      element('img', { src: picture, alt: say('receipt_qr'), width: 232, height: 232 })),
    paragraph(element('a', { id: 'receipt-picture', href: picture, download: 'picture.png' }, say('receipt_qr_save'))),
    element('h3', {}, say('receipt_keep')), list('ul', ['receipt_keep_paper', 'receipt_keep_split', 'receipt_keep_apart'].map(say)),
    paragraph(say('receipt_print')), paragraph(`${say('receipt_when')} `, element('a', { href: inbox }, say('inbox_link'))));
  addEventListener('pagehide', () => section.remove());
  return section;
}

function proofSection(words, note) {
  const say = (key) => words.say(key);
  return element('section', { 'aria-labelledby': 'proof-title' },
    element('h2', { id: 'proof-title' }, say('proof_title')),
    element('p', { class: 'note' }, strong(say('proof_warning'))),
    paragraph(say('proof_once')),
    paragraph(element('a', { id: 'promise', href: `data:text/plain;charset=utf-8,${encodeURIComponent(note)}`, download: 'proof.txt' }, say('proof_save'))),
    paragraph(say('proof_copy')),
    element('pre', { dir: 'ltr', tabindex: '0' }, note),
    paragraph(`${say('proof_later')} `, element('a', { href: '/log/check.html' }, say('proof_checker'))));
}

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The page that checks a proof: reads the files that are chosen, and says what they show. It fetches nothing and keeps
// nothing, so it works as well from a disk without a network.
import { Doubt } from '../script/note.mjs';
import { judge, parsePromise, parseRange, parseVerifier, rangesFor } from './verify.mjs';

const LARGEST_FILE = 4 << 20;
const element = (id) => document.getElementById(id);
const read = async (file) => new Uint8Array(await new Response(file.slice(0, LARGEST_FILE)).arrayBuffer());

/** Shows what stands prepared in the page, in every language, under `finding-NAME`; and below it the facts. */
function show(name, facts) {
  for (const finding of document.querySelectorAll('[data-finding]')) finding.hidden = finding.dataset.finding !== name;
  const list = element('facts');
  list.textContent = '';
  for (const fact of facts) list.appendChild(document.createElement('li')).textContent = fact;
  element('result').dataset.is = name;
  element('result').hidden = false;
  element('result').focus();
}

async function check() {
  const proof = element('proof').files[0];
  const files = Array.from(element('ranges').files);
  if (!proof || files.length === 0) return show('nothing', []);
  show('working', []);
  await new Promise((resolve) => { setTimeout(resolve, 50); });  // so that it is seen
  const facts = [];
  try {
    const verifier = parseVerifier(element('key').value);
    facts.push(`key: ${verifier.name} (${verifier.id})`);
    const promise = parsePromise(await read(proof), verifier);
    facts.push(`proof: FROM ${promise.from}, BY ${promise.by}`);
    const ranges = [];
    for (const file of files) {
      const range = parseRange(await read(file), verifier);
      facts.push(`${file.name}: entries ${range.begin} to ${range.end - 1n} of ${range.size}`);
      ranges.push(range);
    }
    const finding = judge(promise, ranges);
    if (finding.verdict === 'kept') facts.push(`entry ${finding.index}`);
    if (finding.verdict === 'incomplete') facts.push(`needed, all at one time: ${finding.missing.map((n) => `/log/range/${n}`).join(', ')}`);
    return show(finding.verdict, facts);
  } catch (error) {
    return show(error instanceof Doubt ? error.reason : 'unreadable', [...facts, error.message]);
  }
}

/** Which ranges a proof needs, as soon as it is chosen. Only where the page came from are there links. */
async function advise() {
  const list = element('needed');
  list.textContent = '';
  const proof = element('proof').files[0];
  if (!proof) return;
  try {
    const promise = parsePromise(await read(proof), parseVerifier(element('key').value));
    for (const number of rangesFor(promise, promise.by)) {
      const link = list.appendChild(document.createElement('li')).appendChild(document.createElement('a'));
      link.textContent = `/log/range/${number}`;
      if (location.protocol === 'https:') link.href = `range/${number}`;
    }
  } catch { /* said when it is checked */ }
}

element('check').addEventListener('click', check);
element('proof').addEventListener('change', advise);
element('key').addEventListener('change', advise);
element('noscript').hidden = true;
element('tool').hidden = false;

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Honest phones, each with an address of its own or a shared one: with a script, which is the page's own worker, and without,
// which follows the form, its frame and its answers as a browser does.

import https from 'node:https';

import { check, count, sleep } from '../support/checks.mjs';
import { formBody, request, sendReport } from '../support/client.mjs';
import { script } from '../web/script/modules.mjs';

const { FormWorkshop } = await script('worker.mjs');
const { Pause } = await script('pause.mjs');

/** One request from `address`: { status, headers, body }, a Buffer; rejects when the line breaks. */
export function ask(agent, url, { method = 'GET', headers = {}, body, seconds = 130 } = {}) {
  return new Promise((resolve, reject) => {
    const sent = https.request(url, { agent, method, headers, rejectUnauthorized: false, signal: AbortSignal.timeout(seconds * 1000) }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

export const agentOf = (localAddress, maxSockets = 2) => new https.Agent({ keepAlive: true, localAddress, maxSockets, rejectUnauthorized: false });

// What a browser does of itself on a broken line: nothing; its user tries again.
async function patiently(work) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries === 20) throw error;
      await sleep(2000);
    }
  }
}

const tokenOf = (page) => /action="\/[a-z]+\/report\?([A-Za-z0-9_-]{43})"/.exec(page)?.[1];
const frameOf = (page) => /<iframe [^>]*src="(\/[a-z]+\/line\?[A-Za-z0-9_-]{43})"/.exec(page)?.[1];
const typedIn = (page) => /<textarea[^>]*id="story"[^>]*>([^<]*)<\/textarea>/.exec(page)?.[1];

/** Waits as the form asks, by its frame: its token, and whether there was a line. `page(path)`: the text that is there. */
export async function inLine(form, page) {
  let waited = false;
  for (let frame = frameOf(form); frame;) {
    waited = true;
    const line = await page(frame);
    const again = /<meta http-equiv="refresh" content="(\d+); ?url=([^"]+)">/.exec(line);
    if (!again || again[1] === '30') break;  // its turn
    await sleep(Number(again[1]) * 1000);
    frame = again[2];
  }
  return { token: tokenOf(form), waited };
}

/** The answer to a report that was sent as often as the line called for it, for so many seconds. */
export async function sendInLine(url, report, { patience = 300, language = 'ar', ...options } = {}) {
  for (let token, end = Date.now() + patience * 1000; ;) {
    const answer = await sendReport(url, report, { language, token, ...options });
    if (answer.status !== 503 || Date.now() >= end) return answer;
    count('waits in the line');
    ({ token } = await inLine(answer.body.toString(), async (path) => (await request(`${url}${path}`, { seconds: 60 })).body.toString()));
  }
}

/** Sends `story` without a script, and says how: { seconds, waited, back }: whether it stood in the line, how often the form came back. */
export async function plainPhone(url, address, story, { language = 'ar', old = null, files = [] } = {}) {
  const agent = agentOf(address);
  const began = Date.now();
  const page = (path) => patiently(() => ask(agent, `${url}${path}`)).then(({ body }) => body.toString());
  const told = { waited: false, back: 0 };
  let form = old ?? await page(`/${language}/`);
  for (let tries = 1; ; tries += 1) {
    check(tries < 50, 'a phone without a script gets through');
    const { token, waited } = old && tries === 1 ? { token: tokenOf(form), waited: false } : await inLine(form, page);
    check(token, `a form with a token:\n${form.slice(0, 400)}`);
    told.waited ||= waited;
    const body = formBody({ story, files });
    const answer = await patiently(() => ask(agent, `${url}/${language}/report?${token}`, {
      method: 'POST', headers: { 'Content-Type': body.type, 'Content-Length': body.length }, body: Buffer.concat(body.pieces) }));
    if (answer.status === 303) break;
    told.back += 1;
    form = answer.body.toString();
    check(typedIn(form)?.includes(story.slice(0, 40)), `the form comes back (${answer.status}) with what was typed`);
  }
  agent.destroy();
  return { ...told, seconds: (Date.now() - began) / 1000 };
}

/** Sends `story` by the page's own worker; { seconds, waited }. */
export async function scriptPhone(url, address, story, sealing) {
  const agent = agentOf(address);
  const began = Date.now();
  const told = { waited: false };
  const fetch = async (path, { method, body, headers, signal } = {}) => {
    const answer = await ask(agent, new URL(path, url), { method, headers, body: body && Buffer.from(await new Blob([body]).arrayBuffer()) });
    signal?.throwIfAborted();
    return { status: answer.status, headers: new Headers({ date: answer.headers.date }), arrayBuffer: async () => answer.body.buffer.slice(answer.body.byteOffset, answer.body.byteOffset + answer.body.length) };
  };
  let ended;
  const end = new Promise((resolve) => { ended = resolve; });
  const workshop = new FormWorkshop((message) => {
    if (message.say === 'ended') ended(message);
    if (message.say === 'state' && message.state === 'wait') told.waited = true;
  }, { fetch, pause: new Pause(), clock: new Pause() });
  workshop.start({ sealing: { ...sealing, cover: null }, saving: true });
  await workshop.send({ answers: { story }, files: [], promise: false, hidden: true });
  const { state } = await end;
  agent.destroy();
  check(state === 'stored', `a phone with a script gets through, and not: ${state}`);
  return { ...told, seconds: (Date.now() - began) / 1000 };
}

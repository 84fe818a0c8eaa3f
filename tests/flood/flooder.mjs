// SPDX-License-Identifier: AGPL-3.0-or-later
//
// A flood: so many requests a second, from so many addresses, by three kinds of sender at once. Some post without asking
// anything, some stand in the line as a browser without a script does, some solve puzzles in native code. Each uses its
// requests as well as it can: those whose turn may have come first, then new ones.
//
//   flooder.mjs '{ "url", "addresses": [...], "rate", "every": ms between two questions for a place, "body": base64 of
//   what the page's worker sends, "kinds" }'
//
// Runs until its standard input ends, then prints { requests, accepted: { blind, patient, worker }, failed, cpu, hashes }.

import crypto from 'node:crypto';
import process from 'node:process';

import { formBody } from '../support/client.mjs';
import { agentOf, ask } from './phones.mjs';

const { url, addresses, rate, every, body: sealed, kinds } = JSON.parse(process.argv[2]);
const template = Buffer.from(sealed, 'base64');
const HEAD = 160, ABREAST = 400;

const agents = addresses.map((address) => agentOf(address, Math.max(2, Math.ceil(ABREAST / addresses.length))));
const told = { requests: 0, accepted: { blind: 0, patient: 0, worker: 0 }, failed: 0, hashes: 0 };
const held = { patient: [], worker: [] };  // { token, agent, at, solution }
let under = 0, going = true;
const pick = () => agents[Math.floor(Math.random() * agents.length)];

async function send(agent, path, options) {
  told.requests += 1;
  under += 1;
  try {
    return await ask(agent, `${url}${path}`, { ...options, seconds: 60 });
  } catch {
    told.failed += 1;
    return null;
  } finally {
    under -= 1;
  }
}

function post(agent, token) {
  const form = formBody({ story: 'flood '.repeat(20) });
  return send(agent, `/ar/report${token ? `?${token}` : ''}`, { method: 'POST', headers: { 'Content-Type': form.type, 'Content-Length': form.length }, body: Buffer.concat(form.pieces) });
}

const keep = (kind, place) => held[kind].push({ ...place, at: Date.now() + every });
const blind = async () => {
  const answer = await post(pick(), '');
  if (answer?.status === 303) told.accepted.blind += 1;
};

async function patient(place) {
  const agent = place?.agent ?? pick();
  let token = place?.token;
  if (!token) {
    const form = await send(agent, '/ar/', {});
    token = /report\?([A-Za-z0-9_-]{43})"/.exec(form?.body.toString() ?? '')?.[1];
    if (!token) return;
    if (!form.body.includes('/line?')) {  // calm
      if ((await post(agent, token))?.status === 303) told.accepted.patient += 1;
      return;
    }
  }
  const line = await send(agent, `/ar/line?${token}`, {});
  if (line?.body.includes('content="30;')) {
    if ((await post(agent, token))?.status === 303) told.accepted.patient += 1;
  } else if (line) {
    keep('patient', { agent, token });
  }
}

function solve(token, bits) {
  const label = Buffer.from('amana work v1');
  const input = Buffer.concat([label, token, Buffer.alloc(5)]);
  const solution = Buffer.alloc(32);
  for (let part = 0; part < 8; part += 1) {
    input[input.length - 5] = part;
    for (let number = 0; ; number += 1) {
      input.writeUInt32BE(number, input.length - 4);
      told.hashes += 1;
      if (crypto.hash('sha256', input, 'buffer').readUInt32BE(0) >>> (32 - bits) === 0) {
        solution.writeUInt32BE(number, 4 * part);
        break;
      }
    }
  }
  return solution;
}

async function worker(place) {
  const agent = place?.agent ?? pick();
  const bodyOf = (whole, token, solution) => {
    const body = Buffer.from(whole ? template : template.subarray(0, HEAD));
    crypto.randomFillSync(body, 4, 16);
    if (token) { token.copy(body, 60); solution.copy(body, 92); }
    return body;
  };
  const bring = async (whole, token, solution) => {
    const body = bodyOf(whole, token, solution);
    const answer = await send(agent, '/ar/report', { method: 'POST', headers: { 'Content-Type': 'application/octet-stream', 'Content-Length': body.length }, body });
    try { return JSON.parse(answer.body); } catch { return null; }
  };
  let { token, solution } = place ?? {};
  let answer = await bring(false, token, solution);
  if (answer?.state === 'price') {
    token = Buffer.from(answer.token, 'base64url');
    solution = solve(token, answer.bits);
    answer = await bring(false, token, solution);
  }
  if (answer?.state === 'turn') {
    answer = await bring(true, token, solution);
    if (answer?.state === 'stored') told.accepted.worker += 1;
  } else if (answer?.state === 'wait') {
    keep('worker', { agent, token, solution });
  }
}

process.stdin.on('end', () => { going = false; });
process.stdin.resume();
const began = Date.now();
let due = 0;
while (going) {
  await new Promise((resolve) => { setTimeout(resolve, 20); });
  const wanted = (Date.now() - began) / 1000 * rate;
  due = Math.min(wanted - told.requests, rate);  // it makes up for a second at most
  for (; due > 0 && under < ABREAST; due -= 1) {
    const kind = kinds[Math.floor(Math.random() * kinds.length)];
    if (kind === 'blind') { blind(); continue; }
    const places = held[kind];
    const place = places[0]?.at <= Date.now() ? places.shift() : null;
    if (kind === 'patient') patient(place); else worker(place);
  }
}
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ ...told, places: { patient: held.patient.length, worker: held.worker.length }, seconds: (Date.now() - began) / 1000, cpu: (user + system) / 1e6 }));
process.exit(0);

// SPDX-License-Identifier: AGPL-3.0-or-later
//
// 32 senders, while front, keeper or both are killed at random moments. The warden brings them back; in the end every
// report whose sender saw the success page is opened at the desk exactly once, and none is half there.
//
// A sender tells each story once. Who saw no success page tries again with a new one, so a report that is at the desk
// though its sender saw nothing (killed between the commit and the answer) is known as such; it may be there once.

import fs from 'node:fs';

import { Desk, scratch, Server } from '../support/amana.mjs';
import { check, count, same, sameBytes, sleep, summary, test, tier, until, within } from '../support/checks.mjs';
import { request, sendReport, wasAccepted } from '../support/client.mjs';
import { arabicStory, random, seed } from '../support/random.mjs';

const senders = 32;
const kills = tier(12, 100);
const compared = tier(1, 8);
const sizes = [0, 0, 0, 100, 5000, 70_000, 200_000, 900_000];

const told = new Map(); // by label: { make, thanked }; make() makes the report again, so that none has to be kept
let stop = false;

const label = (text) => /^بلاغ (\d+-\d+):/.exec(text)?.[1];

function makeReport(sender, attempt) {
  const { pick, bytes } = random(`kill/${sender}/${attempt}`);
  const size = pick(sizes);
  const files = size ? [{ name: `صورة ${sender}-${attempt}.jpg`, type: 'image/jpeg', content: bytes(size) }] : [];
  return { story: arabicStory(`${sender}-${attempt}`, 60 + (attempt % 5) * 200), files };
}

// Success is what the citizen sees: the redirect, and then the page it leads to.
async function thanked(server, report) {
  const answer = await within(60, 'an answer', sendReport(server.url, report));
  count(`answers ${answer.status}`);
  // Who is answered while the server drains gets the page at once: there may be nobody left to lead to it.
  if (answer.status === 200) {
    same(answer.body, successPage, 'the page that was answered');
    return true;
  }
  if (!wasAccepted(answer)) return false;
  for (let tries = 0; tries < 50; tries += 1) {
    try {
      const page = await request(new URL(answer.headers.location, server.url));
      same(page.body, successPage, 'the page that it leads to');
      return true;
    } catch {
      // killed just now: the browser reloads
      await sleep(100);
    }
  }
  return false;
}

async function send(server, sender) {
  const { below } = random(`kill/pause/${sender}`);
  for (let attempt = 0; !stop; attempt += 1) {
    const report = makeReport(sender, attempt);
    const entry = { make: () => makeReport(sender, attempt), thanked: false };
    told.set(label(report.story), entry);
    try {
      entry.thanked = await thanked(server, report);
    } catch (error) {
      if (/not within/.test(error.message)) throw error;
      count('connections broken');
    }
    // At full count the killing lasts longer; the reports, which the desk must open one by one, stay a few thousand.
    await sleep(below(entry.thanked ? tier(60, 1500) : 400));
  }
}

// When: at a random moment of the generation's life, from while it starts to well within its serving. Counted from when
// it is there: after short lives the warden lets the next one wait, and who strikes at once strikes births only.
async function killOften(server) {
  const { below, chance } = random('kill/when');
  for (let done = 0; done < kills; ) {
    const victims = [['front'], ['keeper'], ['front', 'keeper']][done % 3];
    const found = () => {
      const processes = server.processes();
      return victims.every((name) => processes[name]) && processes;
    };
    await until(`${victims} to live`, found, { seconds: 60, every: 0.002 });
    await sleep(chance(0.2) ? below(100) : 300 + below(2200));
    const processes = found();
    if (!processes) continue; // gone with the one that was struck before
    for (const name of victims) {
      try {
        process.kill(processes[name], 'SIGKILL');
      } catch (error) {
        if (error.code !== 'ESRCH') throw error; // it went just now, with the one that was struck before
      }
    }
    done += 1;
    count(`${victims.join(' and ')} killed`);
    check(processes.warden === server.processes().warden, 'the warden lives');
  }
}

// Word for word and byte for byte. The desk has checked every attachment against its manifest; looking at each again
// would cost a passphrase's stretching each.
async function compareSome(desk, reports) {
  const withFiles = reports.filter(({ attachments }) => attachments > 0);
  const { pick } = random('kill/compared');
  for (let i = 0; i < compared; i += 1) {
    const { id, make } = pick(withFiles);
    const { story, files } = make();
    const out = `${folder}/saved-${i}`;
    const shown = await desk.show(id);
    same(shown.answers.story, [story], 'the story');
    same(
      shown.attachments.map(({ name, type }) => ({ name, type })),
      files.map(({ name, type }) => ({ name, type })),
      'names',
    );
    await desk.save(id, out);
    sameBytes(fs.readFileSync(`${out}/${shown.attachments[0].saved_as}`), files[0].content, 'the attachment');
    count('compared byte for byte');
  }
}

const folder = scratch('kill');
const desk = await Desk.make(`${folder}/desk`);
const server = await Server.make(`${folder}/server`, desk, { log: { tick: '2s', file_ticks: 4 } });
await server.start();
const successPage = (await request(`${server.url}/ar/received-1`)).body;
console.log(`        ${senders} senders, ${kills} kills, seed ${seed}`);

await test('the server comes back each time and serves in the end', async () => {
  const sending = Array.from({ length: senders }, (_, i) => send(server, i));
  const killing = killOften(server);
  // Whatever fails first is what is reported.
  await Promise.race([killing, Promise.all(sending)]).catch((error) => {
    stop = true;
    throw error;
  });
  const thankedFor = () => [...told.values()].filter((entry) => entry.thanked).length;
  const enough = thankedFor() + senders;
  await until('reports to be thanked for after the last kill', () => thankedFor() > enough, { seconds: 60 });
  const before = server.processes();
  stop = true;
  await Promise.all(sending);
  same(server.processes(), before, 'nobody dies who is not killed');
});

await test('the desk opens each report whose sender was thanked, once, and no other half', async () => {
  await desk.trust(await server.verifier());
  await server.export(`${folder}/out.bundle`);
  const status = await server.status();
  same(await server.stop(), 0, 'exit code');
  console.log(
    `        the log has ${status.storage['log-size']} entries, ${(fs.statSync(`${folder}/out.bundle`).size / 2 ** 20).toFixed(0)} MiB`,
  );
  await desk.import(`${folder}/out.bundle`);
  const { reports, unopened } = await desk.list();
  same(unopened, {}, 'envelopes that did not open');
  check(reports.length < status.storage['log-size'], 'the log holds decoys, too');

  const opened = new Map();
  for (const line of reports) {
    const key = label(line.beginning);
    const entry = told.get(key);
    const report = entry?.make();
    check(report?.story.startsWith(line.beginning), `nobody told ${JSON.stringify(line.beginning)}`);
    check(!opened.has(key) && line.same_sending_as === null, `${key} is there twice`);
    same(line.attachments, report.files.length, `attachments of ${key}`);
    opened.set(key, line);
  }
  const seen = [...told].filter(([, entry]) => entry.thanked).map(([key]) => key);
  for (const key of seen) check(opened.has(key), `${key} is lost`);
  count('reports told', told.size);
  count('thanked for and opened once', seen.length);
  count('opened though their senders saw nothing', opened.size - seen.length);
  await compareSome(
    desk,
    seen.map((key) => ({ id: opened.get(key).id, attachments: opened.get(key).attachments, make: told.get(key).make })),
  );
});
summary('faults/kill');
process.exit();

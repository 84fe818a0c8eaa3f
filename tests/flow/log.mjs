// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The log as strangers see it: a served log is verified by the second implementation; in each browser, with JavaScript on
// and off, a proof is asked for, saved and copied; after the batch it is checked by that implementation and by
// /log/check.html, saved to a disk and opened in a browser that reaches no network. Who does not ask is offered nothing;
// what was tampered with is refused, whatever it is.

import fs from 'node:fs';
import https from 'node:https';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { Server, run, scratch } from '../support/amana.mjs';
import { browsers, openBrowser } from '../support/browser.mjs';
import { check, count, same, summary, test, until } from '../support/checks.mjs';
import { formBody, request, sendReport, wasAccepted } from '../support/client.mjs';
import { KeysAlone } from '../support/keyset.mjs';
import { MadeLog } from '../support/made_log.mjs';
import { arabicStory } from '../support/random.mjs';

const folder = scratch('log');
const server = await Server.make(`${folder}/server`, new KeysAlone());
await server.start();
const verifier = await server.verifier();

// What `log.mjs ARGUMENTS` says, and how it ends.
const verify = (...args) => run(process.execPath, [fileURLToPath(new URL('../vectors/log.mjs', import.meta.url)), ...args],
  { env: { ...process.env, NODE_EXTRA_CA_CERTS: `${server.folder}/certificate.pem` } })
  .then(({ stdout }) => ({ code: 0, said: stdout.trim() }), ({ code, stdout, stderr }) => ({ code, said: (stdout + stderr).trim() }));
const save = (name, bytes) => { fs.writeFileSync(`${folder}/${name}`, bytes); return `${folder}/${name}`; };
const flipped = (file, at) => {
  const bytes = fs.readFileSync(file);
  bytes[at < 0 ? bytes.length + at : at] ^= 1;
  return save(`flipped-${file.split('/').at(-1)}`, bytes);
};
const fetchRange = async (number, name) => {
  const { stdout } = await run('curl', ['-sfk', `${server.url}/log/range/${number}`], { encoding: 'buffer' });
  return save(name, stdout);
};
const batch = async () => {
  const before = (await server.status()).storage['log-size'];
  await until('a batch', async () => (await server.status()).storage['log-size'] > before, { every: 0.3 });
};

await test('nobody is offered a proof who did not ask', async () => {
  for (let i = 0; i < 5; i += 1) check(wasAccepted(await sendReport(server.url, { story: arabicStory(`report ${i}`) })), 'accepted');
  const { body } = await request(`${server.url}/en/received-1`);
  check(!/proof/i.test(body), 'the page of the usual way says nothing of a proof');
  const form = await request(`${server.url}/en/`);
  check(/<details>\s*<summary>[^<]*proof/.test(form.body) && !/ checked[ >]/.test(form.body), 'the offer is folded away and unchecked');
});

await test('the served log verifies', async () => {
  await batch();
  const { code, said } = await verify('verify', server.url, verifier);
  same(code, 0, said);
  check(/^verified: \d+ leaves$/.test(said), said);
  same((await request(`${server.url}/log/tile/entries/000`)).status, 404, 'entries are not served');
  same((await request(`${server.url}/log/witnessed`)).status, 404, 'nothing is co-signed yet');
});

await test('a log whose tiles or checkpoint were tampered with does not', async () => {
  let tampered = '';
  const liar = https.createServer({ cert: fs.readFileSync(`${server.folder}/certificate.pem`), key: fs.readFileSync(`${server.folder}/key.pem`) }, (asked, answer) => {
    https.get(`${server.url}${asked.url}`, { rejectUnauthorized: false }, (real) => {
      const pieces = [];
      real.on('data', (piece) => pieces.push(piece));
      real.on('end', () => {
        const body = Buffer.concat(pieces);
        if (asked.url.startsWith(tampered)) body[Math.min(15, body.length - 1)] ^= 1;
        answer.writeHead(real.statusCode).end(body);
      });
    });
  });
  await new Promise((resolve) => { liar.listen(0, '127.0.0.1', resolve); });
  const url = `https://127.0.0.1:${liar.address().port}`;
  tampered = '/nothing';
  same((await verify('verify', url, verifier)).code, 0, 'unchanged it verifies');
  for (tampered of ['/log/tile/0/', '/log/checkpoint']) {
    same((await verify('verify', url, verifier)).code, 1, `${tampered} changed`);
    count('tampered answers refused');
  }
  liar.close();
});

// ---- a proof, asked for in real browsers -------------------------------------------------------------------------------

const proofs = [];
for (const name of browsers)
  for (const javascript of [true, false]) {
    const downloads = `${folder}/${name}-${javascript}`;
    fs.mkdirSync(downloads);
    const browser = await openBrowser(name, { javascript, downloads, sealing: false });
    await test(`${browser.label}: a proof is asked for, saved and copied`, async () => {
      await browser.goto(`${server.url}/ar/`);
      check(!await browser.evaluate(() => document.querySelector('#proof').checked), 'not checked by itself');
      check(!await browser.evaluate(() => document.querySelector('#proof').closest('details').open), 'folded away');
      await browser.type('#story', '\n<&"😀😀😀');  // too short for the server: the box comes back as it was
      await browser.evaluate(() => { document.querySelector('#proof').closest('details').open = true; });
      await browser.toggle('#proof');
      same(await browser.follow('button'), 422, 'too short');
      check(await browser.evaluate(() => document.querySelector('#proof').checked && document.querySelector('#proof').closest('details').open), 'the box as it was');
      await browser.pictures('proof-asked');
      await browser.type('#story', arabicStory(browser.kind));
      same(await browser.follow('button'), 200, 'stored');
      check(await browser.has('.good[role=status]'), 'the page says that it is stored');
      const shown = await browser.evaluate(() => document.querySelector('pre').textContent);
      await browser.pictures('proof');
      const file = await browser.download('a[download="proof.txt"]');
      same(file.split('/').at(-1), 'proof.txt', 'its name');
      same(fs.readFileSync(file, 'utf8'), shown, 'saved as it is shown');
      proofs.push(file);
      count('proofs');
      await browser.goto(`${server.url}/ar/`);
      check(!await browser.evaluate(() => document.querySelector('#proof').checked), 'not remembered');
    });
    await browser.close();
  }

await test('before the batch it is too early or kept, afterwards kept, and for others not of this log', async () => {
  const last = await request(`${server.url}/en/report`, { method: 'POST', ...asked('a last one, for this') });
  same(last.status, 200, 'stored');
  const early = save('fresh.txt', /<pre dir="ltr" tabindex="0">([^<]*)<\/pre>/.exec(last.body)[1].replaceAll('&#39;', "'"));
  const { code, said } = await verify('proof', early, await fetchRange(0, 'range-before'), verifier);
  check((code === 3 && said === 'early') || (code === 0 && said === 'kept'), said);
  proofs.push(early);
  await batch();
  const range = await fetchRange(0, 'range-0');
  for (const proof of proofs) same(await verify('proof', proof, range, verifier), { code: 0, said: 'kept' }, proof);
  const other = new MadeLog('other.invalid', 10);
  for (const [what, ...args] of [
    ['a changed proof', flipped(proofs[0], 20), range], ['a changed leaf', proofs[0], flipped(range, 400)], ['a cut range', proofs[0], save('cut', fs.readFileSync(range).subarray(0, -1))],
    ["another log's range", proofs[0], save('other-range', other.range(0))], ["another log's proof", save('other-proof', other.promise({ by: 9, leaf: other.leaves[1] })), range]]) {
    same((await verify('proof', ...args, verifier)).code, 1, what);
    count('tampered files refused');
  }
});

function asked(story) {
  const form = formBody({ story, fields: { proof: '1' } });
  return { headers: { 'Content-Type': form.type, 'Content-Length': form.length }, body: form.pieces };
}

// ---- the page that checks it, from a disk ------------------------------------------------------------------------------

const pageFile = save('check.html', (await request(`${server.url}/log/check.html`)).body);
const small = new MadeLog('small.invalid', 10);
const large = new MadeLog('large.invalid', 2 * 65536 + 5);
const lost = Buffer.alloc(32, 7);
const made = {
  small: [save('small-0', small.range(0))],
  large: [0, 1, 2].map((number) => save(`large-${number}`, large.range(number))),
};
const promised = (log, name, promise) => save(name, log.promise(promise));

const cases = [
  ['kept', 'kept', verifier, () => proofs[0], () => [`${folder}/range-0`]],
  ['kept, far in', 'kept', large.verifier, () => promised(large, 'p1', { from: 65000, by: 70000, leaf: large.leaves[66000] }), () => [made.large[1]]],
  ['early', 'early', small.verifier, () => promised(small, 'p2', { by: 11, leaf: lost }), () => made.small],
  ['broken', 'broken', small.verifier, () => promised(small, 'p3', { by: 10, leaf: lost }), () => made.small],
  ['broken: before FROM', 'broken', small.verifier, () => promised(small, 'p4', { from: 5, by: 10, leaf: small.leaves[4] }), () => made.small],
  ['broken, over all ranges', 'broken', large.verifier, () => promised(large, 'p5', { from: 65000, by: 70000, leaf: lost }), () => made.large],
  ['incomplete', 'incomplete', large.verifier, () => promised(large, 'p6', { from: 65000, by: 70000, leaf: lost }), () => made.large.slice(0, 2)],
  ['foreign proof', 'foreign', verifier, () => promised(small, 'p7', { by: 10, leaf: lost }), () => made.small],
  ['foreign range', 'foreign', verifier, () => proofs[0], () => made.small],
  ['changed leaf', 'altered', verifier, () => proofs[0], () => [flipped(`${folder}/range-0`, 400)]],
  ['changed proof', 'altered', verifier, () => flipped(proofs[0], 20), () => [`${folder}/range-0`]],
  ['a proof for a range', 'unreadable', verifier, () => proofs[0], () => [proofs[0]]],
  ['a key with an error', 'unreadable', verifier.replace(/\+[0-9a-f]{8}\+/, '+00000000+'), () => proofs[0], () => made.small],
];

await test('log.mjs and the page judge alike', async () => {
  for (const [what, expected, key, proof, ranges] of cases) {
    const { said } = await verify('proof', proof(), ...ranges(), key);
    same(['kept', 'early', 'broken', 'incomplete'].includes(said) ? said : 'refused', ['kept', 'early', 'broken', 'incomplete'].includes(expected) ? expected : 'refused', what);
  }
});

for (const name of browsers) {
  const browser = await openBrowser(name, { offline: true });
  await test(`${browser.label}: the page checks from a disk, without a network`, async () => {
    for (const [what, expected, key, proof, ranges] of cases) {
      await browser.page.goto(pathToFileURL(pageFile).href);
      same(await browser.value('#key'), verifier, 'the key as served');
      check(!await browser.evaluate(() => document.querySelector('#tool').hidden), 'its script runs');
      await browser.evaluate((text) => { document.querySelector('#key').value = text; }, key);
      await browser.choose('#proof', [proof()]);
      await browser.choose('#ranges', ranges());
      const begun = Date.now();
      await browser.press('#check');
      const finding = () => browser.evaluate(() => document.querySelector('#result').dataset.is);
      await until(`a finding: ${what}`, async () => { const is = await finding(); return is && is !== 'working'; }, { seconds: 120 });
      same(await finding(), expected, `${what}: ${await browser.text('#facts')}`);
      same(await browser.evaluate(() => document.querySelectorAll('[data-finding]:not([hidden])').length), 1, 'one finding is shown');
      if (what.startsWith('broken, over')) console.log(`        131,077 leaves: ${((Date.now() - begun) / 1000).toFixed(1)} s`);
      if (['kept', 'broken'].includes(what)) await browser.pictures(`check-${what}`);
      count('findings');
    }
    check(await browser.goto(`${server.url}/log/`).then(() => false, () => true), 'there was no network');
  });
  await browser.close();
}

await test('an export verifies, and not when a byte is changed', async () => {
  const bundle = await server.export(`${folder}/out.bundle`);
  const { code, said } = await verify('bundle', bundle, verifier);
  same(code, 0, said);
  console.log(`        ${said}`);
  for (const at of [100, 3000, -40, -1]) {
    same((await verify('bundle', flipped(bundle, at), verifier)).code, 1, `byte ${at} changed`);
    count('tampered files refused');
  }
});

await test('the server ends', async () => same(await server.stop(), 0, 'exit code'));
summary('flow_log');
